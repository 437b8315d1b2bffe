"""Anything that holds a table as a data frame with distinct column names that are strings."""

from pathlib import Path

import numpy as np

from kerasnas.data.flows import at_once
from kerasnas.errors import DataError, nearest

READERS = {
    ".csv": "read_csv",
    ".tsv": "read_csv",
    ".txt": "read_csv",
    ".parquet": "read_parquet",
    ".pq": "read_parquet",
}
PACKED = (".gz", ".bz2", ".zip", ".xz", ".zst")


def as_frame(value, what, names=None):
    """A `pandas.DataFrame` with column names that are strings and differ.

    Args:
        value: DataFrame, Series, path of a CSV or Parquet file, array `(n, columns)`, dict of columns, list of dicts or
            of rows, or a tf.data.Dataset of dicts of columns or of rows.
        what: how a message calls it, such as "`x`".
        names: column names for rows that bring none, such as those of an array.

    Raises:
        DataError: if it is no table, has no rows, or names a column twice.
    """
    import pandas

    if value is None:
        raise DataError(f"Expected {what} to hold a table. Received: None.")
    if is_path(value):
        frame = read_frame(value)
    elif isinstance(value, pandas.DataFrame):
        frame = value
    elif isinstance(value, pandas.Series):
        frame = value.to_frame(value.name if value.name is not None else "column_0")
    elif isinstance(value, dict):
        frame = _of_columns(value, what)
    elif hasattr(value, "element_spec"):
        return as_frame(at_once(value, {what: "table"})[0], what, names)
    elif isinstance(value, (list, tuple)) and value and all(isinstance(row, dict) for row in value):
        frame = pandas.DataFrame.from_records(value)
    else:
        frame = _of_rows(value, what, names)
    return checked(frame, what)


def is_path(value):
    """Whether a value is meant as the path of a file."""
    return isinstance(value, (str, Path))


def read_frame(path):
    """The table in a CSV or Parquet file, packed or not.

    Raises:
        DataError: if there is no such file, or it does not hold a table.
    """
    import pandas

    path = Path(path)
    kinds = [suffix.lower() for suffix in path.suffixes if suffix.lower() not in PACKED]
    if not path.is_file():
        raise DataError(f"Expected the path of a table. Received: {str(path)!r}, where there is no file.")
    if not kinds or kinds[-1] not in READERS:
        raise DataError(f"Expected a file that ends in {', '.join(READERS)}. Received: {path.name!r}.")
    reader = READERS[kinds[-1]]
    named = {"sep": "\t"} if kinds[-1] == ".tsv" else {}
    try:
        if reader == "read_csv":
            _refuse_binary(path)
            named |= {"skipinitialspace": True, "low_memory": False}
        frame = getattr(pandas, reader)(path, **named)
        separator = _separator(frame) if reader == "read_csv" else None
        if separator is not None:
            named["sep"] = separator
            frame = pandas.read_csv(path, **named)
        twice = _twice(path, named) if reader == "read_csv" else None
    except DataError:
        raise
    except Exception as error:  # parsers of CSV and Parquet raise errors of many libraries
        told = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        raise DataError(f"Expected {path.name} to hold a table of equally long rows. Received: {told}") from error
    if twice is not None:
        raise DataError(f"Expected column names that differ in {path.name}. Received: {twice!r} twice.")
    return frame


def _refuse_binary(path):
    if path.suffix.lower() in PACKED:
        return
    with open(path, "rb") as file:
        start = file.read(4096)
    if not start.strip():
        raise DataError(f"Expected {path.name} to hold a table. Received: an empty file.")
    if b"\0" in start:
        raise DataError(f"Expected {path.name} to be text with a row a line. Received: a binary file.")


def _separator(frame):
    """What separates the columns of a file that commas do not: European spreadsheets use semicolons."""
    if frame.shape[1] > 1:
        return None
    return next((separator for separator in (";", "\t", "|") if separator in str(frame.columns[0])), None)


