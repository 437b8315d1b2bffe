"""What is done to raw series before anything looks at them."""

from dataclasses import dataclass, replace

import numpy as np

from kerasnas.space import Operation


def _shifts(steps):
    """1, 2, 4, ...: shifts that reach from any step to any other."""
    return [2**power for power in range(max(steps - 1, 0).bit_length())]


@dataclass(frozen=True)
class FillMissing(Operation):
    """Missing values (NaN) replaced by the last value before, else the first after, else the channel's mean.

    Args:
        means: Mean of each channel of the training rows.
    """

    means: tuple | None = None

    preprocessing = True
    output_dtype = "float32"

    def fit(self, rows):
        """A fitted copy. `rows` is `(n, steps, channels)`."""
        known = ~np.isnan(rows)
        total = np.where(known, rows, 0.0).sum(axis=(0, 1), dtype="float64")
        return replace(self, means=tuple((total / np.maximum(known.sum(axis=(0, 1)), 1)).tolist()))

    def transform(self, rows):
        """The filled rows."""
        if not np.isnan(rows).any():
            return rows
        for backward in (False, True):
            turned = rows[:, ::-1] if backward else rows
            place = np.where(np.isnan(turned), 0, np.arange(rows.shape[1])[None, :, None])
            turned = np.take_along_axis(turned, np.maximum.accumulate(place, axis=1), axis=1)
            rows = turned[:, ::-1] if backward else turned
        return np.where(np.isnan(rows), np.asarray(self.means, "float32"), rows).astype("float32")

    def shape(self, shape):
        return shape

    def layer(self, shape, name):
        from keras import ops

        means = np.asarray(self.means, "float32")

        def filled(x):
            for shift in _shifts(shape[0]):
                x = ops.where(ops.isnan(x), ops.concatenate([x[:, :shift], x[:, :-shift]], axis=1), x)
            for shift in _shifts(shape[0]):
                x = ops.where(ops.isnan(x), ops.concatenate([x[:, shift:], x[:, -shift:]], axis=1), x)
            return ops.where(ops.isnan(x), ops.broadcast_to(means, (1, 1, len(means))), x)

        return filled


@dataclass(frozen=True)
class StandardizeEach(Operation):
    """Each series of a row brought to zero mean and unit variance by itself, so that its form alone is left."""

    preprocessing = True
    output_dtype = "float32"

    def transform(self, rows):
        """The standardized rows."""
        spread = np.sqrt(rows.var(axis=1, keepdims=True, dtype="float64") + 1e-8)
        return ((rows - rows.mean(axis=1, keepdims=True, dtype="float64")) / spread).astype("float32")

    def shape(self, shape):
        return shape

    def layer(self, shape, name):
        from keras import ops

        def standardized(x):
            centred = x - ops.mean(x, axis=1, keepdims=True)
            return centred / ops.sqrt(ops.mean(ops.square(centred), axis=1, keepdims=True) + 1e-8)

        return standardized
