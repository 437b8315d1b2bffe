"""What a column holds, told from its values."""

import re
import warnings

import numpy as np

from kerasnas.data.tables.columns import Column, as_numbers, as_seconds, clean, is_missing, strings
from kerasnas.errors import DataError

LOOKED_AT = 2000  # distinct values that are looked at to tell a kind
NUMBERS = 0.95  # part of strings that must be numbers for a column of numbers
FEW = 24  # whole numbers of at most so many values are also told apart one by one,
FEW_OF_MANY = 128  # or so many, from
MANY = 5000  # rows on
NUMBERED = 50  # rows from which a number can be seen to stand for its row
MOST_VALUES = 1000  # categories that are told apart
MOST_WORDS = 256  # words of a text column that are told apart
CALENDAR = ("weekday", "month", "day", "year", "hour")

_MONTH = r"(jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*"
_DATE = re.compile(
    rf"^\s*(\d{{4}}[-/.]\d{{1,2}}([-/.]\d{{1,2}}([T ].*)?)?|\d{{1,2}}[-/.]\d{{1,2}}[-/.](\d{{4}}|\d{{2}})([T ,].*)?"
    rf"|\d{{1,2}}[- ]{_MONTH}[-, ]+\d{{2,4}}.*|{_MONTH} \d{{1,2}},? \d{{4}}.*)\s*$",
    re.IGNORECASE,
)

# Names of numbers that stand for rows: "id", "order_no", "PassengerId"; not "humid".
_ID = re.compile(
    r"(^|[\W_])(?i:id|no|nr|number|key|uid|guid)\W*$|[a-z](Id|ID|No|Nr|Number|Key)$|^(?i:index|idx|row|unnamed: 0)$"
)


def guess(name, raw, series, kind=None):
    """The `Column` of a pandas Series.

    Args:
        name: its name in the table.
        raw: name of the model's input.
        series: its values in all rows.
        kind: "numerical", "categorical", "date" or "text" where the user says; told from the values if None.

    Returns:
        The column, or a sentence why it is of no use.

    Raises:
        DataError: if its cells are lists, dicts or other objects, or not of the kind given.
    """
    _refuse_nested(name, series)
    missing = is_missing(series)
    if missing.all():
        return "holds no value"
    given, kind = kind, kind or _kind(series, missing)
    if given is None and kind == "numerical" and _numbers_rows(name, as_numbers(series)):
        return "numbers the rows; to keep it, say so in `column_types`"
    column = {"numerical": _numerical, "categorical": _categorical, "date": _date, "text": _text}[kind]
    return column(name, raw, series, missing)


def _refuse_nested(name, series):
    if series.dtype != object:
        return
    for kind in dict.fromkeys(map(type, series)):
        if issubclass(kind, (list, dict, tuple, set, np.ndarray)) or hasattr(kind, "columns"):
            raise DataError(
                f"Expected one value in each cell of the column '{name}'. Received: a {kind.__name__}; split it "
                "into columns of its own, or drop it."
            )


def _kind(series, missing):
    dtype = series.dtype
    if dtype.kind == "M" or "datetime" in str(dtype) or str(dtype).startswith("period"):
        return "date"
    if dtype.kind in "biufm" or (str(dtype) != "category" and hasattr(dtype, "numpy_dtype") and dtype.kind in "biuf"):
        return "numerical"
    if str(dtype) == "category":
        return "categorical"
    return _kind_of_strings(series[~missing])


def _kind_of_strings(values):
    distinct = values.drop_duplicates().head(LOOKED_AT)
    if all(hasattr(cell, "year") and hasattr(cell, "day") for cell in distinct):
        return "date"
    texts = [cell if isinstance(cell, str) else clean(cell) for cell in distinct]
    coded = any(re.match(r"^\s*0\d", text) for text in texts)  # 00501 is a code, not a quantity
    if not coded and np.mean(~np.isnan(as_numbers(distinct))) >= NUMBERS:
        return "numerical"
    if np.mean([bool(_DATE.match(text)) for text in texts]) >= NUMBERS:
        return "date"
    words = np.mean([len(text.split()) for text in texts])
    # Texts are long and seldom the same; a category of three words is met again and again.
    return "text" if words >= 3 and values.nunique() > max(0.5 * len(values), 8) else "categorical"


