"""What can be done to a tensor: each operation knows its shape, its parameters, its FLOPs and its Keras layers."""

from kerasnas.operations.convolution import Conv, DepthwiseConv
from kerasnas.operations.dense import Dense
from kerasnas.operations.members import MemberDense
from kerasnas.operations.merging import Add, Average, Concatenate, Maximum, Merge, Multiply
from kerasnas.operations.mobile import MBConv, SqueezeExcite
from kerasnas.operations.normalization import BatchNorm, LayerNorm
from kerasnas.operations.pointwise import Activation, Dropout, Rescaling, SpatialDropout
from kerasnas.operations.pooling import AvgPool, GlobalAvgPool, GlobalMaxPool, MaxPool
from kerasnas.operations.random_convolution import CompetingKernels, RandomConvolutions
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
from kerasnas.operations.series import FillMissing, StandardizeEach
from kerasnas.operations.skipping import FactorizedReduction, Identity, Zero
from kerasnas.operations.solved import SolvedDense
from kerasnas.operations.windows import (
    LastSteps,
    Permute,
    Relative,
    SeasonalNaive,
    SolvedForecast,
    TakeChannels,
    Trend,
)

__all__ = [
    "Activation", "Add", "Average", "AvgPool", "BatchNorm", "CompetingKernels", "Concatenate", "Conv", "ConvBN",
    "Crop", "Dense", "DepthwiseConv", "DepthwiseConvBN", "DilatedConv", "Dropout", "FactorizedConv",
    "FactorizedReduction", "FillMissing", "Flatten", "GlobalAvgPool", "GlobalMaxPool", "Identity", "LastSteps",
    "LayerNorm", "MBConv", "MaxPool", "Maximum", "MemberDense", "Merge", "Multiply", "Permute", "PoolBN",
    "RandomConvolutions", "ReLUConvBN", "Relative", "Rescaling", "Reshape", "Residual", "SeasonalNaive",
    "SeparableConv", "SolvedDense", "SolvedForecast", "SpatialDropout", "SqueezeExcite", "StandardizeEach",
    "TakeChannels", "Trend", "UpSampling", "Zero", "ZeroPad",
]  # fmt: skip
