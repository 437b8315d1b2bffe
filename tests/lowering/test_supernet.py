"""The law of supernets: gates, path and inherited model compute the same."""

import random

import keras
import numpy as np
import pytest

from kerasnas import lowering, spaces
from kerasnas.errors import ArgumentError, SpaceError
from kerasnas.lowering.opening import open_space
from kerasnas.lowering.supernet import Supernet
from kerasnas.operations import ConvBN, Dense, Dropout, Identity, MaxPool, ReLUConvBN, Zero
from kerasnas.space import Cell, Choice, Float, Int, Repeat, Sequential, Shared, Space, When
from kerasnas.testing.networks import check_network
from tests.lowering.supernets import (
    PICTURE,
    READY,
    array,
    made,
    noise,
    shaken,
    small_cells,
    small_layers,
    subsets,
)


def check_law(supernet, architecture, x, training=False):
    gated = array(supernet(x, gates=supernet.gates_of(architecture), training=training))
    along = array(supernet(x, architecture=architecture, training=training))
    plain = array(supernet.inherit(architecture)(x, training=training))
    # Shaken weights make values of 1e8, of which float32 holds seven digits.
    np.testing.assert_allclose(gated, along, rtol=1e-5, atol=1e-4)
    np.testing.assert_allclose(plain, along, rtol=1e-5, atol=1e-4)
    return along


@pytest.mark.backend
@pytest.mark.parametrize("name", READY)
def test_gates_path_and_plain_model_compute_the_same(name):
    space, shape, supernet = made(name)
    rng, x = random.Random(0), noise(shape)
    found = [check_law(supernet, space.sample(rng), x) for _ in range(2)]
    assert np.isfinite(found).all()
    assert not np.allclose(found[0], found[1], atol=1e-6)  # the architectures do make a difference


@pytest.mark.slow
@pytest.mark.parametrize("name", READY)
def test_the_law_for_fifty_architectures(name):
    space, shape, supernet = made(name)
    rng, x = random.Random(1), noise(shape)
    for _ in range(50):
        check_law(supernet, space.sample(rng), x)


@pytest.mark.parametrize(
    "space", [small_layers(), subsets(), subsets("concatenate"), subsets(Choice("add", "concatenate"))],
    ids=["layers", "add", "concatenate", "either"],
)  # fmt: skip
def test_the_law_for_nodes_of_all_kinds_with_the_statistics_of_batches(space):
    supernet = shaken(Supernet(space, PICTURE))
    for seed in range(4):
        check_law(supernet, space.sample(random.Random(seed)), noise(PICTURE), training=True)


def test_an_inherited_model_has_the_weights_of_a_built_one_where_nothing_is_projected():
    space = small_cells()
    architecture = space.sample(random.Random(3))
    supernet = Supernet(space, PICTURE)
    inherited, built = supernet.inherit(architecture), lowering.build(space, architecture, PICTURE)
    assert inherited.count_params() == built.count_params()
    built.set_weights(inherited.get_weights())
    x = noise(PICTURE)
    np.testing.assert_allclose(array(built(x)), array(inherited(x)), atol=1e-5)


def test_an_inherited_model_is_plain_and_can_be_saved():
    space = small_layers()
    for label in ("narrow", "halved"):
        architecture = space.complete({"first": label})
        model = Supernet(space, PICTURE).inherit(architecture)
        cost = lowering.Cost(model.count_params(), 0, 0)
        check_network(model, cost, (3,), noise(PICTURE), "an inherited model")


def test_statistics_are_computed_anew():
    space = small_cells()
    supernet, x = Supernet(space, PICTURE), 3 + noise(PICTURE, rows=64)
    model = supernet.inherit(space.default(), batches=[x[:32], x[32:]])
    norm = next(layer for layer in model.layers if isinstance(layer, keras.layers.BatchNormalization))
    before = keras.Model(model.inputs, norm.input)(x)
    np.testing.assert_allclose(array(norm.moving_mean), array(before).mean(axis=(0, 1, 2)), rtol=1e-3, atol=1e-3)
    assert norm.momentum == 0.9
    np.testing.assert_allclose(array(model(x)).mean(0), array(model(x, training=True)).mean(0), atol=0.05)


