"""Series, windows and ways to validate: irregular times, odd containers, and what must never be on both sides."""

import datetime

import numpy as np
import pandas as pd
import pytest

from kerasnas.data import ForecastTarget, target_from_json
from kerasnas.data.forecasting import History, after
from kerasnas.data.series import as_series, check_steps, in_time, series_of, times_of
from kerasnas.data.validation import Validation
from kerasnas.data.windows import LONGEST, Span, season_of, usual_lookback
from kerasnas.errors import ArgumentError, DataError

FREQUENCIES = ["s", "15min", "h", "D", "7D", "W", "MS", "ME", "QS", "YS"]


def long(times, **columns):
    return pd.DataFrame({"t": times, "v": np.sin(np.arange(len(times))), **columns})


def ragged(seed=0, channels=2):
    rng = np.random.default_rng(seed)
    return [rng.normal(size=(steps, channels)) for steps in rng.integers(1, 30, 12)]


# --------------------------------------------------------------------- arrays
@pytest.mark.parametrize("dtype", ["int8", "uint16", "int64", "float16", "float64", "bool", "object"])
@pytest.mark.parametrize("shape", [(4, 9), (4, 9, 1), (4, 9, 3), (1, 1)])
def test_series_of_any_dtype(dtype, shape):
    values = (np.arange(np.prod(shape)).reshape(shape) % 2).astype(dtype)
    found = as_series(values, "`x`")
    assert found.dtype == np.float32 and found.shape == (*shape, 1)[:3]
    np.testing.assert_array_equal(found.reshape(shape), values.astype("float32"))


@pytest.mark.parametrize(
    "pack", [list, tuple, lambda parts: [part.tolist() for part in parts]], ids=["list", "tuple", "nested"]
)
@pytest.mark.parametrize("seed", range(3))
def test_lengths_that_differ_are_filled_up_at_the_end(pack, seed):
    parts = ragged(seed)
    found = as_series(pack(parts), "`x`")
    assert found.shape == (len(parts), max(map(len, parts)), 2)
    for row, part in zip(found, parts):
        np.testing.assert_array_equal(row[: len(part)], part.astype("float32"))
        assert np.isnan(row[len(part) :]).all()


@pytest.mark.parametrize("missing", [None, np.nan, float("nan")], ids=str)
def test_missing_steps_stay_missing(missing):
    found = as_series([[1.0, missing, 3.0], [4.0, 5.0, missing]], "`x`")
    assert np.isnan(found[..., 0]).tolist() == [[False, True, False], [False, False, True]]


@pytest.mark.parametrize("row, step, channel", [(0, 0, 0), (3, 8, 1), (2, 4, 0)])
@pytest.mark.parametrize("value", [np.inf, -np.inf, 1e39])
@pytest.mark.parametrize("gaps", [False, True])
def test_infinities_are_told_by_row(row, step, channel, value, gaps):
    x = np.ones((4, 9, 2))
    if gaps:
        x[1, 1, 1] = np.nan
    x[row, step, channel] = value
    with pytest.raises(DataError, match=rf"`x` to hold finite.*infinite or too large number in row {row} \(1 such"):
        as_series(x, "`x`")


@pytest.mark.parametrize(
    "value, told",
    [
        (None, "None"),
        ([], r"rank|shape \(0,\)"),
        ("abc", "strings"),
        (5, r"shape \(\)"),
        ([b"1", b"2"], "strings"),
        ([["1", "2"]], "strings"),
        ([[1, [2]]], "one shape"),
        ([[1, 2], 3], "one shape"),
        ([np.zeros((3, 1)), np.zeros((4, 2))], "one shape"),
        ([np.zeros((3, 1)), np.zeros(4)], "one shape"),
        ([[1, object()]], "objects of type"),
        (np.array([["2020-01-01"]], "datetime64[D]"), "dtype datetime64"),
        (np.zeros((2, 3), complex), "dtype complex"),
        (np.zeros((0, 3)), "at least one row"),
        (np.zeros((3, 0)), "size of at least 1"),
        (np.zeros((3, 4, 0)), "size of at least 1"),
        (np.full((2, 3), np.nan), "channel 0; drop it"),
    ],
    ids=range(17),
)
def test_what_is_no_series(value, told):
    with pytest.raises(DataError, match=f"(?s)^(?=.*Received: )Expected .*`x`.*({told})"):
        as_series(value, "`x`")


