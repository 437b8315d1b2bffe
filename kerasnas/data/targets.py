"""Targets as training needs them, and back to what the user gave."""

from dataclasses import asdict, dataclass, replace

import numpy as np

from kerasnas.data.columns import framed
from kerasnas.data.label_sets import all_labels, indicators_of, rows_of_sets, sets_of
from kerasnas.data.labels import as_labels
from kerasnas.data.target_checks import (
    all_classes,
    check_classes,
    flat_labels,
    indicators,
    numbers,
    one_hot_indices,
    outputs_of,
    refuse_fractions,
    unseen,
)
from kerasnas.errors import ArgumentError, DataError


@dataclass(frozen=True, eq=False)
class ClassTarget:
    """One of several classes for each row; two classes are no special case.

    Args:
        classes: the labels, in order; output `i` is the probability of `classes[i]`.
        form: "labels" or "one_hot", as the user gave them.
        column: whether labels came as `(n, 1)`.
        dtype: dtype of the labels, or of the one-hot rows.
        columns: names of a data frame's columns, to be given back as such; None for an array.
    """

    classes: np.ndarray
    form: str = "labels"
    column: bool = False
    dtype: str = "int64"
    columns: tuple | None = None

    @classmethod
    def fit(cls, y, *, num_classes=None, min_members=2, name="`y`"):
        """Learns the classes.

        Args:
            y: labels `(n,)` or `(n, 1)` of bools, integers, whole floats or strings; or one-hot rows `(n, classes)`.
            num_classes: most classes there may be; with integer labels in range(num_classes), all of these are
                outputs, seen or not.
            min_members: rows that each class seen needs: 2 where a part of `y` is to be held out, else 1.
            name: how a message calls `y`.

        Raises:
            DataError: if there is one class only, too many, a class of fewer rows than `min_members`, or fractions.
        """
        y = as_labels(y, name)
        if y.ndim == 2 and y.shape[1] > 1:
            target = cls(np.arange(y.shape[1]), "one_hot", False, y.dtype.name)
            seen, counts = np.unique(one_hot_indices(y, y.shape[1], name), return_counts=True)
        else:
            flat = flat_labels(y, name)
            refuse_fractions(flat, name)
            seen, counts = np.unique(flat, return_counts=True)
            target = cls(all_classes(seen, num_classes), "labels", y.ndim == 2, y.dtype.str)
        check_classes(seen, counts, target.width, num_classes, min_members, name)
        return target

    @property
    def width(self):
        """Number of outputs: the classes."""
        return len(self.classes)

    def encode(self, y, name="`y`"):
        """Class indices `(n,)` in int32.

        Raises:
            DataError: if a label was not among those of `fit`, or `y` has another form.
        """
        places = self._places(as_labels(y, name), name)
        if (places < 0).any():
            raise unseen(np.unique(flat_labels(as_labels(y, name), name)[places < 0]), self.classes, name)
        return places

    def _places(self, y, name):
        """Class indices `(n,)` in int32; -1 for labels that were not among those of `fit`."""
        if self.form == "one_hot":
            return one_hot_indices(y, self.width, name).astype("int32")
        flat = flat_labels(y, name)
        if (flat.dtype.kind == "U") != (self.classes.dtype.kind == "U"):
            raise unseen(flat[:1], self.classes, name)
        places = np.searchsorted(self.classes, flat).clip(max=self.width - 1)
        return np.where(self.classes[places] == flat, places, -1).astype("int32")

    def correct(self, y, outputs):
        """Which rows `outputs` answer as `y` `(n,)`: labels that were not among those of `fit` are never met."""
        return self._places(as_labels(y, "`y`"), "`y`") == outputs_of(outputs, self.width).argmax(axis=1)

    def decode(self, outputs):
        """The likeliest labels, in the type and shape the user gave: `(n,)`, `(n, 1)` or one-hot rows.

        Args:
            outputs: class probabilities or logits `(n, width)`.
        """
        indices = outputs_of(outputs, self.width).argmax(axis=1)
        if self.form == "one_hot":
            return framed(np.eye(self.width, dtype=self.dtype)[indices], self.columns)
        labels = self.classes[indices]
        return framed(labels[:, None], self.columns) if self.column else labels

    def named(self, columns):
        """A copy whose answers are data frames with these columns; those of one-hot rows are the classes' names."""
        if self.form == "one_hot" and columns is not None:
            return replace(self, columns=columns, classes=np.array(columns))
        return replace(self, columns=columns)

    def to_json(self):
        """A dict of plain JSON values; see `target_from_json`."""
        return {"type": "class", **asdict(self), "classes": self.classes.tolist()}

    @classmethod
    def _from_json(cls, values):
        dtype = values["dtype"] if values["form"] == "labels" else None
        known = {"classes": np.array(values["classes"], dtype=dtype), "columns": _names(values)}
        return cls(**{**values, **known})


