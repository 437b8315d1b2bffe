"""Promise 1: what is handed over is plain Keras, and answers alike where kerasnas is not."""

import json
import subprocess
import sys
import textwrap
from pathlib import Path

import numpy as np
import pytest

import kerasnas as kn
from kerasnas import alone
from kerasnas.errors import ArgumentError, ExportError
from kerasnas.tasks import predictor

STRANGER = Path(alone.__file__)


@pytest.fixture(scope="module")
def found(classifier, few, quick, tmp_path_factory):
    """A search of three trials, whose mean is taken, with an augmentation that mirrors."""
    inputs = kn.ImageInput(name="image")
    pictures = kn.ImageAugmentation(horizontal_flip=True, translation_factor=0.0, cutout=0.0)(
        kn.Normalization()(inputs)
    )
    network = kn.ConvBlock(
        kernel_size=3, num_blocks=1, num_layers=1, filters=[8, 12, 16], max_pooling=True, separable=False, dropout=0.0
    )(pictures)
    outputs = kn.ClassificationHead(dropout=0.0, reduction="average", name="label")(network)
    model = kn.AutoModel(inputs, outputs, directory=tmp_path_factory.mktemp("found"), max_trials=3, seed=1)
    return model.fit(*few, **{**quick, "epochs": 3})


@pytest.fixture(scope="module")
def rows(few):
    """Raw pixels as a deployed model is given them."""
    return few[0][..., None]


def classes_in(config, found=None):
    """Every (class, module) named in a Keras config, at any depth."""
    found = set() if found is None else found
    if isinstance(config, dict):
        if "class_name" in config:
            found.add((config["class_name"], config.get("module"), config.get("registered_name")))
        for value in config.values():
            classes_in(value, found)
    elif isinstance(config, (list, tuple)):
        for value in config:
            classes_in(value, found)
    return found


def assert_stock(model):
    for name, module, registered in classes_in(json.loads(model.to_json())):
        assert module is None or module.split(".")[0] == "keras" or module == "builtins", f"{name} of {module}"
        assert registered is None or ">" not in registered, f"{name} is registered as {registered}"
        assert name != "Lambda"
    for layer in model._flatten_layers():
        assert type(layer).__module__.startswith("keras."), type(layer)


def test_only_stock_layers(found):
    assert_stock(found.export_model())
    for trial in found.trials_:
        assert_stock(found.export_model(trial=trial.number))


def test_the_model_takes_raw_pixels(found, rows, few):
    model = found.export_model()
    assert model.input_shape == (None, 8, 8, 1) and model.output_shape == (None, 3)
    answers = model.predict(rows, verbose=0)
    np.testing.assert_allclose(answers, found.predict_proba(few[0]), atol=1e-5)
    assert np.array_equal(found.classes_[answers.argmax(axis=1)], found.predict(few[0]))


def test_a_trial_of_its_own(found, rows):
    """The model of a trial measures what the leaderboard says of it."""
    for trial in found.trials_:
        model = found.export_model(trial=trial.number)
        model.compile(loss="sparse_categorical_crossentropy", metrics=["accuracy"])
        context_rows = validation_rows(found, rows)
        loss, accuracy = model.evaluate(*context_rows, verbose=0)
        assert accuracy == pytest.approx(trial.measurement.metrics["val_accuracy"], abs=1e-6)
        assert loss == pytest.approx(trial.measurement.metrics["val_loss"], rel=1e-3)
    with pytest.raises(ArgumentError, match=r"kept: \[0, 1, 2\].*99"):
        found.export_model(trial=99)


def validation_rows(found, rows):
    """The rows that this search held back: it is said to be by seed, so they can be had again."""
    from kerasnas.data import split

    labels = np.array([0, 1, 2])[ROW_LABELS]
    _, held = split(labels, len(rows), 0.2, found.seed_)
    return rows[held], labels[held]


@pytest.fixture(scope="module", autouse=True)
def _labels(few):
    global ROW_LABELS
    ROW_LABELS = few[1]


def test_the_mean_of_several_trials_is_one_model(found, few, rows, tmp_path):
    """Whatever this search chose, a mean of all its trials is plain, saved and loaded alike."""
    import keras

    from kerasnas.lowering.joining import averaged, named, plain

    members = [found.export_model(trial=trial.number) for trial in found.trials_]
    mean = plain(averaged([named(model, ["label"]) for model in members]))
    assert_stock(mean)
    expected = np.mean([model.predict(rows, verbose=0) for model in members], axis=0)
    np.testing.assert_allclose(mean.predict(rows, verbose=0), expected, atol=1e-5)
    mean.save(tmp_path / "mean.keras")
    loaded = keras.models.load_model(tmp_path / "mean.keras")
    np.testing.assert_allclose(loaded.predict(rows, verbose=0), expected, atol=1e-5)
    again = averaged([named(loaded, ["label"]), named(mean, ["label"])])
    np.testing.assert_allclose(plain(again).predict(rows, verbose=0), expected, atol=1e-5)


def test_the_final_choice_is_in_the_journal(found):
    board = found.leaderboard()
    chosen = [fact["value"] for fact in events(found.folder_) if fact.get("name") == "final"][-1]
    assert sorted(board[board["final"]]["trial"]) == sorted(chosen["members"])
    best = board.iloc[0]
    assert chosen["metrics"]["val_accuracy"] >= best["val_accuracy"] - 1e-9


