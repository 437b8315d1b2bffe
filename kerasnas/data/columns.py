"""Targets that come as the columns of a data frame, and are given back as such."""

from kerasnas.data.naming import by_name
from kerasnas.errors import DataError, nearest


def columns_of(value):
    """Names of a data frame's columns, as a tuple; None for anything else, and for names that JSON cannot hold."""
    if not hasattr(value, "columns") or getattr(value, "ndim", 0) != 2:
        return None
    names = tuple(name.item() if hasattr(name, "item") else name for name in value.columns)
    return names if all(isinstance(name, (str, int)) for name in names) and len(set(names)) == len(names) else None


def target_columns(y, heads):
    """`columns_of` the targets, by head name; empty where the rows bring their targets."""
    return {} if y is None else {name: columns_of(value) for name, value in by_name(y, heads, "`y`").items()}


def in_order(y, columns):
    """Targets with the columns of data frames as they were in the data of `fit`.

    Args:
        y: targets, of several heads by name.
        columns: names of the columns, or None, by head name.

    Raises:
        DataError: if a data frame lacks a column.
    """
    if y is None or not any(columns.values()):
        return y
    return {name: ordered(value, columns[name]) for name, value in by_name(y, columns, "`y`").items()}


def ordered(value, columns, what="`y`"):
    """A data frame with these columns in this order; anything else, or where `columns` is None, as it is.

    Args:
        value: Rows or targets.
        columns: Names of the columns in the data of `fit`, or None.
        what: How a message calls it.

    Raises:
        DataError: If a column is missing.
    """
    found = columns_of(value)
    if columns is None or found is None:
        return value
    for name in columns:
        if name not in found:
            raise DataError(
                f"Expected {what} to have the columns of `fit`: {', '.join(map(str, columns))}. "
                f"Received: none called {name!r}.{nearest(name, found)}"
            )
    return value[list(columns)]


def framed(answers, columns):
    """Answers `(n, width)` as a data frame with these columns; as they are where `columns` is None."""
    if columns is None:
        return answers
    import pandas

    return pandas.DataFrame(answers, columns=list(columns))


def indexed(answers, x):
    """Answers that are a data frame with the index of the rows they are for, where these have one."""
    index = getattr(x, "index", None)
    if hasattr(answers, "columns") and index is not None and not callable(index) and len(index) == len(answers):
        return answers.set_axis(index, axis=0)
    return answers
