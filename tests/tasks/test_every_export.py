"""Promise 1 for every facade and both formats: raw rows in, equal answers, where kerasnas cannot be imported.

And ONNX for those that read numbers.
"""

import importlib.util
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import kerasnas as kn
from kerasnas import alone, backend
from kerasnas.cli import main
from kerasnas.errors import ExportError
from kerasnas.tasks.exporting import as_onnx

from .test_exports import assert_stock

FORMATS = {"keras": "model.keras", "saved_model": "saved_model"}
ROWS, ASKED = 48, 9  # rows of a search, and rows that are asked about
CLASS = np.arange(ROWS) % 2
WORDS = ["dull", "slow"], ["bright", "fast"]


@dataclass
class Export:
    """A fitted facade, raw rows as a deployed model is given them, and what the facade answers."""

    model: object
    rows: object
    wanted: object


def pictures():
    rng = np.random.default_rng(0)
    return (rng.integers(0, 60, (ROWS, 8, 8)) + 120 * CLASS[:, None, None]).astype("uint8")


def texts():
    return [f"a {WORDS[c][i % 2]} thing, number {i}; für {'日本' if i % 3 else 'ÉTÉ'}" for i, c in enumerate(CLASS)]


def table():
    """Numbers with gaps, categories, truths, dates, whole numbers."""
    rng = np.random.default_rng(1)
    frame = pd.DataFrame(
        {
            "weight": rng.normal(size=ROWS) + 2 * CLASS,
            "colour": np.where(CLASS, "red", rng.choice(["blue", "green"], ROWS)),
            "old": rng.random(ROWS) < 0.5,
            "seen": pd.date_range("2021-01-01", periods=ROWS, freq="31h"),
            "rooms": rng.integers(1, 9, ROWS),
        }
    )
    frame.loc[::7, "weight"] = np.nan
    frame.loc[3, "colour"] = None
    return frame


def raw_columns(frame):
    """A table as the exported model's inputs take it: a column each, dates in seconds, "" for a missing string."""
    seconds = (frame["seen"] - pd.Timestamp("1970-01-01")) / pd.Timedelta(seconds=1)
    columns = {
        "weight": frame["weight"].to_numpy("float32"),
        "colour": frame["colour"].fillna("").to_numpy(str),
        "old": frame["old"].to_numpy("float32"),
        "seen": seconds.to_numpy("float64"),
        "rooms": frame["rooms"].to_numpy("float32"),
    }
    return {name: values[:, None] for name, values in columns.items()}


def series():
    rng, steps = np.random.default_rng(2), np.linspace(0, 6, 30)
    return np.sin((1 + CLASS)[:, None] * steps) + 0.1 * rng.normal(size=(ROWS, 30))


def numbers():
    return 100 + 10 * CLASS + np.random.default_rng(3).normal(size=ROWS)


def named():
    return np.where(CLASS, "yes", "no")


# --------------------------------------------------------------------- facades
def of_pictures(kind, given):
    x = pictures()
    model = kind(**given).fit(x, named() if kind is kn.ImageClassifier else numbers(), epochs=1, verbose=0)
    return model, x[:ASKED], x[:ASKED, ..., None].astype("float32")


def of_texts(kind, given):
    x = texts()
    model = kind(**given).fit(x, named() if kind is kn.TextClassifier else numbers(), epochs=2, verbose=0)
    asked = [*x[: ASKED - 2], "", "unheard of"]
    return model, asked, np.array(asked)


def of_tables(kind, given):
    x = table()
    y = named() if kind is kn.StructuredDataClassifier else numbers()
    model = kind(**given).fit(x, y, epochs=2, verbose=0, validation="holdout")
    asked = x[:ASKED].copy()
    asked.loc[0, "colour"], asked.loc[1, "weight"] = "violet", np.inf
    rows = raw_columns(asked)
    assert {each.name for each in model.export_model().inputs} == set(rows)
    return model, asked, rows


def of_series(kind, given):
    x = series()
    model = kind(**given).fit(x, named() if kind is kn.TimeseriesClassifier else numbers(), verbose=0)
    asked = x[:ASKED].copy()
    asked[2, 5:9] = np.nan
    return model, asked, asked[..., None].astype("float32")


def of_forecasts(kind, given):
    x = np.stack([series().ravel()[:200], np.arange(200) % 7], axis=1)
    model = kind(horizon=3, lookback=14, **given).fit(x, verbose=0)
    return model, x[-14:], x[None, -14:].astype("float32")


