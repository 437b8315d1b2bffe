"""Networks over tables: what they cost and put out, members that share or do not, and what is tried first."""

import random

import keras
import numpy as np
import pandas as pd
import pytest

import kerasnas as kn
from kerasnas.blocks import Drawing, Signal
from kerasnas.blocks.table_features import Layout
from kerasnas.blocks.table_networks import FeatureEmbedding, TableNetwork, embedded
from kerasnas.data.tables import learn_table
from kerasnas.errors import SpaceError
from kerasnas.lowering import build, cost, output_shape
from kerasnas.testing import check_block, check_operation

LAYOUT = Layout(numbers=3, flags=4, sizes=(7,))
SIZES = {"numbers": 3, "flags": 4, "sizes": (7,)}
EMBEDDINGS = ("plain", "cosines", "bins", "both", "bins_alone")


def features(rows=5, seed=0):
    rng = np.random.default_rng(seed)
    parts = [
        rng.normal(size=(rows, 3)),
        rng.random((rows, 3)),
        rng.integers(0, 2, (rows, 4)),
        rng.integers(0, 7, (rows, 1)),
    ]
    return np.concatenate(parts, axis=1).astype("float32")


def table(rows=40):
    rng = np.random.default_rng(0)
    return pd.DataFrame(
        {"n": rng.normal(size=rows), "m": rng.lognormal(size=rows), "c": rng.choice(["a", "b", None], rows)}
    )


def signal(rows=40, folds=0):
    schema = learn_table(table())
    return Signal("table", (len(schema.names),), rows, about=schema, folds=folds)


# ------------------------------------------------------------------- networks
@pytest.mark.parametrize("kind", ["plain", "residual", "gated"])
@pytest.mark.parametrize("embedding", EMBEDDINGS)
@pytest.mark.parametrize("members, folds", [(1, 0), (4, 0), (1, 3)])
def test_what_a_network_costs_is_what_its_model_has(embedding, kind, members, folds):
    network = TableNetwork(**SIZES, embedding=embedding, kind=kind, width=8, depth=2, members=members, folds=folds)
    model = build(network, None, (LAYOUT.width,))
    reckoned = cost(network, None, (LAYOUT.width,))
    assert model.count_params() == reckoned.params and reckoned.flops > 0
    assert model.output.shape[1:] == output_shape(network, (LAYOUT.width,)) == (max(members, folds), 8)
    assert np.isfinite(model(features())).all()


@pytest.mark.parametrize("settings", [{}, {"members": 2, "embedding": "both"}], ids=str)
def test_networks_keep_the_contract_of_operations(settings):
    check_operation(TableNetwork(5, width=kn.Choice(8, 16), depth=1, **settings), (10,))


def test_members_of_folds_share_nothing():
    """A member's answer depends on no weight that another member's depends on."""
    import tensorflow as tf

    network = TableNetwork(**SIZES, embedding="both", width=8, depth=2, folds=3, dropout=0.0)
    model = build(network, None, (LAYOUT.width,))
    touched = []
    for member in range(3):
        with tf.GradientTape() as tape:
            answer = tf.reduce_sum(model(features(64))[:, member] ** 2)
        gradients = tape.gradient(answer, model.trainable_variables)
        touched.append([np.abs(tf.convert_to_tensor(g).numpy()) > 0 for g in gradients])
    for one, other in ((0, 1), (0, 2), (1, 2)):
        assert not any((a & b).any() for a, b in zip(touched[one], touched[other]))


def test_members_that_share_matrices_differ_from_the_start():
    model = build(TableNetwork(**SIZES, members=4, width=8, depth=2), None, (LAYOUT.width,))
    answers = keras.ops.convert_to_numpy(model(features()))
    assert all(np.abs(answers[:, 0] - answers[:, i]).max() > 1e-3 for i in range(1, 4))
    shared = [w for w in model.trainable_variables if w.shape == (8, 8)]
    assert len(shared) == 1


