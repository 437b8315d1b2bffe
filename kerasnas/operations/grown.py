"""Trees as scikit-learn grows them, in plain arrays."""

import contextlib
from dataclasses import dataclass

import numpy as np

from kerasnas.threads import one_thread

ABSENT = -10.0  # logit of a class that no row has
SAMPLE = 20_000  # rows that a tree of a forest sees, at most
SMALL = 1_000_000  # numbers in a table up to which boosting takes one thread


@dataclass(frozen=True)
class Tree:
    """A binary tree: rows go left where their feature is at most the threshold.

    Args:
        feature, threshold, left, right: Of each node `(nodes,)`.
        leaf: Whether a node is one.
        value: What is at each node `(nodes, width)`.
    """

    feature: np.ndarray
    threshold: np.ndarray
    left: np.ndarray
    right: np.ndarray
    leaf: np.ndarray
    value: np.ndarray


def _constant(value):
    """A tree of one leaf."""
    none = np.zeros(1, int)
    return Tree(none, np.zeros(1), none, none, np.ones(1, bool), np.array([[value]], "float64"))


def boosted(trees, rows, targets, weight, seed):
    """Gradient boosting on histograms, an ensemble for each sum that is not part of a common softmax.

    Args:
        trees: The `Trees` that says how.
        rows: `(n, features)`.
        targets: Class indices `(n,)`, or labels or numbers `(n, units)`.
        weight: `(n,)`.
        seed: Of the drawn features.

    Yields:
        Pairs of a tree's place, `round · sums + sum`, and the `Tree`.
    """
    from sklearn.ensemble import HistGradientBoostingRegressor

    settings = {
        "max_iter": trees.trees, "learning_rate": trees.rate, "max_leaf_nodes": trees.leaves, "max_depth": trees.depth,
        "min_samples_leaf": min(trees.fewest, max(1, len(rows) // 8)), "max_features": trees.share or 1.0,
        "early_stopping": False, "random_state": seed,
    }  # fmt: skip
    sums = trees._sums
    if trees.kind == "numbers":
        for output in range(trees.units):
            model = _fitted(HistGradientBoostingRegressor(**settings), rows, targets[:, output], weight)
            yield from _rounds(model, [output], sums)
        return
    if trees.kind == "labels":
        for output in range(trees.units):
            yield from _classified(settings, rows, targets[:, output].astype(int), weight, [0, output], sums)
        return
    yield from _classified(settings, rows, targets.astype(int), weight, list(range(trees.units)), sums)


def _classified(settings, rows, classes, weight, places, sums):
    """The trees of a classifier; `places` tells the sum that each class is told by."""
    from sklearn.ensemble import HistGradientBoostingClassifier

    present, two = np.unique(classes), len(places) == 2
    if two:  # one sum: for the second class, against the first
        if len(present) == 2:
            model = _fitted(HistGradientBoostingClassifier(**settings), rows, classes, weight)
            yield from _rounds(model, [places[1] if sums > 1 else 0], sums)
        else:
            yield places[1] if sums > 1 else 0, _constant(-ABSENT if present[0] else ABSENT)
        return
    for absent in np.setdiff1d(np.arange(len(places)), present):
        yield places[absent], _constant(ABSENT)
    if len(present) > 1:
        model = _fitted(HistGradientBoostingClassifier(**settings), rows, classes, weight)
        told = present if len(present) > 2 else present[1:]  # two are told by the second's sum against the first's none
        yield from _rounds(model, [places[each] for each in told], sums)


def _fitted(model, rows, targets, weight):
    """A fitted ensemble; of few numbers by one thread: several gain little, and wait long where the cores are busy."""
    with one_thread("openmp") if rows.size <= SMALL else contextlib.nullcontext():
        return model.fit(rows, targets, weight)


def _rounds(model, places, sums):
    """The trees of a fitted model; what it answers without any tree is added to those of the first round."""
    base = np.ravel(model._baseline_prediction)
    for number, stage in enumerate(model._predictors):
        for output, predictor in enumerate(stage):
            nodes = predictor.nodes
            value = nodes["value"] + (base[output] if number == 0 else 0.0)
            yield (
                number * sums + places[output],
                Tree(
                    nodes["feature_idx"].astype(int), nodes["num_threshold"], nodes["left"].astype(int),
                    nodes["right"].astype(int), nodes["is_leaf"].astype(bool), value[:, None],
                ),
            )  # fmt: skip


def forest(trees, rows, targets, weight, seed):
    """Trees that are averaged; see `boosted`."""
    from sklearn import ensemble

    base = "ExtraTrees" if trees.grown == "extra" else "RandomForest"
    maker = getattr(ensemble, f"{base}{'Regressor' if trees.kind == 'numbers' else 'Classifier'}")
    drawn = {} if trees.grown == "extra" else {"max_samples": min(1.0, SAMPLE / len(rows))}
    model = maker(
        trees.trees, max_leaf_nodes=trees.leaves if trees.leaves < len(rows) else None, max_depth=trees.depth,
        min_samples_leaf=trees.fewest, max_features=trees.share or "sqrt", random_state=seed, n_jobs=-1, **drawn,
    )  # fmt: skip
    one = trees.kind == "numbers" and trees.units == 1
    model.fit(rows, targets[:, 0] if one else targets, weight)
    for place, grown in enumerate(each.tree_ for each in model.estimators_):
        yield (
            place,
            Tree(
                np.maximum(grown.feature, 0), grown.threshold, grown.children_left, grown.children_right,
                grown.children_left < 0, _shares(grown.value, trees, model) / trees.trees,
            ),
        )  # fmt: skip


def _shares(value, trees, model):
    """What is at each node `(nodes, units)`, of scikit-learn's `(nodes, outputs, classes)`."""
    if trees.kind == "numbers":
        return value[:, :, 0]
    if trees.kind == "classes":
        found = np.zeros((len(value), trees.units))
        found[:, model.classes_.astype(int)] = value[:, 0] / value[:, 0].sum(axis=1, keepdims=True)
        return found
    found = np.zeros((len(value), trees.units))
    for output, classes in enumerate(model.classes_ if trees.units > 1 else [model.classes_]):
        shares = value[:, output] / np.maximum(value[:, output].sum(axis=1, keepdims=True), 1e-12)
        for place, each in enumerate(np.asarray(classes)):
            found[:, output] += shares[:, place] * float(each)
    return found
