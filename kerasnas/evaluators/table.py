"""Scores that are looked up in a table: benchmarks of architecture search, without training."""

import copy
import hashlib
import math
import numbers
from functools import cached_property
from pathlib import Path

from kerasnas.contract import Evaluator, Measurement
from kerasnas.errors import ArgumentError, DataError, SpaceError, nearest

COSTS = ("params", "flops", "latency")


class Table(Evaluator):
    """What is known of every architecture, from a Parquet or CSV file.

    Architectures are found by their answers, and else by their canonical form, so that isomorphic cells meet. One that
    is not in the table is an error: nothing is made up.

    Args:
        source: Path of a `.parquet` or `.csv` file (`.csv.gz` too), or a data frame with a row for each architecture.
        space: The `Space` the rows are of.
        decisions: Dict from the path of each decision to its column.
        metrics: Dict from a name, such as "val_accuracy", "test_accuracy", "params", "flops" or "latency", to its
            column; `{epochs}` in a column stands for the fidelity.
        answers: Dict from what stands in the decisions' columns to the answers of the space; as it stands if None.
        seconds: Column of the training time in seconds, or one number for all; the simulated time of a trial.
        fidelity: What stands for `{epochs}` where a proposal says nothing, such as `{"epochs": 12}`.

    Raises:
        DataError: If the file cannot be read, a column is missing, or two rows are of one architecture.
    """

    save = False  # looking up makes no models

    def __init__(self, source, space, decisions, metrics, answers=None, seconds=0.0, fidelity=None):
        self.space, self.decisions, self.metrics = space, dict(decisions), dict(metrics)
        self.seconds, self.fidelity = seconds, dict(fidelity or {})
        self.frame = source if hasattr(source, "columns") else read(source)
        for column in (*self.decisions.values(), *self._columns({}), *self._time()):
            self._check(column)
        self.rows = self._indexed(answers)

    def _time(self):
        return () if isinstance(self.seconds, numbers.Real) else (self.seconds,)

    def _check(self, column):
        if column not in self.frame.columns:
            known = list(map(str, self.frame.columns))
            raise DataError(
                f"Expected a column '{column}' in the table.{nearest(column, known)} Received: {known[:12]}."
            )

    def _columns(self, fidelity):
        known = {**self.fidelity, **fidelity}
        try:
            return [str(column).format(**known) for column in self.metrics.values()]
        except KeyError as error:
            raise ArgumentError(f"Expected `fidelity` to say {error}, as a column needs. Received: {known}.") from error

    def _indexed(self, answers):
        columns = [self.frame[column].tolist() for column in self.decisions.values()]
        unknown = [value for column in columns for value in map(_plain, column) if value not in (answers or (value,))]
        if unknown:
            raise DataError(f"Expected `answers` to translate all that stands in the table. Received: {unknown[0]!r}.")
        translate = _plain if answers is None else lambda value: answers[_plain(value)]
        rows = {tuple(map(translate, answered)): row for row, answered in enumerate(zip(*columns))}
        if len(rows) < len(self.frame):
            raise DataError(
                f"Expected a row for each architecture. Received: {len(self.frame) - len(rows)} rows of architectures "
                "that have one already."
            )
        return rows

    def describe(self):
        told = self.frame.to_csv(index=False).encode()
        digest = hashlib.blake2b(told, digest_size=8).hexdigest()
        told = {"decisions": self.decisions, "metrics": self.metrics, "fidelity": self.fidelity}
        return {"name": "Table", "rows": len(self.frame), "digest": digest, "seconds": self.seconds, **told}

    # ---------------------------------------------------------------- queries
    def query(self, architecture, **fidelity):
        """What the table knows of an architecture: a dict by the names of `metrics`, and "seconds".

        Args:
            architecture: An `Architecture` of the space.
            **fidelity: Such as `epochs=12`, for columns with `{epochs}`.

        Raises:
            DataError: If the architecture, or the fidelity, is not in the table.
        """
        return self._told(self.row(architecture), fidelity)

    def row(self, architecture):
        """The number of an architecture's row, or of an isomorphic one's."""
        found = self._found(architecture)
        if found is None:
            raise DataError(f"Expected an architecture that is in the table. Received: {architecture}.")
        return found

    def _found(self, architecture):
        found = self.rows.get(self._key(architecture))
        return self._forms.get(self._form(architecture)) if found is None else found

    def _key(self, architecture):
        spare = [path for path in architecture if path not in self.decisions]
        if spare:
            raise DataError(f"Expected the table to have a column for each decision. Received: none for {spare[:3]}.")
        return tuple(architecture.get(path) for path in self.decisions)

    def _form(self, architecture):
        try:
            return self.space.canonical(architecture)
        except SpaceError:
            return None

    @cached_property
    def _forms(self):
        return {self._form(each): row for row, each in reversed(list(enumerate(self.architectures())))}

    def with_metrics(self, metrics):
        """A copy that tells other columns, by other names."""
        other = copy.copy(self)
        other.metrics = dict(metrics)
        for column in other._columns({}):
            other._check(column)
        return other

    def column(self, name):
        """A metric of all rows, in their order."""
        return self._lists(self._columns({})[list(self.metrics).index(name)])

    def architectures(self):
        """The architectures of all rows, in their order."""
        from kerasnas.space import Architecture

        keys = ({path: value for path, value in zip(self.decisions, key) if value is not None} for key in self.rows)
        return [Architecture(key) for key in keys]

    def _told(self, row, fidelity):
        columns = self._columns(fidelity)
        for column in columns:
            self._check(column)
        told = {name: self._value(column, row) for name, column in zip(self.metrics, columns)}
        seconds = self._time()
        return {**told, "seconds": self._value(seconds[0], row) if seconds else float(self.seconds)}

    def _value(self, column, row):
        return float(self._lists(column)[row])

    def _lists(self, column):
        """A column as a list: a data frame takes longer to read a cell of."""
        if column not in self.__dict__.setdefault("_read", {}):
            self._read[column] = self.frame[column].tolist()
        return self._read[column]

    # -------------------------------------------------------------- evaluator
    @property
    def prices(self):
        return tuple(name for name in COSTS if name in self.metrics)

    @property
    def varies_epochs(self):
        return any("{epochs" in str(column) for column in self.metrics.values())

    def price(self, architecture):
        """What the table tells of the cost of an architecture; empty where it is not in the table."""
        row = self._found(architecture)
        told = {} if row is None else self._told(row, {})
        return {name: told[name] for name in self.prices if name in told}

    def evaluate(self, proposal, report):
        told = self.query(proposal.architecture, **proposal.fidelity)
        seconds = told.pop("seconds")
        report(1, told)
        extra = {name: told[name] for name in COSTS if name in told}
        return Measurement(told, ({"epoch": 1, **told},), seconds, extra)


def read(path):
    """A data frame from a Parquet or CSV file.

    Raises:
        ArgumentError: If it is neither.
        DataError: If it cannot be read.
    """
    import pandas as pd

    path = Path(path)
    readers = {".parquet": pd.read_parquet, ".csv": pd.read_csv, ".gz": pd.read_csv}
    if path.suffix not in readers:
        raise ArgumentError(f"Expected a .parquet or .csv file. Received: {path.name}.")
    try:
        return readers[path.suffix](path)
    except (OSError, ValueError) as error:
        raise DataError(f"Expected a table in {path}. Received: {error}.") from error


def _plain(value):
    return None if value is None or (isinstance(value, float) and math.isnan(value)) else value