# ---------------------------------------------------------------------- times
@pytest.mark.parametrize("freq", FREQUENCIES)
@pytest.mark.parametrize("form", ["dates", "texts", "zone", "objects", "seconds"])
def test_equal_steps_in_any_form(freq, form):
    dates = pd.Series(pd.date_range("2023-01-31", periods=30, freq=freq))
    times = {
        "dates": lambda: dates,
        "texts": lambda: dates.astype(str),
        "zone": lambda: dates.dt.tz_localize("UTC"),
        "objects": lambda: dates.map(lambda each: each.to_pydatetime()).astype(object),
        "seconds": lambda: (dates - dates[0]).dt.total_seconds(),
    }[form]()
    frame = long(times)
    pd.testing.assert_frame_equal(in_time(frame, "t"), frame)
    shuffled = frame.sample(frac=1, random_state=1)
    with pytest.warns(UserWarning, match="rows out of order; sorted"):
        pd.testing.assert_frame_equal(in_time(shuffled, "t"), frame)


@pytest.mark.parametrize("freq", FREQUENCIES)
@pytest.mark.parametrize("place", [1, 14, 28])
def test_a_step_left_out_or_met_twice_is_told_with_its_time(freq, place):
    frame = long(pd.date_range("2023-01-31", periods=30, freq=freq))
    with pytest.raises(DataError, match=r"(?s)Expected equal distances.*Received: a gap after .*; fill the times in"):
        in_time(frame.drop(index=place), "t")
    twice = frame.iloc[np.sort(np.r_[np.arange(30), place])]
    with pytest.raises(DataError, match=r"(?s)Expected one row for each time.* twice \(1 such in all\)"):
        in_time(twice, "t")


@pytest.mark.parametrize(
    "times, told",
    [
        ([1, 2, 3, 3.5, 4, 5], "an irregular step after 3.0, of 0.5"),
        ([1, 2, 3, 5], "a gap after 3, of 2"),
        ([0, 1, 1, 2], "1 twice"),
        ([1, None, 3], "1 missing"),
        (["a", "b", "c"], "to hold times. Received: 'a'"),
        (["2020-01-01", "2020-13-01"], "to hold times"),
        ([pd.NaT, pd.Timestamp("2020-01-01")], "1 missing"),
        ([datetime.date(2020, 1, 1)] * 2, "twice"),
        ([{}, {}], "to hold times"),
        (pd.bdate_range("2024-01-01", periods=12), "a gap after 2024-01-05"),
    ],
    ids=range(10),
)
def test_times_that_are_none(times, told):
    with pytest.raises(DataError, match=f"(?s)Expected .*'t' of `x`.*{told}"):
        in_time(long(pd.Series(list(times))), "t")


@pytest.mark.parametrize(
    "times", [[5], [5, 9], [-3, -2, -1], [0.1, 0.2, 0.3], [10**12, 10**12 + 1, 10**12 + 2]], ids=str
)
def test_numbers_are_times(times):
    np.testing.assert_array_equal(times_of(pd.Series(times), "t", "`x`"), np.array(times, "float64"))
    check_steps(np.array(times, "float64"), times, "t", "`x`")


@pytest.mark.parametrize("names", [["a", "b"], [2, 1], ["東京", "🏙️"], [True, False]], ids=ascii)
def test_several_series_of_a_long_frame(names):
    parts = [long(np.arange(steps), who=name) for name, steps in zip(names, (5, 8))]
    values, found, channels = series_of(pd.concat(parts), "t", "who")
    assert found == names and channels == ["v"] and values.shape == (2, 8, 1)
    assert np.isnan(values[0, 5:]).all() and not np.isnan(values[0, :5]).any()
    mixed = pd.concat(parts).sort_values("t", kind="stable")  # rows of both series in turn
    np.testing.assert_array_equal(series_of(mixed, "t", "who")[0], values)


@pytest.mark.parametrize(
    "change, arguments, told",
    [
        (lambda f: f.to_numpy(), {}, "to be a DataFrame.*ndarray"),
        (lambda f: f, {"time": "time"}, "column 'time'"),
        (lambda f: f, {"series": "whom"}, "column 'whom'"),
        (lambda f: f, {"channels": ["v", "w"]}, "column 'w'"),
        (lambda f: f[["t"]], {}, "column of values"),
        (lambda f: f, {"channels": []}, "column of values"),
        (lambda f: pd.concat([f, f[["v"]]], axis=1), {}, "'v' twice"),
        (lambda f: f.assign(v="x"), {}, "strings"),
        (lambda f: f.assign(v=np.nan), {}, "only missing ones in channel 0"),
        (lambda f: f.assign(v=np.inf), {}, "infinite"),
        (lambda f: f[:0].assign(who=1), {"series": "who"}, "at least one row"),
    ],
    ids=range(11),
)
def test_long_frames_that_hold_no_series(change, arguments, told):
    with pytest.raises(DataError, match=f"(?s)Expected .*{told}"):
        series_of(change(long(np.arange(6))), **{"time": "t", **arguments})


