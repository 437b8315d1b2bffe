"""Checked series: arrays, lists of series of different lengths, and long frames with a column of times."""

import warnings

import numpy as np

from kerasnas.data.values import as_values, refuse_empty, refuse_not_finite
from kerasnas.errors import DataError


def as_series(value, what):
    """Series of numbers `(n, steps, channels)` as float32, missing values as NaN.

    Args:
        value: series `(n, steps)` or `(n, steps, channels)`; or a list of series `(steps,)` or `(steps, channels)` of
            different lengths, whose ends are filled up with NaN.
        what: how a message calls it, such as "`x`".

    Raises:
        DataError: if they have another rank, hold no numbers or infinite ones, or a channel is missing everywhere.
    """
    rows = _as_floats(_filled_up(value, what), what)
    if rows.ndim not in (2, 3):
        hint = "; for a single series, add a row axis: x[None]" if rows.ndim == 1 else ""
        raise DataError(
            f"Expected {what} to be series of shape (n, steps) or (n, steps, channels). "
            f"Received: shape {rows.shape}{hint}."
        )
    refuse_empty(rows, what)
    rows = rows[..., None] if rows.ndim == 2 else rows
    missing = np.isnan(rows)
    if missing.any():
        refuse_not_finite(np.where(missing, 0, rows), what)
        nothing = missing.all(axis=(0, 1))
        if nothing.any():
            raise DataError(
                f"Expected every channel of {what} to hold some values. Received: only missing ones in channel "
                f"{int(nothing.argmax())}; drop it."
            )
    else:
        refuse_not_finite(rows, what)
    return rows


def _as_floats(array, what):
    if array.dtype.kind in "US" or any(isinstance(cell, (str, bytes)) for cell in array.flat if array.dtype == object):
        raise DataError(f"Expected {what} to hold series of numbers. Received: strings.")
    if array.dtype.kind not in "buifO":
        raise DataError(f"Expected {what} to hold series of numbers. Received: dtype {array.dtype}.")
    try:
        with np.errstate(over="ignore"):
            return array.astype("float32", copy=False)
    except OverflowError as error:
        raise DataError(f"Expected {what} to hold numbers within float64. Received: a larger one.") from error
    except (TypeError, ValueError) as error:
        found = type(array.flat[0]).__name__
        raise DataError(f"Expected {what} to hold series of numbers. Received: objects of type {found}.") from error


def _filled_up(value, what):
    """Series of one length: shorter ones with NaN at their ends."""
    if not isinstance(value, (list, tuple)) or not value:
        return as_values(value, what)
    try:
        parts = [np.asarray(part, "float32") for part in value]
    except (TypeError, ValueError):
        return as_values(value, what)
    lengths = {len(part) for part in parts if part.ndim}
    alike = len({part.shape[1:] for part in parts}) == 1 and parts[0].ndim in (1, 2)
    if len(lengths) <= 1 or not alike:
        return as_values(value, what)
    filled = np.full((len(parts), max(lengths), *parts[0].shape[1:]), np.nan, "float32")
    for row, part in zip(filled, parts):
        row[: len(part)] = part
    return filled


def filled_up_to(rows, steps):
    """Series `(n, steps, channels)` with NaN at their ends, where they are shorter than `steps`."""
    lacking = max(0, steps - rows.shape[1])
    return np.pad(rows, ((0, 0), (0, lacking), (0, 0)), constant_values=np.nan) if lacking else rows


def series_of(frame, time, series=None, channels=None, what="`x`"):
    """Series out of a long frame, one row a step.

    Args:
        frame: DataFrame.
        time: Name of the column of times: dates, or numbers; None where rows are in the order of time.
        series: Name of the column that tells which series a row belongs to; None for a single series.
        channels: Names of the columns of values; all others if None.
        what: How a message calls the frame.

    Returns:
        Values `(n, steps, channels)`, float32, shorter series filled up with NaN at their ends; the names of the
        series, in the order of their first rows; and the names of the channels.

    Raises:
        DataError: If a column is not there or holds no numbers, or times are missing, occur twice or leave a gap.
    """
    import pandas

    if not isinstance(frame, pandas.DataFrame):
        name = series if time is None else time
        raise DataError(f"Expected {what} to be a DataFrame with a column '{name}'. Received: {type(frame).__name__}.")
    channels = check_columns(frame, time, series, channels, what)
    if series is not None and frame[series].isna().any():
        raise DataError(
            f"Expected '{series}' of {what} to name the series of every row. Received: {frame[series].isna().sum()} "
            "missing."
        )
    groups = [(None, frame)] if series is None else list(frame.groupby(series, sort=False, observed=True))
    if not groups:
        raise DataError(f"Expected {what} to have at least one row. Received: none.")
    if time is not None:
        groups = [
            (name, in_time(part, time, what if name is None else f"{what}, series {name!r},")) for name, part in groups
        ]
    parts = [part for _, part in groups]
    values = [_as_floats(part[channels].to_numpy(), what) for part in parts]
    steps = max(map(len, values))
    filled = np.full((len(values), steps, len(channels)), np.nan, "float32")
    for row, part in zip(filled, values):
        row[: len(part)] = part
    return as_series(filled, what), [name for name, _ in groups], channels