@dataclass(frozen=True, eq=False)
class MultiLabelTarget:
    """Any of several labels for each row.

    Args:
        width: number of outputs: the labels.
        dtype: dtype of the indicators the user gave.
        threshold: probability from which a label is given.
        labels: the labels, where they came as sets; None where they came as indicators.
        columns: names of a data frame's columns, to be given back as such; None for an array.
    """

    width: int
    dtype: str = "int64"
    threshold: float = 0.5
    labels: tuple | None = None
    columns: tuple | None = None

    @classmethod
    def fit(cls, y, *, num_classes=None, threshold=0.5, name="`y`"):
        """Learns the labels.

        Args:
            y: indicators `(n, labels)` of 0 and 1 or bools; or for each row a set (or list) of labels, which are
                strings or whole numbers.
            num_classes: number of labels, or None for as many as there are.
            threshold: probability from which a label is given.
            name: how a message calls `y`.

        Raises:
            DataError: if `y` is anything else, or there is no label that some rows have and some not.
        """
        y = as_labels(y, name)
        rows, labels = rows_of_sets(y), None
        if rows is not None:
            labels = tuple(_within(all_labels(rows, name), num_classes, name))
            columns = indicators_of(rows, labels, name)
        elif y.ndim != 2:
            raise DataError(
                f"Expected {name} to be indicators (n, labels), or sets. Received: shape {y.shape}, {y.dtype}."
            )
        else:
            columns = indicators(y, y.shape[1] if num_classes is None else num_classes, name)
        if (columns.min(axis=0) == columns.max(axis=0)).all():
            raise DataError(f"Expected a label in {name} that some rows have and some not. Received: none.")
        return cls(columns.shape[1], "int64" if rows is not None else y.dtype.name, threshold, labels)

    @property
    def classes(self):
        """The labels, or the numbers (or names) of their columns."""
        known = self.labels or self.columns
        return np.arange(self.width) if known is None else np.array(known)

    def encode(self, y, name="`y`"):
        """Indicators `(n, width)` in float32.

        Raises:
            DataError: if `y` has another width, other values than 0 and 1, or a label that is not known.
        """
        y = as_labels(y, name)
        rows = rows_of_sets(y)
        if rows is None:
            return indicators(y, self.width, name)
        return indicators_of(rows, self.classes.tolist(), name)

    def decode(self, outputs):
        """What the user gave, from probabilities `(n, width)`: indicators in their dtype, or an array of sets."""
        given = outputs_of(outputs, self.width) >= self.threshold
        return framed(given.astype(self.dtype), self.columns) if self.labels is None else sets_of(given, self.labels)

    def correct(self, y, outputs):
        """Which rows `outputs` answer as `y`, all labels alike `(n,)`; see `ClassTarget.correct`."""
        given, rows = outputs_of(outputs, self.width) >= self.threshold, rows_of_sets(as_labels(y, "`y`"))
        if rows is None:
            return (given == self.encode(y)).all(axis=1)
        return np.array([one == other for one, other in zip(sets_of(given, self.classes.tolist()), rows)])

    def named(self, columns):
        """A copy whose answers are data frames with these columns."""
        return replace(self, columns=columns)

    def to_json(self):
        """A dict of plain JSON values; see `target_from_json`."""
        return {"type": "multi_label", **asdict(self)}

    @classmethod
    def _from_json(cls, values):
        return cls(**{**values, "labels": _names(values, "labels"), "columns": _names(values)})


@dataclass(frozen=True, eq=False)
class RegressionTarget:
    """Numbers for each row.

    Args:
        width: number of outputs.
        mean: mean of each output, in its unit, so that a head can scale in the graph.
        scale: standard deviation of each output, in its unit; 1 where it does not vary.
        flat: whether `y` came as `(n,)`.
        columns: names of a data frame's columns, to be given back as such; None for an array.
        logs: of outputs that are skewed (incomes, counts): mean, standard deviation and greatest value of log(1 + y),
            each a tuple; None where that would not make them more even.
    """

    width: int
    mean: tuple
    scale: tuple
    flat: bool = False
    columns: tuple | None = None
    logs: tuple | None = None

    classes = None

    @classmethod
    def fit(cls, y, *, output_dim=None, name="`y`"):
        """Learns the number of outputs, their mean and scale.

        Args:
            y: numbers `(n,)` or `(n, outputs)`.
            output_dim: number of outputs, or None for as many as there are.
            name: how a message calls `y`.

        Raises:
            DataError: if these are no numbers, or of another width.
        """
        y = as_labels(y, name)
        columns = numbers(y, y.shape[1] if output_dim is None and y.ndim == 2 else output_dim or 1, name)
        mean, spread = columns.mean(axis=0, dtype="float64"), columns.std(axis=0, dtype="float64")
        scale = np.where(spread > 1e-12 * np.abs(mean), spread, 1.0)
        return cls(columns.shape[1], tuple(mean.tolist()), tuple(scale.tolist()), y.ndim == 1, logs=_logs(columns))

    def encode(self, y, name="`y`"):
        """The numbers, not scaled, `(n, width)` in float32.

        Raises:
            DataError: if these are no numbers, or of another width.
        """
        return numbers(as_labels(y, name), self.width, name).astype("float32")

    def decode(self, outputs):
        """Predictions in the unit of the targets, in float32: `(n,)` where `y` was, else `(n, width)`."""
        columns = outputs_of(outputs, self.width).astype("float32", copy=False)
        return columns[:, 0] if self.flat else framed(columns, self.columns)

    def named(self, columns):
        """A copy whose answers are data frames with these columns."""
        return replace(self, columns=columns)

    def to_json(self):
        """A dict of plain JSON values; see `target_from_json`."""
        return {"type": "regression", **asdict(self)}

    @classmethod
    def _from_json(cls, values):
        known = {"mean": tuple(values["mean"]), "scale": tuple(values["scale"]), "columns": _names(values)}
        logs = values.get("logs")
        known["logs"] = tuple(map(tuple, logs)) if logs else None
        return cls(**{**values, **known})


