import json

import numpy as np
import pytest

from kerasnas import ImageClassifier, ImageRegressor
from kerasnas.cli import main
from kerasnas.errors import ArgumentError, JournalError
from kerasnas.report import leaderboard
from kerasnas.tasks import calls

CALL = {"epochs": 1, "validation_split": 0.3, "batch_size": 32, "time_limit": None, "class_weight": {1: 2.0}}


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    from sklearn.datasets import load_digits

    x, y = load_digits(return_X_y=True)
    x, y = x[y < 2].reshape(-1, 8, 8).astype("uint8"), y[y < 2]
    path = tmp_path_factory.mktemp("data") / "zeros_and_ones.npz"
    np.savez(path, x_train=x[:200], y_train=y[:200], x_test=x[200:], y_test=y[200:])
    return path


# ------------------------------------------------------------------ call.json
def test_a_call_is_read_as_it_was_made(tmp_path):
    made = ImageClassifier(num_classes=3, seed=0, max_trials=7, strategy="random", directory="elsewhere")
    calls.write(made, tmp_path, CALL, ["sample_weight"])
    model, arguments, given = calls.read(tmp_path)
    assert type(model) is ImageClassifier
    assert (model.num_classes, model.seed, model.max_trials, model.strategy) == (3, 0, 7, "random")
    assert (model.directory, model.project_name, model.overwrite) == (tmp_path.parent, tmp_path.name, False)
    assert arguments == CALL and given == ["sample_weight"]


def test_a_regression_and_no_weights_of_classes(tmp_path):
    calls.write(ImageRegressor(output_dim=2, loss="mae"), tmp_path, {**CALL, "class_weight": None}, [])
    model, arguments, _ = calls.read(tmp_path)
    assert type(model) is ImageRegressor and (model.output_dim, model.loss) == (2, "mae")
    assert arguments["class_weight"] is None


def test_numbers_of_numpy_are_plain(tmp_path):
    given = {**CALL, "class_weight": {np.int64(1): np.float32(2)}, "batch_size": np.int64(32)}
    calls.write(ImageClassifier(seed=np.int64(3)), tmp_path, given, [])
    model, arguments, _ = calls.read(tmp_path)
    assert model.seed == 3 and arguments == CALL


def test_labels_that_are_words(tmp_path):
    calls.write(ImageClassifier(), tmp_path, {**CALL, "class_weight": {"cat": 2, "dog": 1.5}}, [])
    assert calls.read(tmp_path)[1]["class_weight"] == {"cat": 2, "dog": 1.5}


def test_a_folder_that_cannot_be_written(tmp_path):
    with pytest.raises(JournalError, match="Expected to write"):
        calls.write(ImageClassifier(), tmp_path / "nowhere", CALL, [])


class Drawn:
    """Stands for a model of a class of the user's own."""

    def __init__(self):
        pass


@pytest.mark.parametrize(
    ("model", "given", "reason"),
    [
        (Drawn(), [], "it has Drawn, which is no class of kerasnas's own"),
        (ImageClassifier(loss=print), [], "it was given what is no plain value"),
        (ImageClassifier(), ["callbacks"], "it was given callbacks"),
    ],
)
def test_a_call_that_cannot_be_told_says_why(tmp_path, model, given, reason):
    calls.write(model, tmp_path, CALL, given)
    with pytest.raises(ArgumentError, match=f"{reason}.*Make the same call in Python"):
        calls.read(tmp_path)


def test_a_folder_without_a_call(tmp_path, capsys):
    assert main(["resume", str(tmp_path), "--data", "x.npz"]) == 2
    assert "there is no call.json in it" in capsys.readouterr().err
    (tmp_path / calls.FILE).write_text(json.dumps({"class": "os.system"}))
    with pytest.raises(ArgumentError, match="unknown class"):
        calls.read(tmp_path)


