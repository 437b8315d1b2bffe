"""Series: arrays, lists, long frames; windows over them; and what is refused."""

import numpy as np
import pandas as pd
import pytest

from kerasnas.data import ForecastTarget, read, series_of, target_from_json
from kerasnas.data.forecasting import History, after
from kerasnas.data.series import as_series, in_time, times_of
from kerasnas.data.windows import Span, season_of, usual_lookback
from kerasnas.errors import ArgumentError, DataError

DAYS = pd.date_range("2024-01-01", periods=40, freq="D")


def frame(**columns):
    return pd.DataFrame({"day": DAYS, "sales": np.arange(40.0), "rain": np.sin(np.arange(40.0)), **columns})


# --------------------------------------------------------------------- arrays
def test_series_get_a_channel_and_keep_missing_values():
    x = np.arange(12).reshape(3, 4)
    found = read(x, inputs={"series": "series"}).x["series"]
    assert found.shape == (3, 4, 1) and found.dtype == "float32"
    gaps = np.where(x > 10, np.nan, x)
    np.testing.assert_array_equal(as_series(gaps, "`x`")[..., 0], gaps)
    np.testing.assert_array_equal(as_series(gaps.astype(object).tolist(), "`x`")[..., 0], gaps)
    assert np.isnan(as_series([[1, None], [2, 3]], "`x`")[0, 1, 0])


def test_series_of_different_lengths_end_in_missing_values():
    found = as_series([np.arange(3), np.arange(5), [1.0]], "`x`")
    assert found.shape == (3, 5, 1) and np.isnan(found[..., 0]).sum(axis=1).tolist() == [2, 0, 4]
    channels = as_series([np.ones((2, 3)), np.ones((4, 3))], "`x`")
    assert channels.shape == (2, 4, 3) and np.isnan(channels).sum() == 6


def test_later_lists_of_shorter_series_are_filled_up_as_those_of_fit_were():
    for later in ([np.arange(3), np.arange(4)], [np.arange(3)], ([1, 2, 3], [4, 5, 6])):
        found = read(later, inputs={"series": "series"}, shapes={"series": (5, 1)}).x["series"]
        assert found.shape == (len(later), 5, 1)
        np.testing.assert_array_equal(
            found[:, :, 0], np.stack([np.r_[row, [np.nan] * (5 - len(row))] for row in later])
        )
    for wrong in (np.zeros((2, 3)), [np.arange(6), np.arange(2)], [np.ones((3, 2))]):
        with pytest.raises(DataError, match=r"of shape \(5, 1\), as in the data of `fit`"):
            read(wrong, inputs={"series": "series"}, shapes={"series": (5, 1)})


BAD = {
    "one series": (np.zeros(5), r"series of shape .*add a row axis: x\[None\]"),
    "too many axes": (np.zeros((2, 3, 4, 5)), r"Received: shape \(2, 3, 4, 5\)"),
    "no rows": (np.zeros((0, 5)), "at least one row"),
    "no steps": (np.zeros((3, 0)), "size of at least 1"),
    "infinite": (np.array([[1.0, np.inf], [np.nan, 0]]), "infinite"),
    "too large": (np.full((2, 2), 1e300), "infinite or too large"),
    "strings": ([["a", "b"], ["c", "d"]], "strings"),
    "an empty channel": (np.stack([np.ones((3, 4)), np.full((3, 4), np.nan)], 2), "only missing ones in channel 1"),
    "other channels": ([np.ones((2, 3)), np.ones((4, 2))], "different lengths"),
    "dates": (np.zeros((2, 2), "datetime64[D]"), "dtype datetime64"),
    "objects": (np.array([[object()], [object()]]), "objects of type object"),
    "none": (None, "Received: None"),
}  # fmt: skip


@pytest.mark.parametrize("name", BAD)
def test_bad_arrays(name):
    value, message = BAD[name]
    with pytest.raises(DataError, match=message):
        as_series(value, "`x`")


# ---------------------------------------------------------------- long frames
def test_series_out_of_a_long_frame():
    long = pd.concat([frame(id="b"), frame(id="a").iloc[:30]])
    values, names, channels = series_of(long, time="day", series="id")
    assert values.shape == (2, 40, 2) and names == ["b", "a"] and channels == ["sales", "rain"]
    assert np.isnan(values[1, 30:]).all() and values[1, 29, 0] == 29
    values, names, _ = series_of(frame(), time="day", channels=["rain"])
    assert values.shape == (1, 40, 1) and names == [None]


def test_rows_out_of_order_are_sorted_with_a_note():
    with pytest.warns(UserWarning, match="in the order of 'day'.*sorted"):
        found = in_time(frame().sample(frac=1, random_state=0), "day")
    assert found["sales"].tolist() == list(range(40))


