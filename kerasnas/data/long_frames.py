"""Long frames, one row a step, as series with a target for each."""

from kerasnas.data.series import check_columns, series_of
from kerasnas.errors import DataError


def series_with_targets(frame, y, time, series, channels=None, what="`x`"):
    """The series of a long frame and their targets, in the order of the first rows of the series.

    Args:
        frame: DataFrame with one row a step.
        y: Name of a column of `frame` (or a list of names) that has one value in each series; a Series, DataFrame or
            dict by the names of the series; a Series with the index of `frame`; a target for each series in their
            order; or None.
        time, series: Names of the columns of times, or None, and of series.
        channels: Names of the columns of values; all but these and the targets if None.
        what: How a message calls the frame.

    Returns:
        A list of arrays `(steps, channels)`, float32; the targets, or None; and the names of the channels.

    Raises:
        DataError: If a column is not there or holds no numbers, times leave a gap, or a series has no target or two.
    """
    import pandas

    wanted = [y] if isinstance(y, str) else y if _are_columns(y, frame) else []
    if wanted:
        check_columns(frame, time, series, wanted, what)
    if channels is None:
        channels = [name for name in frame.columns.tolist() if name not in (time, series, *wanted)]
    values, names, channels = series_of(frame, time, series, channels, what)
    if wanted:
        y = _one_each(frame[wanted], frame[series], what)
        y = y[wanted[0]] if len(wanted) == 1 else y
    elif isinstance(y, pandas.Series) and len(y) == len(frame) and y.index.equals(frame.index):
        y = _one_each(y.to_frame("y"), frame[series], what)["y"]
    elif isinstance(y, (dict, pandas.Series, pandas.DataFrame)):
        y = _by_name(pandas.Series(y) if isinstance(y, dict) else y, names, what)
    return list(values), y.to_numpy() if isinstance(y, pandas.Series) else y, channels


def _are_columns(y, frame):
    """Whether a list is one of names of columns, as labels are not."""
    return (
        isinstance(y, list) and bool(y) and len(set(map(str, y))) == len(y) and set(map(str, y)) <= set(frame.columns)
    )


def _one_each(targets, series, what):
    """The one row of targets that all rows of a series have, for each series."""
    groups = targets.groupby(series.to_numpy(), sort=False)
    counts = groups.nunique(dropna=False)
    for name in targets.columns:
        wrong = counts.index[counts[name] > 1]
        if len(wrong):
            raise DataError(
                f"Expected one value of '{name}' in each series of {what}. Received: {counts.loc[wrong[0], name]} in "
                f"series {wrong[0]!r} ({len(wrong)} such in all)."
            )
    return groups.head(1).reset_index(drop=True)


def _by_name(targets, names, what):
    """The targets of these series, by the index."""
    if not targets.index.is_unique:
        twice = targets.index[targets.index.duplicated()][0]
        raise DataError(f"Expected one target for each series of {what}. Received: two for series {twice!r}.")
    missing = [name for name in names if name not in targets.index]
    if missing:
        raise DataError(
            f"Expected a target for each series of {what}, by its name. Received: none for series {missing[0]!r} "
            f"({len(missing)} such in all)."
        )
    return targets.loc[names].reset_index(drop=True)