# ------------------------------------------------------------------ by kind
def _numerical(name, raw, series, missing):
    numbers = as_numbers(series)
    finite = numbers[np.isfinite(numbers)]
    if not len(finite):
        if len(numbers[~np.isnan(numbers)]):
            return "holds infinities only"
        raise DataError(f"Expected numbers in the column '{name}'. Received: {series[~missing].iloc[0]!r}.")
    lost = bool(np.isnan(numbers).any())
    distinct, counts = np.unique(numbers[~np.isnan(numbers)], return_counts=True)
    if len(distinct) < 2 and not lost:
        return f"holds {distinct[0]:g} in every row"
    whole = bool((finite == np.round(finite)).all())
    few = FEW_OF_MANY if len(numbers) >= MANY else FEW
    told = whole and 2 < len(distinct) <= few and np.isfinite(distinct).all()
    stored, values = _as_stored(distinct if told else distinct[:0], finite)
    return Column(name, raw, "numerical", stored, values, tuple(counts.tolist()) if told else (), missing=lost)


def _numbers_rows(name, numbers):
    """Whether a column numbers its rows, or did before some were taken out, as by a split into train and test.

    Measured numbers do not all differ and yet lie dense: n drawn from 2n numbers do so with a probability below 1e-6
    from n = 50 on. Sparse ones number rows only where their name says so, and steps of a grid (0, 2, 4, ...) do not.
    """
    if len(numbers) < NUMBERED or not (np.isfinite(numbers) & (numbers == np.round(numbers))).all():
        return False
    steps = np.diff(np.unique(numbers))
    if len(steps) < len(numbers) - 1:
        return False
    if steps.sum() <= 2 * len(numbers):
        return bool(np.gcd.reduce(steps.astype("int64")) == 1)
    return numbers.min() >= 0 and bool(_ID.search(name))


def _as_stored(values, numbers):
    """What `numbers` are stored as, and the `values` among them as they are then: 0.1 is another number in float32."""
    with np.errstate(over="ignore"):
        rounded = values.astype("float32").astype("float64")
    apart = np.isfinite(rounded).all() and len(np.unique(rounded)) == len(values)
    if apart and _precision(numbers) == "float32":
        return "float32", tuple(rounded.tolist())
    return "float64", tuple(values.tolist())


def _precision(numbers):
    """float64 for numbers whose differences are lost in float32: large beside how much they vary."""
    low, high = np.quantile(numbers, [0.25, 0.75])
    spread = high - low or numbers.std()
    with np.errstate(over="ignore", invalid="ignore"):
        error = np.abs(numbers.astype("float32").astype("float64") - numbers)
    small = np.abs(numbers) < 3e38
    return "float64" if small.any() and error[small].max() > 1e-4 * spread else "float32"


def _categorical(name, raw, series, missing):
    if series.dtype.kind in "biuf":
        return _codes(name, raw, series)
    texts = strings(series)  # here "none" is a value like any other, as it is for the exported model
    missing = texts == ""
    values, counts = _by_count(texts[~missing])
    if not len(values):
        return "holds no value"
    if len(values) < 2 and not missing.any():
        return f"holds {values[0]!r} in every row"
    if len(values) == (~missing).sum() >= 20:
        return "has another value in each row"
    kept = _kept(counts, len(texts))
    kept_values, kept_counts, rare = values[:kept].tolist(), counts[:kept].tolist(), int(counts[kept:].sum())
    if missing.any():
        kept_values, kept_counts = [*kept_values, ""], [*kept_counts, int(missing.sum())]
    return Column(name, raw, "categorical", "string", tuple(kept_values), tuple(kept_counts), rare, bool(missing.any()))


def _codes(name, raw, series):
    """Numbers that are categories, because the user says so."""
    numbers = as_numbers(series)
    given = numbers[np.isfinite(numbers)]
    values, counts = _by_count(given)
    lost = len(given) < len(numbers)
    if len(values) < 2 and not lost:
        return f"holds {values[0]:g} in every row"
    kept = _kept(counts, len(numbers))
    rare, (stored, known) = int(counts[kept:].sum()), _as_stored(values[:kept], given)
    return Column(name, raw, "categorical", stored, known, tuple(counts[:kept].tolist()), rare, lost)


