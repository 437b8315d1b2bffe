"""Columns of data frames: rows are read by their names, targets are given back with them."""

from kerasnas.data.flows import is_flow
from kerasnas.data.naming import by_name, title
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


def input_columns(x, inputs):
    """Names of the columns of data frames, by input name, where they are strings; tables are read by names anyway.

    Args:
        x: Rows, as of `fit`.
        inputs: Kind of each input, by name.
    """
    if is_flow(x) or x is None or ("table" in inputs.values() and len(inputs) == 1):
        return {}
    found = {name: columns_of(value) for name, value in by_name(x, inputs, "`x`").items() if inputs[name] != "table"}
    return {name: names for name, names in found.items() if names and all(isinstance(each, str) for each in names)}


def rows_in_order(x, columns, inputs, what="`x`"):
    """Rows with the columns of data frames as they were in the data of `fit`.

    Args:
        x: Rows, of several inputs by name.
        columns: What `input_columns` found in the data of `fit`.
        inputs: Kind of each input, by name.
        what: How a message calls them.

    Raises:
        DataError: If a data frame lacks a column.
    """
    if not columns or x is None or is_flow(x):
        return x
    parts = by_name(x, inputs, what).items()
    found = {name: ordered(value, columns.get(name), title(what, name, inputs)) for name, value in parts}
    return found if len(found) > 1 else next(iter(found.values()))


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
