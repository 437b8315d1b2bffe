"""What is measured and improved: the user's words for losses, metrics and objectives, checked before any training."""

import numpy as np

from kerasnas.blocks.measures import is_score, keras_knows, listed
from kerasnas.contract import Context, Objective
from kerasnas.data import ClassTarget
from kerasnas.data.scores import Score, is_scorer
from kerasnas.data.task import Task, classes_of
from kerasnas.errors import ArgumentError, nearest
from kerasnas.objectives import COSTS

FEW = 32  # rows on which loss and metrics are tried out, beside one of each class
CLASSES = 1000  # classes at most of which a row is taken


def objectives_of(given, heads):
    """A tuple of the `Objective`s that were given, or of the usual one of the heads.

    What they need and no head measures yet is added to the heads' metrics.

    Args:
        given: Names of metrics of Keras ("val_auc") or of scores of scikit-learn's ("roc_auc"), `Objective`s,
            KerasTuner's, functions of `(y_true, y_pred)`, `Score`s; one or a list of them. None for the usual.
        heads: Heads with their targets, by name; copies that are this search's own.

    Raises:
        ArgumentError: If one of them cannot be told.
    """
    if given is None:
        (head,) = heads.values() if len(heads) == 1 else (None,)
        return (Objective(f"val_{head.objective}" if head is not None and not head.metrics else "val_loss"),)
    found = Objective.several([_objective(each, heads) for each in listed(given)])
    for objective in found:
        for name in objective.metrics:
            _measure(name, heads)
    return found


def _objective(given, heads):
    if isinstance(given, Score) or (callable(given) and not hasattr(given, "direction")):
        if len(heads) != 1:
            raise ArgumentError("Expected a function as `objective` with a single head. Received: several heads.")
        score = given if isinstance(given, Score) else Score(given)
        ((_, head),) = heads.items()
        head.metrics = [*_metrics(head), score]
        return Objective(f"val_{score.name}", score.direction)
    if not isinstance(given, str):
        return Objective.of(given)
    name = given if given in COSTS or given.startswith("val_") else f"val_{given}"
    _measure(name, heads)
    added = [each for head in heads.values() for each in head.scores()]
    known = next((score for score in added if name.endswith(f"_{score.name}")), None)
    return Objective(name, known.direction if known else None)


def _measure(name, heads):
    """Adds the metric `val_...` to the metrics of its head, if it is not measured and Keras or scikit-learn know it."""
    bare = name.removeprefix("val_")
    if not name.startswith("val_") or bare == "loss" or bare.removesuffix("_loss") in heads:
        return
    for title, head in heads.items():
        own = bare if len(heads) == 1 else bare.removeprefix(f"{title}_")
        if len(heads) > 1 and own == bare:
            continue
        reported = [getattr(metric, "name", None) or str(metric) for metric in _metrics(head)]
        if own in reported:
            return
        if own == "f1_score" and isinstance(head.target, ClassTarget):
            raise ArgumentError(
                "Expected 'f1_macro', 'f1_weighted' or, of two classes, 'f1' as `objective`, or a Keras metric of this "
                "name among the `metrics`. Received: 'f1_score', of which Keras's own settings give one number a class."
            )
        if is_scorer(own):
            head.metrics = [*_metrics(head), Score(own)]
        elif keras_knows(own) and own not in ("acc", "ce", "crossentropy"):
            head.metrics = [*_metrics(head), own]


def _metrics(head):
    """All metrics of a head: Keras's and scores."""
    return [*head.measures(), *head.scores()]


def check_measured(heads, rows, objectives):
    """Refuses losses and metrics that nobody knows, and objectives that none of them gives.

    Args:
        heads: Heads with their targets, by name.
        rows: The rows, their targets encoded.
        objectives: `Objective`s.
    """
    from kerasnas.evaluators.judging import judge

    usual = all(head.loss is None and head.metrics is None for head in heads.values())
    (only,) = heads.values() if len(heads) == 1 else (None,)
    wanted = [name for objective in objectives for name in objective.metrics if name not in COSTS]
    if usual and set(wanted) <= {"val_loss", f"val_{only.objective}" if only is not None else None}:
        return
    _check_known(heads)
    some = _some(rows, heads)
    task = Task(some, some, heads)
    answers = {
        n: np.full((len(some), *getattr(head.target, "shape", (head.target.width,))), 1 / head.target.width)
        for n, head in heads.items()
    }
    try:
        found = judge(Context(None, task), answers)(answers)
    except ArgumentError:
        raise
    except (ValueError, TypeError, AttributeError) as error:
        raise ArgumentError(f"Expected losses and metrics that fit the targets. Received: {error}") from error
    for name in wanted:
        if name not in found:
            known = ", ".join(sorted(found))
            raise ArgumentError(
                f"Expected `objective` to be something that is measured: {known}."
                f"{nearest(name, found)} Received: {name!r}."
            )


def _some(rows, heads):
    """The first rows, and one of each class, for some scores are not defined where there is one class alone."""
    if not hasattr(rows, "x"):
        return rows.take(slice(0, FEW))
    chosen = [np.arange(min(FEW, len(rows)))]
    for name, head in heads.items():
        if head.target.classes is not None and not hasattr(head.target, "threshold"):
            chosen.append(np.unique(classes_of(rows.y[name]), return_index=True)[1][:CLASSES])
    return rows.take(np.unique(np.concatenate(chosen)))


def _check_known(heads):
    import keras

    special = {"acc", "accuracy", "ce", "crossentropy"}
    for head in heads.values():
        _check_name("loss", head.loss, keras.losses, set())
        for metric in listed(head.metrics):
            if not is_score(metric):
                _check_name("metric", metric, keras.metrics, special)


def _check_name(what, name, room, special):
    if not isinstance(name, str) or name in special:
        return
    try:
        room.get(name)
    except ValueError as error:
        hint = nearest(name, [*special, *(known for known in dir(room) if not known.startswith("_"))])
        raise ArgumentError(f"Expected a {what} that Keras knows.{hint} Received: {name!r}.") from error
