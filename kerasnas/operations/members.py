"""Layers of several networks side by side: data are `(members, units)`."""

from dataclasses import dataclass

from kerasnas.errors import SpaceError
from kerasnas.operations.geometry import volume
from kerasnas.space import Operation


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

        return keras.layers.EinsumDense("bki,kio->bko", self.shape(shape), bias_axes="ko", name=name)
