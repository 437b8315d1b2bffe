"""Operations on single features of a table: each has weights of its own, for each member too where there are several.

Inputs are `(features,)`, or `(members, features)`; features may have a vector each: `(features, channels)`.
"""

import math
from dataclasses import dataclass

from kerasnas.errors import SpaceError
from kerasnas.operations.geometry import volume
from kerasnas.space import Operation


@dataclass(frozen=True)
class Take(Operation):
    """Some of the last axis: from `start` up to `stop`, to the end if None."""

    start: int = 0
    stop: int | None = None

    def _stop(self, shape):
        stop = shape[-1] if self.stop is None else self.stop
        if not 0 <= self.start < stop <= shape[-1]:
            raise SpaceError(f"Expected some of {shape[-1]} features. Received: {self.start} to {stop}.")
        return stop

    def shape(self, shape):
        return (*shape[:-1], self._stop(shape) - self.start)

    def layer(self, shape, name):
        start, stop = self.start, self._stop(shape)
        return lambda x: x[..., start:stop]


@dataclass(frozen=True)
class Scale(Operation):
    """Every feature times a weight of its own.

    Args:
        start: "ones", or "normal" for weights that differ from the beginning: what makes the members of an ensemble
            that shares its other weights differ.
        bias: Whether to add a number of its own, too.
    """

    start: str = "ones"
    bias: bool = False

    def shape(self, shape):
        return shape

    def params(self, shape):
        return (1 + self.bias) * volume(shape)

    def layer(self, shape, name):
        import keras

        start = keras.initializers.RandomNormal(stddev=1.0) if self.start == "normal" else self.start
        axes = _axes(shape)
        return _einsum(f"b{axes},{axes}->b{axes}", shape, axes if self.bias else None, start, name)


@dataclass(frozen=True)
class Waves(Operation):
    """Cosines of each feature, of frequencies and phases that are learnt.

    Args:
        count: Cosines of a feature.
        sigma: Standard deviation of the frequencies at first.

    Reference:
        Gorishniy et al., "On Embeddings for Numerical Features in Tabular Deep Learning", NeurIPS 2022;
        Holzmüller et al., "Better by Default", NeurIPS 2024.
    """

    count: int = 16
    sigma: float = 0.1

    def shape(self, shape):
        return (*shape, self.count)

    def params(self, shape):
        return 2 * volume(shape) * self.count

    def flops(self, shape):
        return 2 * volume(shape) * self.count

    def layer(self, shape, name):
        import keras

        start = keras.initializers.RandomNormal(stddev=2 * math.pi * self.sigma)
        phase = keras.initializers.RandomUniform(-math.pi, math.pi)
        axes = _axes(shape)
        linear = _einsum(f"b{axes},{axes}z->b{axes}z", self.shape(shape), f"{axes}z", start, name, phase)
        return lambda x: keras.ops.cos(linear(x))


@dataclass(frozen=True)
class Bins(Operation):
    """How far each feature, a rank from 0 to 1, has filled each of several equal parts: 0, 1, or between.

    Over ranks by quantiles this is the piecewise linear encoding.

    Reference:
        Gorishniy et al., "On Embeddings for Numerical Features in Tabular Deep Learning", NeurIPS 2022.
    """

    count: int = 24

    def shape(self, shape):
        return (*shape, self.count)

    def layer(self, shape, name):
        import keras
        import numpy as np

        start = np.arange(self.count, dtype="float32")
        return lambda x: keras.ops.clip(keras.ops.expand_dims(x, -1) * self.count - start, 0, 1)


@dataclass(frozen=True)
class FeatureDense(Operation):
    """A matrix product for each feature's vector, with weights of its own.

    Args:
        units: Length of each vector after it.
        use_bias: Whether to add a bias.
    """

    units: int
    use_bias: bool = True

    def shape(self, shape):
        return (*shape[:-1], self.units)

    def params(self, shape):
        return volume(shape[:-1]) * (shape[-1] + self.use_bias) * self.units

    def flops(self, shape):
        return 2 * volume(shape) * self.units

    def layer(self, shape, name):
        import keras

        axes = _axes(shape[:-1])
        # A product of its own for each feature has as many inputs as one vector is long, not as all of them are.
        start = keras.initializers.RandomUniform(-1 / math.sqrt(shape[-1]), 1 / math.sqrt(shape[-1]))
        bias = f"{axes}z" if self.use_bias else None
        return _einsum(f"b{axes}y,{axes}yz->b{axes}z", self.shape(shape), bias, start, name)


@dataclass(frozen=True)
class JoinFeatures(Operation):
    """The vectors of all features, one behind the other; members stay apart.

    Args:
        members: Whether the first axis is one of members.
    """

    members: bool = False

    def shape(self, shape):
        kept = 1 if self.members else 0
        return (*shape[:kept], volume(shape[kept:]))

    def layer(self, shape, name):
        import keras

        return keras.layers.Reshape(self.shape(shape), name=name)


@dataclass(frozen=True)
class Lookup(Operation):
    """A learnt vector for each value of a category that comes as a number, `(1,)`, or `(members, 1)`.

    Args:
        values: How many values there are.
        units: Length of a vector.
    """

    values: int
    units: int = 8

    def shape(self, shape):
        if shape[-1:] != (1,) or len(shape) > 2:
            raise SpaceError(f"Expected one number of a value, (1,) or (members, 1). Received: {tuple(shape)}.")
        return (*shape[:-1], self.units)

    def params(self, shape):
        return volume(shape) * self.values * self.units

    def layer(self, shape, name):
        import keras
        import numpy as np

        embedding = keras.layers.Embedding(volume(shape) * self.values, self.units, name=name)
        first = self.values * np.arange(volume(shape), dtype="int32")  # where the vectors of each member begin
        return lambda x: embedding(keras.ops.cast(x[..., 0], "int32") + (first if len(shape) == 2 else 0))


def _axes(shape):
    return "fghijk"[: len(shape)]


def _einsum(equation, output, bias, start, name, bias_start="zeros"):
    import keras

    return keras.layers.EinsumDense(
        equation, output, bias_axes=bias, kernel_initializer=start, bias_initializer=bias_start, name=name
    )