# ------------------------------------------------------------------- softmax
@pytest.mark.backend
def test_softmax_gates_are_a_naive_sum_over_operations_built_apart():
    operations = {"none": Zero(), "skip": Identity(), "pool": MaxPool(3, 1, "same"), "conv": ReLUConvBN()}
    space = Space(Cell(operations, nodes=2, inputs=1, output="last"))
    supernet = shaken(Supernet(space, (6, 6, 4)))
    x = noise((6, 6, 4))
    apart = {  # models of single operations, built without a supernet
        (i, j, label): _apart(supernet, f"node_{i}/edge_{j}", label, operation)
        for i in range(2) for j in range(i + 1) for label, operation in operations.items()
    }  # fmt: skip
    states = [x]
    for i in range(2):
        total = 0
        for j in range(i + 1):
            gate = _softmax(array(supernet.alphas[f"node_{i}/edge_{j}"]))
            total = total + sum(
                g * array(apart[i, j, label](states[j], training=True)) for g, label in zip(gate, operations)
            )
        states.append(total)
    np.testing.assert_allclose(array(supernet(x, training=True)), states[-1], atol=1e-4)


def _apart(supernet, path, label, operation):
    model = lowering.build(operation, None, (6, 6, 4))
    for layer in model.layers:
        if layer.weights:
            kind = {"Conv2D": "Conv", "BatchNormalization": "BatchNorm"}[type(layer).__name__]
            (source,) = (
                made for key, made in supernet.made.items()
                if key.startswith(f"{path}/{label}/") and key.endswith(f":{kind}")
            )  # fmt: skip
            for weight in layer.weights:
                if weight.name in source.kinds:
                    weight.assign(source.value(weight.name))
    return model


def _softmax(values):
    exponents = np.exp(values - values.max())
    return exponents / exponents.sum()


def test_gradients_along_a_path_are_those_of_the_plain_model():
    from kerasnas import backend

    space = small_cells()
    # Fused cells keep several kernels in one variable; their gradients are held to these in `test_fused`.
    supernet = shaken(Supernet(space, PICTURE, affine=True, fused=False))
    architecture = space.sample(random.Random(5))
    x = noise(PICTURE)
    plain = supernet.inherit(architecture)
    loss = lambda model, **how: keras.ops.mean(keras.ops.square(model(x, training=True, **how)))  # noqa: E731
    gates = supernet.gates_of(architecture)
    _, gated = backend.value_and_gradients(lambda: loss(supernet, gates=gates), supernet.network_weights)
    _, along = backend.value_and_gradients(lambda: loss(supernet, architecture=architecture), supernet.network_weights)
    _, apart = backend.value_and_gradients(lambda: loss(plain), plain.trainable_weights)
    sizes = [
        sorted(float(np.square(array(g)).sum()) for g in found if g is not None and np.abs(array(g)).max() > 0)
        for found in (gated, along, apart)
    ]
    np.testing.assert_allclose(sizes[0], sizes[1], rtol=1e-3, atol=1e-9)
    np.testing.assert_allclose(sizes[1], sizes[2], rtol=1e-3, atol=1e-9)


def test_gradients_of_architecture_weights_are_those_of_a_finite_difference():
    from kerasnas import backend

    supernet = shaken(Supernet(small_layers(), PICTURE))
    x, alpha = noise(PICTURE), supernet.alphas["first"]
    loss = lambda: keras.ops.mean(keras.ops.square(supernet(x, training=True)))  # noqa: E731
    _, (gradient,) = backend.value_and_gradients(loss, [alpha])
    start, step = array(alpha), 1e-2
    for i in range(3):
        shift = step * np.eye(3, dtype="float32")[i]
        ends = []
        for sign in (1, -1):
            alpha.assign(start + sign * shift)
            ends.append(float(loss()))
        assert (ends[0] - ends[1]) / (2 * step) == pytest.approx(float(gradient[i]), rel=0.05, abs=1e-5)


