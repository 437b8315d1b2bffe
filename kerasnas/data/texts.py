"""Checked arrays of texts."""

import numpy as np

from kerasnas.data.values import as_values, refuse_empty, refuse_missing
from kerasnas.errors import DataError


def as_texts(value, what):
    """Texts as an object array of Python strings: `(n,)`, or `(n, columns)` for several texts in a row.

    Args:
        value: list, array, Series or DataFrame of strings or UTF-8 bytes; `(n, 1)` becomes `(n,)`.
        what: how a message calls it, such as "`x`".

    Raises:
        DataError: if a value is missing or no text.
    """
    texts = as_values(value, what)
    if texts.ndim not in (1, 2):
        raise DataError(f"Expected {what} to be texts of shape (n,) or (n, columns). Received: shape {texts.shape}.")
    refuse_empty(texts, what)
    texts = texts.astype(object)
    refuse_missing(texts, what)
    flat = [cell.decode("utf-8", "replace") if isinstance(cell, bytes) else cell for cell in texts.ravel()]
    for place, cell in enumerate(flat):
        if not isinstance(cell, str):
            raise DataError(
                f"Expected {what} to hold texts. Received: {cell!r} of type {type(cell).__name__} in row "
                f"{place // (texts.shape[1] if texts.ndim == 2 else 1)}."
            )
    checked = np.empty(len(flat), object)
    checked[:] = [str(cell) for cell in flat]
    checked = checked.reshape(texts.shape)
    return checked[:, 0] if checked.ndim == 2 and checked.shape[1] == 1 else checked
