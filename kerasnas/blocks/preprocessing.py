"""Blocks whose work is done once and reused by all trials, and augmentation."""

from dataclasses import dataclass, replace

import numpy as np

from kerasnas.blocks.block import Block, opened
from kerasnas.errors import ArgumentError
from kerasnas.operations import Identity
from kerasnas.space import Choice, Operation


@dataclass(frozen=True)
class Standardize(Operation):
    """Zero mean and unit variance for each channel (image) or feature; fitted on the training part.

    Args:
        mean: Fitted means.
        variance: Fitted variances.
    """

    mean: tuple | None = None
    variance: tuple | None = None

    preprocessing = True

    def fit(self, rows):
        """A fitted copy. `rows` is an array `(n, ..., channels)`."""
        axes = tuple(range(rows.ndim - 1))
        mean, spread = rows.mean(axes, dtype="float64"), rows.var(axes, dtype="float64")
        spread = np.where(spread > 1e-12, spread, 1.0)
        return replace(self, mean=tuple(mean.tolist()), variance=tuple(spread.tolist()))

    def shape(self, shape):
        return shape

    def layer(self, shape, name):
        import keras

        return keras.layers.Normalization(axis=-1, mean=list(self.mean), variance=list(self.variance), name=name)


class Normalization(Block):
    """Standardizes each channel or feature by the training part's mean and variance."""

    preprocessing = True

    def __init__(self, axis=-1, name=None):
        super().__init__(name)
        if axis != -1:
            raise ArgumentError(f"Expected `axis` to be -1. Received: {axis!r}.")

    def node(self, signals):
        return Standardize()

    def gives(self, signals):
        return replace(super().gives(signals), values="standard")


class ImageAugmentation(Block):
    """Random changes of the training pictures; nothing of it stays in the model.

    Draw it after an input or a Normalization block. Every argument may be fixed, open (None) or a list of choices; what
    is tried first depends on whether pictures keep their class when mirrored (see `kerasnas.data.mirrors`).

    Args:
        translation_factor: Greatest shift as a part of the side; open: 0 to .12.
        vertical_flip: Whether pictures are mirrored upside down; no if None.
        horizontal_flip: Whether pictures are mirrored left to right; open: no or yes.
        rotation_factor: Greatest rotation as a part of a full turn; open: 0 or .027 (ten degrees).
        zoom_factor: Greatest zoom; open: 0 or .12.
        contrast_factor: Greatest change of contrast; 0 if None.
        cutout: Side of a square that is blanked, as a part of the picture's; open: 0 or .3.
        cutmix: Whether half of the batches mix rectangles of their pictures, and the targets; open: no or yes.
        name: Its name.
    """

    preprocessing = True

    def __init__(
        self, translation_factor=None, vertical_flip=None, horizontal_flip=None, rotation_factor=None,
        zoom_factor=None, contrast_factor=None, cutout=None, cutmix=None, name=None,
    ):  # fmt: skip
        super().__init__(name)
        self.translation_factor, self.vertical_flip, self.horizontal_flip = (
            translation_factor, vertical_flip, horizontal_flip,
        )  # fmt: skip
        self.rotation_factor, self.zoom_factor, self.contrast_factor = rotation_factor, zoom_factor, contrast_factor
        self.cutout, self.cutmix = cutout, cutmix

    def node(self, signals):
        return Identity()

    def gives(self, signals):
        return replace(super().gives(signals), values=signals[0].values)

    def training(self, signals):
        # Photographs are mirrored and mixed; what must not be mirrored (digits, letters) is turned and scaled a little.
        signal = signals[0]
        mirrored, coloured = bool(signal.mirrors), signal.shape[-1] == 3
        shift, turn, zoom = 0.12 if coloured else 0.07, 0.0 if mirrored else 0.027, 0.0 if mirrored else 0.12
        cut, mixed = 0.3 if mirrored and not coloured else 0.0, mirrored and coloured
        return {
            "translation": opened(_amount(self.translation_factor), Choice(0.0, 0.07, 0.12, default=shift)),
            "horizontal_flip": opened(self.horizontal_flip, Choice(False, True, default=mirrored)),
            "vertical_flip": opened(self.vertical_flip, False),
            "rotation": opened(_amount(self.rotation_factor), Choice(0.0, 0.027, default=turn)),
            "zoom": opened(_amount(self.zoom_factor), Choice(0.0, 0.12, default=zoom)),
            "contrast": opened(_amount(self.contrast_factor), 0.0),
            "cutout": opened(self.cutout, Choice(0.0, 0.3, default=cut)),
            "cutmix": opened(self.cutmix, Choice(False, True, default=mixed)),
        }


def _amount(value):
    """Keras takes a pair of bounds or amounts; here one number is the greatest of them."""
    if isinstance(value, tuple) and value and all(isinstance(part, (int, float)) for part in value):
        return float(max(abs(part) for part in value))
    return value
