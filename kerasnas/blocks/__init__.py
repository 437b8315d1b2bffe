"""What users draw with: inputs, blocks, heads."""

from kerasnas.blocks.block import Block, Signal, Wire
from kerasnas.blocks.drawing import Drawing
from kerasnas.blocks.forecast import ForecastBlock, ForecastHead
from kerasnas.blocks.heads import ClassificationHead, Head, RegressionHead
from kerasnas.blocks.hypermodel import HyperModelBlock
from kerasnas.blocks.image import ConvBlock, EfficientNetBlock, ImageBlock, ResNetBlock, XceptionBlock
from kerasnas.blocks.inputs import ImageInput, Input, StructuredDataInput, TextInput, TimeseriesInput
from kerasnas.blocks.preprocessing import ImageAugmentation, Normalization, Standardize
from kerasnas.blocks.reduction import DenseBlock, Merge, SpatialReduction
from kerasnas.blocks.reduction import FlattenBlock as Flatten
from kerasnas.blocks.sequences import Embedding, RNNBlock, TemporalReduction, TransformerBlock
from kerasnas.blocks.series import TimeseriesBlock
from kerasnas.blocks.tables import CategoricalEncoding, CategoricalToNumerical, StructuredDataBlock
from kerasnas.blocks.text import TextBlock, TextToIntSequence, TextToNgramVector

__all__ = [
    "Block", "CategoricalEncoding", "CategoricalToNumerical", "ClassificationHead", "ConvBlock", "DenseBlock",
    "Drawing", "EfficientNetBlock", "Embedding", "Flatten", "ForecastBlock", "ForecastHead", "Head",
    "HyperModelBlock", "ImageAugmentation", "ImageBlock", "ImageInput", "Input", "Merge", "Normalization", "RNNBlock",
    "RegressionHead", "ResNetBlock", "Signal", "SpatialReduction", "Standardize", "StructuredDataBlock",
    "StructuredDataInput", "TemporalReduction", "TextBlock", "TextInput", "TextToIntSequence", "TextToNgramVector",
    "TimeseriesBlock", "TimeseriesInput", "TransformerBlock", "Wire", "XceptionBlock",
]  # fmt: skip