# -------------------------------------------------------------------- paths
def test_only_the_path_is_computed():
    space = small_cells()
    supernet = Supernet(space, PICTURE, fused=False)
    called = set()
    for key, layer in supernet.made.items():
        if isinstance(layer, keras.layers.Conv2D):
            layer.call = _noting(layer.call, key, called)
    architecture = space.complete(
        {path: "skip_connect" for path in space.default() if path.startswith("normal") and "edge" in path}
    )
    supernet(noise(PICTURE), architecture=architecture)
    assert called
    assert not [key for key in called if "cell_0" in key and "node_" in key]  # a normal cell of skips alone


def _noting(call, key, called):
    def noting(*args, **kwargs):
        called.add(key)
        return call(*args, **kwargs)

    return noting


def test_a_path_can_be_set():
    space = small_layers()
    supernet, x = shaken(Supernet(space, PICTURE)), noise(PICTURE)
    architecture = space.complete({"first": "wide"})
    mixed = array(supernet(x))
    supernet.set_path(architecture)
    np.testing.assert_allclose(array(supernet(x)), array(supernet(x, architecture=architecture)))
    supernet.set_path()
    np.testing.assert_allclose(array(supernet(x)), mixed)
    with pytest.raises(ArgumentError, match="Received: both"):
        supernet(x, gates=supernet.softmax_gates(), architecture=architecture)


def test_sampled_gates_compute_what_all_candidates_would():
    space = small_cells()
    supernet, x = shaken(Supernet(space, PICTURE)), noise(PICTURE)
    gates = supernet.gates_of(space.sample(random.Random(2)))
    np.testing.assert_allclose(
        array(supernet(x, gates=gates, sampled=True)), array(supernet(x, gates=gates)), atol=1e-5
    )


@pytest.mark.backend
def test_of_sampled_gates_the_chosen_alone_has_a_gradient():
    from kerasnas import backend

    operations = {"none": Zero(), "skip": Identity(), "pool": MaxPool(3, 1, "same"), "conv": ReLUConvBN()}
    supernet = shaken(Supernet(Space(Cell(operations, nodes=2, inputs=1, output="last")), (6, 6, 4)))
    chosen = {"node_0/edge_0": "conv", "node_1/edge_0": "pool", "node_1/edge_1": "conv"}
    paths, x = list(supernet.alphas), noise((6, 6, 4))

    def gradients(sampled):
        def loss():
            gates = {path: keras.ops.ones_like(alpha.value) for path, alpha in supernet.alphas.items()}
            for path, label in chosen.items():
                hot = keras.ops.one_hot(list(operations).index(label), 4)
                alpha = supernet.alphas[path].value
                gates[path] = hot + alpha - keras.ops.stop_gradient(alpha)
            return keras.ops.mean(keras.ops.square(supernet(x, gates=gates, training=True, sampled=sampled)))

        value, found = backend.value_and_gradients(loss, supernet.architecture_weights)
        return float(value), {path: array(found[paths.index(path)]) for path in chosen}

    (value, alone), (expected, among_all) = gradients(True), gradients(False)
    assert value == pytest.approx(expected, rel=1e-5)
    for path, label in chosen.items():
        hot = np.array(list(operations)) == label
        np.testing.assert_allclose(alone[path][hot], among_all[path][hot], rtol=1e-3)
        assert alone[path][hot] != 0 and not alone[path][~hot].any()
        assert among_all[path][~hot].any()


# ------------------------------------------------------------------ sharing
def test_cells_of_a_kind_share_their_architecture_weights_but_no_others():
    supernet = Supernet(small_cells(cells=4), PICTURE)
    edges = {path for path in supernet.alphas if "edge" in path}
    assert {path.split("/")[0] for path in edges} == {"normal", "reduction"}
    assert len(edges) == 2 * (2 + 3)
    convs = [key for key in supernet.made if key.endswith("node_0/edge_0/conv/conv:Conv")]
    assert len(convs) == 4


