"""Facades over time series, from raw rows to an exported model in a process without kerasnas."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import kerasnas as kn
from kerasnas import alone
from kerasnas.errors import ArgumentError, DataError, NotFittedError

STRANGER = Path(alone.__file__)


@pytest.fixture(scope="module")
def gun_point(staged):
    """GunPoint: 50 series to train on, 150 to test, one channel; from a (n, channels, steps) file."""
    with np.load(staged("ucr/GunPoint.npz")) as stored:
        x, y, x_test, y_test = (stored[name] for name in ("x_train", "y_train", "x_test", "y_test"))
    return np.moveaxis(x, 1, 2), y, np.moveaxis(x_test, 1, 2), y_test


@pytest.fixture(scope="module")
def classifier(gun_point, tmp_path_factory):
    """Two trials in closed form, cross-validated, on series of which some values are missing."""
    x, y, *_ = gun_point
    x = x.copy()
    x[3, 140:] = x[7, 20:30] = np.nan
    model = kn.TimeseriesClassifier(seed=0, max_trials=2, directory=tmp_path_factory.mktemp("series"))
    return model.fit(x, y, verbose=0)


def answers_elsewhere(model, rows, tmp_path):
    np.save(tmp_path / "rows.npy", rows)
    command = [sys.executable, "-I", str(STRANGER), str(model), str(tmp_path / "rows.npy"), str(tmp_path / "out.npy")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    return np.load(tmp_path / "out.npy")


# ------------------------------------------------------------- classification
def test_few_series_are_told_apart_in_closed_form(classifier, gun_point):
    *_, x_test, y_test = gun_point
    assert classifier.score(x_test, y_test) > 0.97  # two series warped onto each other: .91
    for trial in classifier.trials_:
        assert trial.measurement.extra["epochs"] == 0 and trial.measurement.extra["folds"] == 5
    shares = classifier.predict_proba(x_test)
    assert {len(values) for values in classifier.history.values()} == {1} and "val_accuracy" in classifier.history
    assert shares.shape == (150, 2) and np.allclose(shares.sum(1), 1, atol=1e-5)
    assert -np.log(shares[np.arange(150), (y_test == "2").astype(int)]).mean() < 0.2


def test_the_judgement_is_out_of_fold(gun_point, tmp_path):
    """Labels that say nothing cannot be told, though the solution fits all of them."""
    x = gun_point[0]
    y = np.random.default_rng(0).integers(2, size=len(x))
    model = kn.TimeseriesClassifier(seed=0, max_trials=1, directory=tmp_path).fit(x, y, verbose=0)
    assert model.trials_[0].measurement.metrics["val_accuracy"] < 0.75
    assert model.score(x, y) > 0.8


@pytest.mark.parametrize("kind", ["keras", "saved_model"])
def test_the_export_answers_alike_elsewhere(classifier, gun_point, kind, tmp_path):
    rows = gun_point[2][:20].copy()
    rows[2, 5:30] = np.nan
    path = tmp_path / ("model.keras" if kind == "keras" else "model")
    classifier.predictor_.export(path)
    found = answers_elsewhere(path, rows, tmp_path)
    np.testing.assert_allclose(found, classifier.predict_proba(rows), atol=1e-5)


def test_saved_and_loaded(classifier, gun_point, tmp_path):
    again = kn.load(classifier.save(tmp_path / "saved"))
    rows = gun_point[2][:9]
    assert (again.predict(rows) == classifier.predict(rows)).all()
    with pytest.raises(DataError, match=r"shape \(150, 1\)"):
        again.predict(rows[:, :100])


def test_trained_networks_and_a_part_held_out(gun_point, tmp_path):
    x, y, *_ = gun_point
    inputs = kn.TimeseriesInput()
    outputs = kn.ClassificationHead()(kn.TimeseriesBlock(["convolution", "recurrent"])(inputs))
    model = kn.AutoModel(inputs, outputs, max_trials=2, seed=0, directory=tmp_path)
    model.fit(x[..., 0], y, epochs=2, verbose=0)
    assert {trial.status for trial in model.trials_} == {"completed"}
    assert {str(t.proposal.architecture["timeseries_block"]) for t in model.trials_} == {"convolution", "recurrent"}


def test_regression_and_weights(tmp_path):
    rng = np.random.default_rng(0)
    rates = rng.uniform(1, 5, 60)
    x = np.sin(rates[:, None] * np.linspace(0, 10, 50)) + 0.1 * rng.normal(size=(60, 50))
    model = kn.TimeseriesRegressor(seed=0, max_trials=1, directory=tmp_path)
    model.fit(x[:45], 1000 * rates[:45], verbose=0, sample_weight=np.ones(45))
    assert model.score(x[45:], 1000 * rates[45:]) > 0.9


class Flat(kn.Block):
    """A network of a moment: gaps filled, all numbers in a row."""

    def node(self, signals):
        return kn.Sequential({"fill": kn.operations.FillMissing(), "flat": kn.operations.Flatten()})


@pytest.fixture
def quick(monkeypatch):
    """Arguments of `fit`, with networks that take no time to train."""
    inputs = kn.TimeseriesInput(name="series")
    monkeypatch.setattr(kn.TimeseriesClassifier, "_blocks", lambda self: (inputs, Flat(name="network")(inputs)))
    return {"epochs": 1, "batch_size": 8, "verbose": 0, "validation": "holdout"}


def test_lists_of_series_of_any_length(quick, tmp_path):
    series = [[1, 2, 3], [4, 5], [1, 2, 2], [5, 5]] * 3
    model = kn.TimeseriesClassifier(seed=0, max_trials=1, directory=tmp_path)
    model.fit(series, ["up", "high"] * 6, **quick)
    assert model.predict([[4, 5], [1, 2, 3]]).tolist() == model.predict([[1, 2, 3], [4, 5]])[::-1].tolist()
    assert model.predict([[4, 5]]).shape == (1,)
    # A label that `fit` never saw counts as one that is missed, as in scikit-learn.
    assert model.score(series[:4], ["up", "high", "up", "other"]) == pytest.approx(
        model.score(series[:3], ["up", "high", "up"]) * 0.75
    )


def test_long_frames(quick, tmp_path):
    """One row a step, in any order; the label is a column, or beside the frame."""
    rng = np.random.default_rng(0)
    parts = [
        pd.DataFrame(
            {"who": f"s{i}", "day": range(n), "v": np.arange(n) * (-1) ** i + rng.normal(size=n), "w": 0.5 * i}
        )
        for i, n in enumerate([12, 9, 12, 10] * 5)
    ]
    frame = pd.concat([part.assign(kind="ab"[i % 2]) for i, part in enumerate(parts)]).sample(frac=1, random_state=0)
    model = kn.TimeseriesClassifier(
        seed=0, max_trials=1, directory=tmp_path, time_column="day", series_column="who"
    )  # fmt: skip
    names = frame["who"].unique()
    kinds = np.array(["ab"[int(name[1:]) % 2] for name in names])
    with pytest.warns(UserWarning, match="out of order; sorted"):
        model.fit(frame, "kind", **quick | {"validation": None}, validation_data=frame)
        found = model.predict(frame)
        assert found.shape == (20,) and (model.predict(frame.drop(columns="kind")) == found).all()
        assert model.score(frame, "kind") == model.score(frame, dict(zip(names, kinds))) == np.mean(found == kinds)
        told = model.evaluate(frame, kinds, return_dict=True)["loss"]
        assert told == pytest.approx(model.trials_[0].measurement.metrics["val_loss"], rel=1e-3)
        again = kn.load(model.save(tmp_path / "saved"))
        few = frame[frame["who"].isin(["s3", "s8"])][["w", "day", "who", "v", "kind"]]
        found = again.predict_proba(few)
        where = [names.tolist().index(name) for name in few["who"].unique()]
        np.testing.assert_allclose(found, model.predict_proba(frame)[where], atol=1e-5)
    with pytest.raises(ArgumentError, match="`series_column` beside `time_column`"):
        kn.TimeseriesRegressor(time_column="day", directory=tmp_path).fit(frame, "w", verbose=0)


# ----------------------------------------------------------------- forecasting
@pytest.fixture(scope="module")
def sales():
    """400 days with a weekly season, a trend, and a second column that tells nothing."""
    rng, t = np.random.default_rng(0), np.arange(400)
    values = 200 + 0.1 * t + 30 * np.sin(2 * np.pi * t / 7) + 5 * rng.normal(size=400)
    return pd.DataFrame(
        {"day": pd.date_range("2023-01-01", periods=400), "sales": values, "noise": rng.normal(size=400)}
    )


@pytest.fixture(scope="module")
def forecaster(sales, tmp_path_factory):
    model = kn.TimeseriesForecaster(horizon=7, seed=0, max_trials=4, directory=tmp_path_factory.mktemp("forecast"))
    return model.fit(sales[:360], "sales", verbose=0)


def test_forecasts_beat_the_last_season_again(forecaster, sales):
    assert forecaster.season_ == 7 and forecaster.lookback_ >= 28
    found, wanted = forecaster.forecasts(sales[360 - forecaster.lookback_ :])
    assert found.shape == wanted.shape == (34, 7, 1)
    naive = np.stack([sales["sales"].to_numpy()[360 + i - 7 : 360 + i] for i in range(34)])[..., None]
    assert np.square(found - wanted).mean() < 0.8 * np.square(naive - wanted).mean()
    kinds = [trial.proposal.architecture["network/network"] for trial in forecaster.trials_]
    assert kinds == ["linear", "linear", "linear", "naive"]
    assert forecaster.evaluate(sales[360 - forecaster.lookback_ :], return_dict=True)["loss"] == pytest.approx(
        np.square(found - wanted).mean(), rel=1e-3
    )


def test_the_next_steps_have_their_times(forecaster, sales):
    told = forecaster.predict()
    assert told["day"].tolist() == pd.date_range("2023-12-27", periods=7).tolist()
    assert list(told.columns) == ["day", "sales"] and np.abs(told["sales"] - sales["sales"][360:367].values).mean() < 15
    later = forecaster.predict(sales[300:390])
    assert later["day"][0] == pd.Timestamp("2024-01-26")


def test_what_validates_is_the_last_part(forecaster):
    """The control's error is that of repeating the week before over the last fifth of the steps."""
    history = forecaster._history.targets[0][:, 0]
    first = round(360 * 0.8)
    wanted = np.stack([history[p : p + 7] for p in range(first, 354)])
    naive = np.stack([history[p - 7 : p] for p in range(first, 354)])
    measured = forecaster.trials_[3].measurement.metrics["val_loss"]
    assert measured == pytest.approx(np.square(naive - wanted).mean(), rel=1e-4)


