"""Every operation reckons the shape and the weights that its Keras layers turn out to have."""

import random

import keras
import numpy as np
import pytest

from kerasnas import operations as ops
from kerasnas.lowering import build, cost, output_shape
from kerasnas.space import Operation

from .cases import ALL


def check(node, shape):
    model = build(node, None, shape)
    reckoned = cost(node, None, shape)
    assert model.count_params() == reckoned.params
    assert model.output.shape[1:] == output_shape(node, shape)
    return model, reckoned


@pytest.mark.parametrize("operation, shape", ALL, ids=lambda value: str(getattr(value, "label", value)))
def test_shape_and_params_are_those_of_the_model(operation, shape):
    check(operation, shape)


def test_the_cases_cover_every_operation():
    def classes(node):
        return {type(node)} | {kind for child in getattr(node, "nodes", {}).values() for kind in classes(child)}

    covered = {kind.__name__ for operation, _ in ALL for kind in classes(operation)}
    merging = {"Add", "Average", "Maximum", "Multiply", "Concatenate", "Merge"}
    assert set(ops.__all__) - covered - merging == {"Residual", "Trees"}  # trees have tests of their own


@pytest.mark.parametrize("seed", range(12))
def test_random_shapes_and_arguments(seed):
    rng = random.Random(seed)
    for _ in range(4):
        shape = (*(rng.randint(1, 11) for _ in range(rng.choice([1, 2]))), rng.randint(1, 9))
        common = {"kernel_size": rng.choice([1, 2, 3, 5, 7]), "strides": rng.randint(1, 4)}
        padding, dilation = rng.choice(["same", "valid"]), rng.randint(1, 3)
        check(ops.Conv(rng.randint(1, 8), **common, padding=padding, dilation=dilation), shape)
        check(ops.DepthwiseConv(**common, padding=padding, dilation=dilation), shape)
        check(ops.MBConv(rng.randint(1, 8), **common, se_ratio=rng.choice([0, 0.25])), shape)
        check(rng.choice([ops.MaxPool, ops.AvgPool])(rng.randint(1, 5), rng.randint(1, 4), padding), shape)
        check(rng.choice([ops.Zero(), ops.Identity()]).strided(rng.randint(2, 4)), shape)


@pytest.mark.parametrize("operation, shape", ALL[::5], ids=lambda value: str(getattr(value, "label", value)))
def test_the_outputs_have_the_reckoned_shape_and_are_finite(operation, shape):
    model, _ = check(operation, shape)
    result = model(np.random.default_rng(0).normal(size=(2, *shape)).astype("float32"))
    assert tuple(result.shape) == (2, *output_shape(operation, shape))
    assert np.isfinite(keras.ops.convert_to_numpy(result)).all()


def test_costs_worked_out_by_hand():
    conv = cost(ops.Conv(16, 3), None, (32, 32, 3))
    assert conv.params == 3 * 3 * 3 * 16 + 16
    assert conv.flops == 2 * 32 * 32 * 16 * 27
    assert conv.activations == 4 * 32 * 32 * 16
    dense = cost(ops.Dense(10), None, (7,))
    assert (dense.params, dense.flops, dense.activations) == (80, 140, 40)
    depthwise = cost(ops.DepthwiseConv(5, 2, use_bias=False), None, (8, 8, 4))
    assert (depthwise.params, depthwise.flops) == (100, 2 * 4 * 4 * 4 * 25)
    assert cost(ops.BatchNorm(), None, (4, 4, 5)).params == 20
    assert cost(ops.SeparableConv(8, repeats=1), None, (4, 4, 6)).params == 9 * 6 + 6 * 8 + 4 * 8


def test_an_operation_that_says_nothing_says_so():
    class Mute(Operation):
        pass

    for ask in (lambda: Mute().shape((1,)), lambda: Mute().layer((1,), "mute")):
        with pytest.raises(NotImplementedError, match="Mute"):
            ask()
