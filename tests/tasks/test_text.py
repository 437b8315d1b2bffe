"""Texts through the facades: raw strings in, plain Keras models out."""

import json
import subprocess
import sys
import textwrap
import time
import warnings

import numpy as np
import pandas as pd
import pytest

import kerasnas as kn
from kerasnas import backend
from kerasnas.errors import ArgumentError, DataError, ExportError, SpaceError

from .test_exports import assert_stock

SLOW = pytest.mark.slow
GOOD, BAD = ["good", "great", "fine", "lovely"], ["bad", "awful", "poor", "dull"]


def reviews(rows=120, seed=0):
    """(texts, labels): words that tell, among others that do not."""
    rng = np.random.default_rng(seed)
    labels = np.array(["pos", "neg"], object)[np.arange(rows) % 2]
    told = [rng.choice(GOOD if label == "pos" else BAD) for label in labels]
    texts = [f"The {rng.choice(['film', 'book'])} was {word}, number {i}!" for i, word in enumerate(told)]
    return texts, labels


def fitted(tmp_path, x, y, kind=kn.TextClassifier, trials=1, epochs=4, **given):
    model = kind(max_trials=trials, seed=0, directory=tmp_path, **given)
    return model.fit(x, y, epochs=epochs, verbose=0)


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    """Three trials, words and characters among them."""
    return fitted(tmp_path_factory.mktemp("texts"), *reviews(), trials=3, epochs=6)


def test_texts_are_told_apart(found):
    texts, labels = reviews(40, seed=1)
    assert found.score(texts, labels) == 1.0
    assert found.predict(texts[:3]).tolist() == ["pos", "neg", "pos"]
    assert found.classes_.tolist() == ["neg", "pos"]
    assert {trial.status for trial in found.trials_} == {"completed"}


def test_what_is_unknown_or_empty_is_answered(found):
    answers = found.predict_proba(["", "zzz qqq", "\u0085\u2028", "🙂" * 50, "good " * 5000])
    np.testing.assert_allclose(answers.sum(axis=1), 1, rtol=1e-5)
    np.testing.assert_allclose(answers[0], answers[1], atol=0.2)
    assert answers[4, 1] > 0.5


def test_missing_texts_at_prediction_are_told(found):
    with pytest.raises(DataError, match="1 rows, the first of them row 1"):
        found.predict(["good", None])


def test_a_text_of_ten_megabytes(found):
    """Neither memory nor time: it is one row."""
    started = time.monotonic()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        answers = found.predict_proba(["good film " * 1_000_000, "bad"])
    assert answers.shape == (2, 2) and time.monotonic() - started < 30


def test_exports_answer_raw_strings_without_kerasnas(found, tmp_path):
    texts = [*reviews(20, seed=2)[0], "", "\u0085 good", "日本 great"]
    model = found.export_model()
    assert_stock(model)
    model.save(tmp_path / "model.keras")
    model.export(tmp_path / "saved", verbose=False)
    script = """
        import json, sys, numpy as np
        sys.modules["kerasnas"] = None
        import keras, tensorflow as tf
        texts = tf.constant(json.load(open("texts.json")))
        np.save("keras.npy", keras.models.load_model("model.keras").predict(texts, verbose=0))
        saved = tf.saved_model.load("saved")
        np.save("saved.npy", saved.serve(texts).numpy())
    """
    (tmp_path / "texts.json").write_text(json.dumps(texts))
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(script)], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]
    wanted = found.predict_proba(texts)
    for name in ("keras", "saved"):
        np.testing.assert_allclose(np.load(tmp_path / f"{name}.npy"), wanted, atol=1e-5)


def test_saved_and_loaded(found, tmp_path):
    texts, labels = reviews(10, seed=3)
    found.save(tmp_path / "kept")
    again = kn.load(tmp_path / "kept")
    np.testing.assert_allclose(again.predict_proba(texts), found.predict_proba(texts), atol=1e-6)
    assert again.predict(texts).tolist() == found.predict(texts).tolist()


def test_called_again_nothing_is_trained(found):
    texts, labels = reviews()
    again = kn.TextClassifier(
        max_trials=3, seed=0, directory=found.folder_.parent, project_name=found.folder_.name
    ).fit(texts, labels, epochs=6, verbose=0)
    assert [trial.measurement for trial in again.trials_] == [trial.measurement for trial in found.trials_]