SKEWED = 2.0  # skewness from which logarithms are tried; an exponential distribution has 2


def _logs(columns):
    """Mean, standard deviation and greatest of log(1 + y), where that is nearer to symmetry in every column."""
    columns = columns.astype("float64")
    if len(columns) < 20 or columns.min() < 0:
        return None
    logs = np.log1p(columns)
    before, after = _skewness(columns), _skewness(logs)
    if not (np.all(before > SKEWED) and np.all(np.abs(after) < before / 2)):
        return None
    return tuple(tuple(part.tolist()) for part in (logs.mean(axis=0), logs.std(axis=0), logs.max(axis=0)))


def _skewness(columns):
    spread = columns.std(axis=0)
    return (((columns - columns.mean(axis=0)) / np.where(spread > 0, spread, 1.0)) ** 3).mean(axis=0)


def _names(values, key="columns"):
    """Names out of JSON, as a tuple; None if there are none."""
    return tuple(values[key]) if values.get(key) else None


def _within(labels, num_classes, name):
    """The labels seen, or all of range(num_classes) where they are whole numbers within it."""
    if num_classes is None or len(labels) == num_classes:
        return labels
    if isinstance(labels[0], int) and labels[0] >= 0 and labels[-1] < num_classes:
        return range(num_classes)
    raise DataError(f"Expected {num_classes} labels in {name}. Received: {len(labels)}.")


@dataclass(frozen=True, eq=False)
class ForecastTarget(RegressionTarget):
    """Numbers at several steps of time for each row.

    Args:
        width: number of targets.
        mean: mean of each target, in its unit, over rows and steps.
        scale: standard deviation of each target likewise; 1 where it does not vary.
        flat: whether `y` came as `(n, steps)`.
        steps: number of steps.
    """

    steps: int = 1

    @classmethod
    def fit(cls, y, *, output_dim=None, name="`y`"):
        """Learns the number of steps and targets, their mean and scale, from `(n, steps)` or `(n, steps, targets)`.

        Raises:
            DataError: if these are no numbers, or of another width.
        """
        y = as_labels(y, name)
        if y.ndim not in (2, 3):
            raise DataError(f"Expected {name} of shape (n, steps) or (n, steps, targets). Received: shape {y.shape}.")
        width = 1 if y.ndim == 2 else y.shape[2]
        if output_dim is not None and width != output_dim:
            raise DataError(f"Expected {name} to hold {output_dim} targets. Received: {width}.")
        one = RegressionTarget.fit(y.reshape(-1, width), name=name)
        return cls(width, one.mean, one.scale, y.ndim == 2, steps=y.shape[1])

    @property
    def shape(self):
        """Shape of one answer."""
        return (self.steps, self.width)

    def encode(self, y, name="`y`"):
        """The numbers, not scaled, `(n, steps, width)` in float32.

        Raises:
            DataError: if they are no numbers, or of another shape.
        """
        y = as_labels(y, name)
        if y.shape[1:] != (self.shape if y.ndim == 3 else (self.steps,)) or (y.ndim == 2 and self.width > 1):
            raise DataError(f"Expected {name} of shape (n, {self.steps}, {self.width}). Received: shape {y.shape}.")
        return numbers(y.reshape(-1, self.width), self.width, name).astype("float32").reshape(-1, *self.shape)

    def decode(self, outputs):
        """Forecasts in the unit of the targets, in float32: `(n, steps)` where `y` was, else `(n, steps, width)`."""
        outputs = np.asarray(outputs)
        if outputs.shape[1:] != self.shape:
            raise DataError(f"Expected outputs of shape (n, {self.steps}, {self.width}). Received: {outputs.shape}.")
        outputs = outputs.astype("float32", copy=False)
        return outputs[..., 0] if self.flat else outputs

    def to_json(self):
        """A dict of plain JSON values; see `target_from_json`."""
        return {**asdict(self), "type": "forecast"}


_TYPES = {
    "class": ClassTarget, "multi_label": MultiLabelTarget, "regression": RegressionTarget, "forecast": ForecastTarget,
}  # fmt: skip


def target_from_json(values):
    """The target that `to_json` wrote.

    Raises:
        ArgumentError: if the type is unknown.
    """
    values = dict(values)
    kind = values.pop("type", None)
    if kind not in _TYPES:
        raise ArgumentError(f"Expected a target of type {', '.join(_TYPES)}. Received: {kind!r}.")
    return _TYPES[kind]._from_json(values)