def of_several(kind, given):
    inputs = [kn.ImageInput(name="picture"), kn.TextInput(name="words"), kn.StructuredDataInput(name="table")]
    picture = kn.SpatialReduction("global_avg")(kn.Normalization()(inputs[0]))
    merged = kn.Merge("concatenate")(
        [picture, kn.TextBlock("ngram")(inputs[1]), kn.CategoricalToNumerical()(inputs[2])]
    )
    heads = [kn.ClassificationHead(name="kind", dropout=0.0), kn.RegressionHead(name="amount", dropout=0.0)]
    x = {"picture": pictures(), "words": texts(), "table": table()}
    model = kind(inputs, [head(merged) for head in heads], **given)
    model.fit(x, {"kind": named(), "amount": numbers()}, epochs=2, verbose=0)
    asked = {name: rows[:ASKED] for name, rows in x.items()}
    rows = {f"table_{name}": values for name, values in raw_columns(asked["table"]).items()}
    rows |= {"picture": asked["picture"][..., None].astype("float32"), "words": np.array(asked["words"])}
    return model, asked, rows


FACADES = {
    kn.ImageClassifier: of_pictures, kn.ImageRegressor: of_pictures, kn.TextClassifier: of_texts,
    kn.TextRegressor: of_texts, kn.StructuredDataClassifier: of_tables, kn.StructuredDataRegressor: of_tables,
    kn.TimeseriesClassifier: of_series, kn.TimeseriesRegressor: of_series, kn.TimeseriesForecaster: of_forecasts,
    kn.AutoModel: of_several,
}  # fmt: skip
each_facade = pytest.mark.parametrize("name", [kind.__name__ for kind in FACADES])


def test_no_facade_is_left_out():
    public = {name for name in dir(kn) if name.endswith(("Classifier", "Regressor", "Forecaster", "AutoModel"))}
    assert public == {kind.__name__ for kind in FACADES}


@pytest.fixture(scope="module")
def exports(tmp_path_factory):
    """An `Export` of each facade, by name: what it answers in its labels' probabilities, or in numbers."""
    folder, found = tmp_path_factory.mktemp("searches"), {}
    for kind, fit in FACADES.items():
        model, asked, rows = fit(kind, {"max_trials": 1, "seed": 0, "directory": folder / kind.__name__})
        wanted = model.predict_proba(asked) if "Classifier" in kind.__name__ else model.predict(asked)
        if kind is kn.AutoModel:
            wanted["kind"] = model.predict_proba(asked)
        found[kind.__name__] = Export(model, rows, wanted)
    return found


@pytest.fixture(scope="module")
def answers(exports, tmp_path_factory):
    """What all exports answer in one process that refuses kerasnas, by (facade, format)."""
    folder = tmp_path_factory.mktemp("exports")
    script, words, found = folder / "alone.py", [], {}
    script.write_text(Path(alone.__file__).read_text())
    for name, export in exports.items():
        here = folder / name
        here.mkdir()
        ending = "npz" if isinstance(export.rows, dict) else "npy"
        several = isinstance(export.wanted, dict)
        rows = here / f"rows.{ending}"
        np.savez(rows, **export.rows) if ending == "npz" else np.save(rows, export.rows)
        for form, file in FORMATS.items():
            model = export.model.export_model()
            model.save(here / file) if form == "keras" else model.export(here / file, verbose=False)
            found[name, form] = here / f"{form}.{'npz' if several else 'npy'}"
            words += [here / file, rows, found[name, form]]
    done = subprocess.run(
        [sys.executable, "-I", *map(str, [script, *words])], capture_output=True, text=True, cwd=folder, timeout=900,
        env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"}, check=False,
    )  # fmt: skip
    assert "No module named 'kerasnas'" in done.stdout
    assert done.returncode == 0, done.stdout + done.stderr[-3000:]
    loaded = {key: np.load(path) for key, path in found.items()}
    return {key: dict(each) if hasattr(each, "files") else each for key, each in loaded.items()}


@each_facade
def test_its_layers_are_stock(exports, name):
    assert_stock(exports[name].model.export_model())


@each_facade
@pytest.mark.parametrize("form", FORMATS)
def test_it_answers_alike_where_kerasnas_is_not(exports, answers, name, form):
    told, wanted = answers[name, form], exports[name].wanted
    if not isinstance(wanted, dict):
        told, wanted = {"": told}, {"": wanted}
    assert told.keys() == wanted.keys()
    for head, numbers in wanted.items():
        numbers = np.asarray(numbers)
        assert np.isfinite(told[head]).all() and np.ptp(told[head]) > 0
        np.testing.assert_allclose(told[head].reshape(numbers.shape), numbers, rtol=1e-5, atol=1e-5)


