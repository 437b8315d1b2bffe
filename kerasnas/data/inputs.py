"""Checked arrays for the kinds of input that are one array; a table is read by its schema."""

import numpy as np

from kerasnas.data.series import as_series
from kerasnas.data.texts import as_texts
from kerasnas.data.values import as_values, refuse_empty, refuse_missing, refuse_not_finite
from kerasnas.errors import ArgumentError, DataError, nearest


def as_input(value, kind, what):
    """`value` as the rows of an input of this kind; see `KINDS`."""
    return KINDS[kind](value, what)


def as_images(value, what):
    """Pictures `(n, height, width, channels)`: uint8 as it is, any other number as float32.

    Args:
        value: pictures `(n, height, width)` or `(n, height, width, channels)`.
        what: how a message calls it, such as "`x`".

    Raises:
        DataError: if these are not pictures of one size, with the channels last, in finite numbers.
    """
    images = _numeric(as_values(value, what), what)
    if images.ndim not in (3, 4):
        hint = "; for a single picture, add a row axis: x[None]" if images.ndim == 2 else ""
        raise DataError(
            f"Expected {what} to be pictures of shape (n, height, width) or (n, height, width, channels). "
            f"Received: shape {images.shape}{hint}."
        )
    refuse_empty(images, what)
    if images.ndim == 4 and images.shape[1] in (1, 3) and images.shape[3] > 4:
        raise DataError(
            f"Expected the channels of {what} on the last axis. Received: shape {images.shape}; "
            "for channels first, move them: np.moveaxis(x, 1, -1)."
        )
    images = images[..., None] if images.ndim == 3 else images
    return images if images.dtype == "uint8" else _as_float32(images, what)


def as_numbers(value, what):
    """Rows of numbers `(n, ...)` as float32; `(n,)` becomes `(n, 1)`.

    Raises:
        DataError: if they are not finite numbers with a row axis.
    """
    rows = _numeric(as_values(value, what), what)
    if rows.ndim == 0:
        raise DataError(f"Expected {what} to have a row axis. Received: the single number {rows}.")
    refuse_empty(rows, what)
    return _as_float32(rows[:, None] if rows.ndim == 1 else rows, what)


KINDS = {"image": as_images, "array": as_numbers, "text": as_texts, "series": as_series}


def check_kinds(inputs):
    """Raises ArgumentError unless `inputs` maps at least one name to a known kind."""
    if not inputs:
        raise ArgumentError(f"Expected `inputs` to name at least one input. Received: {inputs!r}.")
    for name, kind in inputs.items():
        if kind not in (*KINDS, "table"):
            known = [*KINDS, "table"]
            raise ArgumentError(
                f"Expected the kind of input '{name}' to be one of {known}. Received: {kind!r}.{nearest(kind, known)}"
            )


def _numeric(array, what):
    if array.dtype == object:
        refuse_missing(array, what)
        if not any(isinstance(cell, (str, bytes)) for cell in array.flat):
            try:
                return array.astype("float64")
            except (TypeError, ValueError) as error:
                found = type(array.flat[0]).__name__
                raise DataError(f"Expected {what} to hold numbers. Received: objects of type {found}.") from error
            except OverflowError as error:
                raise DataError(f"Expected {what} to hold numbers within float64. Received: a larger one.") from error
    if array.dtype.kind in "OUS":
        sample = next(cell for cell in array.flat if isinstance(cell, (str, bytes)))
        raise DataError(
            f"Expected {what} to hold numbers. Received: strings, such as {sample!r}; "
            "encode them as numbers, or choose a task for text or tables."
        )
    if array.dtype.kind not in "buif":
        raise DataError(f"Expected {what} to hold numbers. Received: dtype {array.dtype}.")
    return array


def _as_float32(array, what):
    with np.errstate(over="ignore"):
        numbers = array.astype("float32", copy=False)
    refuse_not_finite(numbers, what)
    return numbers
