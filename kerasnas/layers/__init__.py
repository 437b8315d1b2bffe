"""Keras layers that exist only while searching."""

from kerasnas.layers.mixed_operation import MixedOperation

__all__ = ["MixedOperation"]
