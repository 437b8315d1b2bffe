"""What a block may answer with itself, without training, where the only head reads it alone."""

from kerasnas.data import ClassTarget, MultiLabelTarget, RegressionTarget
from kerasnas.operations import Exponential, Rescaling, SolvedDense
from kerasnas.space import Choice, Sequential

_KINDS = {ClassTarget: "classes", MultiLabelTarget: "labels", RegressionTarget: "numbers"}
# How what is not trained is said to be trained: nothing of it changes anything.
UNTRAINED = {
    "learning_rate": 1e-3, "weight_decay": 0.0, "label_smoothing": 0.0, "batch_size": 256, "epochs": 1,
    "beta_2": 0.999, "schedule": "one_cycle",
}  # fmt: skip


def answerable(target):
    """Whether a ridge regression or trees can be fitted to a target; one of the user's own says nothing of that."""
    return type(target) in _KINDS


def form_of(target, folds=0):
    """The first arguments of `SolvedDense` and `Trees`: width, kind, mean, scale and folds."""
    kind = _KINDS[type(target)]
    measures = (target.mean, target.scale) if kind == "numbers" else ((0.0,), (1.0,))
    return (target.width, kind, *measures, folds)


def linear(target, folds=0):
    """A ridge regression; of a skewed target, or of its logarithm, put back into the target's standard units."""
    form = form_of(target, folds)
    plain = SolvedDense(*form)
    if form[1] != "numbers" or not target.logs:
        return plain
    mean, scale, highest = target.logs
    width, kind, *_, folds = form
    steps = {
        "dense": SolvedDense(width, kind, mean, scale, folds, logs=True),
        "unit": Exponential(mean, scale, highest),
        "standard": Rescaling(
            tuple(1 / s for s in target.scale), tuple(-m / s for m, s in zip(target.mean, target.scale))
        ),
    }
    return Choice(logarithm=Sequential(steps), plain=plain)