def test_a_second_trial_does_not_read_the_texts_again(tmp_path, monkeypatch):
    from kerasnas.data import tokens

    calls, original = [], tokens.terms
    monkeypatch.setattr(tokens, "terms", lambda text, *rest: calls.append(text) or original(text, *rest))
    inputs = kn.TextInput()
    output = kn.ClassificationHead(dropout=[0.0, 0.5])(kn.DenseBlock()(kn.TextToNgramVector(200)(inputs)))
    texts, labels = reviews(60)
    counts = []
    for trials in (1, 3):
        calls.clear()
        model = kn.AutoModel(inputs, output, seed=0, max_trials=trials, directory=tmp_path / str(trials))
        model.fit(texts, labels, epochs=1, verbose=0)
        counts.append(len(calls))
    assert counts[0] == counts[1] > 0


def test_two_columns_of_texts(tmp_path):
    texts, labels = reviews(80)
    frame = pd.DataFrame({"title": [f"title {i}" for i in range(80)], "body": texts})
    model = fitted(tmp_path, frame, labels)
    assert model.export_model().input_shape == (None, 2)
    assert model.score(frame, labels) == 1.0
    with pytest.raises(DataError, match=r"shape \(2,\)"):
        model.predict(texts)


@pytest.mark.parametrize("block_type", ["ngram", "vanilla"])
def test_sequences_of_ids(tmp_path, block_type):
    rng = np.random.default_rng(0)
    ids = rng.integers(5, 40, (120, 12))
    labels = np.arange(120) % 2
    ids[np.arange(120), rng.integers(0, 12, 120)] = 1 + labels
    ids[:, -1] = 0
    inputs = kn.TextInput()
    outputs = kn.ClassificationHead()(kn.TextBlock(block_type)(inputs))
    model = kn.AutoModel(inputs, outputs, max_trials=1, seed=0, directory=tmp_path).fit(
        ids, labels, epochs=25, verbose=0
    )
    assert model.score(ids, labels) > 0.8
    ids[0, 0] = 10_000  # an id that was never seen is answered, not refused
    assert model.predict(ids[:1]).shape == (1,)


def test_numbers_off_texts(tmp_path):
    rng = np.random.default_rng(0)
    stars = rng.integers(1, 6, 150)
    words = ["terrible", "poor", "fair", "good", "superb"]
    texts = [f"it was {words[star - 1]} no {i}" for i, star in enumerate(stars)]
    model = fitted(tmp_path, texts, 10.0 * stars, kn.TextRegressor, epochs=40)
    assert model.score(texts, 10.0 * stars) > 0.8
    assert model.predict(texts[:4]).shape == (4,)


def test_several_labels_of_a_text(tmp_path):
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 2, (120, 3))
    names = np.array(["sport", "money", "science"])
    texts = [" ".join(names[row.astype(bool)]) + f" no {i}" for i, row in enumerate(labels)]
    model = fitted(tmp_path, texts, labels, multi_label=True, epochs=20)
    assert model.score(texts, labels) > 0.8
    assert model.predict(texts).shape == (120, 3)


@pytest.mark.parametrize(
    "good, bad", [("これはとても良い映画です", "これはひどい映画でした"), ("فيلم جميل جدا", "فيلم سيء جدا")],
    ids=["japanese", "arabic"],
)  # fmt: skip
def test_any_script(tmp_path, good, bad):
    texts = [f"{text}{chr(0x4E00 + i)}" for i in range(40) for text in (good, bad)]
    model = fitted(tmp_path, texts, [1, 0] * 40, epochs=10)
    assert model.score(texts, [1, 0] * 40) > 0.9


def test_texts_beside_numbers_with_two_heads(tmp_path):
    texts, labels = reviews(80)
    numbers = np.random.default_rng(0).normal(size=(80, 3))
    text, table = kn.TextInput(name="text"), kn.Input(name="numbers")
    merged = kn.Merge()([kn.TextBlock("ngram")(text), kn.DenseBlock()(table)])
    heads = [kn.ClassificationHead(name="label")(merged), kn.RegressionHead(name="value")(merged)]
    model = kn.AutoModel([text, table], heads, max_trials=1, seed=0, directory=tmp_path)
    x, y = {"text": texts, "numbers": numbers}, {"label": labels, "value": numbers[:, 0]}
    model.fit(x, y, epochs=3, verbose=0)
    answers = model.predict(x)
    assert set(answers) == {"label", "value"} and answers["label"].shape == (80,)
    assert_stock(model.export_model())


