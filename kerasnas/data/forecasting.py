"""Long series to forecast: read, checked, cut into windows, and their continuation in the form they came in."""

import warnings
from dataclasses import asdict, dataclass, replace

import numpy as np

from kerasnas.data.series import check_columns, in_time
from kerasnas.data.validation import Validation
from kerasnas.data.values import as_values, refuse_empty, refuse_not_finite
from kerasnas.errors import ArgumentError, DataError

RECENT = 200  # steps that tell how times go on


@dataclass(frozen=True)
class InTime(Validation):
    """The windows that forecast the last part of the steps validate.

    Args:
        parts: Numbers of the windows to train on, and to validate by.
    """

    parts: tuple = ()

    def split(self, strata, rows, seed):
        """Numbers of windows for training and validation, whatever the seed."""
        return self.parts


@dataclass(frozen=True)
class Form:
    """In which form series came, so that others can be read alike.

    Args:
        columns: Names of the channels; their numbers where an array came.
        wanted: Names of the targets among them; None where targets came as an array of their own.
        time: Name of the column of times; "" where the index holds them; None where there are none.
        series: Name of the column that tells series apart, or None.
        frame: Whether a DataFrame came.
        flat: Whether the targets are one column without an axis of its own.
    """

    columns: tuple
    wanted: tuple | None
    time: str | None = None
    series: str | None = None
    frame: bool = False
    flat: bool = False


