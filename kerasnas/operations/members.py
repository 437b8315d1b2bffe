"""Several networks in one graph: an axis of members before the features."""

import math
from dataclasses import dataclass

from kerasnas.errors import SpaceError
from kerasnas.operations.dense import Dense
from kerasnas.operations.features import Scale
from kerasnas.space import Operation, Sequential


def _checked(shape, asking):
    if len(shape) != 2:
        raise SpaceError(f"Expected members with a vector each for {asking}. Received: the shape {tuple(shape)}.")
    return shape


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
    """A matrix product for each member, with weights of its own: `(members, h)` to `(members, units)`.

    Args:
        units: Length of each member's vector after it; as before if None.
        use_bias: Whether to add a bias.
    """

    units: int | None = None
    use_bias: bool = True

    def shape(self, shape):
        members, length = _checked(shape, "MemberDense")
        return (members, length if self.units is None else self.units)

    def params(self, shape):
        members, units = self.shape(shape)
        return members * (shape[-1] + self.use_bias) * units

    def flops(self, shape):
        members, units = self.shape(shape)
        return 2 * members * shape[-1] * units

    def layer(self, shape, name):
        import keras

        units = self.shape(shape)[-1]
        limit = math.sqrt(6 / (shape[-1] + units))  # Glorot's, of one member: Keras would count all of them
        return keras.layers.EinsumDense(
            "bki,kio->bko", self.shape(shape), bias_axes="ko" if self.use_bias else None, name=name,
            kernel_initializer=keras.initializers.RandomUniform(-limit, limit),
        )  # fmt: skip


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
        _checked(shape, "SharedDense")
        dense = Dense(self.units, use_bias=False)
        return Sequential({"before": Scale(), "dense": dense, "after": Scale(bias=True)})