def _twice(path, named):
    """A name that stands twice in the first line: pandas would call the second `age.1`."""
    import pandas

    names = pandas.read_csv(path, **named, header=None, nrows=1, dtype=str).iloc[0].dropna()
    return next(iter(names[names.duplicated()]), None)


def _of_columns(columns, what):
    import pandas

    lengths = {name: _length(column) for name, column in columns.items()}
    if len(set(lengths.values())) > 1:
        (name, length), (other, different) = _two_that_differ(lengths)
        raise DataError(
            f"Expected columns of one length in {what}. Received: {length} rows of '{name}' and {different} of "
            f"'{other}'."
        )
    return pandas.DataFrame({name: _flat(column, name, what) for name, column in columns.items()})


def _length(column):
    return len(column) if hasattr(column, "__len__") and not isinstance(column, (str, bytes)) else 1


def _two_that_differ(lengths):
    first = next(iter(lengths.items()))
    return first, next(item for item in lengths.items() if item[1] != first[1])


def _flat(column, name, what):
    if isinstance(column, (str, bytes)) or not hasattr(column, "__len__"):
        return [column]  # a single row, as of `predict({"age": 30, ...})`
    if hasattr(column, "to_list"):  # a Series keeps its type
        return column.array if hasattr(column, "array") else column
    array = column.numpy() if hasattr(column, "numpy") else column
    if isinstance(array, np.ndarray) and array.ndim > 1:
        if array.size != len(array):
            raise DataError(f"Expected one value a row in the column '{name}' of {what}. Received: {array.shape}.")
        return array.reshape(-1)
    return array


def _of_rows(value, what, names):
    import pandas

    value = value.detach().cpu() if hasattr(value, "detach") else value
    value = value.toarray() if hasattr(value, "toarray") else value
    try:
        array = value.numpy() if hasattr(value, "numpy") else value
        array = np.asarray(array) if hasattr(array, "__array__") else array
        shape = np.shape(array) if isinstance(array, np.ndarray) else None
        if shape is not None and len(shape) != 2:
            hint = "; a single row needs a row axis: x[None]" if len(shape) == 1 else ""
            raise DataError(f"Expected {what} to be a table (n, columns). Received: shape {shape}{hint}.")
        frame = pandas.DataFrame(array)
    except (ValueError, TypeError, AssertionError) as error:
        if isinstance(error, DataError):
            raise
        raise DataError(f"Expected {what} to hold a table. Received: {type(value).__name__}; {error}.") from error
    if names is not None and len(names) != frame.shape[1]:
        raise DataError(f"Expected {len(names)} columns in {what}, as named. Received: {frame.shape[1]}.")
    frame.columns = list(names) if names is not None else [f"column_{i}" for i in range(frame.shape[1])]
    return frame


def checked(frame, what):
    """`frame` with its names as strings.

    Raises:
        DataError: if it has no row or no column, or two columns of one name.
    """
    names = [_name(name) for name in frame.columns]
    if not names:
        raise DataError(f"Expected {what} to have columns. Received: none.")
    if len(frame) == 0:
        raise DataError(f"Expected {what} to have at least one row. Received: none.")
    for name, dtype in zip(names, frame.dtypes):
        if dtype.kind == "c":
            raise DataError(f"Complex data not supported: expected real numbers in {what}. Received: column {name!r}.")
    if len(set(names)) < len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise DataError(f"Expected column names of {what} that differ. Received: {twice!r} {names.count(twice)} times.")
    if names != list(frame.columns):
        frame = frame.set_axis(names, axis=1)
    return frame


def _name(label):
    return "_".join(str(part) for part in label if str(part)) if isinstance(label, tuple) else str(label)


def missing_column(name, known, what):
    """The error of a column that is not there."""
    return DataError(f"Expected the column {name!r} in {what}.{nearest(name, known)} Received: {_some(known)}.")


def _some(names):
    names = list(names)
    return ", ".join(repr(name) for name in names[:8]) + (f" and {len(names) - 8} more" if len(names) > 8 else "")
