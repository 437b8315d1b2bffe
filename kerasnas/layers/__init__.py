"""Keras layers: for users' own models, and those that exist only while searching. Exports need none of them."""

from kerasnas.layers.cell import Cell
from kerasnas.layers.drop_path import DropPath
from kerasnas.layers.mixed_operation import MixedOperation
from kerasnas.layers.preparing import CastToFloat32, ExpandLastDim

__all__ = ["CastToFloat32", "Cell", "DropPath", "ExpandLastDim", "MixedOperation"]