@dataclass(frozen=True)
class History:
    """Series, each an array `(steps, channels)` with its targets `(steps, targets)`.

    Args:
        inputs: An array for each series, float32.
        targets: Likewise.
        form: How they came.
        names: Names of the series; `(None,)` for one.
        times: Times of each series as a pandas Index; None where there are none.
        places: Numbers of the channels that are the targets; None where the targets are others.
    """

    inputs: list
    targets: list
    form: Form
    names: tuple = (None,)
    times: tuple | None = None
    places: tuple | None = None

    @classmethod
    def of(cls, x, y=None, time=None, series=None, columns=None):
        """Reads what a user passed to `fit`; arguments as of `TimeseriesForecaster`.

        Raises:
            DataError: If it cannot be forecast.
            ArgumentError: If columns are named that are not there to name.
        """
        form = _form(x, y, time, series, columns)
        history = _read(x, None if form.wanted is not None else y, form, "`x`")
        for number in range(history.targets[0].shape[1]):
            if all(np.ptp(part[:, number]) == 0 for part in history.targets):
                raise DataError(f"Expected targets that vary. Received: target {number} has a single value throughout.")
        return history

    def alike(self, x, y=None, what="`x`", judged=True):
        """Other steps in the form that `fit` was given.

        Args:
            x, y: As of `fit`.
            what: How a message calls `x`.
            judged: Whether targets are needed.
        """
        if self.form.wanted is None and y is None and judged:
            raise DataError("Expected targets `y` beside `x`, as in `fit`. Received: None.")
        named = y is None or self.form.wanted is not None
        return _read(x, None if named else y, self.form, what, self.inputs[0].shape[1], judged)

    def before(self, fraction):
        """The same series without the last `fraction` of their steps."""
        kept = [max(1, round(len(part) * (1 - fraction))) for part in self.inputs]
        cut = [[part[:count] for part, count in zip(parts, kept)] for parts in (self.inputs, self.targets)]
        return replace(self, inputs=cut[0], targets=cut[1])

    def moments(self):
        """Mean and standard deviation of each channel, then of each target, as tuples; 1 for what does not vary."""
        steps = [np.concatenate(parts).astype("float64") for parts in (self.inputs, self.targets)]
        mean, spread = (np.concatenate([getattr(part, name)(0) for part in steps]) for name in ("mean", "std"))
        return tuple(mean.tolist()), tuple(np.where(spread > 1e-9 * (1 + np.abs(mean)), spread, 1.0).tolist())

    def windows(self, span):
        """All windows and what follows them, series after series; of a single series views that take no memory."""
        pairs = [span.windows(*parts) for parts in zip(self.inputs, self.targets)]
        return pairs[0] if len(pairs) == 1 else tuple(np.concatenate(parts) for parts in zip(*pairs))

    def split(self, span, fraction):
        """Numbers of the windows to train on, and to validate by; see `Span.split`. Slices for a single series."""
        parts = [span.split(len(part), fraction) for part in self.inputs]
        if len(parts) == 1:
            return parts[0]
        counts = [len(part) - span.steps + 1 for part in self.inputs]
        starts = np.cumsum([0, *counts[:-1]])
        sides = [[start + np.arange(count)[part[side]] for start, count, part in zip(starts, counts, parts)]
                 for side in (0, 1)]  # fmt: skip
        return tuple(np.concatenate(side) for side in sides)

    def ends(self, lookback):
        """The last window of each series: `(series, lookback, channels)`."""
        for part in self.inputs:
            if len(part) < lookback:
                raise DataError(f"Expected at least {lookback} steps to forecast from. Received: {len(part)}.")
        return np.stack([part[-lookback:] for part in self.inputs])

    def ending(self, steps):
        """The same series without what `predict` does not need: their last steps, and the times that tell the next."""
        parts = [part[-max(steps, RECENT) :] for part in self.inputs]
        times = self.times and tuple(index[-RECENT:] for index in self.times)
        return replace(self, inputs=parts, targets=[part[:, :1] for part in parts], times=times)

    def to_json(self):
        """A dict of plain JSON values, without the targets; see `from_json`.

        Raises:
            TypeError: If a column or a series has a name that JSON cannot hold.
        """
        return {
            "inputs": [part.tolist() for part in self.inputs],
            "form": {name: _plain(value) for name, value in asdict(self.form).items()},
            "names": _plain(self.names),
            "times": self.times and [_times_told(index) for index in self.times],
        }

    @classmethod
    def from_json(cls, values):
        """The series that `to_json` told, to forecast from."""
        inputs = [np.array(part, "float32") for part in values["inputs"]]
        form = {name: tuple(each) if isinstance(each, list) else each for name, each in values["form"].items()}
        times = values["times"] and tuple(_times_back(*told) for told in values["times"])
        return cls(inputs, [part[:, :1] for part in inputs], Form(**form), tuple(values["names"]), times)

    def told(self, found, gap):
        """Forecasts `(series, horizon, targets)` in the form the series came in."""
        if self.times is None:
            found = found[..., 0] if self.form.flat else found
            return found[0] if len(self.names) == 1 else found
        import pandas

        names = self.form.wanted or tuple(f"target_{i}" for i in range(found.shape[2]))
        parts = []
        for name, times, values in zip(self.names, self.times, found):
            part = pandas.DataFrame(values, columns=list(names))
            part.insert(0, self.form.time or times.name or "time", after(times, gap + len(values))[gap:])
            if self.form.series is not None:
                part.insert(0, self.form.series, name)
            parts.append(part)
        return pandas.concat(parts, ignore_index=True)


def after(times, count):
    """The next `count` times of a pandas Index: by its frequency where that is found, else by its usual step."""
    import pandas

    times = times[-RECENT:]
    if isinstance(times, pandas.DatetimeIndex) and len(times) > 2:
        with warnings.catch_warnings():
            # Whether it gives a string or an offset is all one.
            warnings.filterwarnings("ignore", message=".*infer_freq")
            frequency = pandas.infer_freq(times)
        if frequency is not None:
            return pandas.date_range(times[-1], periods=count + 1, freq=frequency)[1:]
    step = (times[-1] - times[0]) / max(len(times) - 1, 1)
    return pandas.Index([times[-1] + step * (number + 1) for number in range(count)])


