"""The answers a decision can take: options, whole numbers, real numbers, subsets."""

import itertools
import math
from dataclasses import dataclass

from kerasnas.errors import SpaceError


def _plain(value):
    """Whether JSON gives `value` back as it is."""
    if isinstance(value, tuple):
        return all(_plain(item) for item in value)
    return value is None or type(value) in (bool, int, float, str)


class Domain:
    """The set of values that answer one decision; values are plain JSON values, never indices."""

    ordered = False

    @property
    def finite(self):
        return self.size != math.inf

    def mutate(self, value, rng):
        """Another value, near `value` where the domain has an order."""
        others = self.neighbors(value)
        return rng.choice(others) if others else value


@dataclass(frozen=True)
class Options(Domain):
    """One of some distinct labels."""

    labels: tuple
    initial: object = None

    def __post_init__(self):
        if not self.labels:
            raise SpaceError("Expected at least one option. Received: none.")
        foreign = [label for label in self.labels if not _plain(label)]
        if foreign:
            raise SpaceError(
                "Expected options to be nodes, Python numbers, strings, booleans, None, or tuples of those. "
                f"Received: {foreign[0]!r} of type {type(foreign[0]).__name__}."
            )
        if len(set(self.labels)) != len(self.labels):  # 1, 1.0 and True are one
            raise SpaceError(f"Expected options with distinct labels. Received: {list(self.labels)}.")
        if self.initial is not None and not self.contains(self.initial):
            raise SpaceError(f"Expected the default to be one of {list(self.labels)}. Received: {self.initial!r}.")

    @property
    def default(self):
        return self.labels[0] if self.initial is None else self.initial

    @property
    def size(self):
        return len(self.labels)

    def values(self):
        return self.labels

    def contains(self, value):
        return any(value == label and type(value) is type(label) for label in self.labels)

    def sample(self, rng):
        return rng.choice(self.labels)

    def neighbors(self, value):
        return [label for label in self.labels if label != value or type(label) is not type(value)]

    def __str__(self):
        return "{" + ", ".join(str(label) for label in self.labels) + "}"


@dataclass(frozen=True)
class Whole(Domain):
    """A whole number between `low` and `high`, both included; on a logarithmic grid of powers of two if `log`."""

    low: int
    high: int
    step: int = 1
    log: bool = False
    initial: int | None = None
    ordered = True

    def __post_init__(self):
        whole = all(type(value) is int for value in (self.low, self.high, self.step))
        if not whole or self.low > self.high or self.step < 1 or (self.log and self.low < 1):
            raise SpaceError(
                "Expected whole numbers with low <= high, step >= 1 and, with log, low >= 1. "
                f"Received: low={self.low}, high={self.high}, step={self.step}, log={self.log}."
            )
        if self.initial is not None and not self.contains(self.initial):
            raise SpaceError(f"Expected the default to be in {self}. Received: {self.initial}.")

    @property
    def default(self):
        return self.low if self.initial is None else self.initial

    @property
    def size(self):
        return len(self.values())

    def values(self):
        if not self.log:
            return range(self.low, self.high + 1, self.step)
        doubled = itertools.takewhile(lambda value: value <= self.high, (self.low << i for i in itertools.count()))
        return tuple(doubled)

    def contains(self, value):
        return isinstance(value, int) and not isinstance(value, bool) and value in self.values()

    def sample(self, rng):
        return rng.choice(self.values())

    def neighbors(self, value):
        values = self.values()
        at = values.index(value)
        return [values[i] for i in (at - 1, at + 1) if 0 <= i < len(values)]

    def __str__(self):
        return f"{self.low}..{self.high}" + (" (doubling)" if self.log else f" by {self.step}" if self.step > 1 else "")


