"""Operations with many settings of their arguments, and shapes to try them on."""

from kerasnas import operations as ops

from .series_cases import CASES as SERIES

IMAGES = [(8, 8, 6), (5, 7, 3), (1, 1, 4), (2, 3, 1)]
SEQUENCES = [(9, 4), (1, 2), (16, 3)]
VECTORS = [(12,), (1,)]

# For sequences, images and volumes alike.
SPATIAL = [
    ops.Conv(8),
    ops.Conv(kernel_size=1, use_bias=False),
    ops.Conv(5, 3, 2, padding="valid", activation="relu"),
    ops.Conv(4, 5, 2),
    ops.Conv(4, 7, 3, padding="valid"),
    ops.Conv(4, 3, 1, dilation=2),
    ops.Conv(4, 3, 1, dilation=3, padding="valid"),
    ops.Conv(4, 3, 2, dilation=2),
    ops.Conv(4, 3, 2, dilation=3),
    ops.Conv(4, 3, 2, dilation=2, padding="valid"),
    ops.BatchNorm(),
    ops.BatchNorm(affine=False),
    ops.LayerNorm(),
    ops.Activation("gelu"),
    ops.Dense(7, "relu"),
    ops.Dense(use_bias=False),
    ops.Dropout(0.2),
    ops.Dropout(0.0),
    ops.SpatialDropout(0.2),
    ops.Rescaling(),
    ops.MaxPool(),
    ops.MaxPool(3, 1, "same"),
    ops.MaxPool(5, 2),
    ops.AvgPool(),
    ops.AvgPool(3, 2, "same"),
    ops.GlobalAvgPool(),
    ops.GlobalMaxPool(keepdims=True),
    ops.Flatten(),
    ops.ZeroPad(),
    ops.ZeroPad(0, 1),
    ops.UpSampling(2),
    ops.Identity(),
    ops.Identity().strided(2),
    ops.Identity().strided(3),
    ops.Zero(),
    ops.Zero(2),
    ops.FactorizedReduction(7),
    ops.FactorizedReduction(1),
    ops.FactorizedReduction(4, affine=False),
    ops.ConvBN(8, 3, 2),
    ops.ConvBN(activation=None, affine=False),
    ops.ReLUConvBN(8, 3),
    ops.ReLUConvBN(strides=2),
    ops.PoolBN("average", strides=2),
    ops.PoolBN("max", 2, affine=True),
    ops.SqueezeExcite(),
    ops.SqueezeExcite(units=3, activation="silu"),
    ops.Residual(ops.Conv(8, strides=2)),
    ops.Residual(ops.ConvBN()),
]

# Keras has no depthwise layer for volumes.
DEPTHWISE = [
    ops.DepthwiseConv(),
    ops.DepthwiseConv(5, 2, use_bias=False),
    ops.DepthwiseConv(3, dilation=2, multiplier=2),
    ops.DepthwiseConv(3, 2, dilation=2),
    ops.DepthwiseConv(3, 2, padding="valid", activation="relu"),
    ops.DepthwiseConvBN(5, 2),
    ops.SeparableConv(8, 5, 2),
    ops.SeparableConv(),
    ops.SeparableConv(8, repeats=1),
    ops.DilatedConv(8),
    ops.DilatedConv(8, 5, 2),
    ops.MBConv(),
    ops.MBConv(8, 5, 2, expansion=3, se_ratio=0.25, activation="silu"),
    ops.MBConv(4, expansion=1),
]

IMAGE_ONLY = [
    ops.Conv(4, (1, 3), (1, 2)),
    ops.AvgPool((2, 3), (1, 2), "same"),
    ops.FactorizedConv(8),
    ops.FactorizedConv(4, 3, 2),
    ops.Crop(0, 0),
]

FLAT = [
    ops.Dense(7, "tanh"),
    ops.Dense(),
    ops.BatchNorm(),
    ops.LayerNorm(),
    ops.Activation("silu"),
    ops.Dropout(0.5),
    ops.GlobalAvgPool(),
    ops.GlobalMaxPool(),
    ops.Flatten(),
    ops.Rescaling(2.0, 1.0),
    ops.Identity(),
    ops.Zero(),
    ops.Residual(ops.Dense(5)),
]

# For sequences (steps, channels) alone.
SEQUENTIAL = [
    ops.Recurrent(5),
    ops.Recurrent(4, "gru", bidirectional=True),
    ops.Recurrent(3, "simple", sequences=True),
    ops.Recurrent(3, "lstm", True, True),
    ops.SelfAttention(2),
    ops.SelfAttention(3, size=2),
    ops.TransformerLayer(2),
    ops.TransformerLayer(1, widening=1.5, dropout=0.0),
    ops.Positions(),
    ops.Embedding(7, 3),
]

TABLES = [
    *((operation, shape) for operation in (
        ops.Take(1), ops.Take(0, 2), ops.Scale(), ops.Scale("normal", bias=True), ops.Waves(5), ops.Bins(4),
        ops.Dense(3),
    ) for shape in [(4,), (3, 4)]),
    *((operation, shape) for operation in (
        ops.FeatureDense(3), ops.FeatureDense(5, use_bias=False), ops.JoinFeatures(), ops.JoinFeatures(members=True),
    ) for shape in [(4, 6), (3, 4, 6)]),
    *((ops.Lookup(9, 4), shape) for shape in [(1,), (3, 1)]),
    (ops.Exponential(), (3,)),
    (ops.Exponential((1.0, 2.0), (0.5, 1.0), (3.0, 4.0)), (3, 2)),
    (ops.Members(3), (5,)),
    (ops.MemberDense(4), (3, 5)),
    (ops.MemberDense(folds=3), (3, 5)),
    (ops.SharedDense(4), (3, 5)),
]  # fmt: skip

OTHERS = [
    (ops.Embedding(9, 4), (6,)),
    (ops.Bag(9, 4), (6, 2)),
    (ops.Bag(5, 1, dropout=0.5), (1, 2)),
    (ops.Conv(8, groups=2), (6, 6, 4)),
    (ops.ConvBN(6, groups=3), (6, 6, 3)),
    (ops.Crop(1, (0, 2)), (6, 6, 4)),
    (ops.Crop(1, 2), (6, 4)),
    (ops.Reshape((9, 8)), (3, 3, 8)),
    (ops.Reshape((2, 2, 3)), (12,)),
    (ops.UpSampling(3), (2, 3, 4)),
    (ops.Conv(3), (4, 4, 4, 2)),
    (ops.MaxPool(), (4, 5, 1, 2)),
    (ops.GlobalAvgPool(), (4, 5, 1, 2)),
    (ops.FactorizedReduction(), (4, 5, 1, 2)),
    (ops.ConvBN(3, strides=2), (4, 5, 1, 2)),
    (ops.Zero(2), (4, 5, 1, 2)),
]

ALL = [
    *((operation, shape) for operation in SPATIAL + DEPTHWISE for shape in IMAGES + SEQUENCES),
    *((operation, shape) for operation in IMAGE_ONLY for shape in IMAGES),
    *((operation, shape) for operation in FLAT for shape in VECTORS),
    *((operation, shape) for operation in SEQUENTIAL for shape in SEQUENCES),
    *TABLES,
    *OTHERS,
    *SERIES,
]
