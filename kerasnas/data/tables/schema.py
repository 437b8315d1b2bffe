"""What is learnt of a table from the rows of `fit`, and new rows as the model takes them."""

import logging
import re
from dataclasses import dataclass

from kerasnas.data.tables.columns import Column
from kerasnas.data.tables.frames import as_frame, missing_column
from kerasnas.data.tables.guessing import guess
from kerasnas.errors import ArgumentError, DataError, nearest

KINDS = ("numerical", "categorical", "date", "text")
log = logging.getLogger("kerasnas")


@dataclass(frozen=True)
class TableSchema:
    """The columns of a table.

    Args:
        columns: the `Column`s that are used, in the table's order.
        dropped: why others are not, by name.
        named: whether rows brought names, so that others of the same width may not be taken without.
    """

    columns: tuple
    dropped: dict
    named: bool = True

    @property
    def names(self):
        """Names of the model's inputs, one for each column."""
        return tuple(column.raw for column in self.columns)

    def arrays(self, value, what="`x`"):
        """New rows as arrays `(n, 1)` by input name.

        Args:
            value: a table in any form that `fit` takes.
            what: how a message calls it.

        Raises:
            DataError: if a column is missing or holds values of another kind.
        """
        if hasattr(value, "index") and hasattr(value, "to_dict") and getattr(value, "ndim", 0) == 1:
            row = value.to_dict()
            value = row if all(column.name in row for column in self.columns) else value  # as of `frame.iloc[0]`
        frame = as_frame(value, what, self._all_names() if self._fits_unnamed(value) else None)
        found = {}
        for column in self.columns:
            if column.name not in frame.columns:
                raise missing_column(column.name, frame.columns, what)
            found[column.raw] = column.array(frame[column.name], what)
        return found

    def _all_names(self):
        return self._order

    @property
    def _order(self):
        places = {name: place for name, (place, _) in self.dropped.items()}
        names = [column.name for column in self.columns]
        for name, place in sorted(places.items(), key=lambda item: item[1]):
            names.insert(place, name)
        return names

    def _fits_unnamed(self, value):
        """Whether rows without names have as many columns as those of `fit`: then they are in the same order."""
        width = getattr(value, "shape", (0, 0))[-1:] if not hasattr(value, "columns") else ()
        rows = isinstance(value, (list, tuple)) and value and not isinstance(value[0], dict)
        if rows and hasattr(value[0], "__len__"):
            width = (len(value[0]),)
        return bool(width) and width[0] == len(self.columns) + len(self.dropped)

    def to_json(self):
        """A dict of plain JSON values; see `from_json`."""
        columns = [column.to_json() for column in self.columns]
        return {"type": "table", "columns": columns, "dropped": self.dropped, "named": self.named}

    @classmethod
    def from_json(cls, values):
        """The schema that `to_json` wrote."""
        columns = tuple(Column.from_json(column) for column in values["columns"])
        dropped = {name: tuple(why) for name, why in values["dropped"].items()}
        return cls(columns, dropped, values["named"])


def learn_table(value, what="`x`", column_names=None, column_types=None, prefix=""):
    """The schema of a table.

    Columns that tell nothing (one value, no value, a number of the row, another string in each row) are dropped, and
    the log says which.

    Args:
        value: DataFrame, path of a CSV or Parquet file, array `(n, columns)`, dict of columns, list of dicts or rows.
        what: how a message calls it.
        column_names: names for rows that bring none, or, of a table with names, those that are used.
        column_types: "numerical", "categorical", "date" or "text" by column name; told from the values otherwise.
        prefix: put before the names of the model's inputs, where tables or others stand beside it.

    Raises:
        DataError: if it cannot be learnt from.
        ArgumentError: if names or types are given that do not fit.
    """
    frame = as_frame(value, what, column_names if not _has_names(value) else None)
    if column_names is not None and _has_names(value):
        for name in column_names:
            if name not in frame.columns:
                raise missing_column(name, frame.columns, what)
        frame = frame[list(column_names)]
    if len(frame) < 2:
        raise DataError(f"Expected at least 2 rows in {what} to learn from. Received: {len(frame)}.")
    types = _checked_types(column_types, frame.columns)
    columns, dropped, raw = [], {}, raw_names(frame.columns, prefix)
    for place, name in enumerate(frame.columns):
        column = guess(name, raw[name], frame[name], types.get(name))
        if isinstance(column, str):
            dropped[name] = (place, column)
        else:
            columns.append(column)
    if not columns:
        told = "; ".join(f"'{name}' {why}" for name, (_, why) in list(dropped.items())[:5])
        raise DataError(f"Expected a column in {what} that differs between rows. Received: {told}.")
    for name, (_, why) in dropped.items():
        log.warning("The column '%s' is left out: it %s.", name, why)
    return TableSchema(tuple(columns), dropped, _has_names(value))


def _has_names(value):
    if isinstance(value, (list, tuple)):
        return bool(value) and isinstance(value[0], dict)
    return isinstance(value, (str, dict)) or any(hasattr(value, each) for each in ("columns", "suffix", "element_spec"))


def _checked_types(types, names):
    types = dict(types or {})
    for name, kind in types.items():
        if name not in names:
            raise ArgumentError(f"Expected `column_types` by column name.{nearest(name, names)} Received: {name!r}.")
        if kind not in KINDS:
            raise ArgumentError(
                f"Expected a column type among {list(KINDS)}.{nearest(kind, KINDS)} Received: {kind!r}."
            )
    return types


def raw_names(names, prefix=""):
    """A model input for each column name: an identifier, as graphs and signatures need it, and no two alike."""
    found, used = {}, set()
    for name in names:
        base = prefix + (re.sub(r"[^0-9A-Za-z_]+", "_", name).strip("_") or "column")
        base = base if base[0].isalpha() else f"column_{base}"
        raw, count = base, 1
        while raw.lower() in used:
            count += 1
            raw = f"{base}_{count}"
        used.add(raw.lower())
        found[name] = raw
    return found