def test_the_final_model_has_seen_the_last_steps(forecaster):
    """What is refitted is solved from all windows: its own trial's model is another one."""
    best = min(forecaster.trials_, key=lambda trial: trial.measurement.metrics["val_loss"]).number
    before, after = forecaster.export_model(best).get_weights(), forecaster.export_model().get_weights()
    assert any(not np.allclose(one, other) for one, other in zip(before, after))


def test_only_the_last_steps_validate_forecasts(sales, tmp_path):
    with pytest.raises(ArgumentError, match="on the last steps.*'cv5'"):
        kn.TimeseriesForecaster(directory=tmp_path, max_trials=1).fit(sales, "sales", validation="cv5", verbose=0)


@pytest.mark.parametrize("kind", ["keras", "saved_model"])
def test_the_exported_forecast_takes_windows_in_their_unit(forecaster, sales, kind, tmp_path):
    model = forecaster.export_model()
    assert model.input_shape == (None, forecaster.lookback_, 2) and model.output_shape == (None, 7, 1)
    window = sales[["sales", "noise"]].to_numpy("float32")[None, 360 - forecaster.lookback_ : 360]
    path = tmp_path / ("model.keras" if kind == "keras" else "model")
    forecaster.predictor_.export(path)
    found = answers_elsewhere(path, window, tmp_path)
    np.testing.assert_allclose(found[0, :, 0], forecaster.predict()["sales"], rtol=1e-4)