# -------------------------------------------------------------------- windows
SPANS = [Span(1, 1), Span(5, 1), Span(1, 5), Span(3, 2, 4), Span(7, 7), Span(2, 1, 1)]


@pytest.mark.parametrize("span", SPANS, ids=str)
@pytest.mark.parametrize("channels, targets", [(1, 1), (3, 2)])
def test_windows_are_those_of_a_loop(span, channels, targets):
    rng = np.random.default_rng(0)
    inputs, wanted = rng.normal(size=(40, channels)), rng.normal(size=(40, targets))
    seen, told = span.windows(inputs, wanted)
    assert len(seen) == len(told) == 40 - span.steps + 1
    for place in range(len(seen)):
        np.testing.assert_array_equal(seen[place], inputs[place : place + span.lookback])
        first = place + span.lookback + span.gap
        np.testing.assert_array_equal(told[place], wanted[first : first + span.horizon])


@pytest.mark.parametrize("span", SPANS, ids=str)
@pytest.mark.parametrize("fraction", [0.01, 0.2, 0.5])
@pytest.mark.parametrize("steps", [29, 64, 365])
def test_training_never_sees_what_validation_forecasts(span, fraction, steps):
    clock = np.arange(steps, dtype="float64")[:, None]
    seen, told = span.windows(clock, clock)
    train, held = span.split(steps, fraction)
    assert max(seen[train].max(), told[train].max()) < told[held].min()
    assert len(told[train]) >= 1 and told[held].max() == steps - 1
    assert len(np.unique(told[held])) >= max(span.horizon, round(steps * fraction))


@pytest.mark.parametrize("span", SPANS, ids=str)
def test_one_step_fewer_than_needed_is_refused_and_as_many_will_do(span):
    least = span.steps + span.horizon
    train, held = span.split(least, 1e-6)
    assert (train.stop, held.stop - held.start) == (1, 1)
    with pytest.raises(DataError, match=rf"Expected at least {least} steps .*Received: {least - 1}; a smaller"):
        span.split(least - 1, 1e-6)
    gap = f"after a gap of {span.gap}"
    with pytest.raises(DataError) as raised:
        span.split(1, 0.2)
    assert (gap in str(raised.value)) is bool(span.gap)


@pytest.mark.parametrize("season", [3, 5, 7, 12, 24, 48])
@pytest.mark.parametrize("unit, trend", [(1e-6, 0), (1, 0.05), (1e6, 1.0)])
def test_a_season_does_not_depend_on_the_unit(season, unit, trend):
    steps = np.arange(12 * season + 60)
    pattern = np.random.default_rng(season).normal(size=season)
    values = unit * (pattern[steps % season] * 3 + trend * steps)
    assert season_of(values) == season_of(values + 10 * unit) == season_of(-values) == season


@pytest.mark.parametrize(
    "values", [[], [1], [1, 2], [1, 2, 3], [5] * 100, np.arange(100), np.arange(100) ** 2], ids=len
)
def test_there_is_no_season_in_little_or_in_a_line(values):
    assert season_of(np.array(values, "float64")) == 1


@pytest.mark.parametrize("steps", [2, 10, 100, 5000])
@pytest.mark.parametrize("horizon", [1, 7, 96])
@pytest.mark.parametrize("season", [1, 7, 24, 365])
def test_a_usual_lookback_is_a_step_or_more_and_leaves_most_to_learn_from(steps, horizon, season):
    found = usual_lookback(steps, horizon, season)
    assert isinstance(found, int) and 1 <= found <= LONGEST
    assert found == 1 or 6 * found <= steps - horizon


# ------------------------------------------------------------------ histories
@pytest.mark.parametrize("seed", range(3))
def test_a_history_in_another_order_is_the_same(seed):
    frame = long(pd.date_range("2024-01-01", periods=50), w=np.cos(np.arange(50)))
    one = History.of(frame, "v", "t")
    with pytest.warns(UserWarning, match="sorted"):
        other = History.of(frame.sample(frac=1, random_state=seed), "v", "t")
    np.testing.assert_array_equal(one.inputs[0], other.inputs[0])
    np.testing.assert_array_equal(one.targets[0], other.targets[0])
    later = one.alike(frame[["w", "v", "t"]])
    np.testing.assert_array_equal(later.inputs[0], one.inputs[0])


@pytest.mark.parametrize("freq", FREQUENCIES)
def test_the_times_after_are_those_of_the_calendar(freq):
    dates = pd.date_range("2023-01-31", periods=20, freq=freq)
    assert after(dates[:15], 5).tolist() == dates[15:].tolist()


