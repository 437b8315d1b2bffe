"""Metrics that are computed on all answers at once, in NumPy: scikit-learn's by name, or a function of the user's."""

import warnings
from dataclasses import dataclass

import numpy as np

from kerasnas.data.targets import ClassTarget, MultiLabelTarget
from kerasnas.errors import ArgumentError


@dataclass(frozen=True)
class Score:
    """A metric of all validation answers of a trial.

    Args:
        function: scikit-learn's name of a scorer ("roc_auc", "f1_macro", "neg_log_loss", "r2"), of which more is
            better; or a function of `(y_true, y_pred)`, both as `predict` gives them, that returns a number.
        name: how it is called in leaderboards and objectives; the function's own name if None.
        direction: "max" or "min": whether more or less of it is better.

    Raises:
        ArgumentError: if it is neither, or the direction is neither.
    """

    function: object
    name: str | None = None
    direction: str = "max"

    def __post_init__(self):
        if isinstance(self.function, str):
            if not is_scorer(self.function):
                raise ArgumentError(f"Expected a score that scikit-learn knows. Received: {self.function!r}.")
        elif not callable(self.function):
            raise ArgumentError(f"Expected a name or a function of (y_true, y_pred). Received: {self.function!r}.")
        if self.direction not in ("max", "min"):
            raise ArgumentError(f"Expected `direction` to be 'max' or 'min'. Received: {self.direction!r}.")
        own = self.function if isinstance(self.function, str) else getattr(self.function, "__name__", "score")
        object.__setattr__(self, "name", self.name or own.strip("<>"))

    def __call__(self, target, y, answers, weight=None):
        """The value over some rows.

        Args:
            target: the fitted target of the head.
            y: targets, encoded `(n,)` or `(n, width)`.
            answers: what the model put out `(n, width)`.
            weight: sample weights `(n,)`; scikit-learn's scores alone take them into account.

        Raises:
            ArgumentError: if it cannot be computed for such targets.
        """
        try:
            if isinstance(self.function, str):
                return _scikit_learns(self.function, target, y, answers, weight)
            rows = np.eye(target.width)[y] if y.ndim == 1 else y
            return float(self.function(target.decode(rows), target.decode(answers)))
        except (ValueError, TypeError) as error:
            if "average='binary'" in str(error):
                raise ArgumentError(
                    f"Expected a score of more than two classes: '{self.name}_macro' or '{self.name}_weighted'. "
                    f"Received: '{self.name}', which is one of two classes."
                ) from error
            raise ArgumentError(f"Expected the score '{self.name}' to fit the targets. Received: {error}") from error


def is_scorer(name):
    """Whether scikit-learn knows a scorer of this name."""
    from sklearn.metrics import get_scorer_names

    return name in get_scorer_names()


def scores_of(targets, scores, y, answers, weight=None):
    """Values of all scores, by name; of several heads with the head's name before.

    Args:
        targets: fitted target of each head, by name.
        scores: list of `Score`s of each head, by name.
        y: encoded targets, by head name.
        answers: what the model put out, by head name.
        weight: sample weights `(n,)`, or None.
    """
    found = {}
    for name, wanted in scores.items():
        for score in wanted:
            told = score.name if len(targets) == 1 else f"{name}_{score.name}"
            found[told] = score(targets[name], y[name], answers[name], weight)
    return found


def _scikit_learns(name, target, y, answers, weight):
    from sklearn.metrics import get_scorer

    classes = isinstance(target, ClassTarget)
    if name == "roc_auc" and classes and target.width > 2:
        name = "roc_auc_ovr"
    if not classes:
        y, answers = (each.reshape(len(each), -1) for each in (y, answers))
    truth = (y if y.ndim == 1 else y.argmax(axis=1)) if classes else y[:, 0] if y.shape[1] == 1 else y
    truth = truth.astype(int) if isinstance(target, MultiLabelTarget) else truth
    given = {} if weight is None else {"sample_weight": weight}
    rows = np.zeros((len(truth), 1))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return float(get_scorer(name)(_answered(target, answers), rows, truth, **given))
        except ValueError:
            present = np.unique(truth) if classes else []
            if len(present) < 2 or len(present) == target.width:
                raise
            # Some scores of probabilities want all classes among the rows: the others are left out.
            few = answers[:, present] / np.maximum(answers[:, present].sum(axis=1, keepdims=True), 1e-12)
            few_target = ClassTarget(present)
            return float(get_scorer(name)(_answered(few_target, few), rows, np.searchsorted(present, truth), **given))


def _answered(target, answers):
    """What scikit-learn's scorers take for a fitted estimator: it has given these answers."""
    from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin

    several = isinstance(target, MultiLabelTarget)

    class Classes(ClassifierMixin, BaseEstimator):
        classes_ = [np.arange(2)] * target.width if several else np.arange(target.width)

        def predict(self, x):
            return (answers >= target.threshold).astype(int) if several else answers.argmax(axis=1)

        def predict_proba(self, x):
            return answers

    class Numbers(RegressorMixin, BaseEstimator):
        def predict(self, x):
            return answers[:, 0] if answers.shape[1] == 1 else answers

    return Classes() if several or isinstance(target, ClassTarget) else Numbers()
