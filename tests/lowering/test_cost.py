"""Costs: by hand, without keras, and FLOPs against TensorFlow's own count."""

import random
import subprocess
import sys

import pytest

from kerasnas import operations as ops
from kerasnas import spaces
from kerasnas.errors import SpaceError
from kerasnas.lowering import Cost, build, cost, cost_of, output_shape
from kerasnas.space import Graph, Int, Parallel, Sequential, Space, Step

from .counting import tensorflow_flops


def test_a_cost_is_the_sum_over_its_operations():
    net = Sequential(ops.Conv(4, 3), ops.Activation("relu"), ops.Flatten(), ops.Dense(5))
    assert cost(net, None, (6, 6, 2)) == Cost(
        params=(2 * 9 + 1) * 4 + (144 + 1) * 5,
        flops=2 * 36 * 4 * 18 + 2 * 144 * 5,
        activations=4 * (144 + 144 + 144 + 5),
    )


def test_costs_can_be_added():
    assert Cost(1, 2, 3) + Cost(10, 20, 30) == Cost(11, 22, 33)


def test_a_concrete_node_is_costed_as_it_is():
    node = spaces.darts(cells=3, filters=4).resolve(spaces.darts(cells=3, filters=4).default()).network
    assert cost_of(node, (8, 8, 1)) == cost(node, None, (8, 8, 1))
    assert output_shape(node, (8, 8, 1)) == (10,)


def test_a_graph_takes_shapes_by_name():
    steps = [
        Step("image", ops.Conv(4), ("pixels",)),
        Step("joined", ops.Merge(), ("image", "numbers")),
        Step("label", ops.Dense(3), ("joined",)),
        Step("value", ops.Dense(1), ("joined",)),
    ]
    graph = Graph(("pixels", "numbers"), steps, ("label", "value"))
    shapes = {"pixels": (4, 4, 1), "numbers": (5,)}
    assert output_shape(graph, shapes) == {"label": (3,), "value": (1,)}
    # The image is averaged to its 4 channels before it meets the numbers.
    assert cost_of(graph, shapes).params == 40 + 10 * 3 + 10
    assert cost(graph, None, shapes) == cost_of(graph, shapes)


def test_a_node_can_read_several_shapes():
    assert output_shape(ops.Merge("concatenate"), [(4, 4, 2), (4, 4, 3)]) == (4, 4, 5)


def test_a_zero_in_a_sum_costs_nothing():
    with_zero = Parallel({"conv": ops.Conv(4), "zero": ops.Zero()})
    assert cost(with_zero, None, (4, 4, 9)) == cost(ops.Conv(4), None, (4, 4, 9))


@pytest.mark.parametrize("shape", [None, 5, "image", {"a": (3,), "b": (3,)}])
def test_shapes_that_do_not_fit_the_inputs(shape):
    with pytest.raises(SpaceError, match="Expected a shape for each input"):
        cost(ops.Dense(3), None, shape)


def test_a_graph_needs_a_shape_for_each_of_its_inputs():
    graph = Graph(("a", "b"), [Step("out", ops.Add(), ("a", "b"))], ("out",))
    for shapes in ((3,), {"a": (3,)}, {"a": (3,), "b": (3,), "c": (3,)}):
        with pytest.raises(SpaceError, match=r"Expected a shape for each input \['a', 'b'\]"):
            cost(graph, None, shapes)


def test_what_no_output_follows_from_costs_nothing():
    steps = [
        Step("used", ops.Dense(3), ("x",)),
        Step("dead", ops.Dense(100), ("used",)),
        Step("out", ops.Merge("add"), ("used", "used")),
    ]
    graph = Graph(("x",), steps, ("out",))
    assert cost_of(graph, {"x": (4,)}).params == 15 == build(graph, None, (4,)).count_params()


def test_only_spaces_and_nodes_have_a_cost():
    with pytest.raises(SpaceError, match="Expected a space or a node"):
        cost([ops.Dense(3)], None, (3,))


def test_an_empty_result_is_refused():
    with pytest.raises(SpaceError, match="at least one value"):
        cost(ops.Crop(2, 2), None, (4, 4, 1))


