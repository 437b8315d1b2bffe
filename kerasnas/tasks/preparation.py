"""From what a user passed to `fit` to a task and a space, with everything checked before any time is spent."""

import numbers
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from kerasnas.backend import strings
from kerasnas.blocks import ImageAugmentation
from kerasnas.data import ClassTarget, fingerprint, mirrors, read
from kerasnas.data.columns import in_order, input_columns, rows_in_order, target_columns
from kerasnas.data.flows import is_flow
from kerasnas.data.reading import parts_of, whole_tables
from kerasnas.data.task import Task, classes_of, encode
from kerasnas.data.texts import TextTraits
from kerasnas.errors import ArgumentError, DataError
from kerasnas.space import Choice, Float


@dataclass
class Prepared:
    """Checked rows with their fitted targets, not split yet."""

    drawing: object
    rows: object
    validation: object
    targets: dict
    heads: dict
    schemas: dict
    columns: dict

    def fingerprint(self, validation):
        """What identifies the rows: by which trials are trained, and by which they are compared."""
        held = validation.describe() if self.validation is None else fingerprint(self.validation)
        return {"data": fingerprint(self.rows), "validation": held}

    def space(self, fixed, validation):
        """The search space over these rows.

        Args:
            fixed: Training values that the user gave, by name; None for those left open.
            validation: The `Validation`; where rows for it were given, it does not count.
        """
        given = self.validation is not None
        rows = max(1, round(len(self.rows) - (0 if given else validation.held(len(self.rows)))))
        fixed = {name: value for name, value in fixed.items() if value is not None}
        return self.drawing.space(
            self.rows.shapes, rows, self.targets, training_decisions(rows), self._mirrors(), fixed, self.schemas,
            0 if given else validation.folds, self._texts(), self._values(),
        )  # fmt: skip

    def _values(self):
        """The least and the greatest value of pictures, by input name; of a stream, of its first rows."""
        x = self.rows.x if hasattr(self.rows, "x") else self.rows.head(64).x
        kinds = self.drawing.kinds
        return {name: (float(rows.min()), float(rows.max())) for name, rows in x.items() if kinds.get(name) == "image"}

    def _mirrors(self):
        """Whether pictures keep their class when mirrored, by input name, where rows and classes are at hand."""
        classes = self._strata()
        if classes is None or not hasattr(self.rows, "x"):
            return {}
        kinds = self.drawing.kinds
        return {name: mirrors(rows, classes) for name, rows in self.rows.x.items() if kinds.get(name) == "image"}

    def _texts(self):
        """The traits of text inputs, by input name, where their rows are at hand.

        Raises:
            ExportError: If there are strings and the backend knows none.
        """
        if not hasattr(self.rows, "x"):
            return {}
        found = {name: rows for name, rows in self.rows.x.items() if self.drawing.kinds.get(name) == "text"}
        for rows in found.values():
            if rows.dtype == object:
                strings(rows[:1])
        return {name: TextTraits.of(rows) for name, rows in found.items()}

    def task(self, validation, seed):
        """The task, its validation rows or folds drawn by `seed` where none were given."""
        train, held, folds, whole = self.rows, self.validation, None, None
        if held is None and validation.folds:
            held, folds = self.rows, validation.fold_of(self._strata(), len(self.rows), seed)
        elif held is None:
            parts = validation.split(self._strata(), len(self.rows), seed)
            train, held = (self.rows.take(part) for part in parts)
            whole = self.rows
        augmented = {name: self.drawing.places(name) for name in self.drawing.blocks(ImageAugmentation)}
        early = frozenset(self.drawing.preprocessing())
        return Task(train, held, self.heads, early, augmented, folds=folds, whole=whole)

    def _strata(self):
        classes = [name for name, target in self.targets.items() if isinstance(target, ClassTarget)]
        if not classes:
            return None
        return classes_of(self.rows.y[classes[0]])