def test_an_embedding_by_hand():
    rows = features()
    model = build(FeatureEmbedding(**SIZES, bins=4, units=2), None, (LAYOUT.width,))
    weights = {layer.name: layer.get_weights() for layer in model.layers if layer.weights}
    (kernel, bias), (vectors,) = weights["bins_dense_feature_dense"], weights["category_10_lookup"]
    filled = np.clip(rows[:, 3:6, None] * 4 - np.arange(4), 0, 1)
    bins = np.maximum(np.einsum("bft,ftd->bfd", filled, kernel) + bias, 0).reshape(5, -1)
    expected = np.concatenate([rows[:, :3], bins, rows[:, 6:10], vectors[rows[:, 10].astype(int)]], axis=1)
    np.testing.assert_allclose(model(rows), expected, rtol=1e-5, atol=1e-6)


def test_sizes_of_embeddings():
    assert [embedded(size) for size in (2, 65, 1000)] == [2, 13, 24]


# --------------------------------------------------------------------- blocks
def test_over_numbers():
    check_block(kn.StructuredDataBlock(width=8, depth=1), (5,), architectures=2, rows=8)


@pytest.mark.parametrize("folds", [0, 4])
def test_the_space_over_a_table(folds):
    block, seen = kn.StructuredDataBlock(name="network"), signal(folds=folds)
    space = kn.Space(block.node([seen]))
    entries = [{k: v for k, v in entry.items() if not k.startswith("training/")} for entry in block.portfolio([seen])]
    known = [space.complete(entry) for entry in entries]
    assert len(set(known)) >= 5 and all(entry in space for entry in known)  # some differ in how they are trained
    rng = random.Random(0)
    for architecture in [*known, *(space.sample(rng) for _ in range(8))]:
        network = space.resolve(architecture).network
        shape = output_shape(network, [(1,)] * 3)
        assert len(shape) == 2 and shape[0] in ([folds] if folds else (1, 8, 16))
    assert block.gives([seen]).kind == "members"


def test_the_first_that_is_tried_is_cheap():
    seen = signal(20_000)
    block = kn.StructuredDataBlock()
    space = kn.Space(block.node([seen]))
    costs = [
        cost(space, space.complete({k: v for k, v in entry.items() if "training" not in k}), [(1,)] * 3).flops
        for entry in block.portfolio([seen])
    ]
    assert costs[0] == min(costs) and block.portfolio([seen])[0]["training/epochs"] == "short"


def test_arguments_close_decisions():
    block = kn.StructuredDataBlock(
        normalize=True, embedding="plain", kind="gated", width=16, depth=2, dropout=0.1, members=1
    )
    node, entries = block.node([signal()]), block.portfolio([signal()])
    assert {decision.path for decision in kn.Space(node).decisions()} == {"network/bins", "network/activation"}
    assert all(not key.startswith(("network/embedding", "network/width")) for entry in entries for key in entry)
    with pytest.raises(kn.errors.ArgumentError, match="Did you mean 'normalize'"):
        kn.StructuredDataBlock(normalise=True)


def test_features_may_be_a_block_of_their_own():
    schema = learn_table(table())
    inputs = kn.StructuredDataInput(name="table")
    for block in (kn.CategoricalToNumerical(), kn.CategoricalEncoding(normalize="quantile")):
        outputs = kn.ClassificationHead(name="label")(kn.StructuredDataBlock(width=8, depth=1)(block(inputs)))
        drawing = Drawing(inputs, outputs)
        target = kn.ClassificationHead().fit_target(np.arange(40) % 2)
        space = drawing.space({}, 40, {"label": target}, schemas={"table": schema})
        network = space.resolve(space.default()).network
        assert output_shape(network, {name: (1,) for name in schema.names}) == {"label": (1, 2)}


def test_a_table_needs_a_block_that_reads_it():
    inputs = kn.StructuredDataInput(name="table")
    drawing = Drawing(inputs, kn.ClassificationHead(name="label")(kn.DenseBlock()(inputs)))
    target = kn.ClassificationHead().fit_target(np.arange(40) % 2)
    with pytest.raises(SpaceError, match="StructuredDataBlock or CategoricalToNumerical between"):
        drawing.space({}, 40, {"label": target}, schemas={"table": learn_table(table())})
