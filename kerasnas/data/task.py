"""What is to be learnt: the rows that train, the rows that judge, and the heads."""

from dataclasses import dataclass, field

import numpy as np

ONE_HOT_LIMIT = 200_000_000


@dataclass
class Task:
    """Everything that stays the same from trial to trial.

    Args:
        train: `Dataset` or `Stream` to train on, its targets encoded.
        validation: The rows that trials are compared on, likewise.
        heads: By name, what the model answers: objects with a fitted `target`, `losses()`, `measures()` and `scores()`.
        early: Names of the graph's steps that can be computed once.
        augmented: Names of the steps that augment pictures, with the names under which what they change may be met.
        wrap: For a space that is no graph: a function from a network and this task to a graph and its early steps.
        folds: Fold of each row `(n,)`, where rows are cross-validated: `train` and `validation` are then the same rows,
            each judged by what has not been trained on its fold. None otherwise.
        whole: All rows, where the validation rows are a part of them that is held out; else None.
    """

    train: object
    validation: object
    heads: dict
    early: frozenset = frozenset()
    augmented: dict = field(default_factory=dict)
    wrap: object = None
    folds: np.ndarray | None = None
    whole: object = None

    @property
    def fold_count(self):
        """Number of folds; 0 where rows are not cross-validated."""
        return 0 if self.folds is None else int(self.folds.max()) + 1

    @property
    def shapes(self):
        return self.train.shapes

    def losses(self):
        """Loss of each head, by name, for targets in the form they have."""
        losses = {name: head.losses() for name, head in self.heads.items()}
        for name, loss in losses.items():
            if loss == "categorical_crossentropy" and self.train.y[name].ndim == 1:
                losses[name] = "sparse_categorical_crossentropy"
        return losses

    def loss_weights(self):
        """How much each head counts, by name, so that one in large units does not drown the others; None for one."""
        return {name: head.loss_weight() for name, head in self.heads.items()} if len(self.heads) > 1 else None

    def metrics(self):
        """Keras metrics of each head, by name."""
        return {name: head.measures() for name, head in self.heads.items()}

    def scores(self):
        """`Score`s of each head, by name: what Keras does not compute."""
        return {name: list(getattr(head, "scores", list)()) for name, head in self.heads.items()}


def encode(target, y, loss, name="`y`"):
    """Targets as `loss` takes them.

    Class indices become one-hot rows unless the loss is a sparse one; class targets `(n,)` become `(n, classes)`.
    """
    encoded = target.encode(y, name=name)
    if encoded.ndim > 1:
        return encoded
    if is_sparse(loss) or encoded.size * target.width > ONE_HOT_LIMIT:
        return encoded
    return np.eye(target.width, dtype="float32")[encoded]


def classes_of(y):
    """Class indices `(n,)` of encoded targets."""
    return y if y.ndim == 1 else y.argmax(axis=1)


def is_sparse(loss):
    """Whether a Keras loss, by name or object, takes class indices."""
    return "sparse" in str(getattr(loss, "name", loss)).lower()