@dataclass(frozen=True)
class Real(Domain):
    """A real number between `low` and `high`; uniform in its logarithm if `log`."""

    low: float
    high: float
    log: bool = False
    initial: float | None = None
    ordered = True
    size = math.inf

    def __post_init__(self):
        if not self.low < self.high or (self.log and self.low <= 0):
            raise SpaceError(
                "Expected low < high and, with log, low > 0. "
                f"Received: low={self.low}, high={self.high}, log={self.log}."
            )
        if self.initial is not None and not self.contains(self.initial):
            raise SpaceError(f"Expected the default to be in {self}. Received: {self.initial}.")

    @property
    def default(self):
        return self.from_unit(0.5) if self.initial is None else float(self.initial)

    def values(self):
        raise SpaceError(f"Expected a finite domain to enumerate. Received: the interval {self}.")

    def spaced(self, points):
        """Some values from end to end, evenly spaced in the scale."""
        return tuple(self.from_unit(place / (points - 1)) for place in range(points))

    def contains(self, value):
        number = isinstance(value, (int, float)) and not isinstance(value, bool)
        return number and self.low <= value <= self.high

    def to_unit(self, value):
        low, high, value = (math.log(v) if self.log else v for v in (self.low, self.high, value))
        return (value - low) / (high - low)

    def from_unit(self, unit):
        if unit <= 0 or unit >= 1:  # the ends themselves, not what rounding makes of them
            return float(self.low if unit <= 0 else self.high)
        low, high = (math.log(v) if self.log else v for v in (self.low, self.high))
        value = low + unit * (high - low)
        return min(max(math.exp(value) if self.log else value, self.low), self.high)

    def sample(self, rng):
        return self.from_unit(rng.random())

    def neighbors(self, value):
        unit = self.to_unit(value)
        near = [self.from_unit(unit + shift) for shift in (-0.1, 0.1)]
        return [other for other in near if other != value]

    def mutate(self, value, rng):
        return self.from_unit(self.to_unit(value) + rng.gauss(0, 0.2))

    def __str__(self):
        return f"{self.low:g}..{self.high:g}" + (" (log)" if self.log else "")


@dataclass(frozen=True)
class Subsets(Domain):
    """From `fewest` to `most` of some distinct labels, as a tuple in the labels' own order."""

    labels: tuple
    fewest: int
    most: int
    initial: tuple | None = None

    def __post_init__(self):
        if not 0 <= self.fewest <= self.most <= len(self.labels):
            raise SpaceError(
                f"Expected 0 <= fewest <= most <= {len(self.labels)} (the options). "
                f"Received: fewest={self.fewest}, most={self.most}."
            )
        if self.initial is not None and not self.contains(self.initial):
            raise SpaceError(f"Expected the default to be a subset in {self}. Received: {self.initial}.")

    @property
    def default(self):
        return self.labels[: max(self.fewest, min(1, self.most))] if self.initial is None else tuple(self.initial)

    @property
    def size(self):
        return sum(math.comb(len(self.labels), count) for count in range(self.fewest, self.most + 1))

    def values(self):
        counts = range(self.fewest, self.most + 1)
        return [subset for count in counts for subset in itertools.combinations(self.labels, count)]

    def contains(self, value):
        if not isinstance(value, (tuple, list)) or not self.fewest <= len(value) <= self.most:
            return False
        positions = [self.labels.index(label) for label in value if label in self.labels]
        return len(positions) == len(value) and positions == sorted(set(positions))

    def sample(self, rng):
        weights = [math.comb(len(self.labels), count) for count in range(self.fewest, self.most + 1)]
        count = rng.choices(range(self.fewest, self.most + 1), weights)[0]
        return tuple(self.labels[i] for i in sorted(rng.sample(range(len(self.labels)), count)))

    def neighbors(self, value):
        """Subsets that differ by one label added, dropped or exchanged."""
        chosen = set(value)
        rest = [label for label in self.labels if label not in chosen]
        changed = [chosen - {out} for out in value] + [chosen | {new} for new in rest]
        changed += [chosen - {out} | {new} for out in value for new in rest]
        ordered = [tuple(label for label in self.labels if label in subset) for subset in changed]
        return [subset for subset in ordered if self.contains(subset)]

    def __str__(self):
        count = str(self.fewest) if self.fewest == self.most else f"{self.fewest} to {self.most}"
        return f"{count} of " + "{" + ", ".join(str(label) for label in self.labels) + "}"


@dataclass(frozen=True)
class Decision:
    """One open question of a space: where it stands, and what may be answered.

    `when` names the answers under which it is asked at all: pairs of a path and the values it must have there.
    """

    path: str
    domain: Domain
    when: tuple = ()

    @property
    def training(self):
        return self.path.startswith("training/")
