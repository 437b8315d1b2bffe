"""What one stage of a fused cell computes: all edges that leave some states, at once."""

import keras

from kerasnas import backend

ops = keras.ops


def run_stage(stage, plan, states, gates, values, training):
    """What the edges of a stage put out.

    Channels are ordered by candidate, state, edge of the state, channel. A normalization is free of scale and shift
    while searching, so that Σ gate · norm(z) is one normalization with the gates for its scale, then a sum. Pools and
    skips are linear: one 1×1 convolution, whose kernel is the gates.

    Args:
        stage: The `Stage`.
        plan: The `CellPlan`.
        states: Its states, tensors `(rows, height, width, channels)`.
        gates: `(edges, candidates)`.
        values: Weights by (name, kind), those of the stage's edges alone.
        training: Whether batches normalize themselves.

    Returns:
        For each target a tensor; mean and variance of the batch by the name of the normalization.
    """
    running = _Running(stage, plan, values, training)
    convolved = [candidate for candidate in stage.candidates if candidate.cores]
    linear = [candidate for candidate in stage.candidates if not candidate.cores]
    totals = [running.convolved(convolved, states, gates)] if convolved else []
    totals += [running.linear(linear, states, gates)] if linear else []
    return ops.split(sum(totals[1:], totals[0]), len(stage.targets), axis=-1), running.moments


class _Running:
    def __init__(self, stage, plan, values, training):
        self.stage, self.plan, self.values, self.training = stage, plan, values, training
        self.moments = {}

    # ------------------------------------------------------------- convolutions
    def convolved(self, candidates, states, gates):
        """The sum of all candidates with convolutions; those with fewer cores start at a later level."""
        start = _joined([relu for relu in map(ops.relu, states) for _ in self.stage.targets])
        flows = dict.fromkeys(candidates, start)
        for level in reversed(range(max(len(candidate.cores) for candidate in candidates))):
            here = {c: c.cores[-1 - level] for c in candidates if len(c.cores) > level}
            here = dict(sorted(here.items(), key=lambda item: not item[1].windows[-1].pointwise))
            z = self.windows(here.values(), [flows[candidate] for candidate in here])
            names = [core.norm for core in here.values()]
            if level:
                y = ops.relu(self.normalized(names, z))
                flows |= zip(here, ops.split(y, len(here), axis=-1))
        weights = ops.reshape(ops.stack([gates[:, candidate.index] for candidate in here]), (-1,))
        y = self.normalized(names, z, ops.repeat(weights, self.plan.channels))
        return sum(ops.split(y, len(here) * len(self.stage.states), axis=-1))

    def windows(self, cores, inputs):
        """The windows of several cores, the pointwise ones at their ends in one convolution."""
        done, waiting, kernels = [], [], []
        for core, x in zip(cores, inputs):
            *before, last = core.windows
            for window in before:
                x = self.window(window, x)
            if last.pointwise:
                waiting.append(x)
                kernels.append(self.values[last.name, "kernel"])
            else:
                done.append(self.window(last, x))
        if waiting:
            groups = len(waiting) * self.stage.edges
            done = [backend.grouped_conv(_joined(waiting), _joined(kernels), groups), *done]
        return _joined(done)

    def window(self, window, x):
        if window.kind == "thin":
            return x[:, :: window.strides[0], :: window.strides[1]]
        kernel = self.halves(window) if window.kind == "halves" else self.values[window.name, "kernel"]
        groups = x.shape[-1] if window.kind == "depthwise" else self.stage.edges
        return backend.grouped_conv(x, kernel, groups, window.strides, window.dilation)

    def halves(self, window):
        """Two 1×1 kernels as one of 2×2: one sees the first pixel of four, the other the last."""
        c, edges = self.plan.channels, self.stage.edges
        even, odd = (ops.reshape(self.values[name, "kernel"], (c, edges, -1)) for name in window.name.split())
        first = ops.reshape(_joined([even, ops.zeros_like(odd)]), (c, -1))
        last = ops.reshape(_joined([ops.zeros_like(even), odd]), (c, -1))
        nothing = ops.zeros_like(first)
        return ops.reshape(ops.stack([first, nothing, nothing, last]), (2, 2, c, -1))

    # ------------------------------------------------------------ normalization
    def normalized(self, names, z, gates=None):
        held = lambda kind: _joined([self.values[name, kind] for name in names])  # noqa: E731
        scale = offset = None
        if (names[0], "gamma") in self.values:
            scale, offset = held("gamma"), held("beta")
        if gates is not None:
            gates = ops.cast(gates, "float32")
            scale, offset = (gates if each is None else each * gates for each in (scale, offset))
            offset = None if (names[0], "beta") not in self.values else offset
        if not self.training:
            mean, variance = held("moving_mean"), held("moving_variance")
            factor = ops.rsqrt(variance + self.plan.epsilon) * (1.0 if scale is None else scale)
            shift = -mean * factor if offset is None else offset - mean * factor
            return z * ops.cast(factor, z.dtype) + ops.cast(shift, z.dtype)
        y, *moments = backend.batch_normalized(z, scale, offset, self.plan.epsilon)
        self.moments |= zip(names, zip(*(ops.split(each, len(names)) for each in moments)))
        return y

    # ------------------------------------------------------------------- linear
    def linear(self, candidates, states, gates):
        """The sum of pools and skips."""
        x, c, parts = _joined(states), self.plan.channels, []
        for candidate in candidates:
            part = x
            if candidate.pool:
                pool = ops.max_pool if candidate.pool == "max" else ops.average_pool
                part = pool(x, candidate.size, candidate.strides, "same")
            parts.append(self.normalized([candidate.norm], part) if candidate.norm else part)
        weights = ops.stack([gates[:, candidate.index] for candidate in candidates])
        weights = ops.reshape(weights, (len(candidates) * len(states), 1, len(self.stage.targets), 1))
        kernel = ops.reshape(
            weights * ops.reshape(ops.eye(c, dtype=weights.dtype), (1, c, 1, c)),
            (1, 1, -1, c * len(self.stage.targets)),
        )
        return backend.grouped_conv(_joined(parts), ops.cast(kernel, x.dtype), 1)


def _joined(tensors):
    return tensors[0] if len(tensors) == 1 else ops.concatenate(tensors, axis=-1)
