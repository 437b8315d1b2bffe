"""One column of a table: what it holds, and its values as the model takes them."""

import math
import sys
from dataclasses import asdict, dataclass

import numpy as np

from kerasnas.errors import DataError

MISSING = ("", "?", "na", "n/a", "nan", "null", "none", "nat", "<na>", "-")


@dataclass(frozen=True)
class Column:
    """What is known of a column.

    Args:
        name: its name in the table.
        raw: the model's input: an identifier.
        kind: "numerical", "categorical", "date" or "text".
        stored: what the model takes: "float32", "float64" (numbers that float32 cannot tell apart, and dates as seconds
            since 1970), or "string".
        values: the categories that are told apart, the most frequent first: strings, or numbers.
        counts: how often each occurred.
        rare: how often others did.
        missing: whether there were missing values.
        format: how dates are written, as `strptime` takes it; None where they are no strings.
        parts: of a date: which of "weekday", "month", "day", "year", "hour" differ between rows.
        words: of a text: the words that are told apart.
    """

    name: str
    raw: str
    kind: str
    stored: str = "float32"
    values: tuple = ()
    counts: tuple = ()
    rare: int = 0
    missing: bool = False
    format: str | None = None
    parts: tuple = ()
    words: tuple = ()

    def __repr__(self):
        vocabulary = f", {len(self.values) + len(self.words)} values" if self.values or self.words else ""
        return f"Column({self.name!r}, {self.kind}, {self.stored}{vocabulary}{', missing' * self.missing})"

    def array(self, series, what):
        """The values of a pandas Series as the model takes them, `(n, 1)`.

        Raises:
            DataError: if they are of another kind than those that were learnt.
        """
        if self.stored == "string":
            try:
                return strings(series)[:, None]
            except TypeError as error:  # lists and dicts have no hash
                raise DataError(
                    f"Expected one value in each cell of the column '{self.name}' of {what}. Received: {error}."
                ) from error
        numbers = self._seconds(series, what) if self.kind == "date" else self._numbers(series, what)
        with np.errstate(over="ignore"):
            return numbers.astype(self.stored)[:, None]

    def _numbers(self, series, what):
        numbers = as_numbers(series)
        if series.dtype.kind not in "biuf" and len(series):
            lost = np.isnan(numbers) & ~is_missing(series)
            if lost.all() or (lost.mean() > 0.5 and len(series) > 1):
                example = series[lost].iloc[0]
                raise DataError(f"Expected numbers in the column '{self.name}' of {what}. Received: {example!r}.")
        return numbers

    def _seconds(self, series, what):
        seconds = as_seconds(series, self.format)
        lost = np.isnan(seconds) & ~is_missing(series)
        if len(series) and lost.all():
            raise DataError(f"Expected dates in the column '{self.name}' of {what}. Received: {series.iloc[0]!r}.")
        return seconds

    def to_json(self):
        """A dict of plain JSON values."""
        return asdict(self)

    @classmethod
    def from_json(cls, values):
        """The column that `to_json` wrote."""
        return cls(**{name: tuple(value) if isinstance(value, list) else value for name, value in values.items()})


def strings(series):
    """Values as an object array of str `(n,)`, stripped; "" where they are missing."""
    if isinstance(series.dtype, np.dtype) and series.dtype.kind in "biuf":
        return np.array([_plain_number(value) for value in series.to_numpy()], dtype=object)
    import pandas

    codes, distinct = pandas.factorize(series.astype(object).to_numpy())
    cleaned = np.array([*(clean(value) for value in distinct), ""], dtype=object)
    return cleaned[codes]  # missing values have the code -1


def clean(value):
    """A cell as a string that any file format can hold."""
    if isinstance(value, bytes):
        value = value.decode("utf-8", "replace")
    elif isinstance(value, (float, np.floating)):
        value = _plain_number(value)
    return str(value).strip().encode("utf-8", "replace").decode("utf-8").replace("\0", "")


def _plain_number(value):
    """7.0 is written "7": the same code in a column of integers and, where one is missing, of floats."""
    if isinstance(value, (float, np.floating)):
        if np.isnan(value):
            return ""
        if float(value).is_integer() and abs(value) < 1e15:
            return str(int(value))
    return str(value)


def as_numbers(series):
    """Values as float64 `(n,)`; NaN where they are missing or no numbers."""
    import pandas

    if series.dtype.kind == "m":
        return series.dt.total_seconds().to_numpy("float64")
    if series.dtype.kind in "biuf" or pandas.api.types.is_bool_dtype(series.dtype):
        return series.to_numpy("float64", na_value=np.nan)
    if pandas.api.types.is_numeric_dtype(series.dtype):
        return series.astype("Float64").to_numpy("float64", na_value=np.nan)
    plain = series.astype(object)
    if not pandas.api.types.is_string_dtype(series.dtype):
        plain = plain.map({True: 1.0, False: 0.0, "True": 1.0, "False": 0.0}).where(plain.map(_is_bool), plain)
    try:
        numbers = pandas.to_numeric(plain, errors="coerce")
    except OverflowError:  # a whole number of hundreds of digits
        numbers = pandas.to_numeric(plain.map(_within_floats), errors="coerce")
    return numbers.to_numpy("float64", na_value=np.nan)


def _within_floats(cell):
    """A whole number that no float holds as the infinite one that it is read as from a file."""
    if isinstance(cell, int) and abs(cell) > sys.float_info.max:
        return math.inf if cell > 0 else -math.inf
    return cell


def _is_bool(cell):
    return isinstance(cell, (bool, np.bool_))


def is_missing(series):
    """Where values are missing, or strings that say so."""
    missing = series.isna().to_numpy()
    if series.dtype.kind in "biufMm":
        return missing
    told = series.astype(object).map(lambda cell: isinstance(cell, str) and cell.strip().lower() in MISSING)
    return missing | told.to_numpy(bool)


def as_seconds(series, written=None):
    """Dates as seconds since 1970 in UTC, float64 `(n,)`; NaN where they are missing or no dates."""
    import pandas

    if series.dtype.kind in "biuf":  # seconds already, as the exported model takes them
        return series.to_numpy("float64")
    if isinstance(series.dtype, pandas.PeriodDtype):
        series = series.dt.to_timestamp()
    arrow = isinstance(series.dtype, pandas.ArrowDtype)  # days without a time of day, or moments of some zone
    if arrow or (series.dtype.kind != "M" and not isinstance(series.dtype, pandas.DatetimeTZDtype)):
        texts = series.astype(object)
        parsed = _parsed(texts, written)
        lost = parsed.isna() & ~texts.isna()
        if written is not None and lost.any():  # written in another way than the rest
            parsed = parsed.where(~lost, _parsed(texts.where(lost), "mixed"))
        series = parsed
    elif isinstance(series.dtype, pandas.DatetimeTZDtype):
        series = series.dt.tz_convert("UTC")
    stamps = series.astype("datetime64[us, UTC]" if getattr(series.dt, "tz", None) is not None else "datetime64[us]")
    seconds = stamps.astype("int64").to_numpy("float64") / 1e6
    return np.where(series.isna().to_numpy(), np.nan, seconds)


def _parsed(texts, written):
    import pandas

    return pandas.to_datetime(texts, errors="coerce", utc=True, format=written)
