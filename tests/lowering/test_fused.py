"""A fused cell computes what a layer for each candidate does."""

import json
import os
import random
import subprocess
import sys

import keras
import numpy as np
import pytest

from kerasnas import backend, spaces
from kerasnas.errors import ArgumentError
from kerasnas.layers.fused_cell import FusedCell
from kerasnas.lowering.opening import open_space
from kerasnas.lowering.supernet import Supernet
from kerasnas.lowering.views import View
from kerasnas.operations import (
    AvgPool,
    Conv,
    ConvBN,
    DilatedConv,
    FactorizedConv,
    Identity,
    MaxPool,
    ReLUConvBN,
    SeparableConv,
    Zero,
)
from kerasnas.space import Cell, Choice, Sequential, Shared, Space
from kerasnas.spaces.chain import cell_space
from tests.lowering.supernets import array, noise, shaken, small_cells

ODD, EVEN = (9, 7, 3), (8, 8, 3)


def separables():
    """Candidates of all depths, with reduction cells."""
    candidates = Choice(
        none=Zero(), skip=Identity(), max_pool=MaxPool(3, 1, "same"), separable=SeparableConv(),
        dilated=DilatedConv(kernel_size=5), across=FactorizedConv(kernel_size=3), default="separable",
    )  # fmt: skip
    return cell_space("cells", {"operations": candidates, "nodes": 2, "inputs": 2, "keep": 2}, 3, 3, 4, 1)


# Both forms are differentiated operation by operation, each of which JAX compiles: minutes.
# On JAX a single small cell is differentiated in both forms, below.
GRADIENTS = pytest.mark.skipif(keras.backend.backend() == "jax", reason="takes minutes of compiling on JAX")

SPACES = {
    "darts": lambda: spaces.darts(3, cells=3, filters=4, nodes=2, stem_multiplier=1),
    "nasbench201": lambda: spaces.nasbench201(3, cells=1, filters=4),
    "pairs": lambda: spaces.nasnet_cell(
        3, 3, 4, 2, 1, operations=("identity", "conv_3x3", "avg_pool_3x3", "sep_conv_3x3", "conv_1x1")
    ),
    "separables": separables,
}


def twins(space, shape, **arguments):
    """The fused supernet of a space, and the general one with its weights."""
    opened = lambda: open_space(space, arguments.get("pools", False), arguments.get("partial", 1))  # noqa: E731
    how = {name: value for name, value in arguments.items() if name != "pools"}
    fused = shaken(Supernet(opened(), shape, **how))
    for cell in fused.cells.values():
        held = cell.held["moving_variance"]  # one so small would blow values up
        held.assign(1 + held)
    general = Supernet(opened(), shape, fused=False, **{k: v for k, v in how.items() if k != "recompute"})
    for key, source in fused.made.items():
        if isinstance(source, View):
            for weight in general.made[key].weights:
                weight.assign(source.value(weight.path.rsplit("/", 1)[-1]))
        elif isinstance(source, keras.Layer):
            general.made[key].set_weights(source.get_weights())
    for path, alpha in fused.alphas.items():
        general.alphas[path].assign(alpha)
    return fused, general


def close(found, expected):
    """Equal to 1e-4 of the largest value."""
    found, expected = array(found), array(expected)
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-4 * max(np.abs(expected).max(), 1e-3))


def differentiated(loss, weights, supernet):
    """As `value_and_gradients`; on JAX in one graph, for it would compile each operation by itself."""
    compute = lambda: backend.value_and_gradients(loss, weights)  # noqa: E731
    return backend.compiled(compute, supernet.variables)() if keras.backend.backend() == "jax" else compute()


def check_equal(fused, general, shape, gates=lambda supernet: None):
    """Outputs, gradients by gates and by weights, and the statistics that a step leaves behind."""
    x = noise(shape)
    y = np.eye(3, dtype="float32")[[0, 1, 2, 0]]
    called = lambda supernet, **how: supernet(x, gates=gates(supernet), sampled=bool(gates(supernet)), **how)  # noqa: E731
    close(called(fused), called(general))
    found = []
    for supernet in (fused, general):
        loss = lambda supernet=supernet: keras.ops.mean(  # noqa: E731
            keras.losses.categorical_crossentropy(y, called(supernet, training=True))
        )
        weights = [*supernet.architecture_weights, *supernet.network_weights]
        value, gradients = differentiated(loss, weights, supernet)
        found.append((value, dict(zip(map(id, weights), gradients))))
    (value, by_fused), (expected, by_general) = found
    close(value, expected)
    for path, alpha in fused.alphas.items():
        other = by_general[id(general.alphas[path])]
        if other is not None:
            close(by_fused[id(alpha)], other)
    for key, source in fused.made.items():
        for kind in source.kinds if isinstance(source, View) else ():
            weight = next(w for w in general.made[key].weights if w.path.endswith(kind))
            variable, first, last = source.cell.piece(source.name, kind, source.edge)
            if weight.trainable:
                part = by_fused[id(variable)][..., first:last]
                part = keras.ops.swapaxes(part, -1, -2) if "Depthwise" in key else part
                other = by_general[id(weight)]  # None for what took no part
                close(part, keras.ops.zeros_like(part) if other is None else other)
            else:
                close(source.value(kind), weight)


