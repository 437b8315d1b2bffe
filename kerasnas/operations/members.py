"""Layers of several networks side by side: data are `(members, units)`."""

import math
from dataclasses import dataclass

from kerasnas.errors import SpaceError
from kerasnas.operations.dense import Dense
from kerasnas.operations.features import Scale
from kerasnas.operations.geometry import volume
from kerasnas.space import Operation, Sequential


@dataclass(frozen=True)
class Members(Operation):
    """A vector, once for each of `count` members."""

    count: int = 8

    def shape(self, shape):
        if len(shape) != 1:
            raise SpaceError(f"Expected a vector to give to members. Received: the shape {tuple(shape)}.")
        return (self.count, *shape)

    def layer(self, shape, name):
        import keras

        return keras.layers.RepeatVector(self.count, name=name)


@dataclass(frozen=True)
class MemberDense(Operation):
    """A matrix product over the last axis, with weights of its own for each member.

    Args:
        units: Length of the last axis of the output; as that of the input if None.
        folds: Number of folds of a cross-validation whose members these are: member `i` learns from all rows but those
            of fold `i`; 0 for members that all learn from all rows.
    """

    units: int | None = None
    folds: int = 0

    def shape(self, shape):
        if len(shape) != 2 or (self.folds and shape[0] != self.folds):
            wanted = self.folds or "members"
            raise SpaceError(f"Expected data of shape ({wanted}, units). Received: {tuple(shape)}.")
        return (shape[0], shape[1] if self.units is None else self.units)

    def params(self, shape):
        return (shape[1] + 1) * volume(self.shape(shape))

    def flops(self, shape):
        return 2 * shape[1] * volume(self.shape(shape))

    def layer(self, shape, name):
        import keras

        limit = math.sqrt(6 / (shape[1] + self.shape(shape)[1]))  # Glorot's of one member: Keras counts them all
        start = keras.initializers.RandomUniform(-limit, limit)
        return keras.layers.EinsumDense(
            "bki,kio->bko", self.shape(shape), bias_axes="ko", kernel_initializer=start, name=name
        )


@dataclass(frozen=True)
class SharedDense(Operation):
    """A matrix product that all members share, between scales of their own: `(members, h)` to `(members, units)`.

    Args:
        units: Length of each member's vector after it.

    Reference:
        Wen et al., "BatchEnsemble", ICLR 2020; Gorishniy et al., "TabM", ICLR 2025.
    """

    units: int

    def expand(self, shape):
        if len(shape) != 2:
            raise SpaceError(f"Expected data of shape (members, units). Received: {tuple(shape)}.")
        dense = Dense(self.units, use_bias=False)
        return Sequential({"before": Scale(), "dense": dense, "after": Scale(bias=True)})
