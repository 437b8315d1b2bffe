"""What one stage of a fused cell computes where gates are one-hot: of each edge its chosen candidate alone."""

import keras

from kerasnas import backend
from kerasnas.layers.fused_stage import Running, repeated

ops = keras.ops


class Choosing(Running):
    """Gathers, for each candidate, the weights of the edges that chose it, so that the work follows the choice.

    How many edges chose a candidate is known only while it runs: channels are as many as there are such edges. A
    candidate that no edge chose is computed on one, and counts for nothing. Pools and skips, cheap as they are, are
    computed as ever.

    Args:
        *arguments: As of `Running`.
        chosen: `(edges,)`: number of the candidate that each edge of the stage has chosen.
    """

    def __init__(self, *arguments, chosen):
        super().__init__(*arguments)
        self.chosen = chosen

    def convolved(self, states, gates):
        """The sum over edges of their chosen candidates, of those with convolutions."""
        amounts, targets = sum(gates), len(self.stage.targets)
        states = ops.stack([ops.relu(state) for state in states], axis=-2)
        self.edges, self.real, flows = {}, {}, {}
        levels = list(self.stage.levels())
        for candidate in (each for each in self.stage.candidates if each.cores):
            self.edges[candidate], self.real[candidate] = backend.places(self.chosen == candidate.index)
            flows[candidate] = _flat(ops.take(states, self.edges[candidate] // targets, axis=-2))
        for here in levels:
            z = self.chosen_windows(here, flows)
            names, count = tuple(core.norm for core in here.values()), self.stage.edges
            places = ops.concatenate([at * count + self.edges[candidate] for at, candidate in enumerate(here)])
            real = ops.concatenate([self.real[candidate] for candidate in here])
            if here is levels[-1]:
                edges = places % count
                weights = ops.take(amounts, edges) * ops.cast(real, amounts.dtype)
                y = _apart(self.normalized_at(names, z, places, real, weights), self.plan.channels)
                onto = ops.one_hot(edges % targets, targets, dtype=y.dtype)
                return _flat(ops.einsum("bhwnc,nt->bhwtc", y, onto))
            y = ops.relu(self.normalized_at(names, z, places, real))
            sizes = [ops.shape(self.edges[candidate])[0] * self.plan.channels for candidate in here]
            flows |= dict(zip(here, backend.split(y, sizes)))

    def chosen_windows(self, here, flows):
        """The windows of the cores of a level, the pointwise ones at their ends in one convolution."""
        waiting, done, kernels = [], [], []
        last = tuple(core.windows[-1].name for core in here.values() if core.windows[-1].pointwise)
        for candidate, core in here.items():
            x, edges = flows[candidate], self.edges[candidate]
            *before, end = core.windows
            for window in before:
                x = self.chosen_window(window, x, edges)
            if end.pointwise:
                at = len(waiting) * self.stage.edges + edges
                kernels.append(self.taken(self.values[last, "kernel"], at, self.plan.channels))
                waiting.append(x)
            else:
                done.append(self.chosen_window(end, x, edges))
        if waiting:
            done = [backend.grouped_conv(backend.joined(waiting), backend.joined(kernels)), *done]
        return backend.joined(done)

    def chosen_window(self, window, x, edges):
        if window.kind == "thin":
            return self.window(window, x)
        kernel = self.halves(window) if window.kind == "halves" else self.values[(window.name,), "kernel"]
        kernel = self.taken(kernel, edges, self.plan.channels)
        return backend.grouped_conv(x, kernel, None, window.strides, window.dilation)

    def normalized_at(self, names, z, places, real, weights=None):
        """As `normalized`, with the weights of some edges; of the others the statistics stay as they are.

        Args:
            names: Of the normalizations.
            z: `(rows, height, width, places · channels)`.
            places: Number of each edge among those of all names.
            real: For each whether it was chosen.
            weights: What each counts; one if None.
        """
        c, norms = self.plan.channels, self.of_norms(names)
        some = {kind: self.taken(value, places, c) for kind, value in norms.items()}
        weights = ops.ones_like(real) if weights is None else weights
        each = repeated(weights, c)
        y, moments = self.scaled(z, some, each)
        if moments:
            pairs = zip(("moving_mean", "moving_variance"), moments)
            self.moments.append([self._put(norms[kind], some[kind], new, places, real) for kind, new in pairs])
        return y

    def _put(self, whole, before, found, places, real):
        c, real = self.plan.channels, real[:, None] > 0
        rows = ops.where(real, ops.reshape(found, (-1, c)), ops.reshape(before, (-1, c)))
        return ops.reshape(ops.scatter_update(ops.reshape(whole, (-1, c)), places[:, None], rows), (-1,))

    @staticmethod
    def taken(value, places, channels):
        """Of a weight whose last axis holds the channels of many edges, one after another, those of some."""
        apart = ops.reshape(value, (*value.shape[:-1], -1, channels))
        return ops.reshape(ops.take(apart, places, axis=-2), (*value.shape[:-1], -1))


def _flat(x):
    return ops.reshape(x, (ops.shape(x)[0], *x.shape[1:3], -1))


def _apart(x, channels):
    return ops.reshape(x, (ops.shape(x)[0], *x.shape[1:3], -1, channels))
