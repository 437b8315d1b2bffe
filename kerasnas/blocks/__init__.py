"""What users draw with: inputs, blocks, heads."""

from kerasnas.blocks.block import Block, Signal, Wire
from kerasnas.blocks.drawing import Drawing
from kerasnas.blocks.forecast import ForecastBlock, ForecastHead
from kerasnas.blocks.heads import ClassificationHead, Head, RegressionHead
from kerasnas.blocks.image import ConvBlock, EfficientNetBlock, ImageBlock, ResNetBlock, XceptionBlock
from kerasnas.blocks.inputs import ImageInput, Input, TextInput, TimeseriesInput
from kerasnas.blocks.preprocessing import ImageAugmentation, Normalization, Standardize
from kerasnas.blocks.reduction import DenseBlock, Merge, SpatialReduction
from kerasnas.blocks.reduction import FlattenBlock as Flatten
from kerasnas.blocks.series import TimeseriesBlock

__all__ = [
    "Block", "ClassificationHead", "ConvBlock", "DenseBlock", "Drawing", "EfficientNetBlock", "Flatten",
    "ForecastBlock", "ForecastHead", "Head", "ImageAugmentation", "ImageBlock", "ImageInput", "Input", "Merge",
    "Normalization", "RegressionHead", "ResNetBlock", "Signal", "SpatialReduction", "Standardize", "TextInput",
    "TimeseriesBlock", "TimeseriesInput", "Wire", "XceptionBlock",
]  # fmt: skip
