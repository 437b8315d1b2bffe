"""What can be done to a tensor: each operation knows its shape, its parameters, its FLOPs and its Keras layers."""

from kerasnas.operations.attention import SelfAttention, TransformerLayer
from kerasnas.operations.convolution import Conv, DepthwiseConv
from kerasnas.operations.dense import Dense
from kerasnas.operations.embedding import Bag, Embedding, Positions
from kerasnas.operations.features import Bins, FeatureDense, JoinFeatures, Lookup, Scale, Take, Waves
from kerasnas.operations.members import MemberDense, Members, SharedDense
from kerasnas.operations.merging import Add, Average, Concatenate, Maximum, Merge, Multiply
from kerasnas.operations.mobile import MBConv, SqueezeExcite
from kerasnas.operations.normalization import BatchNorm, LayerNorm
from kerasnas.operations.pointwise import Activation, Dropout, Exponential, Noise, Rescaling, SpatialDropout
from kerasnas.operations.pooling import AvgPool, GlobalAvgPool, GlobalMaxPool, MaxPool
from kerasnas.operations.random_convolution import CompetingKernels, RandomConvolutions
from kerasnas.operations.recurrent import Recurrent
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
from kerasnas.operations.trees import Trees
from kerasnas.operations.windows import LastSteps, Permute, Relative, SeasonalNaive, SolvedForecast, TakeChannels, Trend

__all__ = [
    "Activation", "Add", "Average", "AvgPool", "Bag", "BatchNorm", "Bins", "CompetingKernels", "Concatenate",
    "Conv", "ConvBN", "Crop", "Dense", "DepthwiseConv", "DepthwiseConvBN", "DilatedConv", "Dropout", "Embedding",
    "Exponential", "FactorizedConv", "FactorizedReduction", "FeatureDense", "FillMissing", "Flatten",
    "GlobalAvgPool", "GlobalMaxPool", "Identity", "JoinFeatures", "LastSteps", "LayerNorm", "Lookup", "MBConv",
    "MaxPool", "Maximum", "MemberDense", "Members", "Merge", "Multiply", "Noise", "Permute", "PoolBN", "Positions",
    "RandomConvolutions", "ReLUConvBN", "Recurrent", "Relative", "Rescaling", "Reshape", "Residual", "Scale",
    "SeasonalNaive", "SelfAttention", "SeparableConv", "SharedDense", "SolvedDense", "SolvedForecast",
    "SpatialDropout", "SqueezeExcite", "StandardizeEach", "Take", "TakeChannels", "TransformerLayer", "Trees",
    "Trend", "UpSampling", "Waves", "Zero", "ZeroPad",
]  # fmt: skip