def check_columns(frame, time, series, channels, what):
    """Names of the columns of values of a long frame; refuses columns that are not there, or there twice.

    Args:
        frame: DataFrame.
        time, series: Names of the columns of times and of series, or None.
        channels: Names of the columns of values; all others if None.
        what: How a message calls the frame.
    """
    known = frame.columns.tolist()
    if len(set(known)) < len(known):
        twice = next(name for name in known if known.count(name) > 1)
        raise DataError(f"Expected columns of {what} with names of their own. Received: '{twice}' twice.")
    channels = [name for name in known if name not in (time, series)] if channels is None else list(channels)
    for name in (*(name for name in (time, series) if name is not None), *channels):
        if name not in known:
            from kerasnas.errors import nearest

            raise DataError(f"Expected {what} to have a column '{name}'.{nearest(name, known)} Received: {known[:10]}.")
    if not channels:
        raise DataError(f"Expected {what} to have a column of values. Received: {known}.")
    return channels


def in_time(frame, time, what="`x`"):
    """A frame with its rows in the order of the times in a column, at equal distances.

    Rows out of order are sorted, with a warning.

    Args:
        frame: DataFrame of one series.
        time: Name of the column of times: dates (or texts that are dates), or numbers.
        what: How a message calls the frame.

    Raises:
        DataError: If a time is missing or no time, occurs twice, or one is left out.
    """
    times = times_of(frame[time], time, what)
    order = np.argsort(times, kind="stable")
    if (order[1:] < order[:-1]).any():
        warnings.warn(f"Expected {what} in the order of '{time}'. Received: rows out of order; sorted.", stacklevel=3)
        frame, times = frame.iloc[order], times[order]
    check_steps(times, frame[time].to_numpy(), time, what)
    return frame


def times_of(column, name, what):
    """Times as float64: seconds of dates, or the numbers themselves."""
    import pandas

    if isinstance(column.dtype, pandas.PeriodDtype):
        column = column.dt.to_timestamp()
    if column.isna().any():
        raise DataError(f"Expected a time in every row of '{name}' of {what}. Received: {column.isna().sum()} missing.")
    if pandas.api.types.is_numeric_dtype(column) and column.dtype.kind in "iuf":
        times = column.to_numpy("float64")
        if not np.isfinite(times).all():
            raise DataError(f"Expected finite times in '{name}' of {what}. Received: infinite ones.")
        return times
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message="Could not infer format")
            dates = pandas.to_datetime(column)
    except (TypeError, ValueError) as error:
        raise DataError(f"Expected '{name}' of {what} to hold times. Received: {column.iloc[0]!r}.") from error
    return (dates - dates.min()).dt.total_seconds().to_numpy("float64")


def check_steps(times, shown, name, what):
    """Refuses times that occur twice or are not at equal distances; months, quarters and years may differ by days.

    Args:
        times: Sorted times `(n,)`, float64.
        shown: The times as the user gave them, for messages.
        name: The column's name.
        what: How a message calls the frame.
    """
    steps = np.diff(times)
    if not len(steps):
        return
    if (steps <= 0).any():
        place = int((steps <= 0).argmax())
        raise DataError(
            f"Expected one row for each time in '{name}' of {what}. Received: {shown[place]} twice "
            f"({int((steps <= 0).sum())} such in all); for several series, name the column that tells them apart."
        )
    usual = float(np.median(steps))
    # Calendar months last 28 to 31 days, quarters 90 to 92: 12 % around the median holds them, and no missing one.
    wrong = np.abs(steps - usual) > 0.12 * usual
    if wrong.any():
        place = int(wrong.argmax())
        kind = "a gap" if steps[place] > usual else "an irregular step"
        raise DataError(
            f"Expected equal distances between the times in '{name}' of {what}, of {usual:g}. Received: {kind} after "
            f"{shown[place]}, of {steps[place]:g} ({int(wrong.sum())} such in all); fill the times in or resample."
        )
