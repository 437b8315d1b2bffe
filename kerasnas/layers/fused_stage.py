"""What one stage of a fused cell computes: all edges that leave some states, at once."""

import keras
import numpy as np

from kerasnas import backend

ops = keras.ops


class Running:
    """Computes a stage.

    Channels are ordered by candidate, state, edge of the state, channel. A normalization is free of scale and shift
    while searching, so that Σ gate · norm(z) is one normalization with the gates for its scale, then a sum. Pools and
    skips are linear: one 1×1 convolution, whose kernel is the gates.

    Args:
        stage: The `Stage`.
        plan: The `CellPlan`.
        values: The stage's weights, by names and kind.
        training: Whether batches normalize themselves.

    Attributes:
        moments: Pairs of mean and variance of the batch, in the order of the plan's pieces.
    """

    def __init__(self, stage, plan, values, training):
        self.stage, self.plan, self.values, self.training = stage, plan, values, training
        self.moments = []

    def run(self, states, gates):
        """What the edges of the stage put out: for each target a tensor.

        Args:
            states: Its states, tensors `(rows, height, width, channels)`.
            gates: `(candidates, edges)`.
        """
        gates = ops.unstack(gates)
        linear = [candidate for candidate in self.stage.candidates if not candidate.cores]
        totals = [self.convolved(states, gates)] if len(linear) < len(self.stage.candidates) else []
        totals += [self.linear(linear, states, gates)] if linear else []
        return backend.split(sum(totals[1:], totals[0]), len(self.stage.targets))

    # ------------------------------------------------------------- convolutions
    def convolved(self, states, gates):
        """The sum of all candidates with convolutions."""
        start, flows = backend.joined([relu for relu in map(ops.relu, states) for _ in self.stage.targets]), {}
        levels = list(self.stage.levels())
        for here in levels:
            names = tuple(core.norm for core in here.values())
            z = self.windows(here.values(), [flows.get(candidate, start) for candidate in here])
            if here is not levels[-1]:
                y = ops.relu(self.normalized(names, z))
                flows = dict(zip(here, backend.split(y, len(here))))
        weights = repeated(ops.stack([gates[candidate.index] for candidate in here]), self.plan.channels)
        return backend.sum_of_groups(self.normalized(names, z, weights), len(here) * len(self.stage.states))

    def windows(self, cores, inputs):
        """The windows of several cores, the pointwise ones at their ends in one convolution."""
        done, waiting, names = [], [], ()
        for core, x in zip(cores, inputs):
            *before, last = core.windows
            for window in before:
                x = self.window(window, x)
            if last.pointwise:
                waiting.append(x)
                names += (last.name,)
            else:
                done.append(self.window(last, x))
        if waiting:
            groups = len(waiting) * self.stage.edges
            done = [backend.grouped_conv(backend.joined(waiting), self.values[names, "kernel"], groups), *done]
        return backend.joined(done)

    def window(self, window, x):
        if window.kind == "thin":
            return x[:, :: window.strides[0], :: window.strides[1]]
        kernel = self.halves(window) if window.kind == "halves" else self.values[(window.name,), "kernel"]
        groups = x.shape[-1] if window.kind == "depthwise" else self.stage.edges
        return backend.grouped_conv(x, kernel, groups, window.strides, window.dilation)

    def halves(self, window):
        """Two 1×1 kernels as one of 2×2: one sees the first pixel of four, the other the last."""
        c, edges = self.plan.channels, self.stage.edges
        even, odd = (ops.reshape(self.values[(name,), "kernel"], (c, edges, -1)) for name in window.name.split())
        first = ops.reshape(backend.joined([even, ops.zeros_like(odd)]), (c, -1))
        last = ops.reshape(backend.joined([ops.zeros_like(even), odd]), (c, -1))
        nothing = ops.zeros_like(first)
        return ops.reshape(ops.stack([first, nothing, nothing, last]), (2, 2, c, -1))

    # ------------------------------------------------------------ normalization
    def normalized(self, names, z, gates=None):
        """What the normalizations of these names give, times the gates; notes the moments of the batch."""
        y, moments = self.scaled(z, self.of_norms(names), gates)
        self.moments += [moments] if moments else []
        return y

    def of_norms(self, names):
        """The weights of normalizations by kind: those that there are."""
        kinds = "gamma", "beta", "moving_mean", "moving_variance"
        return {kind: self.values[names, kind] for kind in kinds if (names, kind) in self.values}

    def scaled(self, z, norms, gates=None):
        """`z` normalized by weights by kind, times the gates; with the moments of the batch in training, else None."""
        scale, offset = norms.get("gamma"), norms.get("beta")
        if gates is not None:
            gates = ops.cast(gates, "float32")
            scale, offset = gates if scale is None else scale * gates, None if offset is None else offset * gates
        if self.training:
            y, *moments = backend.batch_normalized(z, scale, offset, self.plan.epsilon)
            return y, moments
        mean, variance = norms["moving_mean"], norms["moving_variance"]
        factor = ops.rsqrt(variance + self.plan.epsilon) * (1.0 if scale is None else scale)
        shift = -mean * factor if offset is None else offset - mean * factor
        return z * ops.cast(factor, z.dtype) + ops.cast(shift, z.dtype), None

    # ------------------------------------------------------------------- linear
    def linear(self, candidates, states, gates):
        """The sum of pools and skips."""
        x, c, parts = backend.joined(states), self.plan.channels, []
        for candidate in candidates:
            part = x
            if candidate.pool:
                pool = ops.max_pool if candidate.pool == "max" else ops.average_pool
                part = pool(x, candidate.size, candidate.strides, "same")
            parts.append(self.normalized((candidate.norm,), part) if candidate.norm else part)
        weights = ops.stack([gates[candidate.index] for candidate in candidates])
        weights = ops.reshape(weights, (len(candidates) * len(states), 1, len(self.stage.targets), 1))
        same = ops.convert_to_tensor(np.eye(c).reshape(1, c, 1, c), weights.dtype)
        kernel = ops.reshape(weights * same, (1, 1, -1, c * len(self.stage.targets)))
        return backend.grouped_conv(backend.joined(parts), ops.cast(kernel, x.dtype), 1)


def repeated(numbers, times):
    """A vector of all the numbers, each so many times."""
    wide = ops.expand_dims(numbers, -1)
    return ops.reshape(ops.broadcast_to(wide, (*ops.shape(numbers), times)), (-1,))
