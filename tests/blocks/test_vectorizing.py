"""Operations on raw texts: what they give equals the stock layers that they leave in the exported model."""

import keras
import numpy as np
import pytest

from kerasnas import backend
from kerasnas.blocks.term_views import View
from kerasnas.blocks.vectorizing import NgramVector, Terms, TokenIds

TEXTS = [
    "A good film, a GOOD one!", "bad. bad, bad film", "", "   ", "no\u0085break here", "日本語の映画 いい",
    "😀 good 😀", "فيلم جيد", "ÀÉ ß", "good " * 300, "a b c d e f g h i j k l m n o p q r s t u v w x y z",
]  # fmt: skip
ROWS = np.array(TEXTS, object)
Y = np.eye(2, dtype="float32")[[1, 0, 0, 0, 1, 1, 1, 0, 0, 1, 0]]
PAIRS = np.array([[a, b] for a, b in zip(TEXTS, TEXTS[::-1])], object)
IDS = np.random.default_rng(0).integers(0, 12, (11, 9)).astype("int32")
WORDS, CHARACTERS = View("word", 1, 2, 40, 12), View("character", 2, 3, 500, 60)


def exported(operation, rows):
    """What the operation's layers give, saved and loaded again."""
    kind = "string" if rows.dtype == object else rows.dtype.name
    inputs = keras.Input(rows.shape[1:], dtype=kind)
    return keras.Model(inputs, operation.layer(rows.shape[1:], "terms")(inputs))


def answers(model, rows):
    return model.predict(backend.strings(rows) if rows.dtype == object else rows, verbose=0)


def dense(table, terms):
    rows = np.zeros((len(table), terms), "float32")
    for row, each in zip(rows, table):
        np.add.at(row, each[:, 0].astype(int), each[:, 1])
    return rows


@pytest.mark.parametrize("weighting", ["likelihood", "document", "equal"])
@pytest.mark.parametrize("views", [(WORDS,), (WORDS, CHARACTERS)], ids=["words", "both"])
@pytest.mark.parametrize("rows", [ROWS, PAIRS], ids=["one", "two"])
def test_terms_are_those_of_the_exported_layers(tmp_path, rows, views, weighting):
    operation = Terms(views, weighting).fit_with(rows, Y)
    table = operation.transform(rows)
    assert table.shape[1:] == operation.shape(rows.shape[1:])
    assert table[..., 0].max() < operation.terms
    model = exported(operation, rows)
    model.save(tmp_path / "model.keras")
    model.export(tmp_path / "saved", verbose=False)
    loaded = keras.models.load_model(tmp_path / "model.keras")
    served = backend.tf().saved_model.load(str(tmp_path / "saved"))
    wanted = dense(table, operation.terms)
    for found in (answers(model, rows), answers(loaded, rows), served.serve(backend.strings(rows)).numpy()):
        np.testing.assert_allclose(dense(found, operation.terms), wanted, atol=1e-5)


def test_terms_of_ids():
    operation = Terms((View("token", 1, 1, 9, 5),), "document").fit_with(IDS, Y)
    wanted = dense(operation.transform(IDS), operation.terms)
    np.testing.assert_allclose(dense(answers(exported(operation, IDS), IDS), operation.terms), wanted, atol=1e-5)


def test_weights_follow_the_classes_worked_out_by_hand():
    rows = np.array(["x a", "x a", "x b", "x"], object)
    y = np.array([[0.0, 1.0], [0.0, 1.0], [1.0, 0.0], [1.0, 0.0]])
    view = View("word", 1, 1, 10, 4)
    operation = Terms((view,)).fit_with(rows, y)
    told = dict(zip(operation.vocabularies[0], operation.weights[0]))
    # Smoothed by one: the first class has x 3, a 1, b 2; the second x 3, a 3, b 1.
    by_hand = {"x": abs(np.log(3 / 7 * 6 / 3)), "a": np.log(3 / 7 * 6 / 1), "b": np.log(2 / 6 * 7 / 1)}
    assert told == pytest.approx(by_hand, rel=1e-5)
    (row,) = operation.transform(np.array(["a b unknown"], object))
    weights = np.array([by_hand["a"], by_hand["b"]])
    np.testing.assert_allclose(row[:2, 1], 4 * weights / np.linalg.norm(weights), rtol=1e-5)
    assert not row[2:].any()


def test_numbers_are_split_at_their_median():
    rows = np.array(["low", "low", "high", "high"], object)
    found = Terms((View("word", 1, 1, 5, 2),)).fit_with(rows, np.array([[1.0], [2.0], [30.0], [40.0]], "float32"))
    assert (found.weights[0] > 1).all()
    sparse = Terms((View("word", 1, 1, 5, 2),)).fit_with(rows, np.array([0, 0, 1, 1]))
    np.testing.assert_allclose(found.weights[0], sparse.weights[0])


@pytest.mark.parametrize("unit", ["word", "character"])
@pytest.mark.parametrize("rows", [ROWS, PAIRS], ids=["one", "two"])
def test_sequences_of_ids_are_those_of_the_exported_layers(rows, unit):
    operation = TokenIds(30, 14, unit).fit(rows)
    ids = operation.transform(rows)
    assert ids.dtype == "int32" and ids.shape[1:] == operation.shape(rows.shape[1:])
    assert ids.max() < 30
    np.testing.assert_array_equal(answers(exported(operation, rows), rows), ids)


@pytest.mark.parametrize("rows", [ROWS, PAIRS], ids=["one", "two"])
def test_dense_vectors_are_those_of_the_exported_layers(rows):
    operation = NgramVector(View("word", 1, 2, 1000, 1000)).fit(rows)
    vectors = operation.transform(rows)
    assert vectors.shape == (len(rows), 1000)
    np.testing.assert_allclose(answers(exported(operation, rows), rows), vectors, atol=1e-6)
    lengths = np.linalg.norm(vectors, axis=1)
    assert np.allclose(lengths[lengths > 0], 1, atol=1e-5)


def test_nothing_to_learn_from_leaves_empty_rows():
    rows = np.array(["", "..."], object)
    operation = Terms((WORDS,)).fit_with(rows, Y[:2])
    assert not operation.transform(rows).any()
    assert not answers(exported(operation, np.array(["any", "thing"], object)), rows).any()
    assert not TokenIds(9, 4).fit(rows).transform(rows).any()


def test_rows_are_counted_once_whatever_is_made_of_them(monkeypatch):
    from kerasnas.data import tokens

    calls, original = [], tokens.counted
    monkeypatch.setattr(tokens, "counted", lambda rows, *rest: calls.append(len(rows)) or original(rows, *rest))
    rows, others = ROWS.copy(), ROWS[:3].copy()
    for weighting in ("likelihood", "document"):
        operation = Terms((WORDS,), weighting).fit_with(rows, Y)
        operation.transform(rows)
    assert calls == [len(rows)]
    np.testing.assert_array_equal(operation.transform(others), operation.transform(rows)[:3])
    assert calls == [len(rows), 3]


def test_counts_are_let_go_with_their_rows():
    from kerasnas.blocks import term_views

    rows = ROWS.copy()
    key = (id(rows), WORDS)
    Terms((WORDS,)).fit_with(rows, Y)
    assert key in term_views._KEPT
    del rows
    assert key not in term_views._KEPT