# ----------------------------------------------------------------------- JSON
def _plain(value):
    """Names as JSON holds them."""
    if isinstance(value, (tuple, list)):
        return [_plain(item) for item in value]
    value = value.item() if isinstance(value, np.generic) else value
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    raise TypeError(f"a column or series named {value!r}, which JSON cannot hold")


def _times_told(index):
    """An Index of times as its name, its kind and its numbers: of dates, those since 1970, and the zone."""
    import pandas

    if not isinstance(index, pandas.DatetimeIndex):
        return [_plain(index.name), str(index.dtype), index.tolist(), None]
    zone = None if index.tz is None else str(index.tz)
    return [_plain(index.name), f"datetime64[{index.unit}]", index.asi8.tolist(), zone]


def _times_back(name, dtype, values, zone):
    import pandas

    if not dtype.startswith("datetime64"):
        return pandas.Index(values, dtype=dtype, name=name)
    index = pandas.DatetimeIndex(np.array(values, "int64").view(dtype), name=name)
    return index if zone is None else index.tz_localize("UTC").tz_convert(zone)


# ----------------------------------------------------------------------- form
def _form(x, y, time, series, columns):
    import pandas

    if not isinstance(x, pandas.DataFrame):
        if time is not None or series is not None:
            raise ArgumentError(
                f"Expected a DataFrame beside the name of a column of times or series. Received: {type(x).__name__}."
            )
        values = _steps(x, "`x`")
        names = tuple(columns) if columns is not None else tuple(range(values.shape[1]))
        if len(names) != values.shape[1]:
            raise ArgumentError(f"Expected {values.shape[1]} `column_names`. Received: {len(names)}.")
        flat = np.ndim(x) == 1 if y is None else _flat(y)
        return Form(names, _wanted(y, names), flat=flat)
    time = _time_of(x, time)
    names = tuple(check_columns(x, time or None, series, None, "`x`"))
    return Form(names, _wanted(y, names), time, series, True, _flat(y))


def _time_of(frame, given):
    """The column of times: that named, the only one of dates, or the index of dates (""); None for none."""
    import pandas

    if given is not None:
        return given
    if isinstance(frame.index, pandas.DatetimeIndex):
        return ""
    dates = [name for name in frame.columns if pandas.api.types.is_datetime64_any_dtype(frame[name])]
    return dates[0] if len(dates) == 1 else None


def _wanted(y, names):
    """Names of the columns to forecast; None where `y` is data."""
    if y is None:
        return names
    listed = [y] if isinstance(y, str) else y
    if not (isinstance(listed, (list, tuple)) and listed and all(isinstance(name, str) for name in listed)):
        return None
    for name in listed:
        if name not in names:
            from kerasnas.errors import nearest

            raise DataError(f"Expected `y` to name columns of `x`.{nearest(name, names)} Received: {name!r}.")
    return tuple(listed)


def _flat(y):
    return isinstance(y, str) or (y is not None and not _names(y) and np.ndim(y) == 1)


def _names(y):
    return isinstance(y, (list, tuple)) and all(isinstance(name, str) for name in y)


# -------------------------------------------------------------------- reading
def _read(x, y, form, what, width=None, judged=True):
    import pandas

    if form.frame:
        if not isinstance(x, pandas.DataFrame):
            raise DataError(f"Expected {what} to be a DataFrame, as in `fit`. Received: {type(x).__name__}.")
        names, inputs, times = _read_frame(x, form, what)
    else:
        names, inputs, times = (None,), [_steps(x, what)], None
        if width is not None and inputs[0].shape[1] != width:
            raise DataError(f"Expected {width} channels in {what}, as in `fit`. Received: {inputs[0].shape[1]}.")
    _refuse_unknown(inputs, form, what)
    if form.wanted is not None:
        places = tuple(form.columns.index(name) for name in form.wanted)
        return History(inputs, [part[:, list(places)] for part in inputs], form, names, times, places)
    if not judged:
        return History(inputs, [part[:, :1] for part in inputs], form, names, times, None)
    if len(inputs) > 1:
        raise DataError("Expected `y` to name columns of `x` where there are several series. Received: an array.")
    targets = _steps(y, "`y`")
    if len(targets) != len(inputs[0]):
        raise DataError(f"Expected `y` to have {len(inputs[0])} steps, as {what} has. Received: {len(targets)}.")
    refuse_not_finite(targets, "`y`")
    return History(inputs, [targets], form, names, times, _found_among(targets, inputs[0]))


