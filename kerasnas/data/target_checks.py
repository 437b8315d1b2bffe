"""Checks of label arrays that the targets share; each raises a DataError that says what to do."""

import numpy as np

from kerasnas.data.label_sets import is_sets
from kerasnas.data.values import refuse_not_finite
from kerasnas.errors import DataError

_SHOWN = 5  # labels that a message names


def flat_labels(y, name):
    """Labels `(n,)` from `(n,)` or `(n, 1)`."""
    refuse_sets(y, name)
    if y.ndim == 1 or y.shape[1:] == (1,):
        return y.ravel()
    raise DataError(f"Expected {name} to be labels of shape (n,) or (n, 1). Received: shape {y.shape}.")


def refuse_sets(y, name):
    """One value a row is wanted, not sets of labels."""
    if is_sets(y):
        raise DataError(
            f"Expected {name} to hold one value for each row. Received: sets of labels, or rows of different lengths; "
            "where a row may have several labels, say multi_label=True."
        )


def refuse_fractions(labels, name):
    """Class labels may be floats only where they are whole."""
    if labels.dtype.kind == "f" and (labels != np.floor(labels)).any():
        sample = labels[labels != np.floor(labels)][0]
        raise DataError(
            f"Expected {name} to hold class labels. Received: numbers with fractions, such as {sample}; "
            "to predict numbers, use a regressor."
        )


def all_classes(seen, num_classes):
    """The classes seen, or all of range(num_classes) where they are integers within it."""
    within = seen.dtype.kind in "iu" and num_classes is not None and seen[0] >= 0 and seen[-1] < num_classes
    return np.arange(num_classes, dtype=seen.dtype) if within else seen


def check_classes(seen, counts, width, num_classes, min_members, name):
    """There must be two classes, at most `num_classes`, each with `min_members` rows."""
    if len(seen) < 2:
        raise DataError(
            f"Expected {name} to hold at least two classes. Received: only {listed(seen)}, in all {counts.sum()} rows."
        )
    if num_classes is not None and width > num_classes:
        raise DataError(f"Expected {name} to hold at most {num_classes} classes. Received: {width}.")
    rare = seen[counts < min_members]
    if len(rare):
        raise DataError(
            f"Expected at least {min_members} rows of each class in {name}, so that one can be held out for "
            f"validation. Received: {counts[counts < min_members][0]} of class {listed(rare)}; "
            "add rows, or drop or merge the class."
        )


def one_hot_indices(y, width, name):
    """Column of the one in each row."""
    if y.ndim != 2 or y.shape[1] != width or y.dtype.kind == "U":
        raise DataError(f"Expected {name} to be one-hot rows of shape (n, {width}). Received: {y.shape}, {y.dtype}.")
    if not (np.isin(y, (0, 1)).all() and (y.sum(axis=1) == 1).all()):
        raise DataError(
            f"Expected each row of {name} to be one-hot: a single 1 among zeros. Received: other rows; "
            "where a row may have several labels, say multi_label=True."
        )
    return y.argmax(axis=1)


def indicators(y, width, name):
    """0 and 1 in float32."""
    if y.ndim != 2 or y.shape[1] != width:
        raise DataError(f"Expected {name} to be indicators of shape (n, {width}). Received: shape {y.shape}.")
    if y.dtype.kind == "U" or not np.isin(y, (0, 1)).all():
        raise DataError(f"Expected {name} to hold indicators, 0 or 1. Received: other values.")
    return y.astype("float32")


def numbers(y, width, name):
    """Numbers `(n, width)` that float32 can hold, in the dtype given."""
    refuse_sets(y, name)
    if y.dtype.kind == "U":
        raise DataError(f"Expected {name} to hold numbers. Received: strings; to predict labels, use a classifier.")
    columns = y[:, None] if y.ndim == 1 else y
    if columns.ndim != 2 or columns.shape[1] != width:
        raise DataError(
            f"Expected {name} to have {width} number{'s' * (width > 1)} for each row. Received: shape {y.shape}."
        )
    with np.errstate(over="ignore"):
        refuse_not_finite(columns.astype("float32"), name)
    return columns


def outputs_of(outputs, width):
    """What a model put out, as an array `(n, width)`."""
    outputs = np.asarray(outputs)
    if outputs.ndim != 2 or outputs.shape[1] != width:
        raise DataError(f"Expected outputs of shape (n, {width}). Received: shape {outputs.shape}.")
    return outputs


def unseen(labels, classes, name):
    """The DataError about labels that were not in the data of `fit`."""
    return DataError(
        f"Expected {name} to hold only labels that were in the data of `fit`: {listed(classes)}. "
        f"Received: {listed(labels)}."
    )


def listed(labels):
    """The first few labels, as a message shows them."""
    more = f" and {len(labels) - _SHOWN} more" if len(labels) > _SHOWN else ""
    return ", ".join(repr(label) for label in labels[:_SHOWN].tolist()) + more
