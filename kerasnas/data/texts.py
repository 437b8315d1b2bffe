"""Checked arrays of texts, and what can be told of them at a glance."""

import warnings
from dataclasses import dataclass

import numpy as np

from kerasnas.data.values import as_values, refuse_empty
from kerasnas.errors import DataError

LONGEST = 1_000_000  # characters of a text that are read
LOOKED_AT = 5_000  # texts whose lengths are measured
UNSPACED = 15  # characters a word: more on average, and the script puts no spaces between words


def as_texts(value, what):
    """Texts as an object array of Python strings, or sequences of token ids as int32.

    Args:
        value: list, array, Series or DataFrame of strings or UTF-8 bytes, `(n,)` or `(n, columns)` for several texts
            in a row; `(n, 1)` becomes `(n,)`. Whole numbers `(n, steps)` are ids of tokens, padded with 0.
        what: how a message calls it, such as "`x`".

    Returns:
        `(n,)` or `(n, columns)` of str; `(n, steps)` of int32 for ids.

    Raises:
        DataError: if a value is missing or no text.
    """
    texts = as_values(value, what)
    if texts.ndim not in (1, 2):
        raise DataError(f"Expected {what} to be texts of shape (n,) or (n, columns). Received: shape {texts.shape}.")
    refuse_empty(texts, what)
    if texts.ndim == 2 and texts.dtype.kind in "iu":
        return _as_ids(texts, what)
    texts = texts.astype(object)
    _refuse_missing(texts, what)
    flat = [cell.decode("utf-8", "replace") if isinstance(cell, bytes) else cell for cell in texts.ravel()]
    strange = [place for place, cell in enumerate(flat) if not isinstance(cell, str)]
    if strange:
        columns = texts.shape[1] if texts.ndim == 2 else 1
        raise DataError(
            f"Expected {what} to hold texts. Received: {flat[strange[0]]!r} of type {type(flat[strange[0]]).__name__} "
            f"in row {strange[0] // columns} ({len(strange)} such values in all); numbers that stand for texts can be "
            "passed as strings, columns of numbers belong in a table."
        )
    checked = np.empty(len(flat), object)
    checked[:] = [_clean(cell) for cell in flat]
    if any(len(cell) > LONGEST for cell in flat):
        warnings.warn(f"Texts longer than {LONGEST:,} characters are read up to there.", stacklevel=2)
    checked = checked.reshape(texts.shape)
    return checked[:, 0] if checked.ndim == 2 and checked.shape[1] == 1 else checked


def _clean(text):
    """A Python string that can be written as UTF-8: halves of surrogate pairs become question marks."""
    text = str(text[:LONGEST])
    return text if text.isascii() else text.encode("utf-8", "replace").decode("utf-8")


def _as_ids(ids, what):
    low, high = int(ids.min()), int(ids.max())
    if low < 0 or high >= 2**31:
        raise DataError(f"Expected ids of tokens in {what} from 0 on. Received: {low if low < 0 else high}.")
    return ids.astype("int32")


def _refuse_missing(texts, what):
    import pandas

    missing = pandas.isna(texts)
    if missing.any():
        rows = np.unique(np.argwhere(missing)[:, 0])
        raise DataError(
            f"Expected {what} without missing texts. Received: {texts[missing][0]} in {len(rows)} rows, the first of "
            f"them row {rows[0]}; drop them, or fill them with empty texts: .fillna('')."
        )


@dataclass(frozen=True)
class TextTraits:
    """What is told of texts before anything is learnt, so that vocabularies and lengths are of a fitting size.

    Args:
        rows: Number of texts.
        words: Words of a long text (98 of 100 are no longer); ids, for sequences of them.
        characters: Characters of a long text.
        total_words, total_characters: Of all texts, about.
        spaced: Whether the script puts spaces between words.
        tokens: For sequences of ids, one more than the greatest; None for texts.
    """

    rows: int
    words: int
    characters: int
    total_words: int
    total_characters: int
    spaced: bool = True
    tokens: int | None = None

    @classmethod
    def of(cls, rows):
        """Those of rows that `as_texts` gave.

        Raises:
            DataError: if all of them are empty.
        """
        if rows.dtype != object:
            steps = rows.shape[1]
            return cls(len(rows), steps, steps, rows.size, rows.size, tokens=int(rows.max()) + 1)
        if not any(text.strip() for text in rows.ravel()):
            raise DataError(f"Expected texts to learn from. Received: {len(rows)} rows without a single word.")
        some = rows[:: max(1, len(rows) // LOOKED_AT)]
        lines = some if some.ndim == 1 else [" ".join(row) for row in some]
        words, characters = [len(line.split()) for line in lines], [len(line) for line in lines]
        share = len(rows) / len(lines)
        long = [max(1, int(np.percentile(lengths, 98))) for lengths in (words, characters)]
        spaced = sum(characters) <= UNSPACED * max(sum(words), 1)
        return cls(len(rows), *long, int(sum(words) * share), int(sum(characters) * share), spaced)
