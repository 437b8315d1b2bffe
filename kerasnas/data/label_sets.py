"""Several labels for each row, as sets or lists of labels."""

import numpy as np

from kerasnas.errors import DataError

COLLECTIONS = (set, frozenset, list, tuple)


def label_sets(value):
    """Rows of labels as an object array `(n,)` of frozensets; None where `value` is something else.

    Sets are always rows of labels; lists and tuples are where their lengths differ, for then they are no array.

    Args:
        value: list, array or Series with a set, list or tuple of labels for each row.
    """
    if not isinstance(value, (list, tuple, np.ndarray)) and not hasattr(value, "to_numpy"):
        return None
    if getattr(value, "ndim", 1) != 1 or getattr(value, "dtype", "object") != "object":
        return None
    cells = list(value)
    if not cells or not all(isinstance(cell, COLLECTIONS) for cell in cells):
        return None
    ordered = [cell for cell in cells if isinstance(cell, (list, tuple))]
    flat = not any(isinstance(label, (*COLLECTIONS, np.ndarray)) for cell in ordered for label in cell)
    if ordered and (len({len(cell) for cell in ordered}) == 1 or not flat):
        return None
    found = np.empty(len(cells), object)
    found[:] = [frozenset(_plain(label) for label in cell) for cell in cells]
    return found


def _plain(label):
    return label.item() if hasattr(label, "item") else label


def is_sets(y):
    """Whether a checked label array holds sets of labels."""
    return y.dtype == object


def rows_of_sets(y):
    """Sets of labels from a checked label array: itself, or rows of strings `(n, labels)`; None for anything else."""
    if is_sets(y):
        return y
    if y.ndim == 2 and y.dtype.kind == "U":
        return label_sets([set(row) for row in y.tolist()])
    return None


def all_labels(rows, name):
    """Every label that a row has, in order.

    Raises:
        DataError: if there is none, or they are not of one type.
    """
    found = set().union(*rows)
    if not found:
        raise DataError(f"Expected {name} to hold sets of labels. Received: empty sets only.")
    kinds = {type(label) for label in found}
    if len(kinds) > 1 or not kinds <= {str, int, bool}:
        names = ", ".join(sorted(kind.__name__ for kind in kinds))
        raise DataError(f"Expected the labels in {name} to be strings, or whole numbers. Received: {names}.")
    return sorted(found)


def indicators_of(rows, labels, name):
    """0 and 1 `(n, labels)` in float32, from sets.

    Raises:
        DataError: if a row has a label that is not among `labels`.
    """
    places = {label: place for place, label in enumerate(labels)}
    found = np.zeros((len(rows), len(labels)), "float32")
    for row, members in enumerate(rows):
        for label in members:
            if label not in places:
                shown = ", ".join(map(repr, list(labels)[:5]))
                raise DataError(
                    f"Expected {name} to hold only labels that were in the data of `fit`: {shown}"
                    f"{' and more' if len(labels) > 5 else ''}. Received: {label!r}."
                )
            found[row, places[label]] = 1
    return found


def sets_of(indicators, labels):
    """An object array `(n,)` of sets of labels, from booleans `(n, labels)`."""
    found = np.empty(len(indicators), object)
    found[:] = [{labels[place] for place in np.flatnonzero(row)} for row in indicators]
    return found
