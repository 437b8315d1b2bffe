"""What users draw with: inputs, blocks, heads."""

from kerasnas.blocks.block import Block, Signal, Wire
from kerasnas.blocks.drawing import Drawing
from kerasnas.blocks.heads import ClassificationHead, Head, RegressionHead
from kerasnas.blocks.image import ConvBlock, EfficientNetBlock, ImageBlock, ResNetBlock, XceptionBlock
from kerasnas.blocks.inputs import ImageInput, Input, StructuredDataInput
from kerasnas.blocks.preprocessing import ImageAugmentation, Normalization, Standardize
from kerasnas.blocks.reduction import DenseBlock, Merge, SpatialReduction
from kerasnas.blocks.reduction import FlattenBlock as Flatten
from kerasnas.blocks.tables import CategoricalEncoding, CategoricalToNumerical, StructuredDataBlock

__all__ = [
    "Block", "CategoricalEncoding", "CategoricalToNumerical", "ClassificationHead", "ConvBlock", "DenseBlock", "Drawing",
    "EfficientNetBlock", "Flatten", "Head", "ImageAugmentation", "ImageBlock", "ImageInput", "Input", "Merge",
    "Normalization", "RegressionHead", "ResNetBlock", "Signal", "SpatialReduction", "Standardize",
    "StructuredDataBlock", "StructuredDataInput", "Wire", "XceptionBlock",
]  # fmt: skip
