"""What a search improves: a metric, or a weighted sum of metrics."""

import math
import numbers
import re
from dataclasses import dataclass

from kerasnas.errors import ArgumentError, nearest

HIGHER = ("accuracy", "acc", "auc", "precision", "recall", "f1_score", "r2_score", "iou", "cosine_similarity")
COSTS = ("params", "flops", "latency", "seconds")  # what no epoch of training alters
LOWER = (
    "loss", "error", "mae", "mse", "rmse", "mape", "msle", "crossentropy", "logcosh", "divergence", "hinge", *COSTS,
)  # fmt: skip
OTHER = {"max": "min", "min": "max"}


@dataclass(frozen=True)
class Objective:
    """What a search improves: the name of a metric and whether more or less of it is better.

    Objectives can be added, subtracted and weighted: `Objective("val_accuracy") - 0.001 * Objective("params") / 1e6`.

    Args:
        name: As Keras reports it: "val_accuracy", "val_loss", "val_price_mae" for the head `price`; or "params" and
            "flops", which every trial has, or "latency": milliseconds for one example on the machine that searches.
        direction: "max" or "min"; inferred from the name where that is possible.
        terms: Of a weighted sum, pairs of a metric and its weight; empty for a single metric.

    Raises:
        ArgumentError: If the direction is unknown, or the terms of a sum pull in different directions.
    """

    name: str
    direction: str | None = None
    terms: tuple = ()

    def __post_init__(self):
        if not isinstance(self.name, str):
            raise ArgumentError(f"Expected `objective` to be the name of a metric. Received: {self.name!r}.")
        if self.direction is None:
            object.__setattr__(self, "direction", self._inferred())
        if self.direction not in ("max", "min"):
            raise ArgumentError(f"Expected `direction` to be 'max' or 'min'. Received: {self.direction!r}.")
        object.__setattr__(self, "terms", tuple((str(name), float(weight)) for name, weight in self.terms))

    def _inferred(self):
        # The end tells: a head may be called anything, and Keras numbers a metric's namesakes.
        name = re.sub(r"_\d+$", "", self.name)
        if re.search(r"(^|_)neg_(?!loss$)", name):  # scikit-learn's "neg_log_loss" and its like: turned, more is better
            return "max"
        if name.endswith(LOWER):
            return "min"
        if name.endswith(HIGHER):
            return "max"
        raise ArgumentError(
            "Expected an objective whose direction its name tells, or `Objective(name, direction='max')`."
            f"{nearest(self.name.removeprefix('val_'), HIGHER + LOWER)} Received: {self.name!r}."
        )

    @classmethod
    def of(cls, value):
        """An `Objective` from a name, an `Objective`, or anything with a `name` and a `direction` (KerasTuner's)."""
        if isinstance(value, cls):
            return value
        if isinstance(value, str):
            return cls(value)
        if hasattr(value, "name") and hasattr(value, "direction"):
            return cls(value.name, value.direction)
        raise ArgumentError(f"Expected `objective` to be the name of a metric. Received: {value!r}.")

    @classmethod
    def several(cls, value):
        """A tuple of `Objective`s from one or a list of them; see `of`."""
        found = tuple(map(cls.of, value)) if isinstance(value, (list, tuple)) else (cls.of(value),)
        names = [objective.name for objective in found]
        if not found or len(set(names)) < len(names):
            raise ArgumentError(f"Expected one or several different objectives. Received: {value!r}.")
        return found

    # ---------------------------------------------------------------- scores
    def value(self, metrics):
        """Its value among metrics; `nan` if something it needs was not measured."""
        if not self.terms:
            value = metrics.get(self.name, math.nan)
            return value if isinstance(value, numbers.Real) else math.nan
        found = [(metrics.get(name, math.nan), weight) for name, weight in self.terms]
        if not all(isinstance(value, numbers.Real) for value, _ in found):
            return math.nan
        return math.fsum(value * weight for value, weight in found)

    def score(self, metrics):
        """The objective's value turned so that more is better; `nan` if it was not measured."""
        value = self.value(metrics)
        return value if self.direction == "max" else -value

    def better(self, left, right):
        """Whether the trial `left` ranks before `right`."""
        return self.rank(left) > self.rank(right)

    def rank(self, trial):
        """A key to sort trials by, the best last; ties are broken by the validation loss, then by being earlier."""
        metrics = trial.measurement.metrics
        loss = metrics.get("val_loss", 0.0)
        return self.score(metrics), -math.inf if math.isnan(loss) else -loss, -trial.proposal.number

    # ------------------------------------------------------------------ parts
    @property
    def metrics(self):
        """Names of the metrics it is made of."""
        return tuple(name for name, _ in self.terms) or (self.name,)

    @property
    def learnt(self):
        """What of it training changes: itself without the price of the network."""
        kept = [term for term in self.terms if term[0] not in COSTS]
        return _sum(kept, self.direction) if kept else self

    def describe(self):
        """What identifies it in a journal."""
        terms = [[list(term) for term in self.terms]] if self.terms else []
        return [self.name, self.direction, *terms]

    # ------------------------------------------------------------- arithmetic
    def __mul__(self, weight):
        if not isinstance(weight, numbers.Real) or not math.isfinite(weight) or weight == 0:
            raise ArgumentError(f"Expected objectives to be weighted with numbers other than 0. Received: {weight!r}.")
        terms = [(name, old * weight) for name, old in self.terms or [(self.name, 1.0)]]
        return _sum(terms, self.direction if weight > 0 else OTHER[self.direction])

    __rmul__ = __mul__

    def __truediv__(self, number):
        if not isinstance(number, numbers.Real) or number == 0:
            raise ArgumentError(f"Expected objectives to be divided by numbers other than 0. Received: {number!r}.")
        return self * (1 / number)

    def __neg__(self):
        return self * -1

    def __add__(self, other):
        if not isinstance(other, Objective):
            raise ArgumentError(f"Expected objectives to be added to objectives. Received: {other!r}.")
        if self.direction != other.direction:
            raise ArgumentError(
                f"Expected a sum whose terms all gain by the same. Received: '{self.name}', of which "
                f"{_words(self)} is better, and '{other.name}', of which {_words(other)} is; a sign is wrong."
            )
        weights = dict(self.terms or [(self.name, 1.0)])
        for name, weight in other.terms or [(other.name, 1.0)]:
            weights[name] = weights.get(name, 0.0) + weight
        return _sum(weights.items(), self.direction)

    def __sub__(self, other):
        return self + -1 * other


def _words(objective):
    return {"max": "more", "min": "less"}[objective.direction]


def _sum(terms, direction):
    """The objective of these terms: a plain one, if it is one metric by itself."""
    terms = tuple(terms)
    if len(terms) == 1 and terms[0][1] == 1:
        return Objective(terms[0][0], direction)
    written = "".join(f" {'-' if weight < 0 else '+'} {_written(name, abs(weight))}" for name, weight in terms)
    return Objective(written.removeprefix(" + ").strip(), direction, terms)


def _written(name, weight):
    return name if weight == 1 else f"{weight:g}*{name}"