@GRADIENTS
@pytest.mark.backend
@pytest.mark.parametrize("shape", [ODD, EVEN], ids=["odd", "even"])
@pytest.mark.parametrize("name", SPACES)
def test_fused_cells_compute_what_a_layer_a_candidate_does(name, shape):
    pools = name in ("darts", "separables")
    fused, general = twins(SPACES[name](), shape, pools=pools, affine=name == "pairs")
    assert fused.cells and not general.cells
    check_equal(fused, general, shape)


@pytest.mark.backend
def test_a_small_cell_too():
    fused, general = twins(small_cells(cells=1, nodes=1), ODD)
    assert fused.cells and not general.cells
    check_equal(fused, general, ODD)


@GRADIENTS
@pytest.mark.backend
def test_partial_channels_too():
    fused, general = twins(SPACES["darts"](), ODD, pools=True, partial=2)
    gates = fused.softmax_gates(edges=True)
    close(fused(noise(ODD), gates=gates), general(noise(ODD), gates=gates))
    check_equal(fused, general, ODD)


@GRADIENTS
@pytest.mark.backend
def test_computed_anew_in_the_backward_pass_it_is_the_same():
    fused, general = twins(SPACES["darts"](), ODD, pools=True, recompute=True)
    assert all(cell.recompute for cell in fused.cells.values())
    check_equal(fused, general, ODD)


def hard_gates(choices):
    """Gates that are one-hot by chance, the same for twins, with the gradient of the softmax."""

    def gates(supernet):
        soft = supernet.softmax_gates()
        hard = {
            path: keras.ops.one_hot(choices[path] % len(labels), len(labels))
            for path, labels in supernet.labels.items() if supernet.exclusive[path]
        }  # fmt: skip
        return {path: hard[path] + g - keras.ops.stop_gradient(g) if path in hard else g for path, g in soft.items()}

    return gates


@GRADIENTS
@pytest.mark.backend
@pytest.mark.parametrize("name", SPACES)
def test_of_sampled_gates_only_the_chosen_candidates_are_computed_with_the_same_result(name):
    shape = EVEN if name == "nasbench201" else ODD
    fused, general = twins(SPACES[name](), shape, affine=name == "pairs")
    for seed in range(2):
        rng = np.random.default_rng(seed)
        check_equal(fused, general, shape, hard_gates({path: int(rng.integers(100)) for path in fused.labels}))


@pytest.mark.skipif(keras.backend.backend() != "tensorflow", reason="counts operations of a TensorFlow graph's run")
def test_one_graph_serves_all_choices():
    import tensorflow as tf

    supernet = Supernet(SPACES["darts"](), EVEN, normalized_pools=True)
    paths = [path for path, labels in supernet.labels.items() if supernet.exclusive[path]]

    @tf.function
    def step(choices):
        gates = hard_gates(dict(zip(paths, tf.unstack(choices, len(paths)))))(supernet)
        return supernet(noise(EVEN), gates=gates, training=True, sampled=True)

    found = [array(step(tf.constant([seed] * len(paths)))) for seed in range(8)]
    assert step.experimental_get_tracing_count() == 1
    assert len({each.tobytes() for each in found}) == 8 and np.isfinite(found).all()


def test_the_largest_cells_are_computed_anew_first():
    space = spaces.darts(4, cells=8, filters=4)
    first = ["cell_0", "cell_1", "cell_2"]  # what the later ones hold is a half, and then a quarter
    for share, anew in ((0, 0), (0.2, 0), (0.25, 1), (0.6, 3), (True, 8)):
        cells = Supernet(space, (8, 8, 3), recompute=share).cells
        found = [path for path, cell in cells.items() if cell.recompute]
        assert len(found) == anew and all(path.endswith(name) for path, name in zip(found, first))
    with pytest.raises(ArgumentError, match="Expected `recompute` to be a share"):
        Supernet(space, (8, 8, 3), recompute=2)


