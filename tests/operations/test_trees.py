"""Trees as layers, against the models of scikit-learn that grew them."""

import keras
import numpy as np
import pytest
from sklearn.datasets import load_breast_cancer, load_diabetes, load_wine
from sklearn.ensemble import (
    ExtraTreesRegressor,
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    RandomForestClassifier,
)
from threadpoolctl import threadpool_info, threadpool_limits

from kerasnas import operations as ops
from kerasnas.errors import SpaceError
from kerasnas.lowering import build
from kerasnas.operations import grown
from kerasnas.testing import check_operation

BOOSTED = {"grown": "boosted", "trees": 12, "leaves": 15, "depth": 8, "fewest": 5}
FOREST = {"grown": "forest", "trees": 8, "leaves": 512, "depth": 24, "fewest": 1}


def answers(operation, rows, targets, weight=None, seen=None):
    """What the layers answer once the trees are grown."""
    model = build(operation, None, rows.shape[1:])
    model.set_weights(operation.solve(rows, targets, weight))
    return keras.ops.convert_to_numpy(model(rows if seen is None else seen))


def softmax(logits):
    return np.exp(logits) / np.exp(logits).sum(axis=-1, keepdims=True)


def data(load):
    rows, targets = load(return_X_y=True)
    return rows.astype("float32"), targets


SETTINGS = {
    "max_iter": 12, "max_leaf_nodes": 15, "max_depth": 8, "min_samples_leaf": 5, "early_stopping": False,
    "random_state": 0,
}  # fmt: skip


@pytest.mark.parametrize(
    "operation, shape",
    [
        (ops.Trees(3), (7,)),
        (ops.Trees(2, folds=4, **BOOSTED), (5,)),
        (ops.Trees(3, "labels", **FOREST), (4,)),
        (ops.Trees(1, "numbers", grown="extra", trees=5, leaves=9), (6,)),
        (ops.Trees(3, plain=((0, 2),), coded=((4, 7), (7, 9)), **BOOSTED), (9,)),
        (ops.Trees(3, coded=((0, 9),), folds=2, **BOOSTED), (9,)),
    ],
)
def test_trees_keep_the_contract_of_operations(operation, shape):
    check_operation(operation, shape)


@pytest.mark.parametrize("load", [load_breast_cancer, load_wine])
def test_boosted_classes_are_scikit_learns(load):
    rows, classes = data(load)
    known = HistGradientBoostingClassifier(**SETTINGS).fit(rows, classes).predict_proba(rows)
    width = known.shape[1]
    for targets in (classes, np.eye(width)[classes]):
        found = softmax(answers(ops.Trees(width, **BOOSTED), rows, targets))
        np.testing.assert_allclose(found, known, atol=1e-5)


def test_boosted_numbers_are_scikit_learns_in_standard_units():
    rows, targets = data(load_diabetes)
    several = np.stack([targets, -targets + 10], axis=1)
    mean, scale = several.mean(0), several.std(0)
    found = answers(ops.Trees(2, "numbers", tuple(mean), tuple(scale), **BOOSTED), rows, several) * scale + mean
    for output in range(2):
        known = HistGradientBoostingRegressor(**SETTINGS).fit(rows, several[:, output]).predict(rows)
        np.testing.assert_allclose(found[:, output], known, rtol=1e-4, atol=1e-2)


def test_forests_are_scikit_learns():
    rows, classes = data(load_wine)
    known = (
        RandomForestClassifier(8, max_depth=24, random_state=3)
        .fit(rows, classes, np.ones(len(rows)))
        .predict_proba(rows)
    )
    found = softmax(answers(ops.Trees(3, seed=3, share=0.0, **FOREST), rows, np.eye(3)[classes]))
    np.testing.assert_allclose(found, softmax(np.log(known.clip(1 / 16, 1 - 1 / 16))), atol=1e-5)
    rows, targets = data(load_diabetes)
    operation = ops.Trees(1, "numbers", (100.0,), (50.0,), seed=1, **{**FOREST, "grown": "extra"})
    known = ExtraTreesRegressor(8, max_depth=24, random_state=1).fit(rows, (targets - 100) / 50)
    np.testing.assert_allclose(answers(operation, rows, targets[:, None])[:, 0], known.predict(rows), atol=1e-4)


def test_rows_on_a_threshold_go_where_they_went_while_it_grew():
    rng = np.random.default_rng(0)
    values = np.unique(rng.normal(size=60).astype("float32"))
    rows = np.stack([values, np.nextafter(values, np.float32(9))], axis=1).reshape(-1, 1)  # neighbours in float32
    targets = (np.arange(len(rows)) % 2).astype("float64")
    operation = ops.Trees(1, "numbers", trees=1, leaves=256, depth=24, fewest=1, grown="extra", seed=2)
    known = ExtraTreesRegressor(1, max_depth=24, max_features=1.0, random_state=2).fit(rows, targets).predict(rows)
    np.testing.assert_array_equal(answers(operation, rows, targets[:, None])[:, 0].round(3), known.round(3))


