"""Which rows a trial's networks train on, by which they are judged, and what came of it."""

from dataclasses import dataclass, replace

import numpy as np

from kerasnas.space import Operation


@dataclass(frozen=True)
class Share:
    """What one training of a trial works with.

    Args:
        train: Rows to train on.
        validation: Rows to judge by.
        fold: Number of the fold that is left out; None where nothing is cross-validated, or where the members of one
            network leave out a fold each.
        held: For the latter, the fold of each row `(n,)`.
    """

    train: object
    validation: object
    fold: int | None = None
    held: np.ndarray | None = None

    def prepared(self, train, validation):
        """The same share with preprocessed rows; members' weights tell which rows they learn from, and judge."""
        if self.held is None:
            return replace(self, train=train, validation=validation)
        out = np.eye(int(self.held.max()) + 1, dtype="float32")[self.held]
        return replace(self, train=_weighted(train, 1 - out), validation=_weighted(validation, out))


@dataclass
class Trained:
    """One training of a trial and what came of it."""

    share: Share
    preprocessing: object
    body: object
    pace: object
    metrics: dict
    mirrored: tuple
    interrupted: bool
    seen: int  # epochs, of the trial that it goes on from too
    kept: int  # the epoch whose weights were kept
    swift: object = None  # an `InMemory`


def shares(task, graph):
    """The trainings that a trial of a concrete graph takes: one, or one for each fold."""
    if task.folds is None:
        return [Share(task.train, task.validation)]
    if any(getattr(operation, "folds", 0) for operation in operations(graph)):
        return [Share(task.train, task.validation, held=task.folds)]
    rows, folds = task.train, task.folds
    return [Share(rows.take(folds != fold), rows.take(folds == fold), fold) for fold in range(task.fold_count)]


def operations(node):
    """All operations of a concrete node."""
    if isinstance(node, Operation):
        yield node
    for child in _children(node):
        yield from operations(child)


def _children(node):
    if hasattr(node, "steps"):
        return [step.node for step in node.steps]
    nodes = getattr(node, "nodes", {})
    return list(nodes.values()) if isinstance(nodes, dict) else []


def _weighted(rows, weight):
    own = 1.0 if rows.weight is None else rows.weight[:, None]
    return type(rows)(rows.x, rows.y, (weight * own).astype("float32"))