def events(folder):
    return [json.loads(line) for line in (Path(folder) / "journal.jsonl").read_text().splitlines()]


# ------------------------------------------------------- in another process


@pytest.mark.parametrize("form", ["model.keras", "saved_model"])
def test_where_kerasnas_cannot_be_imported(found, rows, tmp_path, form):
    model = found.export_model()
    if form.endswith(".keras"):
        model.save(tmp_path / form)
    else:
        model.export(tmp_path / form, verbose=False)
    raw = rows if form.endswith(".keras") else rows.astype("float32")
    np.save(tmp_path / "rows.npy", raw)
    script = tmp_path / "alone.py"
    script.write_text(STRANGER.read_text())
    command = [sys.executable, "-I", script, tmp_path / form, tmp_path / "rows.npy", tmp_path / "answers.npy"]
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True, cwd=tmp_path, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "No module named 'kerasnas'" in done.stdout
    np.testing.assert_allclose(np.load(tmp_path / "answers.npy"), model.predict(rows, verbose=0), atol=1e-5)


def test_saved_and_loaded_in_a_new_process(found, few, tmp_path):
    x, y = few
    folder = found.save(tmp_path / "model")
    np.savez(tmp_path / "data.npz", x=x, y=y)
    script = textwrap.dedent("""
        import sys, pickle
        import sklearn.metrics, keras, tensorflow
        def refuse(*arguments, **named):
            raise AssertionError("pickle was used")
        pickle.load = pickle.loads = pickle.Unpickler = refuse
        import numpy as np
        import kerasnas as kn
        data = np.load(sys.argv[2])
        model = kn.load(sys.argv[1])
        np.savez(sys.argv[3], labels=model.predict(data["x"]), chances=model.predict_proba(data["x"]),
                 told=model.evaluate(data["x"], data["y"]), score=model.score(data["x"], data["y"]))
    """)
    command = [sys.executable, "-c", script, str(folder), str(tmp_path / "data.npz"), str(tmp_path / "out.npz")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr[-2000:]
    with np.load(tmp_path / "out.npz") as out:
        assert np.array_equal(out["labels"], found.predict(x)) and out["labels"].dtype == y.dtype
        np.testing.assert_allclose(out["chances"], found.predict_proba(x), atol=1e-5)
        np.testing.assert_allclose(out["told"], found.evaluate(x, y), rtol=1e-4)
        assert out["score"] == found.score(x, y)


def test_no_pickle_on_disk(found, tmp_path):
    folder = found.save(tmp_path / "model")
    names = {file.name for file in Path(folder).rglob("*") if file.is_file()}
    members = [fact["value"]["members"] for fact in events(folder) if fact.get("name") == "final"][-1]
    kept = {f"{number:04d}.{ending}" for number in members for ending in ("keras", "npz")}
    assert names == {"model.keras", "model.json", "journal.jsonl", "call.json", *kept}
    json.loads((folder / "model.json").read_text())
    for file in folder.glob("trials/*.npz"):
        with np.load(file, allow_pickle=False) as stored:
            assert all(stored[name].dtype != object for name in stored.files)


def test_loading_the_run_folder(found, few):
    again = kn.load(found.folder_)
    assert type(again) is kn.AutoModel and again.best_architecture_ == found.best_architecture_
    assert np.array_equal(again.predict(few[0]), found.predict(few[0]))
    assert again.classes_.tolist() == found.classes_.tolist()


def test_saving_into_the_run_folder(found, few):
    found.save(found.folder_)
    assert np.array_equal(kn.load(found.folder_).predict(few[0]), found.predict(few[0]))
    (Path(found.folder_) / "model.keras").unlink()


def test_loading_what_is_none(tmp_path):
    with pytest.raises(ExportError, match="Expected a folder with a model"):
        kn.load(tmp_path)
    with pytest.raises(ExportError, match="Expected a folder with a model"):
        kn.load(tmp_path / "nowhere")


def test_saving_where_it_cannot_be(found, tmp_path):
    (tmp_path / "file").write_text("x")
    with pytest.raises(ExportError, match="Expected to write"):
        found.save(tmp_path / "file")


def test_predictors_have_what_the_facades_have(found, few):
    loaded = predictor.load(found.folder_)
    assert type(loaded) is kn.Predictor
    for name in ("predict", "predict_proba", "evaluate", "score", "export_model", "leaderboard", "summary", "save"):
        assert callable(getattr(loaded, name)), name
    assert loaded.leaderboard().shape == found.leaderboard().shape
    assert loaded.export_model().input_shape == (None, 8, 8, 1)


def doubled(y_true, y_pred):
    import keras

    return 2 * keras.ops.mean(keras.ops.abs(y_true - y_pred))


def test_a_metric_of_ones_own_does_not_keep_a_model_from_loading(few, quick, tmp_path):
    """It cannot be read in a process that does not know it; predictions can be made all the same."""
    x, y = few
    inputs = kn.ImageInput()
    head = kn.ClassificationHead(dropout=0.0, metrics=[doubled, "accuracy"])
    model = kn.AutoModel(inputs, head(inputs), directory=tmp_path / "runs", max_trials=1, seed=0).fit(x, y, **quick)
    assert "val_doubled" in model.trials_[0].measurement.metrics
    folder = model.save(tmp_path / "model")
    with pytest.warns(UserWarning, match="doubled"):
        loaded = kn.load(folder)
    assert np.array_equal(loaded.predict(x), model.predict(x))
    assert len(loaded.evaluate(x, y)) == 2
