"""Spaces and supernets small enough to test with."""

import keras
import numpy as np

from kerasnas import spaces
from kerasnas.lowering.supernet import Supernet
from kerasnas.operations import (
    AvgPool,
    ConvBN,
    Dense,
    GlobalAvgPool,
    Identity,
    MaxPool,
    ReLUConvBN,
    SeparableConv,
    Zero,
)
from kerasnas.space import Cell, Choice, Parallel, Sequential, Shared, Space, Subset
from kerasnas.spaces.chain import cell_space

PICTURE, ROW = (8, 8, 3), (6,)

# The ready spaces as small as they get, without a classifier that would even out differences; the shape of a row.
READY = {
    "darts": (lambda: spaces.darts(None, cells=3, filters=4, nodes=2, stem_multiplier=1), PICTURE),
    "nasbench201": (lambda: spaces.nasbench201(None, cells=1, filters=4), PICTURE),
    "nasnet_cell": (
        lambda: spaces.nasnet_cell(None, 2, 4, 2, operations=("identity", "conv_1x1", "max_pool_3x3")),
        PICTURE,
    ),
    "nasbench_macro": (lambda: spaces.nasbench_macro(None, filters=4, features=8), PICTURE),
    "macro": (lambda: spaces.macro(None, depth=(1, 1), width=(4, 8)), PICTURE),
    "mlp": (lambda: spaces.mlp(None, depth=(1, 2), units=(4, 8)), ROW),
}


def small_cells(cells=3, nodes=2):
    """The DARTS space with four of its candidates."""
    candidates = Choice(
        none=Zero(), skip_connect=Identity(), max_pool_3x3=MaxPool(3, 1, "same"), conv=ReLUConvBN(), default="conv"
    )
    return cell_space("cells", {"operations": candidates, "nodes": nodes, "inputs": 2, "keep": 2}, 3, cells, 4, 1)


def small_layers():
    """A chain whose candidates put out unequal shapes."""
    first = Choice(narrow=ConvBN(4), wide=ConvBN(6), halved=ConvBN(4, strides=2))
    return Space(Sequential({"first": first, "pool": GlobalAvgPool(), "classes": Dense(3, activation="softmax")}))


def subsets(merge="add"):
    inner = Subset(a=ConvBN(4), b=AvgPool(3, 1, "same"), c=Zero(), choose=(1, 3), merge=merge)
    cell = Shared("cell", Cell({"skip": Identity(), "conv": ReLUConvBN()}, nodes=1, inputs=1, output="add"))
    both = Parallel({"cell": cell, "separable": SeparableConv(repeats=1)})
    return Space(Sequential({"inner": inner, "both": both, "again": cell, "pool": GlobalAvgPool(), "out": Dense(3)}))


def noise(shape, rows=4, seed=0):
    return np.random.default_rng(seed).normal(size=(rows, *shape)).astype("float32")


def shaken(supernet, seed=1):
    """The supernet with weights and statistics that are nowhere zero or one."""
    rng = np.random.default_rng(seed)
    for weight in supernet.weights:
        if str(weight.dtype).startswith("float"):
            weight.assign(np.abs(keras.ops.convert_to_numpy(weight) + rng.normal(scale=0.3, size=weight.shape)) + 0.01)
    return supernet


def made(name, fused=True):
    make, shape = READY[name]
    space = make()
    return space, shape, shaken(Supernet(space, shape, affine=True, fused=fused))


def array(tensor):
    return keras.ops.convert_to_numpy(tensor)