@pytest.mark.parametrize("settings", [BOOSTED, FOREST])
def test_an_ensemble_has_not_seen_the_rows_of_its_fold(settings):
    rng = np.random.default_rng(1)
    rows, classes = rng.normal(size=(90, 4)).astype("float32"), rng.integers(0, 2, 90)
    fold = np.arange(90) % 3
    weight = 1.0 - np.eye(3)[fold]
    operation = ops.Trees(2, folds=3, **{**settings, "fewest": 1})
    found = answers(operation, rows, np.eye(2)[classes], weight).argmax(axis=2) == classes[:, None]
    seen = weight.astype(bool)
    assert found[seen].mean() > 0.9 > 0.75 > found[~seen].mean()
    # Whatever the left out rows say, the ensemble is the same.
    other = np.where(fold == 0, 1 - classes, classes)
    again = answers(operation, rows, np.eye(2)[other], weight)
    np.testing.assert_array_equal(again[:, 0], answers(operation, rows, np.eye(2)[classes], weight)[:, 0])


@pytest.mark.parametrize("settings", [BOOSTED, FOREST])
def test_labels_are_independent(settings):
    rows, classes = data(load_wine)
    labels = np.stack([classes == 0, classes > 0, np.ones(len(classes), bool)], axis=1).astype("float32")
    logits = answers(ops.Trees(3, "labels", **settings), rows, labels)
    assert ((logits > 0) == labels).mean() > 0.98
    assert (logits[:, 2] > 2).all()  # what every row has is answered without a tree


@pytest.mark.parametrize("settings", [BOOSTED, FOREST])
@pytest.mark.parametrize("present", [[1], [0, 2], [0, 1, 3]])
def test_classes_that_no_row_has_are_not_answered(settings, present):
    rng = np.random.default_rng(2)
    classes = rng.choice(present, 80)
    rows = (classes[:, None] + 0.1 * rng.normal(size=(80, 3))).astype("float32")
    logits = answers(ops.Trees(4, **settings), rows, classes)
    assert np.isfinite(logits).all() and (logits.argmax(axis=1) == classes).mean() > 0.95


def test_weights_count():
    rows = np.zeros((40, 1), "float32")
    classes = np.arange(40) % 2
    logits = answers(ops.Trees(2, **BOOSTED), rows, classes, np.where(classes == 1, 9.0, 1.0))
    np.testing.assert_allclose(softmax(logits)[:, 1], 0.9, atol=1e-3)


def test_flags_of_a_category_are_looked_at_as_one_number():
    rng = np.random.default_rng(3)
    category, number = rng.integers(0, 6, 300), rng.normal(size=300)
    rows = np.concatenate([number[:, None], rng.normal(size=(300, 1)), np.eye(6)[category]], axis=1).astype("float32")
    operation = ops.Trees(1, "numbers", plain=((0, 1),), coded=((2, 8),), **BOOSTED)
    assert operation.codes.tolist() == [[1], [2], [3], [4], [5], [6]]
    targets = np.where(category > 2, number, -number)
    looked = np.stack([rows[:, 0], category + 1.0], axis=1).astype("float32")
    np.testing.assert_array_equal(operation.looked_at(rows), looked)
    found = answers(operation, rows, targets[:, None])
    np.testing.assert_allclose(found, answers(ops.Trees(1, "numbers", **BOOSTED), looked, targets[:, None]), atol=1e-6)
    hidden = rows.copy()
    hidden[:, 1] = 99  # what is neither plain nor coded tells nothing
    np.testing.assert_array_equal(answers(operation, rows, targets[:, None], seen=hidden), found)


def test_trees_read_vectors():
    with pytest.raises(SpaceError, match="Expected vectors for trees"):
        ops.Trees(2).shape((3, 4))


def test_few_numbers_are_boosted_by_one_thread(monkeypatch):
    rows, classes = data(load_wine)
    threads = []
    fit = HistGradientBoostingClassifier.fit

    def seen(*given):
        threads.append({each["num_threads"] for each in threadpool_info() if each["user_api"] == "openmp"})
        return fit(*given)

    monkeypatch.setattr(HistGradientBoostingClassifier, "fit", seen)
    with threadpool_limits(2, "openmp"):
        one = answers(ops.Trees(3, **BOOSTED), rows, classes)
        monkeypatch.setattr(grown, "SMALL", 0)
        several = answers(ops.Trees(3, **BOOSTED), rows, classes)
    assert threads == [{1}, {2}]
    np.testing.assert_array_equal(one, several)
