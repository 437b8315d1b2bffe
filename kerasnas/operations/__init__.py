"""What can be done to a tensor: each operation knows its shape, its parameters, its FLOPs and its Keras layers."""

from kerasnas.operations.convolution import Conv, DepthwiseConv
from kerasnas.operations.dense import Dense
from kerasnas.operations.features import Bins, FeatureDense, JoinFeatures, Lookup, Scale, Take, Waves
from kerasnas.operations.members import MemberDense, Members, SharedDense
from kerasnas.operations.merging import Add, Average, Concatenate, Maximum, Merge, Multiply
from kerasnas.operations.mobile import MBConv, SqueezeExcite
from kerasnas.operations.normalization import BatchNorm, LayerNorm
from kerasnas.operations.pointwise import Activation, Dropout, Rescaling, SpatialDropout
from kerasnas.operations.pooling import AvgPool, GlobalAvgPool, GlobalMaxPool, MaxPool
from kerasnas.operations.reshaping import Crop, Flatten, Reshape, UpSampling, ZeroPad
from kerasnas.operations.residual import Residual
from kerasnas.operations.separable import (
    ConvBN,
    DepthwiseConvBN,
    DilatedConv,
    FactorizedConv,
    PoolBN,
    ReLUConvBN,
    SeparableConv,
)
from kerasnas.operations.skipping import FactorizedReduction, Identity, Zero

__all__ = [
    "Activation", "Add", "Average", "AvgPool", "BatchNorm", "Bins", "Concatenate", "Conv", "ConvBN", "Crop", "Dense",
    "DepthwiseConv", "DepthwiseConvBN", "DilatedConv", "Dropout", "FactorizedConv", "FactorizedReduction",
    "FeatureDense", "Flatten", "GlobalAvgPool", "GlobalMaxPool", "Identity", "JoinFeatures", "LayerNorm", "Lookup",
    "MBConv", "MaxPool", "Maximum", "MemberDense", "Members", "Merge", "Multiply", "PoolBN", "ReLUConvBN",
    "Rescaling", "Reshape", "Residual", "Scale", "SeparableConv", "SharedDense", "SpatialDropout", "SqueezeExcite",
    "Take", "UpSampling", "Waves", "Zero", "ZeroPad",
]  # fmt: skip