@pytest.mark.parametrize("freq", ["h", "MS", "QS", "YS", "7D", "W"])
def test_steps_of_the_calendar_are_equal(freq):
    in_time(pd.DataFrame({"day": pd.date_range("2019-01-01", periods=30, freq=freq)}), "day")
    in_time(pd.DataFrame({"day": pd.date_range("2019-01-01", periods=30, freq=freq).astype(str)}), "day")


BAD_TIMES = {
    "a gap": (frame().drop(index=7), "a gap after 2024-01-07.*of 172800"),
    "a time twice": (frame(day=[*DAYS[:-1], DAYS[3]]), "2024-01-04.* twice.*name the column that tells them apart"),
    "a missing time": (frame(day=[None, *DAYS[1:]]), "a time in every row of 'day' of `x`. Received: 1 missing"),
    "no time": (frame(day=["x"] * 40), "to hold times. Received: 'x'"),
    "an irregular step": (frame(day=DAYS.where(DAYS[9] != DAYS, DAYS[9] - pd.Timedelta("8h"))), "an irregular step"),
    "no such column": (frame().rename(columns={"day": "date"}), "a column 'day'.*Received: .*'date'"),
    "an array": (np.zeros((3, 2)), "DataFrame with a column 'day'. Received: ndarray"),
    "a column twice": (pd.concat([frame(), frame()[["rain"]]], axis=1), "'rain' twice"),
    "no values": (frame()[["day"]], "a column of values"),
    "text values": (frame(rain="wet"), "strings"),
    "no rows": (frame().iloc[:0].assign(id="a"), "at least one row"),
}


@pytest.mark.parametrize("name", BAD_TIMES)
def test_bad_times(name):
    value, message = BAD_TIMES[name]
    with pytest.raises(DataError, match=message), pytest.warns() if name == "a time twice" else _nothing():
        series_of(value, time="day", series="id" if name == "no rows" else None)


class _nothing:
    def __enter__(self):
        return self

    def __exit__(self, *error):
        return False


# -------------------------------------------------------------------- windows
def test_windows_take_no_memory_and_forecasts_follow_them():
    values = np.arange(20.0, dtype="float32")[:, None] * [1, 10]
    x, y = Span(4, 3, gap=2).windows(values, values[:, :1])
    assert x.shape == (12, 4, 2) and y.shape == (12, 3, 1) and np.shares_memory(x, values)
    assert x[5, :, 0].tolist() == [5, 6, 7, 8] and y[5, :, 0].tolist() == [11, 12, 13] and x[5, 0, 1] == 50


@pytest.mark.parametrize("span", [Span(5, 1), Span(3, 4), Span(2, 3, gap=4)])
def test_nothing_that_validation_forecasts_is_in_training(span):
    steps = np.arange(60.0)[:, None]
    x, y = span.windows(steps, steps)
    train, held = span.split(60, 0.25)
    first = y[held].min()
    assert first == 45 and y[held].max() == 59
    assert y[train].max() < first and x[train].max() < first
    assert y[train].max() == first - 1


def test_a_series_that_is_too_short_for_its_windows():
    with pytest.raises(DataError, match="at least 16 steps for windows of 10 steps and forecasts of 3.*Received: 14"):
        Span(10, 3).split(14, 0.2)
    assert Span(10, 3).split(16, 0.2) == (slice(0, 1), slice(3, 4))


@pytest.mark.parametrize("season", [7, 12, 24])
def test_seasons_are_found(season):
    rng, t = np.random.default_rng(season), np.arange(20 * season)
    values = np.sin(2 * np.pi * t / season) + 0.3 * rng.normal(size=len(t)) + 0.01 * t
    assert season_of(values) == season


@pytest.mark.parametrize("values", [np.arange(50.0), np.ones(50), np.random.default_rng(0).normal(size=400), [1, 2]])
def test_there_may_be_no_season(values):
    assert season_of(values) == 1


def test_the_usual_lookback_leaves_enough_windows():
    assert usual_lookback(11520, 24, 24) == 336
    assert usual_lookback(100, 5, 7) <= 20
    assert usual_lookback(3, 1, 1) == 1


# --------------------------------------------------------------- what is read
def test_histories_read_frames_and_arrays():
    history = History.of(frame(), "sales", "day")
    assert history.form.columns == ("sales", "rain") and history.places == (0,) and history.form.flat
    assert History.of(frame().set_index("day"), ["rain"]).places == (1,)
    assert History.of(frame()).times[0][0] == DAYS[0]  # the only column of dates
    values = frame()[["sales", "rain"]].to_numpy()
    assert History.of(values).places == (0, 1)
    assert History.of(values, "b", columns=["a", "b"]).places == (1,)
    assert History.of(values, values[:, 1]).places == (1,)
    assert History.of(values, values[:, 1] * 2).places is None
    assert History.of(values[:, 0]).form.flat
    several = History.of(pd.concat([frame(id=1), frame(id=2)]), "sales", "day", "id")
    assert several.names == (1, 2) and len(several.inputs) == 2


