"""Operations that leave the shape as it is."""

from dataclasses import dataclass

from kerasnas.operations.geometry import layer_class
from kerasnas.space import Operation


class _Pointwise(Operation):
    def shape(self, shape):
        return shape


class _Dropping(_Pointwise):
    @property
    def identity(self):
        """Whether nothing is dropped."""
        return not self.rate


@dataclass(frozen=True)
class Activation(_Pointwise):
    """An activation by its Keras name."""

    name: str = "relu"

    def layer(self, shape, name):
        import keras

        return keras.layers.Activation(self.name, name=name)


@dataclass(frozen=True)
class Dropout(_Dropping):
    """Dropout of single values while training."""

    rate: float = 0.5

    def layer(self, shape, name):
        import keras

        return keras.layers.Dropout(self.rate, name=name)


@dataclass(frozen=True)
class SpatialDropout(_Dropping):
    """Dropout of whole channels of a sequence, image or volume while training."""

    rate: float = 0.5

    def layer(self, shape, name):
        return layer_class("SpatialDropout", shape)(self.rate, name=name)


@dataclass(frozen=True)
class Rescaling(_Pointwise):
    """Multiplies by `scale` and adds `offset`."""

    scale: float = 1 / 255
    offset: float = 0.0

    def layer(self, shape, name):
        import keras

        return keras.layers.Rescaling(self.scale, self.offset, name=name)


@dataclass(frozen=True)
class Exponential(_Pointwise):
    """Standardized logarithms of 1 + y as y: at most a little more than the greatest that was seen.

    Args:
        mean, scale: Mean and standard deviation of the logarithms; a number, or one for each channel.
        highest: The greatest of them.
    """

    mean: float | tuple = 0.0
    scale: float | tuple = 1.0
    highest: float | tuple = 10.0

    def layer(self, shape, name):
        import keras
        import numpy as np

        mean, scale, highest = (np.array(each, "float32") for each in (self.mean, self.scale, self.highest))
        most = highest + 0.5 * scale

        def exponential(x):
            logarithm = keras.ops.minimum(x * scale + mean, most)
            return keras.ops.expm1(logarithm)

        return exponential