def test_trained_networks_start_from_the_linear_map(sales, tmp_path):
    model = kn.TimeseriesForecaster(
        lookback=28, horizon=3, block_type=["linear", "dense"], seed=0, max_trials=4, directory=tmp_path, epochs=1
    )
    model.fit(sales[:360], ["sales", "noise"], verbose=0)
    losses = {t.proposal.architecture["network/network"]: t.measurement.metrics["val_loss"] for t in model.trials_}
    assert losses["dense"] < 1.3 * losses["linear"]
    assert model.predict()[["sales", "noise"]].shape == (3, 2)


def test_arrays_several_series_and_autokeras_arguments(sales, tmp_path):
    values = sales["sales"].to_numpy()
    model = kn.TimeseriesForecaster(
        lookback=14, predict_from=2, predict_until=4, max_trials=1, objective="val_loss", overwrite=True, seed=0,
        directory=tmp_path / "a",
    ).fit(x=values, y=values, batch_size=32, epochs=1, verbose=0)  # fmt: skip
    assert model.predict(values[:50]).shape == (3,) and model.export_model().output_shape == (None, 3, 1)
    others = np.stack([values, np.roll(values, 3)], axis=1)
    model = kn.TimeseriesForecaster(lookback=14, horizon=2, max_trials=1, seed=0, directory=tmp_path / "b")
    model.fit(others[:300], validation_data=others[300:], verbose=0)
    assert model.predict(others).shape == (2, 2)
    beside = kn.TimeseriesForecaster(lookback=14, horizon=2, max_trials=1, seed=0, directory=tmp_path / "c")
    beside.fit(others, 3 * others[:, 0] + 1, verbose=0)
    assert beside.predict(others).shape == (2,) and beside.score(others, 3 * others[:, 0] + 1) > 0.3
    two = pd.concat([sales.assign(shop="a"), sales.assign(shop="b", sales=2 * sales["sales"])])
    panel = kn.TimeseriesForecaster(
        lookback=14, horizon=2, max_trials=1, seed=0, directory=tmp_path / "d", time_column="day", series_column="shop"
    ).fit(two, "sales", verbose=0)
    told = panel.predict()
    assert told["shop"].tolist() == ["a", "a", "b", "b"] and told["sales"][2] > 1.5 * told["sales"][0]


