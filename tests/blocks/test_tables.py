"""Networks over tables: what they cost and put out, members that share or do not, and what is tried first."""

import random

import keras
import numpy as np
import pandas as pd
import pytest

import kerasnas as kn
from kerasnas.blocks import Drawing, Signal
from kerasnas.blocks.table_features import Layout, TableFeatures
from kerasnas.blocks.table_models import plain_of
from kerasnas.blocks.table_networks import FeatureEmbedding, TableNetwork, embedded
from kerasnas.data import RegressionTarget
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
        assert output_shape(network, dict.fromkeys(schema.names, (1,))) == {"label": (1, 2)}


def test_a_table_needs_a_block_that_reads_it():
    inputs = kn.StructuredDataInput(name="table")
    drawing = Drawing(inputs, kn.ClassificationHead(name="label")(kn.DenseBlock()(inputs)))
    target = kn.ClassificationHead().fit_target(np.arange(40) % 2)
    with pytest.raises(SpaceError, match="StructuredDataBlock or CategoricalToNumerical between"):
        drawing.space({}, 40, {"label": target}, schemas={"table": learn_table(table())})


# ------------------------------------------------------- models that are not trained
def table_space(block=None, head=None, rows=40, folds=0, between=None, target=None):
    schema = learn_table(table())
    inputs = kn.StructuredDataInput(name="table")
    head = head or kn.ClassificationHead(name="label")
    wire = (block or kn.StructuredDataBlock(name="network"))(inputs)
    drawing = Drawing(inputs, head(between(wire) if between else wire))
    target = head.fit_target(np.arange(40) % 2 if target is None else target)
    return drawing.space({}, rows, {"label": target}, schemas={"table": schema}, folds=folds), schema


def asked(space):
    return {decision.path: decision.domain for decision in space.decisions()}


@pytest.mark.parametrize("folds", [0, 4])
@pytest.mark.parametrize("model", ["dense", "linear", "boosted_trees", "random_forest"])
@pytest.mark.parametrize(
    "head, target",
    [
        (kn.ClassificationHead(name="label"), np.arange(40) % 3),
        (kn.ClassificationHead(name="label", multi_label=True), np.eye(3, dtype=int)[np.arange(40) % 3]),
        (kn.RegressionHead(name="label"), np.exp(np.arange(40) / 6.0)),
    ],
)  # fmt: skip
def test_every_model_answers_for_every_head(head, target, model, folds):
    space, schema = table_space(head=head, folds=folds, target=target)
    resolved = space.resolve(space.complete({"network/network": model}))
    shapes = dict.fromkeys(schema.names, (1,))
    width = head.fit_target(target).width
    members = (folds,) if folds else (1,) if model == "dense" else ()
    assert output_shape(resolved.network, shapes) == {"label": (*members, width)}
    assert (resolved.training["epochs"] == 1) == (model != "dense")


def test_other_models_are_there_only_where_they_may_answer():
    which = "network/network"
    assert asked(table_space()[0])[which].labels == ("dense", "linear", "boosted_trees", "random_forest")
    fixed = kn.StructuredDataBlock(width=16, name="network")
    named = kn.StructuredDataBlock(model=["random_forest", "dense"], name="network")
    assert asked(table_space(named)[0])[which].labels == ("random_forest", "dense")
    for space, _ in (
        table_space(fixed),
        table_space(head=kn.ClassificationHead(loss="hinge", name="label")),
        table_space(head=kn.ClassificationHead(dropout=0.5, name="label")),
        table_space(between=kn.DenseBlock(num_layers=1)),
    ):
        assert which not in asked(space)
    alone, _ = table_space(kn.StructuredDataBlock(model="linear", name="network"))
    assert not any(path.startswith("training/") for path in asked(alone))
    with pytest.raises(kn.errors.ArgumentError, match="Did you mean 'linear'"):
        kn.StructuredDataBlock(model="linar")


def test_the_portfolio_begins_with_what_is_ready_at_once():
    for folds in (0, 4):
        space, _ = table_space(folds=folds)
        known = [space.complete(entry)["network/network"] for entry in space.portfolio]
        assert known[0] == "linear" and set(known) == {"dense", "linear", "boosted_trees", "random_forest"}


def test_many_classes_are_not_boosted():
    space, _ = table_space(target=np.arange(40) % 20)
    assert asked(space)["network/network"].labels == ("dense", "linear", "random_forest")
    assert all(space.complete(entry) in space for entry in space.portfolio)


def test_trees_see_each_column_once():
    frame = pd.DataFrame({"n": np.arange(40.0) ** 2, "few": np.arange(40) % 3, "c": ["a", "b", "c", None] * 10})
    layout = TableFeatures(learn_table(frame).columns).layout
    plain = [place for first, stop in plain_of(layout) for place in range(first, stop)]
    coded = [place for first, stop in layout.runs for place in range(first, stop)]
    repeated = [place for first, stop in layout.repeats for place in range(first, stop)]
    ranks = list(range(layout.numbers, 2 * layout.numbers))
    assert sorted([*plain, *coded, *repeated, *ranks]) == list(range(layout.width))
    assert len(layout.runs) == 1 and repeated  # the letters; the three numbers, which are a number too


def test_a_target_of_ones_own_is_learnt_by_networks_alone():
    class Own(RegressionTarget):
        pass

    class OwnHead(kn.RegressionHead):
        def fit_target(self, y, min_members=2, name="`y`"):
            return Own(1, (0.0,), (1.0,), True)

    space, _ = table_space(head=OwnHead(name="label"), target=np.arange(40.0))
    assert "network/network" not in asked(space) and "network/network/width" in asked(space)