@pytest.mark.backend
@pytest.mark.parametrize("name", SPACES)
def test_one_hot_gates_are_the_path_and_the_inherited_model(name):
    space, shape = SPACES[name](), EVEN
    supernet, _ = twins(space, shape, affine=True)
    x = noise(shape)
    for seed in range(3):
        architecture = space.sample(random.Random(seed))
        for training in (False, True):
            # In this order: statistics move with each call, but for a batch's own they do not matter.
            along = supernet(x, architecture=architecture, training=training)
            close(supernet(x, gates=supernet.gates_of(architecture), training=training), along)
            close(supernet.inherit(architecture)(x, training=training), along)
            twin_statistics(supernet)


def twin_statistics(supernet):
    """All statistics at one and the same: the two readings of a test moved them."""
    for weight in supernet.non_trainable_weights:
        weight.assign(keras.ops.ones(weight.shape, weight.dtype))


# ------------------------------------------------------------------ the layer
def test_a_fused_cell_can_be_saved():
    supernet = shaken(Supernet(SPACES["darts"](), EVEN))
    cell = next(iter(supernet.cells.values()))
    config = json.loads(json.dumps(cell.get_config()))
    again = FusedCell.from_config(config)
    assert again.plan == cell.plan
    states = [noise((8, 8, 4), seed=i) for i in range(2)]
    gates = noise((5, 8), rows=1)[0]
    again.build([(None, 8, 8, 4)] * 2)
    again.set_weights(cell.get_weights())
    found, expected = again(states, gates), cell(states, gates)
    assert len(found) == 2
    for one, other in zip(found, expected):
        np.testing.assert_array_equal(array(one), array(other))
    assert cell.compute_output_shape([(None, 8, 8, 4)] * 2) == [(None, 8, 8, 4)] * 2


def test_there_are_few_weights_and_they_start_as_those_of_single_layers():
    space = spaces.darts(10, cells=1, filters=16, nodes=4)
    keras.utils.set_random_seed(0)
    fused, general = Supernet(space, (8, 8, 3)), Supernet(space, (8, 8, 3), fused=False)
    assert len(fused.weights) < len(general.weights) / 6
    size = lambda supernet: sum(int(np.prod(w.shape)) for w in supernet.network_weights)  # noqa: E731
    assert size(fused) == size(general)
    for key in ("node_1/edge_0/sep_conv_5x5/depthwise_conv_0:DepthwiseConv", "node_1/edge_0/sep_conv_5x5/conv_0:Conv"):
        found, expected = array(fused.made[f"cells/cell_0/{key}"].value("kernel")), general.made[f"cells/cell_0/{key}"]
        assert found.shape == tuple(expected.kernel.shape)
        assert found.std() == pytest.approx(array(expected.kernel).std(), rel=0.15)


def only(operations, inputs=1):
    """A space of one cell."""
    cell = Shared("cell", Cell(operations, nodes=1, inputs=inputs))
    return Space(Sequential({"stem": ConvBN(4), "cell": cell}))


@pytest.mark.parametrize(
    ("operations", "shape"),
    [
        ({"conv": ConvBN(4), "skip": Identity()}, EVEN),  # an activation after the normalization
        ({"wide": ReLUConvBN(6), "conv": ReLUConvBN(4)}, EVEN),  # unequal shapes
        ({"bias": Conv(4), "skip": Identity()}, EVEN),
        ({"a": Choice(ReLUConvBN(), Identity()), "skip": Identity()}, EVEN),  # a choice inside a candidate
        ({"conv": ReLUConvBN(), "skip": Identity()}, (8, 3)),  # a sequence
        ({"pool": AvgPool(3, 1, "valid"), "skip": Identity()}, EVEN),
        ({"a": Zero(), "b": Zero()}, EVEN),
    ],
    ids=["activation", "shapes", "bias", "choice", "sequence", "valid", "zeros"],
)
def test_what_it_does_not_know_takes_the_general_way(operations, shape):
    supernet = Supernet(only(operations), shape)
    assert not supernet.cells
    assert np.isfinite(array(supernet(noise(shape)))).all()


def test_without_gradients_of_grouped_convolutions_there_is_another_way(monkeypatch):
    fused, general = twins(SPACES["separables"](), ODD)
    monkeypatch.setattr(backend.kernels, "_differentiates_groups", lambda: False)
    check_equal(fused, general, ODD)


@pytest.mark.skipif(keras.backend.backend() != "tensorflow", reason="asks TensorFlow")
def test_whether_grouped_convolutions_have_gradients_is_found_out():
    """With oneDNN switched off TensorFlow's CPU has none; with it, it has, also when first asked inside a graph."""
    code = (
        "import tensorflow as tf; from kerasnas import backend; "
        "print(tf.function(lambda: tf.constant(backend.kernels._differentiates_groups()))().numpy())"
    )
    for switch, expected in (("0", "False"), ("1", "True")):
        environment = {**os.environ, "TF_ENABLE_ONEDNN_OPTS": switch}
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment)
        assert done.stdout.split()[-1] == expected
