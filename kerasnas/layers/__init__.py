"""Keras layers for users to put into models of their own; what kerasnas exports needs none of them."""

from kerasnas.layers.preparing import CastToFloat32, ExpandLastDim

__all__ = ["CastToFloat32", "ExpandLastDim"]