def _found_among(targets, inputs):
    """Numbers of the channels that are the targets, or None."""
    places = []
    for column in targets.T:
        same = [number for number, channel in enumerate(inputs.T) if np.array_equal(channel, column)]
        if not same:
            return None
        places.append(same[0])
    return tuple(places)


def _read_frame(frame, form, what):
    """Names of the series, their values, and their times."""
    check_columns(frame, form.time or None, form.series, form.columns, what)
    groups = [(None, frame)] if form.series is None else list(frame.groupby(form.series, sort=False))
    if not groups or not len(frame):
        raise DataError(f"Expected {what} to have at least one row. Received: none.")
    inputs, times = [], []
    for name, part in groups:
        told = what if name is None else f"{what}, series {name!r},"
        if form.time is not None:
            part, index = _ordered(part, form.time, told)
            times.append(index)
        inputs.append(_steps(part[list(form.columns)], told, form.columns))
    return tuple(name for name, _ in groups), inputs, tuple(times) or None


def _ordered(part, time, what):
    """The rows in the order of time, and their times as an Index."""
    import pandas

    column = time or (part.index.name or "time")
    if not time:
        part = part.assign(**{column: part.index})
    if isinstance(part[column].dtype, pandas.PeriodDtype):
        part = part.assign(**{column: part[column].dt.to_timestamp()})
    part = in_time(part, column, what)
    times = part[column]
    if not pandas.api.types.is_numeric_dtype(times):
        return part, pandas.DatetimeIndex(pandas.to_datetime(times), name=column)
    return part, pandas.Index(times, name=column)


def _steps(value, what, names=None):
    """Values `(steps, channels)` in float32."""
    import pandas

    if names is not None:
        for name in names:
            if not (pandas.api.types.is_numeric_dtype(value[name]) or pandas.api.types.is_bool_dtype(value[name])):
                sample = value[name].iloc[0]
                raise DataError(
                    f"Expected column '{name}' of {what} to hold numbers. Received: values such as {sample!r}; drop "
                    "it, or name it as `time_column` or `series_column`."
                )
        value = value.to_numpy("float32", na_value=np.nan)
    steps = as_values(value, what)
    if steps.ndim not in (1, 2):
        raise DataError(
            f"Expected {what} of shape (steps,) or (steps, channels): one row a step. Received: shape {steps.shape}; "
            "for many series of one length, each with its answer, use TimeseriesClassifier or TimeseriesRegressor."
        )
    if steps.dtype.kind not in "buif":
        raise DataError(f"Expected {what} to hold numbers. Received: dtype {steps.dtype}.")
    refuse_empty(steps, what)
    with np.errstate(over="ignore"):
        steps = steps.astype("float32")
    return steps[:, None] if steps.ndim == 1 else steps


def _refuse_unknown(inputs, form, what):
    """Refuses missing and infinite values."""
    for part in inputs:
        wrong = ~np.isfinite(part)
        if wrong.any():
            row, column = map(int, np.argwhere(wrong)[0])
            kind = "missing" if np.isnan(part[row, column]) else "infinite or too large"
            raise DataError(
                f"Expected numbers in every step of {what}. Received: {kind} ones, {int(wrong.sum())} in all, the "
                f"first at step {row} of column {form.columns[column]!r}; fill them in, for example with "
                "frame.interpolate(), or drop the column."
            )