def prepare(drawing, x, y, validation_data, sample_weight, class_weight):
    """Read and check everything.

    Raises:
        DataError: If the data cannot be learnt from.
    """
    names = tuple(drawing.heads)
    x, y, sample_weight = whole_tables(x, y, sample_weight, drawing.kinds)
    schemas = drawing.learn(parts_of(x, drawing.kinds)) if "table" in drawing.kinds.values() else {}
    rows = read(x, y, inputs=drawing.kinds, targets=names, sample_weight=sample_weight, schemas=schemas)
    _check_drawn(drawing, rows)
    members = 2 if validation_data is None else 1
    if len(rows) < members:
        raise DataError(f"Expected at least 2 rows, one to train and one to validate. Received: {len(rows)}.")
    titles = {name: "`y`" if len(names) == 1 else f"`y['{name}']`" for name in names}
    columns = target_columns(y, names)
    targets = {name: drawing.heads[name].fit_target(rows.y[name], members, titles[name]) for name in names}
    targets = {name: target.named(columns[name]) if columns.get(name) else target for name, target in targets.items()}
    heads = {name: drawing.heads[name].with_target(targets[name]) for name in names}
    weights = _class_weights(class_weight, rows, targets)
    rows = _encoded(rows, heads, titles, weights)
    validation = None
    if validation_data is not None:
        parts = validation_data if isinstance(validation_data, (tuple, list)) else (validation_data,)
        if len(parts) > 3:
            raise ArgumentError(
                f"Expected `validation_data` to be (x, y) or (x, y, weights). Received: {len(parts)} parts."
            )
        vx, vy, vw = (*parts, None, None)[:3]
        if vy is None and not is_flow(vx) and not isinstance(vx, (str, Path)):
            raise DataError(
                "Expected `validation_data` to be (x, y) or (x, y, weights), `y` its targets. Received: None as `y`."
            )
        vx = rows_in_order(vx, input_columns(x, drawing.kinds), drawing.kinds, "validation `x`")
        vy = in_order(vy, {name: getattr(target, "columns", None) for name, target in targets.items()})
        held = read(vx, vy, inputs=drawing.kinds, targets=names, sample_weight=vw, shapes=rows.shapes, schemas=schemas)
        validation = _encoded(held, heads, {name: f"validation {titles[name]}" for name in names}, weights)
    return Prepared(drawing, rows, validation, targets, heads, schemas, input_columns(x, drawing.kinds))


def _encoded(rows, heads, titles, weights=None):
    encoded = {n: encode(head.target, rows.y[n], head.losses(), titles[n]) for n, head in heads.items()}
    if weights is not None:
        by_class = weights(rows)
        rows = replace(rows, weight=by_class if rows.weight is None else by_class * rows.weight)
    return rows.with_y(encoded)


def _check_drawn(drawing, rows):
    for name, shape in drawing.shapes.items():
        if shape is not None and tuple(shape) != tuple(rows.shapes[name]):
            raise DataError(
                f"Expected rows of shape {shape} for the input '{name}', as drawn. Received: {rows.shapes[name]}."
            )


def _class_weights(class_weight, rows, targets):
    """A function from rows, not encoded yet, to their weights by class; or None.

    Args:
        class_weight: Weights by label, or "balanced"; see `AutoModel.fit`.
        rows: The rows of `fit`.
        targets: Their fitted targets, by head name.
    """
    if class_weight is None:
        return None
    classes = {name: target for name, target in targets.items() if isinstance(target, ClassTarget)}
    if len(classes) != 1 or len(targets) != 1:
        raise ArgumentError(
            "Expected `class_weight` with a single head that tells classes apart. Received: another model."
        )
    ((name, target),) = classes.items()
    by_class = _by_class(class_weight, target, target.encode(rows.y[name]))
    return lambda rows: by_class[target.encode(rows.y[name])]


def _by_class(class_weight, target, places):
    """The weight of each class, in the order of the classes; `places` are those of the rows of `fit`."""
    labels = target.classes.tolist()
    if isinstance(class_weight, str) and class_weight == "balanced":
        counts = np.bincount(places, minlength=len(labels))
        return (len(places) / (np.count_nonzero(counts) * np.maximum(counts, 1))).astype("float32")
    if not isinstance(class_weight, dict):
        raise ArgumentError(f"Expected `class_weight` to be a dict, or 'balanced'. Received: {class_weight!r}.")
    unknown = [label for label in class_weight if label not in labels]
    if unknown:
        raise ArgumentError(f"Expected `class_weight` by label: {labels[:10]}. Received: {unknown[0]!r}.")
    if not all(isinstance(value, numbers.Real) and value >= 0 for value in class_weight.values()):
        raise ArgumentError(f"Expected weights of classes to be numbers from 0 on. Received: {class_weight}.")
    return np.array([class_weight.get(label, 1.0) for label in labels], "float32")


def usual_split(rows):
    """The part of `rows` rows that validates where nobody says: a tenth, more of few, at most 5,000."""
    return 0.2 if rows < 2000 else min(0.1, 5000 / rows)


def training_decisions(rows):
    """What is asked about training, unless a block has a recipe of its own.

    Args:
        rows: Number of training rows: few are seen more often.
    """
    usual = int(min(max(300_000 / rows, 12), 60))
    return {
        "optimizer": "adamw",
        "learning_rate": Float(3e-4, 2e-2, log=True, default=5e-3),
        "weight_decay": Choice(0.0, 0.02, 0.05, default=0.05),
        "label_smoothing": Choice(0.0, 0.1, default=0.1),
        "batch_size": Choice(32, 64, 128, default=64 if rows < 2000 else 128),
        "epochs": Choice(short=usual // 4, usual=usual, long=2 * usual, default="usual"),
    }