BAD = {
    "too short": (dict(horizon=30, lookback=20), lambda s: (s[:60], "sales"), DataError, "at least 80 steps"),
    "shorter than the horizon": (dict(horizon=50), lambda s: (s[:40], "sales"), DataError, "Expected at least"),
    "a gap": (dict(horizon=2), lambda s: (s.drop(index=9), "sales"), DataError, "a gap after 2023-01-09"),
    "a time twice": (dict(horizon=2), lambda s: (pd.concat([s, s[:1]]), "sales"), DataError, "one row for each time"),
    "no such target": (dict(horizon=2), lambda s: (s, "sails"), DataError, "Did you mean 'sales'"),
    "missing": (dict(horizon=2), lambda s: (s.assign(noise=np.nan), "sales"), DataError, "missing ones, 400"),
    "no horizon": (dict(horizon=0), lambda s: (s, "sales"), ArgumentError, "`horizon` to be a positive"),
    "two horizons": (dict(horizon=3, predict_until=4), lambda s: (s, "sales"), ArgumentError, "either `horizon` or"),
    "backwards": (dict(predict_from=3, predict_until=2), lambda s: (s, "sales"), ArgumentError, "from `predict_from`"),
    "other width": (dict(output_dim=2), lambda s: (s, "sales"), DataError, "Expected 2 targets"),
    "no horizon at all": (dict(horizon="7"), lambda s: (s, "sales"), ArgumentError, "`horizon` to be a positive"),
    "no network": (dict(block_type="lstm"), lambda s: (s, "sales"), ArgumentError, "`block_type` among"),
}  # fmt: skip


@pytest.mark.filterwarnings("ignore:Expected .* in the order")
@pytest.mark.parametrize("name", BAD)
def test_bad_input_is_refused_before_any_training(name, sales, tmp_path):
    arguments, data, error, message = BAD[name]
    with pytest.raises(error, match=message):
        kn.TimeseriesForecaster(**arguments, directory=tmp_path, max_trials=1).fit(*data(sales), verbose=0)
    assert not list(tmp_path.iterdir())


def test_predictions_need_a_fit_and_enough_steps(forecaster, sales):
    with pytest.raises(NotFittedError):
        kn.TimeseriesForecaster().predict()
    with pytest.raises(DataError, match="Expected at least .* steps to forecast from. Received: 5"):
        forecaster.predict(sales[:5])
    with pytest.raises(DataError, match="Expected at least"):
        forecaster.forecasts(sales[:20])


@pytest.mark.parametrize("form", [list, np.asarray, pd.Series], ids=["list", "array", "series"])
def test_other_steps_need_targets_of_their_own(form, tmp_path):
    """Those of `fit`, though as many, are not theirs."""
    x, later = np.random.default_rng(0).normal(size=(2, 60, 2))
    model = kn.TimeseriesForecaster(horizon=2, lookback=6, max_trials=1, directory=tmp_path / "runs")
    with pytest.raises(DataError, match="targets `y` beside `x`, as in `fit`. Received: None"):
        model.fit(x, form(x[:, 0] + 1), validation_data=later, verbose=0)
    assert not (tmp_path / "runs").exists()