# ------------------------------------------------------------------------ ONNX
MISSING = [name for name in ("onnx", "tf2onnx", "onnxruntime") if importlib.util.find_spec(name) is None]
needs_onnx = pytest.mark.skipif(bool(MISSING), reason=f"needs {', '.join(MISSING)}: pip install 'kerasnas[dev]'")
OF_NUMBERS = [kind.__name__ for kind, fit in FACADES.items() if fit in (of_pictures, of_series, of_forecasts)]
OF_WORDS = [kind.__name__ for kind in FACADES if kind.__name__ not in OF_NUMBERS]


def told_by_onnx(path, rows):
    """What ONNX Runtime answers, by name of the output."""
    import onnxruntime

    session = onnxruntime.InferenceSession(str(path))
    names = [each.name for each in session.get_inputs()]
    rows = rows if isinstance(rows, dict) else {names[0]: rows}
    assert set(names) == set(rows)
    return dict(zip([each.name for each in session.get_outputs()], session.run(None, rows)))


@needs_onnx
@pytest.mark.parametrize("name", OF_NUMBERS)
def test_onnx_answers_alike(exports, name, tmp_path):
    export = exports[name]
    export.model.predictor_.export(tmp_path / "model.onnx")
    told, wanted = told_by_onnx(tmp_path / "model.onnx", export.rows), np.asarray(export.wanted)
    assert told.keys() == {"output"} and np.ptp(told["output"]) > 0
    np.testing.assert_allclose(told["output"].reshape(wanted.shape), wanted, rtol=1e-5, atol=1e-5)
    one = told_by_onnx(tmp_path / "model.onnx", export.rows[:1])["output"]  # any number of rows
    np.testing.assert_allclose(one, told["output"][:1], rtol=1e-5, atol=1e-5)


@needs_onnx
def test_onnx_of_a_picture_and_a_table_of_numbers_with_two_heads(tmp_path, capsys):
    frame = table()[["weight", "old", "seen", "rooms"]]
    x, y = {"picture": pictures(), "table": frame}, {"kind": named(), "amount": numbers()}
    inputs = [kn.ImageInput(name="picture"), kn.StructuredDataInput(name="table")]
    merged = kn.Merge("concatenate")(
        [kn.SpatialReduction("flatten")(kn.Normalization()(inputs[0])), kn.StructuredDataBlock()(inputs[1])]
    )
    heads = [kn.ClassificationHead(name="kind", dropout=0.0), kn.RegressionHead(name="amount", dropout=0.0)]
    model = kn.AutoModel(inputs, [head(merged) for head in heads], max_trials=1, seed=0, directory=tmp_path)
    model.fit(x, y, epochs=2, verbose=0)
    assert main(["export", str(model.folder_), str(tmp_path / "new" / "model.onnx")]) == 0
    rows = raw_columns(frame.assign(colour="")) | {"picture": x["picture"][..., None].astype("float32")}
    rows = {name if name == "picture" else f"table_{name}": each for name, each in rows.items() if name != "colour"}
    told = told_by_onnx(tmp_path / "new" / "model.onnx", rows)
    assert told.keys() == {"amount", "kind"}
    np.testing.assert_allclose(told["kind"], model.predict_proba(x), rtol=1e-5, atol=1e-5)
    np.testing.assert_allclose(told["amount"][:, 0], model.predict(x)["amount"], rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("name", OF_WORDS)
def test_onnx_has_no_words(exports, name, tmp_path):
    with pytest.raises(ExportError, match="Received: strings in '.*write a .keras file or a SavedModel"):
        exports[name].model.predictor_.export(tmp_path / "model.onnx")
    assert not list(tmp_path.iterdir())


def network(change):
    import keras

    inputs = keras.Input((3,), name="x")
    return keras.Model(inputs, change(inputs))


@needs_onnx
def test_an_operation_that_onnx_lacks_is_told():
    import keras

    with pytest.raises(ExportError, match="Expected operations that ONNX has. Received: No Op registered for Igamma"):
        as_onnx(network(lambda x: keras.layers.Lambda(lambda x: backend.tf().math.igamma(x, x))(x)))


def test_what_is_not_installed_is_told(monkeypatch, tmp_path, capsys):
    monkeypatch.setitem(sys.modules, "tf2onnx", None)
    monkeypatch.setitem(sys.modules, "onnx", type(sys)("onnx"))
    with pytest.raises(ExportError, match=r"Expected onnx and tf2onnx.*pip install 'kerasnas\[onnx\]'"):
        as_onnx(network(lambda x: x * 2))
    assert main(["fit", str(tmp_path / "nowhere.csv"), "--export", str(tmp_path / "m.onnx")]) == 2
    assert "tf2onnx" in capsys.readouterr().err  # before anything is read or searched
