"""The raw columns of a table as one vector of numbers: computed once, and exported as stock layers."""

from collections import Counter
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np

from kerasnas.blocks.table_tools import Arrays, Tensors
from kerasnas.space import Node, Operation

ONE_HOT = 64  # categories of more values are passed on as numbers of values, to be embedded
MOST_FLAGS = 1024  # flags that the values of numbers may fill
KNOTS = 48  # parts of equal numbers of rows that ranks are interpolated between
FARTHEST = 1e6  # scales from the middle at which numbers are cut, infinities too
CALENDAR = {"weekday": (0, 7), "month": (1, 12), "hour": (0, 24)}  # first value and number of values
COUNTED = ("month", "day", "year", "hour")  # parts of a date that are numbers too


@dataclass(frozen=True)
class Layout:
    """Which features stand where: numbers, then their ranks, then flags of 0 and 1, then numbers of categories.

    Args:
        numbers: how many numbers there are, and so ranks.
        flags: how many flags.
        sizes: how many values each embedded category has, "none of these" included.
        runs: first flag and one after the last of each category, of which one is set, counted from the first feature.
        repeats: likewise of flags that say again what a number says.
    """

    numbers: int
    flags: int = 0
    sizes: tuple = ()
    runs: tuple = field(default=(), compare=False)
    repeats: tuple = field(default=(), compare=False)

    @property
    def width(self):
        return 2 * self.numbers + self.flags + len(self.sizes)