def test_a_drawn_network_over_ids_of_words(tmp_path):
    texts, labels = reviews(60)
    inputs = kn.TextInput()
    vectors = kn.Embedding(300, embedding_dim=8, dropout=0.0)(kn.TextToIntSequence(8, 300)(inputs))
    states = kn.RNNBlock(num_layers=1, layer_type="gru", units=8, bidirectional=False)(vectors)
    model = kn.AutoModel(inputs, kn.ClassificationHead(dropout=0.0)(states), max_trials=1, seed=0, directory=tmp_path)
    model.fit(texts, labels, epochs=2, verbose=0)
    answers = model.export_model().predict(backend.strings(np.array(texts, object)), verbose=0)
    np.testing.assert_allclose(answers, model.predict_proba(texts), atol=1e-5)


@pytest.mark.parametrize("container", ["dataset", *(pytest.param(each, marks=SLOW) for each in ("rows", "generator"))])
def test_flows_of_texts(tmp_path, container):
    texts, labels = reviews(40)
    labels = (labels == "pos").astype(int)
    if container == "generator":
        flow = ((text, label) for text, label in zip(texts, labels))
    else:
        flow = backend.tf().data.Dataset.from_tensor_slices((texts, labels))
        flow = flow.batch(16) if container == "dataset" else flow
    model = fitted(tmp_path, flow, None, epochs=8)
    assert model.score(texts, labels) == 1.0


# ------------------------------------------------------------- bad input


@pytest.mark.parametrize(
    "x, told",
    [
        (["good", None, "bad", "poor"], "1 rows, the first of them row 1"),
        (["good", float("nan"), "bad", "poor"], "without missing texts"),
        ([1.5, 2.5, 3.5, 4.5], "to hold texts"),
        ([1, 2, 3, 4], "to hold texts"),
        (["", " ", "\n", ""], "4 rows without a single word"),
        (["good", "bad", "poor"], "3"),
        ([["a"], ["b"], ["c", "d"], ["e"]], "different lengths"),
        ([{"a": 1}, {"a": 2}, {"a": 3}, {"a": 4}], "type dict"),
    ],
    ids=["none", "nan", "floats", "integers", "empty", "too few", "ragged", "objects"],
)
def test_bad_texts_are_refused_before_any_training(tmp_path, x, told):
    started = time.monotonic()
    with pytest.raises(DataError, match=told):
        kn.TextClassifier(max_trials=1, directory=tmp_path).fit(x, [0, 1, 0, 1], verbose=0)
    assert not list(tmp_path.glob("*/trials"))
    assert time.monotonic() - started < 10


@pytest.mark.parametrize("texts", [["same"] * 8, ["a"] * 7 + ["zz top " * 3000]])
def test_vocabularies_of_a_word_or_two(tmp_path, texts):
    model = fitted(tmp_path, texts, [0, 1] * 4, epochs=1)
    assert np.isfinite(model.predict_proba(["good", "", "other"])).all()


def test_a_text_needs_a_block_that_reads_it():
    texts = kn.TextInput()
    with pytest.raises(SpaceError, match="put a TextBlock between"):
        kn.AutoModel(texts, kn.ClassificationHead()(kn.DenseBlock()(texts)), max_trials=1).fit(*reviews(8), verbose=0)


@pytest.mark.parametrize(
    "make, told",
    [
        (lambda: kn.TextBlock("ngrams"), "Did you mean 'ngram'"),
        (lambda: kn.TextBlock(max_tokens=0.5), "max_tokens"),
        (lambda: kn.TextBlock(pretraining="glove"), "pretraining"),
        (lambda: kn.TextToNgramVector(ngrams=0), "ngrams"),
        (lambda: kn.TextToNgramVector(ngrams=(3, 2)), "ngrams"),
        (lambda: kn.TextToIntSequence(max_tokens=1), "max_tokens"),
        (lambda: kn.RNNBlock(layer_type="rnn"), "layer_type"),
        (lambda: kn.TemporalReduction("mean"), "reduction_type"),
        (lambda: kn.TransformerBlock(dense_dim=64), "beside such an `embedding_dim`"),
        (lambda: kn.Embedding(max_features="all"), "max_features"),
    ],
)
def test_arguments_that_blocks_cannot_use(make, told):
    with pytest.raises(ArgumentError, match=told):
        make()


def test_other_backends_say_that_they_know_no_strings(tmp_path, monkeypatch):
    import keras

    monkeypatch.setattr(keras.backend, "backend", lambda: "jax")
    with pytest.raises(ExportError, match="TensorFlow backend.*jax"):
        kn.TextClassifier(max_trials=1, directory=tmp_path).fit(*reviews(8), verbose=0)
    assert not list(tmp_path.glob("*/trials"))