def test_reckoning_does_not_load_keras():
    script = """
import random, sys
from kerasnas import spaces, lowering
rng = random.Random(0)
for make in (spaces.darts, spaces.nasnet_cell, spaces.nasbench201, spaces.nasbench_macro, spaces.macro, spaces.mlp):
    space = make()
    assert lowering.cost(space, space.sample(rng), (32, 32, 3)).params > 0
loaded = {"keras", "tensorflow", "keras_tuner", "jax", "torch"} & set(sys.modules)
sys.exit(f"loaded {loaded}" if loaded else 0)
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


FLOPS = [
    (ops.Conv(8), (9, 9, 3)),
    (ops.Conv(8, 5, 2), (9, 7, 3)),
    (ops.Conv(4, (1, 7), (1, 2)), (8, 8, 2)),
    (ops.Conv(4, 3, padding="valid"), (6, 6, 2)),
    (ops.Conv(6, 3, 2), (15, 4)),
    (ops.DepthwiseConv(5, 2), (8, 8, 4)),
    (ops.DepthwiseConv(3, 1, multiplier=2), (8, 5, 4)),
    (ops.Dense(7), (11,)),
    (ops.Dense(7), (3, 3, 4)),
    (ops.FactorizedReduction(7), (7, 8, 4)),
    (ops.SeparableConv(8, 5, 2), (9, 9, 4)),
    (ops.DilatedConv(8, 3, 2), (8, 8, 4)),
    (ops.FactorizedConv(8, 7, 2), (8, 8, 4)),
    (ops.MBConv(8, 5, 2, se_ratio=0.25), (8, 8, 4)),
    (ops.Residual(ops.Conv(8, strides=2)), (7, 7, 3)),
]


@pytest.mark.parametrize("node, shape", FLOPS, ids=lambda value: str(getattr(value, "label", value)))
def test_flops_of_operations_are_tensorflows(node, shape):
    assert cost(node, None, shape).flops == tensorflow_flops(build(node, None, shape))


def undilated(space):
    """Dilated windows are left out: TensorFlow runs them on rearranged, padded images and counts those."""
    return space.where(lambda architecture: not any("dil" in str(value) for value in architecture.values()))


SPACES = [
    undilated(spaces.darts(cells=3, filters=4)),
    undilated(spaces.nasnet_cell(cells=3, filters=4)),
    spaces.nasbench201(cells=1, filters=4),
    spaces.nasbench_macro(filters=4, features=20),
    spaces.macro(depth=(1, 5), width=(4, 16)),
    spaces.mlp(units=(8, 64)),
]


@pytest.mark.parametrize("space", SPACES, ids=lambda space: space.name)
def test_flops_of_networks_are_tensorflows(space):
    rng = random.Random(0)
    for shape in [(16, 16, 3), (9, 9, 1)]:
        architecture = space.sample(rng)
        assert cost(space, architecture, shape).flops == tensorflow_flops(build(space, architecture, shape))


def test_a_space_is_costed_at_its_default():
    space = Space(ops.Conv(Int(4, 8, default=6)))
    assert cost(space, None, (4, 4, 1)) == cost(ops.Conv(6), None, (4, 4, 1))


@pytest.mark.parametrize(
    "operation",
    [ops.Recurrent(5), ops.Recurrent(4, "gru", True), ops.Recurrent(3, "simple", True, True), ops.SelfAttention(2)],
    ids=lambda operation: operation.label,
)
def test_sequences_cost_what_was_worked_out(operation):
    steps, channels = 6, 4
    worked_out = {
        "lstm": 2 * steps * 4 * 5 * (channels + 5),
        "gru": 2 * steps * 2 * 3 * 4 * (channels + 4),
        "simple": 2 * steps * 2 * 3 * (channels + 3),
        # Four projections of each step, then every step with every other, for the scores and for the mean.
        "attention": 2 * steps * 4 * channels * channels + 2 * 2 * steps * steps * channels,
    }
    assert cost(operation, None, (steps, channels)).flops == worked_out[getattr(operation, "kind", "attention")]