@dataclass(frozen=True)
class TableFeatures(Operation):
    """Numbers scaled and clipped, their ranks, flags for missing values and categories, dates taken apart.

    A number is put around its median in units of its interquartile range, then clipped smoothly to ±3; a missing one is
    put in the middle. Its rank, from 0 to 1, is interpolated between quantiles of the training rows; see `Layout`.

    Args:
        columns: `kerasnas.data.tables.Column`s, in the order of the inputs.
        scaling: "robust" as above; "standard" for mean and standard deviation; "quantile" for ranks instead of numbers;
            "none" for numbers as they are.
        one_hot: whether categories of at most 64 values are flags; all are embedded otherwise.
        middle, scale, knots: fitted, for each number.

    Reference:
        Holzmüller et al., "Better by Default: Strong Pre-Tuned MLPs and Boosted Trees on Tabular Data", NeurIPS 2024;
        Gorishniy et al., "On Embeddings for Numerical Features in Tabular Deep Learning", NeurIPS 2022.
    """

    columns: tuple
    scaling: str = "robust"
    one_hot: bool = True
    middle: tuple = ()
    scale: tuple = ()
    knots: tuple = ()

    preprocessing = True

    @property
    def label(self):
        kinds = Counter(column.kind for column in self.columns)
        scaling = [] if isinstance(self.scaling, Node) else [self.scaling]
        told = [*scaling, *(f"{count} {kind}" for kind, count in kinds.items())]
        told += [] if self.one_hot else ["embedded"]
        return f"table_features({', '.join(told)})"

    # ------------------------------------------------------------------ places
    @cached_property
    def layout(self):
        """Which features stand where."""
        numbers = sum(1 + len(_counted(column)) for column in self._measured()) + len(self._embedded())
        words = sum(len(column.words) for column in self.columns)
        missing, (looked, _) = sum(column.missing for column in self._measured()), self._flags()
        runs, repeats = self._runs(looked, 2 * numbers + missing)
        sizes = tuple(len(column.values) + 1 for column in self._embedded())
        return Layout(numbers, missing + len(looked) + words, sizes, runs, repeats)

    def _runs(self, looked, start):
        """Of flags that look at these sources, the first of them at `start`: the runs, and those that repeat."""
        runs, repeats, measured = [], [], len(self._measured())
        ends = [
            place for place in range(1, len(looked) + 1) if place == len(looked) or looked[place] != looked[place - 1]
        ]
        for first, stop in zip([0, *ends], ends):
            kept = repeats if looked[first] < measured else runs
            kept.append((start + first, start + stop))
        return tuple(runs), tuple(repeats)

    def _measured(self):
        return [column for column in self.columns if column.kind in ("numerical", "date")]

    def _categories(self):
        return [column for column in self.columns if column.kind == "categorical"]

    def _embedded(self):
        return [c for c in self._categories() if len(c.values) > ONE_HOT or not self.one_hot]

    def _flags(self):
        """Of each flag for a value: the column of `_sources` it looks at, and the value it looks for."""
        measured, categories = self._measured(), self._categories()
        numerical = [len(column.values) for column in measured]
        most = MOST_FLAGS // max(1, sum(map(bool, numerical))) if sum(numerical) > MOST_FLAGS else MOST_FLAGS
        found = [(i, value) for i, c in enumerate(measured) if len(c.values) <= most for value in c.values]
        embedded = self._embedded()
        for i, column in enumerate(categories, len(measured)):
            if column not in embedded:
                found += [(i, number) for number in range(0 if column.rare else 1, len(column.values) + 1)]
        place = len(measured) + len(categories)
        for column in measured:
            for part in (part for part in column.parts if part in CALENDAR):
                first, count = CALENDAR[part]
                found += [(place, first + number) for number in range(count)]
                place += 1
        return [i for i, _ in found], [value for _, value in found]

    def shape(self, shape):
        return (self.layout.width,)

    # --------------------------------------------------------------------- fit
    def fit(self, rows):
        """A copy that knows middles, scales and quantiles. `rows` are the raw columns `(n, 1)`, in order."""
        numbers, _, _ = self._sources(_as_tuple(rows), Arrays())
        fitted = [self._learnt(column) for column in numbers.T] if numbers is not None else []
        middle, scale, knots = zip(*fitted) if fitted else ((), (), ())
        return replace(self, middle=middle, scale=scale, knots=knots)

    def _learnt(self, numbers):
        finite = numbers[np.isfinite(numbers)]
        if not len(finite):
            return 0.0, 1.0, (0.0, 1.0)
        if self.scaling == "none":
            middle, scale = 0.0, 1.0
        elif self.scaling == "standard":
            middle, scale = finite.mean(), finite.std()
        else:
            low, middle, high = np.quantile(finite, [0.25, 0.5, 0.75])
            scale = high - low or (finite.max() - finite.min()) / 2
        scale = float(scale) if np.isfinite(scale) and scale > 0 else 1.0
        spread = np.clip((finite - middle) / scale, -FARTHEST, FARTHEST).astype("float32")
        return float(middle), scale, quantiles(spread, KNOTS)

    # --------------------------------------------------------------- transform
    def transform(self, rows):
        """The features `(n, width)` in float32 of raw columns `(n, 1)`."""
        return self._features(_as_tuple(rows), Arrays())

    def layer(self, shape, name):
        return lambda raw: self._features(raw if isinstance(raw, (list, tuple)) else [raw], Tensors(name))

    def _sources(self, raw, tools):
        """Numbers, what flags look at, and numbers of values: float64 `(n, ...)`, and what is missing in the first."""
        by_name = dict(zip((column.raw for column in self.columns), raw))
        measured, categories = self._measured(), self._categories()
        plain = [tools.float64(by_name[column.raw]) for column in measured]
        ids = [tools.float64(tools.place(column, by_name[column.raw])) for column in categories]
        parts = [tools.calendar(value) if column.parts else {} for column, value in zip(measured, plain)]
        numbers = []
        for column, value, part in zip(measured, plain, parts):
            numbers += [value, *(part[name] for name in _counted(column))]
        numbers += [tools.choose(_log_counts(c), i) for c, i in zip(categories, ids) if c in self._embedded()]
        days = [part[name] for column, part in zip(measured, parts) for name in column.parts if name in CALENDAR]
        embedded = [i for c, i in zip(categories, ids) if c in self._embedded()]
        return tools.joined(numbers), tools.joined([*plain, *ids, *days]), tools.joined(embedded)

    def _features(self, raw, tools):
        ops = tools.ops
        numbers, sources, embedded = self._sources(raw, tools)
        parts = []
        if numbers is not None:
            absent = ops.isnan(numbers)
            spread = (numbers - np.array(self.middle)) / np.array(self.scale)
            spread = tools.float32(ops.clip(ops.where(absent, ops.zeros_like(spread), spread), -FARTHEST, FARTHEST))
            ranks = tools.ranks(spread, self.knots)
            parts += [self._scaled(spread, ranks, ops), ranks]
        measured = self._measured()
        lacking = [i for i, column in enumerate(measured) if column.missing]
        if lacking:
            parts.append(tools.float32(ops.isnan(ops.take(sources, lacking, axis=1))))
        looked, values = self._flags()
        if looked:
            parts.append(tools.flags(sources, looked, values))
        texts = [(column, value) for column, value in zip(self.columns, raw) if column.kind == "text"]
        parts += [tools.words(column, value) for column, value in texts]
        parts += [] if embedded is None else [tools.float32(embedded)]
        return parts[0] if len(parts) == 1 else ops.concatenate(parts, axis=1)

    def _scaled(self, spread, ranks, ops):
        if self.scaling == "quantile":
            return (ranks - 0.5) * 3.5
        return spread if self.scaling == "none" else spread / ops.sqrt(1 + (spread / 3) ** 2)


def _counted(column):
    return [part for part in column.parts if part in COUNTED]


def _log_counts(column):
    """How frequent each value is, that of "none of these" first."""
    return np.log1p(np.array([column.rare, *column.counts], "float64"))


def _as_tuple(rows):
    return tuple(rows) if isinstance(rows, (tuple, list)) else (rows,)


def quantiles(values, parts):
    """At most `parts` + 1 rising numbers between which equally many values lie, as nearly as they differ.

    Values that many rows share take several quantiles; the places this leaves go to quantiles of the distinct values.
    """
    distinct = np.unique(values)
    found = distinct
    if len(distinct) > parts + 1:
        grid = np.linspace(0, 1, parts + 1)
        found = np.unique(np.quantile(values, grid, method="nearest"))
        others = np.setdiff1d(distinct, found)
        places = np.linspace(0, len(others) - 1, parts + 3 - len(found))[1:-1].round().astype(int)
        found = np.union1d(found, others[places])
    found = found.astype("float64")
    return tuple(found.tolist()) if len(found) > 1 else (float(found[0]) - 0.5, float(found[0]) + 0.5)