# --------------------------------------------------------------- command line
def test_resume_goes_on_where_the_search_stopped(data, tmp_path, capsys):
    arrays = np.load(data)
    made = ImageClassifier(seed=0, max_trials=1, directory=tmp_path, project_name="run")
    made.fit(arrays["x_train"], arrays["y_train"], epochs=1, verbose=0, validation_split=0.25)
    first = leaderboard(tmp_path / "run")
    assert main(["resume", str(tmp_path / "run"), "--data", str(data), "--max-trials", "2"]) == 0
    told = capsys.readouterr().out
    assert "going on after 1 trials" in told and "trial 0: " not in told and "test score" in told
    second = leaderboard(tmp_path / "run").set_index("trial")
    assert len(second) == 2 and second["epochs"].tolist() == [1, 1]
    assert second.loc[0, "val_accuracy"] == first.loc[0, "val_accuracy"]

    np.savez(tmp_path / "other.npz", x=arrays["x_train"][:100], y=arrays["y_train"][:100])
    assert main(["resume", str(tmp_path / "run"), "--data", str(tmp_path / "other.npz")]) == 2
    assert "with the same data" in capsys.readouterr().err


def drawn(**given):
    import kerasnas as kn

    left, right = kn.Input(name="left"), kn.Input(name="right")
    hidden = kn.DenseBlock(1, 4, False, 0.0)(kn.Merge("concatenate")([left, right]))
    heads = [kn.ClassificationHead(name="kind", dropout=0.0)(hidden), kn.RegressionHead(name="size")(hidden)]
    return kn.AutoModel([left, right], heads, seed=0, max_trials=1, **given)


def test_drawn_models_go_on_too(tmp_path, capsys):
    rng = np.random.default_rng(0)
    x = {"left": rng.normal(size=(40, 2)), "right": rng.normal(size=(40, 3))}
    y = {"kind": np.arange(40) % 2, "size": x["left"][:, 0]}
    made = drawn(directory=tmp_path, project_name="run").fit(x, y, epochs=1, batch_size=20, verbose=0)
    np.savez(tmp_path / "rows.npz", **x, **y)
    words = ["resume", str(tmp_path / "run"), "--verbose", "0", "--data"]
    assert main([*words, str(tmp_path / "rows.npz"), "--max-trials", "2"]) == 0
    found = leaderboard(tmp_path / "run").set_index("trial")
    assert len(found) == 2 and found.loc[0, "val_loss"] == made.trials_[0].measurement.metrics["val_loss"]
    np.savez(tmp_path / "less.npz", **x, kind=y["kind"])
    assert main([*words, str(tmp_path / "less.npz")]) == 2 and "an array 'size'" in capsys.readouterr().err
    assert main([*words, str(tmp_path)]) == 2 and "left, right, kind, size" in capsys.readouterr().err


def test_forecasts_go_on_too(tmp_path, capsys):
    import pandas as pd

    from kerasnas import TimeseriesForecaster

    days = pd.date_range("2024-01-01", periods=60)
    frame = pd.DataFrame({"day": days, "sales": np.arange(60.0) % 7, "rain": np.cos(np.arange(60))})
    frame.to_csv(tmp_path / "sales.csv", index=False)
    made = TimeseriesForecaster(
        lookback=7, horizon=2, time_column="day", block_type="naive", seed=0, max_trials=1, directory=tmp_path,
        project_name="run",
    )  # fmt: skip
    made.fit(frame, "sales", validation_split=0.3, verbose=0)
    words = ["resume", str(tmp_path / "run"), "--verbose", "0", "--data", str(tmp_path / "sales.csv")]
    assert main([*words, "--target", "sales"]) == 0 and len(leaderboard(tmp_path / "run")) == 1
    assert main(words) == 2 and "with the same data" in capsys.readouterr().err


def test_fit_searches_and_exports(data, tmp_path, capsys):
    import keras

    words = ["--time-limit", "10", "--output", tmp_path / "run", "--export", tmp_path / "model.keras"]
    assert main(["fit", *map(str, [data, *words])]) == 0
    told = capsys.readouterr().out
    assert "trial 0" in told and "test score" in told and "parameters, input (8, 8, 1)" in told
    assert keras.models.load_model(tmp_path / "model.keras").output_shape == (None, 2)


def test_fit_says_what_is_wrong_with_the_data(tmp_path, capsys):
    np.savez(tmp_path / "data.npz", x=np.zeros((20, 8, 8)), y=np.zeros(20))
    assert main(["fit", str(tmp_path / "data.npz"), "--output", str(tmp_path / "run")]) == 2
    assert capsys.readouterr().err.startswith("error: Expected")
