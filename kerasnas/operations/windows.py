"""What forecasts are made of: windows `(steps, channels)` in, `(horizon, targets)` out."""

from dataclasses import dataclass

import numpy as np

from kerasnas.operations.geometry import volume
from kerasnas.operations.solved import ridge
from kerasnas.space import Operation


def _taken(x, channels, count):
    """The channels of a tensor, or the tensor itself where those are all in order."""
    from keras import ops

    return x if tuple(channels) == tuple(range(count)) else ops.take(x, list(channels), axis=-1)


@dataclass(frozen=True)
class LastSteps(Operation):
    """The end of a window.

    Args:
        part: Which part of its steps, from above 0 to 1.
    """

    part: float = 1.0

    def steps(self, shape):
        """How many steps are kept."""
        return max(1, round(shape[0] * self.part))

    def shape(self, shape):
        return (self.steps(shape), *shape[1:])

    def layer(self, shape, name):
        kept = self.steps(shape)
        return lambda x: x[:, -kept:]


@dataclass(frozen=True)
class TakeChannels(Operation):
    """Some channels of a window.

    Args:
        channels: Their numbers.
    """

    channels: tuple = (0,)

    def shape(self, shape):
        return (*shape[:-1], len(self.channels))

    def layer(self, shape, name):
        return lambda x: _taken(x, self.channels, shape[-1])


@dataclass(frozen=True)
class Relative(Operation):
    """A window from which its last values are taken off, so that only changes are seen.

    Reference:
        Zeng et al., "Are Transformers Effective for Time Series Forecasting?", AAAI 2023 (NLinear).
    """

    def shape(self, shape):
        return shape

    def layer(self, shape, name):
        return lambda x: x - x[:, -1:]


@dataclass(frozen=True)
class SeasonalNaive(Operation):
    """The last season of a window, repeated over the horizon; the last value where the season is one step long.

    Args:
        horizon: Steps of the forecast.
        channels: Numbers of the channels that are forecast.
        season: Length of a season, in steps; at most the window's.
        gap: Steps between the window and the forecast.
    """

    horizon: int
    channels: tuple = (0,)
    season: int = 1
    gap: int = 0

    def shape(self, shape):
        return (self.horizon, len(self.channels))

    def layer(self, shape, name):
        season = min(self.season, shape[0])
        places = [shape[0] - season + (self.gap + step) % season for step in range(self.horizon)]

        def repeated(x):
            from keras import ops

            return ops.take(_taken(x, self.channels, shape[-1]), places, axis=1)

        return repeated


@dataclass(frozen=True)
class Permute(Operation):
    """The two axes of a window in the other order."""

    def shape(self, shape):
        return (shape[1], shape[0])

    def layer(self, shape, name):
        import keras

        return keras.layers.Permute((2, 1), name=name)


@dataclass(frozen=True)
class Trend(Operation):
    """The moving mean of a window, its ends carried on.

    Args:
        size: Steps of the mean, an odd number.
    """

    size: int = 25

    def shape(self, shape):
        return shape

    def layer(self, shape, name):
        import keras

        margin = self.size // 2

        def smoothed(x):
            ends = keras.ops.repeat(x[:, :1], margin, axis=1), keras.ops.repeat(x[:, -1:], margin, axis=1)
            carried = keras.ops.concatenate([ends[0], x, ends[1]], axis=1) if margin else x
            return keras.layers.AveragePooling1D(2 * margin + 1, 1, "valid", name=name)(carried)

        return smoothed


@dataclass(frozen=True)
class SolvedForecast(Operation):
    """A linear map from the changes in a window to the changes after it, solved for by ridge regression.

    Args:
        horizon: Steps of the forecast.
        channels: Numbers of the channels that are forecast; None where the targets are no channels of the window.
        mean: Of the targets, in their unit: the map answers in standard units.
        scale: Likewise, their standard deviation.
        seen: "targets" (the histories of what is forecast) or "all" channels.
        strength: Of the regularization; "loo" for the one of the least leave-one-out error.

    Reference:
        Zeng et al., "Are Transformers Effective for Time Series Forecasting?", AAAI 2023 (NLinear);
        Toner & Darlow, "An Analysis of Linear Time Series Forecasting Models", ICML 2024 (in closed form).
    """

    horizon: int
    channels: tuple | None = (0,)
    mean: tuple = (0.0,)
    scale: tuple = (1.0,)
    seen: str = "targets"
    strength: float | str = "loo"

    def _inputs(self, shape):
        whole = self.channels is None or self.seen == "all"
        return tuple(range(shape[-1])) if whole else tuple(self.channels)

    def shape(self, shape):
        return (self.horizon, len(self.mean))

    def params(self, shape):
        return (shape[0] * len(self._inputs(shape)) + 1) * volume(self.shape(shape))

    def flops(self, shape):
        return 2 * (self.params(shape) - volume(self.shape(shape)))

    def layer(self, shape, name):
        import keras

        dense = keras.layers.Dense(volume(self.shape(shape)), trainable=False, name=name)

        def forecast(x):
            seen = _taken(x, self._inputs(shape), shape[-1])
            seen = seen if self.channels is None else seen - seen[:, -1:]
            changes = keras.layers.Reshape(self.shape(shape))(dense(keras.layers.Flatten()(seen)))
            if self.channels is None:
                return changes
            # Repeated, not broadcast: Keras adds (rows, 1, 1) as a bias of the steps where there are as many as rows.
            level = keras.ops.repeat(_taken(x, self.channels, shape[-1])[:, -1:], self.horizon, axis=1)
            return changes + level

        forecast.set_weights = dense.set_weights
        return forecast

    def solve(self, rows, targets, weight=None):
        """The layer's weights, from windows `(n, steps, channels)` in standard units and targets in their own."""
        wanted = (targets - np.asarray(self.mean)) / np.asarray(self.scale)
        seen = rows[..., list(self._inputs(rows.shape[1:]))]
        if self.channels is not None:
            seen, wanted = seen - seen[:, -1:], wanted - rows[:, -1:, list(self.channels)]
        weight = np.ones(len(rows)) if weight is None else np.asarray(weight, "float64")
        used = weight > 0
        strengths = None if self.strength == "loo" else [self.strength]
        flat = [part[used].reshape(used.sum(), -1) for part in (seen, wanted)]
        kernel, bias, _ = ridge(*flat, weight[used], strengths)
        return [kernel.astype("float32"), bias.astype("float32")]
