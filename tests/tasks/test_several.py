"""Several inputs of different kinds in, several answers out, from raw rows to an export that loads alone."""

import subprocess
import sys

import keras
import numpy as np
import pandas as pd
import pytest

import kerasnas as kn

ROWS = 80


@pytest.fixture(scope="module")
def raw():
    """Pictures, texts and a table that all tell of one hidden class, with a second, numeric answer."""
    rng = np.random.default_rng(0)
    hidden = np.arange(ROWS) % 2
    pictures = rng.integers(0, 60, (ROWS, 8, 8)).astype("uint8")
    pictures[hidden == 1, :, 4:] += 120
    words = [["dull", "slow"], ["bright", "fast"]]
    texts = [f"a {words[h][i % 2]} thing number {i}" for i, h in enumerate(hidden)]
    table = pd.DataFrame({"colour": np.where(hidden, "red", "blue"), "weight": rng.normal(size=ROWS) + 2 * hidden})
    x = {"picture": pictures, "words": texts, "table": table}
    return x, {"kind": np.where(hidden, "b", "a"), "amount": (3.0 * hidden + rng.normal(0, 0.1, ROWS))}


def drawn(**given):
    inputs = [kn.ImageInput(name="picture"), kn.TextInput(name="words"), kn.StructuredDataInput(name="table")]
    heads = [
        kn.ClassificationHead(name="kind", dropout=0.0, weight=2.0),
        kn.RegressionHead(name="amount", dropout=0.0, metrics=["mean_absolute_error"]),
    ]
    picture = kn.ConvBlock(num_blocks=1, num_layers=1, filters=8, kernel_size=3, separable=False, dropout=0.0)(
        kn.Normalization()(inputs[0])
    )
    merged = kn.Merge("concatenate")(
        [kn.SpatialReduction("global_avg")(picture), kn.TextBlock("ngram")(inputs[1]),
         kn.CategoricalToNumerical()(inputs[2])]
    )  # fmt: skip
    hidden = kn.DenseBlock(num_layers=1, num_units=16, use_batchnorm=False, dropout=0.0)(merged)
    return kn.AutoModel(inputs, [head(hidden) for head in heads], seed=0, **given)


@pytest.fixture(scope="module")
def fitted(raw, tmp_path_factory):
    x, y = raw
    model = drawn(max_trials=1, directory=tmp_path_factory.mktemp("several"))
    return model.fit(x, y, epochs=12, batch_size=16, verbose=0)


def test_each_head_answers_in_its_own_type(fitted, raw):
    x, y = raw
    found = fitted.predict(x)
    assert set(found) == {"kind", "amount"}
    assert set(found["kind"]) <= {"a", "b"}
    assert found["amount"].shape == (ROWS,)
    assert np.mean(found["kind"] == y["kind"]) > 0.8


def test_the_losses_of_heads_have_their_weights(fitted, raw, tmp_path):
    assert fitted.trials_[0].measurement.metrics.keys() >= {"val_loss", "val_amount_mean_absolute_error"}
    x, y = raw
    told = fitted.evaluate(x, y, return_dict=True)
    assert {"loss", "kind_accuracy", "amount_mean_absolute_error"} <= set(told)
    # As in training: the class counts twice, squares in units of the targets' variance.
    weighted = 2 * told["kind_loss"] + told["amount_loss"] / np.var(y["amount"])
    assert told["loss"] == pytest.approx(weighted, rel=1e-4)
    again = kn.load(fitted.save(tmp_path / "saved"))
    assert again.evaluate(x, y, return_dict=True)["loss"] == pytest.approx(told["loss"], rel=1e-5)


def test_the_history_is_that_of_the_best_trial(fitted):
    (trial,) = fitted.trials_
    assert [len(each) for each in fitted.history.values()] == [trial.measurement.extra["epochs"]] * len(fitted.history)
    assert fitted.history["val_loss"] == [each["val_loss"] for each in trial.measurement.curve]
    assert "epoch" not in fitted.history and "history" not in fitted.get_params()


def test_the_history_of_a_training_that_is_validated_now_and_then(tmp_path):
    x = np.random.default_rng(0).normal(size=(30, 2)).astype("float32")
    inputs = kn.Input()
    model = kn.AutoModel(inputs, kn.RegressionHead(dropout=0.0)(kn.DenseBlock(num_layers=1)(inputs)), max_trials=1,
                         seed=0, directory=tmp_path)  # fmt: skip
    history = model.fit(x, x[:, 0], epochs=40, verbose=0).history
    assert 0 < len(history["val_loss"]) < len(history["loss"])