BAD_HISTORIES = {
    "no such target": (lambda: History.of(frame(), "sale", "day"), "Did you mean 'sales'.*Received: 'sale'"),
    "text": (lambda: History.of(frame(town="x"), "sales", "day"), "column 'town' of `x` to hold numbers.*'x'"),
    "missing": (lambda: History.of(frame(rain=np.nan), "sales", "day"), r"missing ones, 40.*'rain'.*interpolate"),
    "infinite": (lambda: History.of(np.array([1.0, np.inf])), "infinite or too large ones, 1"),
    "three axes": (lambda: History.of(np.zeros((2, 3, 4))), "one row a step.*TimeseriesClassifier"),
    "constant": (lambda: History.of(np.ones(9)), "targets that vary"),
    "empty": (lambda: History.of(np.zeros((0, 2))), "at least one row"),
    "other length": (lambda: History.of(np.arange(9.0), np.arange(8.0)), "`y` to have 9 steps.*Received: 8"),
    "fewer channels": (lambda: History.of(np.eye(9)).alike(np.eye(8)), "9 channels in `x`.*Received: 8"),
    "no frame": (lambda: History.of(frame(), "sales").alike(np.eye(9)), "DataFrame, as in `fit`"),
    "a column less": (lambda: History.of(frame(), "sales").alike(frame().drop(columns="rain")), "a column 'rain'"),
    "a gap later": (lambda: History.of(frame(), "sales").alike(frame().drop(index=20)), "a gap after 2024-01-20"),
}


@pytest.mark.parametrize("name", BAD_HISTORIES)
def test_bad_histories(name):
    make, message = BAD_HISTORIES[name]
    with pytest.raises(DataError, match=message):
        make()


def test_columns_are_named_for_frames_alone():
    with pytest.raises(ArgumentError, match="DataFrame beside the name of a column"):
        History.of(np.arange(9.0), time="day")
    with pytest.raises(ArgumentError, match="2 `column_names`"):
        History.of(np.eye(2), columns=["a"])


def test_forecasts_come_back_with_their_times():
    history = History.of(frame(), "sales", "day")
    told = history.told(np.array([[[40.0], [41.0]]]), gap=1)
    assert told["day"].tolist() == [pd.Timestamp("2024-02-11"), pd.Timestamp("2024-02-12")]
    assert told["sales"].tolist() == [40, 41]
    months = pd.date_range("2024-01-01", periods=9, freq="MS")
    assert after(months, 2).tolist() == [pd.Timestamp("2024-10-01"), pd.Timestamp("2024-11-01")]
    assert after(pd.Index([1, 3, 5]), 2).tolist() == [7, 9]
    assert History.of(np.arange(9.0)).told(np.zeros((1, 3, 1)), 0).shape == (3,)


def test_channels_and_targets_have_their_moments_before_validation():
    history = History.of(frame(), "sales", "day").before(0.5)
    mean, scale = history.moments()
    assert mean[0] == mean[2] == 9.5 and scale[0] == pytest.approx(np.arange(20).std())


# --------------------------------------------------------------------- target
def test_forecast_targets():
    y = np.random.default_rng(0).normal(5, 2, (30, 4, 2))
    target = ForecastTarget.fit(y)
    assert target.shape == (4, 2) and target.mean == pytest.approx(y.mean((0, 1)).tolist())
    again = target_from_json(target.to_json())
    np.testing.assert_allclose(again.decode(again.encode(y)), y.astype("float32"))
    flat = ForecastTarget.fit(y[..., 0])
    assert flat.encode(y[..., 0]).shape == (30, 4, 1) and flat.decode(y[..., :1]).shape == (30, 4)
    for bad in (y[:, :3], y[..., 0], y[:, 0]):
        with pytest.raises(DataError, match=r"of shape \(n, 4, 2\)"):
            target.encode(bad)
    with pytest.raises(DataError, match="3 targets. Received: 2"):
        ForecastTarget.fit(y, output_dim=3)


def test_the_next_times_come_without_a_warning(recwarn):
    assert after(pd.date_range("2024-01-01", periods=9, freq="D", tz="Europe/Berlin"), 1)[0].day == 10
    assert not recwarn.list


def test_periods_are_times():
    months = pd.Series(pd.period_range("2020-01", periods=3, freq="M"))
    np.testing.assert_array_equal(times_of(months, "month", "`x`") / 86400, [0, 31, 60])
