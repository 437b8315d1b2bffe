"""Checked label and sample-weight arrays; labels keep the type the user gave."""

import numpy as np

from kerasnas.data.label_sets import label_sets
from kerasnas.data.values import as_values, refuse_empty, refuse_missing, refuse_not_finite
from kerasnas.errors import DataError


def as_labels(value, what="`y`"):
    """`value` as an array of bools, integers, floats or strings, one row for each row of the input.

    Rows of labels (a list of sets) become an object array of frozensets.

    Args:
        value: array, list, Series (categorical too), DataFrame or tensor; labels or numbers `(n, ...)`; or a set of
            labels for each row.
        what: how a message calls it, such as "`y`".

    Raises:
        DataError: if it is None, empty, ragged, of mixed types, or has missing values.
    """
    sets = label_sets(value)
    if sets is not None:
        return sets
    labels = as_values(value, what)
    if labels.ndim == 0:
        raise DataError(f"Expected {what} to have one label for each row. Received: the single value {labels}.")
    refuse_empty(labels, what)
    if labels.dtype == object:
        labels = _of_one_type(labels, what)
    if labels.dtype.kind == "S":
        labels = _decoded(labels, what)
    if labels.dtype.kind not in "buifU":
        raise DataError(f"Expected {what} to hold numbers, bools or strings. Received: dtype {labels.dtype}.")
    if labels.dtype.kind == "f":
        refuse_not_finite(labels, what)
    return labels


def as_weight(value, what="`sample_weight`"):
    """Sample weights `(n,)` as float32: finite, none negative, not all zero.

    Raises:
        DataError: if they are anything else.
    """
    weight = as_labels(value, what)
    if weight.ndim == 2 and weight.shape[1] == 1:
        weight = weight[:, 0]
    if weight.ndim != 1 or weight.dtype.kind not in "buif":
        raise DataError(
            f"Expected {what} to be one number for each row. Received: shape {weight.shape}, {weight.dtype}."
        )
    weight = weight.astype("float32")
    if weight.min() < 0:
        raise DataError(f"Expected {what} to have no negative weight. Received: {weight.min()}.")
    if weight.max() == 0:
        raise DataError(f"Expected {what} to have a weight above zero. Received: zeros only.")
    return weight


def _of_one_type(labels, what):
    refuse_missing(labels, what)
    cells = labels.ravel().tolist()
    types = {type(cell) for cell in cells}
    for kinds, dtype in (((str,), str), ((bytes,), bytes), ((bool, np.bool_), bool)):
        if all(issubclass(found, kinds) for found in types):
            return labels.astype(dtype)
    if any(issubclass(found, (str, bytes)) for found in types):
        names = ", ".join(sorted(found.__name__ for found in types))
        raise DataError(f"Expected the labels in {what} to be of one type. Received: {names}.")
    whole = all(issubclass(found, (int, np.integer)) for found in types)
    try:
        return labels.astype("int64" if whole else "float64")
    except OverflowError as error:
        raise DataError(f"Expected {what} to hold whole numbers within 64 bits. Received: a larger one.") from error
    except (TypeError, ValueError) as error:
        names = ", ".join(sorted(found.__name__ for found in types))
        raise DataError(f"Expected {what} to hold numbers, bools or strings. Received: {names}.") from error


def _decoded(labels, what):
    try:
        return np.char.decode(labels, "utf-8")
    except UnicodeDecodeError as error:
        raise DataError(f"Expected {what} to hold UTF-8 text. Received: bytes that are not.") from error