def _by_count(values):
    """Distinct values and their counts, the most frequent first, equally frequent ones in order."""
    distinct, counts = np.unique(values, return_counts=True)
    order = np.argsort(-counts, kind="stable")
    return distinct[order], counts[order]


def _kept(counts, rows):
    """How many categories are told apart: those met twice or more, and of few rows all that are met."""
    least = 1 if rows < 100 else 2 if rows < 10_000 else 4
    return max(1, min(int((counts >= least).sum()), MOST_VALUES))


def _date(name, raw, series, missing):
    from pandas.tseries.api import guess_datetime_format

    written = None
    if series.dtype == object or "str" in str(series.dtype):
        texts = series[~missing].astype(object)
        texts = texts[texts.map(lambda cell: isinstance(cell, str))]
        sample = texts.drop_duplicates().head(LOOKED_AT)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # that a text fits the other order of day and month
            guesses = [
                guess_datetime_format(clean(text), dayfirst=bool(first))
                for text in sample.head(100)
                for first in (0, 1)
            ]
        formats = set(guesses) - {None}
        lost = {each: int(np.isnan(as_seconds_of(sample, each)).sum()) for each in sorted(formats)}
        written = min(lost, key=lambda each: (lost[each], "%d/%m" in each)) if lost else None
    seconds = as_seconds(series, written)
    given = seconds[np.isfinite(seconds)]
    if not len(given):
        raise DataError(f"Expected dates in the column '{name}'. Received: {series[~missing].iloc[0]!r}.")
    if len(np.unique(given)) < 2 and not missing.any():
        return "holds one date in every row"
    parts = tuple(part for part, values in calendar(np, given).items() if len(np.unique(values)) > 1)
    return Column(name, raw, "date", "float64", missing=bool(np.isnan(seconds).any()), format=written, parts=parts)


def as_seconds_of(series, written):
    """Dates by one format alone."""
    import pandas

    stamps = pandas.to_datetime(series.astype(object), errors="coerce", utc=True, format=written)
    return np.where(stamps.isna(), np.nan, 0.0)


def calendar(ops, seconds):
    """Parts of dates given as seconds since 1970 (UTC); weekday 0 is Monday, months and days count from 1.

    Args:
        ops: `numpy` or `keras.ops`.
        seconds: array or tensor in float64.

    Returns:
        A dict of arrays or tensors like `seconds`.

    Reference:
        H. Hinnant, "chrono-Compatible Low-Level Date Algorithms", 2013 (civil_from_days).
    """
    floor = ops.floor
    days = floor(seconds / 86400)
    era = floor((days + 719468) / 146097)
    of_era = days + 719468 - era * 146097
    year_of_era = floor((of_era - floor(of_era / 1460) + floor(of_era / 36524) - floor(of_era / 146096)) / 365)
    of_year = of_era - (365 * year_of_era + floor(year_of_era / 4) - floor(year_of_era / 100))
    shifted = floor((5 * of_year + 2) / 153)  # months from March on
    late = floor(shifted / 10)  # 1 in January and February, which belong to the year before
    return {
        "weekday": days + 3 - 7 * floor((days + 3) / 7),
        "month": shifted + 3 - 12 * late,
        "day": of_year - floor((153 * shifted + 2) / 5) + 1,
        "year": year_of_era + era * 400 + late,
        "hour": floor((seconds - days * 86400) / 3600),
    }


def _text(name, raw, series, missing):
    import collections

    texts = strings(series)
    seen = collections.Counter(word for text in texts for word in set(words_of(text)))
    least = max(2, len(texts) // 1000)
    kept = sorted((word for word, count in seen.items() if count >= least), key=lambda word: (-seen[word], word))
    if not kept:
        return "holds texts that share no word"
    return Column(name, raw, "text", "string", missing=bool(missing.any()), words=tuple(kept[:MOST_WORDS]))


PUNCTUATION = r'!"#$%&()\*\+,-\./:;<=>?@\[\\\]^_`{|}~\''
"""What Keras's TextVectorization strips."""


def words_of(text):
    """The words of a text as Keras's TextVectorization finds them."""
    return re.sub(f"[{PUNCTUATION}]", "", text.lower()).split()