def test_what_is_common_to_several_answers_is_computed_once():
    """A repeated layer: two layers deep, the first is the same as one layer deep."""
    supernet = Supernet(Space(Repeat(Dense(4), Int(1, 3))), (4,))
    assert sum(isinstance(layer, keras.layers.Dense) for layer in supernet.made.values()) == 3


def test_conditions_across_branches():
    kind = Choice(conv=ConvBN(4), skip=Identity())
    space = Space(Sequential({"kind": kind, "after": When("kind", ("conv",), ConvBN(4), Identity())}))
    supernet = shaken(Supernet(space, PICTURE))
    for label in ("conv", "skip"):
        check_law(supernet, space.complete({"kind": label}), noise(PICTURE))


def test_partial_channels():
    for fused in (False, True):
        supernet = Supernet(small_cells(), PICTURE, partial=2, fused=fused)
        conv = next(layer for key, layer in supernet.made.items() if key.endswith("edge_0/conv/conv:Conv"))
        kernel = conv.value("kernel") if fused else conv.kernel
        assert kernel.shape[-2:] == (2, 2)  # half of four channels
        assert supernet(noise(PICTURE)).shape == (4, 3)
        with pytest.raises(SpaceError, match="whole channels to inherit"):
            supernet.inherit(small_cells().default())


def test_pools_are_normalized_where_wished():
    wished = open_space(small_cells(), normalized_pools=True)
    supernet = Supernet(wished, PICTURE)
    assert any("max_pool_3x3/batch_norm:BatchNorm" in key for key in supernet.made)
    check_law(supernet, small_cells().sample(random.Random(0)), noise(PICTURE))


def test_without_scale_and_shift_unless_wished():
    for affine in (False, True):
        supernet = Supernet(small_layers(), PICTURE, affine=affine)
        assert any("gamma" in weight.path for weight in supernet.weights) == affine


# ---------------------------------------------------------------- refusals
@pytest.mark.parametrize(
    ("node", "message"),
    [
        (Dropout(Float(0.0, 0.5)), r"'rate'.*endlessly many"),
        (Dense(Int(1, 100)), "over 64 candidates"),
        (Sequential(Dense(4), When("1/none", (1,), Identity(), Dense(4))), "no decision"),
    ],
    ids=["real", "many", "condition"],
)
def test_a_decision_that_cannot_be_mixed_is_refused_with_its_path(node, message):
    with pytest.raises(SpaceError, match=message if "no dec" not in message else "Expected"):
        open_space(node)


def test_training_decisions_are_no_matter_of_the_supernet():
    space = Space(small_layers().network, {"learning_rate": Float(1e-4, 1e-1)})
    assert list(Supernet(space, PICTURE).labels) == ["first"]


def test_it_says_where_it_projects():
    told = Supernet(small_layers(), PICTURE).describe()
    assert "first: narrow, wide, halved" in told
    assert "first: 3 of 3 candidates projected to (4, 4, 6)" in told
    assert "projected" not in Supernet(small_cells(), PICTURE).describe()


def test_equal_seeds_start_from_equal_architecture_weights():
    first, again, other = (Supernet(small_layers(), PICTURE, seed=seed).alphas["first"] for seed in (0, 0, 1))
    np.testing.assert_array_equal(array(first), array(again))
    assert not np.array_equal(array(first), array(other))
    assert np.abs(array(first)).max() < 0.01


def test_a_cell_that_stands_twice_asks_once():
    space = Space(Sequential(Shared("cell", Cell({"a": Identity(), "b": ConvBN(4)}, nodes=1, inputs=1)), ConvBN(4)))
    assert list(Supernet(space, PICTURE).labels) == ["cell/node_0/edge_0"]
    assert spaces.darts().size() > 0