def test_the_export_takes_a_column_an_input_and_loads_alone(fitted, raw, tmp_path):
    x, _ = raw
    fitted.export_model().save(tmp_path / "model.keras")
    np.savez(
        tmp_path / "rows.npz", picture=x["picture"][..., None], words=np.array(x["words"]),
        table_colour=x["table"].colour.to_numpy(str)[:, None], table_weight=x["table"].weight.to_numpy()[:, None],
    )  # fmt: skip
    code = """
import sys
sys.modules["kerasnas"] = None
import keras, numpy as np, tensorflow as tf
model = keras.models.load_model("model.keras")
rows = np.load("rows.npz")
answers = model({name: tf.constant(rows[name]) for name in rows.files})
np.savez("answers.npz", **{name: np.asarray(answer) for name, answer in answers.items()})
"""
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    answers = np.load(tmp_path / "answers.npz")
    np.testing.assert_allclose(answers["kind"], fitted.predict_proba(x), atol=1e-5)
    np.testing.assert_allclose(answers["amount"][:, 0], fitted.predict(x)["amount"], rtol=1e-4, atol=1e-4)


def test_all_its_layers_are_stock(fitted):
    model = fitted.export_model()
    layers = [layer for layer in model._flatten_layers() if not isinstance(layer, keras.Model)]
    assert layers and all(type(layer).__module__.startswith("keras.") for layer in layers)


def test_inputs_and_heads_alone_get_the_usual_blocks(raw, tmp_path):
    """Nothing drawn between: a block for each kind of input, merged."""
    x, y = raw
    inputs = [kn.TextInput(name="words"), kn.StructuredDataInput(name="table")]
    model = kn.AutoModel(inputs, kn.ClassificationHead(name="kind"), max_trials=1, seed=0, directory=tmp_path)
    model.fit({"words": x["words"], "table": x["table"]}, y["kind"], epochs=3, verbose=0)
    assert model.predict({"words": x["words"][:4], "table": x["table"][:4]}).shape == (4,)


def test_a_missing_input_is_named(fitted, raw):
    x, _ = raw
    with pytest.raises(kn.errors.DataError, match="'table'"):
        fitted.predict({"picture": x["picture"], "words": x["words"]})


def graphs():
    """Graphs over a table, and whether the members of its block answer themselves."""
    table, words = kn.StructuredDataInput(name="table"), kn.TextInput(name="words")
    network = kn.StructuredDataBlock(model="dense", width=32, depth=1)(table)
    head, other = kn.ClassificationHead(name="kind"), kn.RegressionHead(name="amount")
    hidden = kn.DenseBlock(1, 8, False, 0.0)(network)
    return {
        "alone": ([table], [head(network)], True),
        "both heads": ([table], [head(network), other(network)], True),
        "layers between": ([table], [head(hidden)], False),
        "merged": ([table, words], [head(kn.Merge("concatenate")([network, kn.TextBlock("ngram")(words)]))], False),
        "another head": ([table, words], [head(network), other(kn.TextBlock("ngram")(words))], False),
    }


@pytest.mark.parametrize("name", graphs())
def test_members_are_one_a_fold_only_where_they_answer_themselves(name, raw):
    from kerasnas.blocks import Drawing
    from kerasnas.data.validation import Validation
    from kerasnas.evaluators.shares import operations
    from kerasnas.tasks.preparation import prepare

    (x, y), (inputs, outputs, answer) = raw, graphs()[name]
    drawing = Drawing(inputs, outputs)
    x, y = {each: x[each] for each in drawing.kinds}, {each: y[each] for each in drawing.heads}
    space = prepare(drawing, x, y, None, None, None).space({}, Validation.of("cv3", None))
    found = operations(space.resolve(space.default()).network)
    assert any(getattr(operation, "folds", 0) for operation in found) == answer


def test_a_merged_table_is_cross_validated(raw, tmp_path):
    x, y = raw
    inputs, outputs, _ = graphs()["merged"]
    model = kn.AutoModel(inputs, outputs, seed=0, max_trials=1, directory=tmp_path)
    model.fit({each: x[each] for each in ("table", "words")}, y["kind"], epochs=4, validation="cv2", verbose=0)
    (trial,) = model.trials_
    assert trial.measurement.extra["folds"] == 2 and trial.measurement.metrics["val_accuracy"] > 0.7
    assert model.score({each: x[each] for each in ("table", "words")}, y["kind"]) > 0.7