@pytest.mark.parametrize("steps, width", [(1, 1), (4, 1), (1, 3), (5, 2)])
def test_forecast_targets_there_and_back(steps, width):
    y = np.random.default_rng(0).normal(3, 2, (20, steps, width))
    target = target_from_json(ForecastTarget.fit(y).to_json())
    assert target.shape == (steps, width)
    encoded = target.encode(y)
    np.testing.assert_array_equal(target.decode(encoded), y.astype("float32"))
    np.testing.assert_array_equal(np.concatenate([target.encode(y[i : i + 1]) for i in range(20)]), encoded)
    with pytest.raises(DataError, match="Expected .* shape.*Received"):
        target.encode(np.zeros((20, steps + 1, width)))


# ----------------------------------------------------------------- validation
@pytest.mark.parametrize(
    "value", ["", "cv", "cv1", "cv0", "cv-5", "cv2.5", "cv 5", "5", 5, True, "Holdout", "cv5x", [], {}]
)
def test_ways_to_validate_that_are_none(value):
    with pytest.raises(ArgumentError, match="Expected `validation` to be 'holdout', 'time', or .*Received: "):
        Validation.of(value, 0.2)


@pytest.mark.parametrize("folds", [2, 3, 8])
@pytest.mark.parametrize("rows", [8, 41, 200])
@pytest.mark.parametrize("strata", [None, 2, 5])
def test_each_row_is_in_one_fold_of_a_fair_size(folds, rows, strata):
    classes = None if strata is None else np.arange(rows) % strata
    way = Validation.of(f"cv{folds}", 0.2)
    found = way.fold_of(classes, rows, 0)
    sizes = np.bincount(found, minlength=folds)
    assert found.shape == (rows,) and sizes.sum() == rows and sizes.min() >= 1
    assert np.ptp(sizes) <= (strata or 1)
    np.testing.assert_array_equal(found, Validation.of(f"cv{folds}", None).fold_of(classes, rows, 0))
    assert way.held(rows) == rows / folds and way.describe() == f"cv{folds}"


@pytest.mark.parametrize("rows, folds", [(1, 2), (4, 5), (9, 10)])
def test_fewer_rows_than_folds(rows, folds):
    with pytest.raises(DataError, match=f"at least {folds} rows for {folds} folds. Received: {rows}"):
        Validation.of(f"cv{folds}", None).fold_of(None, rows, 0)


@pytest.mark.parametrize(
    "groups", [list("aabbccddee") * 2, [1, 2, 3, 4] * 5, [None, "x", 2.5, True] * 5, ["東京", "🏙️"] * 10]
)
def test_a_group_is_never_on_both_sides(groups):
    told = np.array(groups, object).astype(str)
    for seed in range(5):
        train, held = Validation.of("holdout", 0.3, groups).split(None, 20, seed)
        assert not set(told[train]) & set(told[held]) and sorted([*train, *held]) == list(range(20))
    folds = Validation.of("cv2", None, groups).fold_of(None, 20, 0)
    assert all(len(set(folds[told == group])) == 1 for group in set(told))


@pytest.mark.parametrize(
    "groups, told",
    [
        (list("ab"), r"20 values, one a row. Received: shape \(2,\)"),
        (np.zeros((20, 2)), r"shape \(20, 2\)"),
        (5, r"shape \(\)"),
        (["one"] * 20, "at least 2 groups. Received: 1"),
        ([None] * 20, "at least 2 groups. Received: 1"),
    ],
    ids=range(5),
)
@pytest.mark.parametrize("way", ["holdout", "cv2"])
def test_groups_that_are_none(groups, told, way):
    found = Validation.of(way, 0.2, groups)
    with pytest.raises(DataError, match=told):
        found.split(None, 20, 0) if way == "holdout" else found.fold_of(None, 20, 0)


@pytest.mark.parametrize("rows", [2, 3, 10, 101])
@pytest.mark.parametrize("fraction", [0.001, 0.2, 0.5, 0.999])
def test_the_last_rows_are_held_out_in_time(rows, fraction):
    way = Validation.of("time", fraction)
    train, held = way.split(None, rows, 0)
    assert len(train) >= 1 and len(held) >= 1
    np.testing.assert_array_equal(np.r_[train, held], np.arange(rows))
    assert way.describe() == f"{fraction} in time"


def test_groups_are_part_of_what_a_journal_tells():
    told = {Validation.of("cv5", None, groups).describe() for groups in (None, [1, 2], [2, 1], ["a", "b"])}
    assert len(told) == 4
    assert Validation.of("cv5", None, [1, 2]).describe() == Validation.of("cv5", None, np.array([1, 2])).describe()
