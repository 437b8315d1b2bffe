"""Searches small enough to test with."""

import numpy as np
from sklearn.datasets import load_digits

from kerasnas.data import Dataset
from kerasnas.lowering.opening import open_space
from kerasnas.lowering.supernet import Supernet
from kerasnas.operations import ConvBN, Dense, Flatten, GlobalAvgPool, Identity, ReLUConvBN, Zero
from kerasnas.space import Cell, Choice, Sequential, Shared, Space
from kerasnas.supernets.bilevel import Bilevel

SHAPE = (4, 4, 2)


def tiny(classes=3, nodes=2):
    """A stem and one cell whose nodes keep one edge."""
    candidates = Choice(none=Zero(), skip=Identity(), conv=ReLUConvBN(), wide=ReLUConvBN(kernel_size=3), default="conv")
    cell = Shared("cell", Cell(candidates, nodes=nodes, inputs=1, keep=1, output="concatenate"))
    steps = {"stem": ConvBN(4, 1), "cell": cell, "pool": GlobalAvgPool(), "classes": Dense(classes, "softmax")}
    return Space(Sequential(steps), name="tiny")


def rows(count=16, seed=0):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(count, *SHAPE)).astype("float32")
    return x, np.eye(3, dtype="float32")[rng.integers(0, 3, count)]


def smooth():
    """Layers without kinks, at which a finite difference would err."""
    layer = Choice(tanh=Dense(6, "tanh"), sigmoid=Dense(6, "sigmoid"), skip=Identity())
    steps = {"flatten": Flatten(), "first": Dense(6, "tanh"), "a": layer, "b": layer, "classes": Dense(3, "softmax")}
    return Space(Sequential(steps), name="smooth")


def bilevel(rule, seed=0, space=None):
    opened = open_space(space or tiny(), partial=rule.partial)
    model = Bilevel(Supernet(opened, SHAPE, partial=rule.partial, seed=seed), rule, steps=10, seed=seed)
    model.compile(loss="categorical_crossentropy")
    return model


def batch(seed=0):
    """What a step takes: rows for the architecture weights, others for the weights."""
    (ax, ay), (wx, wy) = rows(seed=seed), rows(seed=seed + 100)
    return {"alphas": ax, "weights": wx}, {"alphas": ay, "weights": wy}


def digits(count=160):
    found = load_digits()
    return found.images[:count, ::2, ::2, None].astype("float32"), found.target[:count]


def dataset(count=20):
    y = np.eye(2, dtype="float32")[np.arange(count) % 2]
    return Dataset({"x": np.arange(count, dtype="float32")[:, None]}, {"y": y})
