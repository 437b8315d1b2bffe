"""Words, characters and n-grams are those of Keras's TextVectorization, for any text."""

import keras
import numpy as np
import pandas as pd
import pytest

from kerasnas import backend
from kerasnas.data.tokens import (
    counted,
    counted_ids,
    pieces,
    sequences,
    spelled,
    standardized,
    terms,
    unspelled,
    vocabulary,
)

EVERY = "".join(chr(c) + ("x" if c % 3 else "") for c in range(1, 0x3100) if not 0xD800 <= c < 0xE000)
TEXTS = np.array(
    ["Hello, WORLD! it's a test-case", "", "   ", " a\u0085b c\u2028d ", EVERY, "日本語のテキスト です",
     "مرحبا بالعالم", "😀😀 ok", "ÀÉ ß ÇA", "a b a b a", "tab\tnew\nline\r\nend\x0b\x0c.", "a\u00a0b\u3000c"],
    object,
)  # fmt: skip


def vectorized(rows, **settings):
    layer = keras.layers.TextVectorization(**settings)
    inputs = keras.Input((), dtype="string")
    return keras.Model(inputs, layer(inputs)).predict(backend.strings(rows), verbose=0)


@pytest.mark.parametrize("unit, least, most", [("word", 1, 1), ("word", 1, 2), ("word", 2, 3), ("character", 3, 4)])
def test_counts_are_those_of_keras(unit, least, most):
    known = vocabulary(TEXTS, 50_000, unit, least, most)
    split = "whitespace" if unit == "word" else "character"
    ngrams = tuple(range(least, most + 1))
    theirs = vectorized(TEXTS, output_mode="count", ngrams=ngrams, split=split, vocabulary=known)[:, 1:]
    np.testing.assert_array_equal(counted(TEXTS, known, unit, least, most).toarray(), theirs)


@pytest.mark.parametrize("unit", ["word", "character"])
def test_sequences_are_those_of_keras(unit):
    known = vocabulary(TEXTS, 40, unit, 1, 1)
    split = "whitespace" if unit == "word" else "character"
    theirs = vectorized(TEXTS, output_mode="int", output_sequence_length=9, split=split, vocabulary=known)
    np.testing.assert_array_equal(sequences(TEXTS, known, 9, unit), theirs)


def test_counts_on_real_texts_are_those_of_keras(staged):
    rows = pd.read_csv(staged("rt_polarity/rt_polarity.csv.gz"))["text"].to_numpy(object)[:1500]
    known = vocabulary(rows, 3000, "word", 1, 2)
    theirs = vectorized(rows, output_mode="count", ngrams=(1, 2), vocabulary=known)[:, 1:]
    np.testing.assert_array_equal(counted(rows, known, "word", 1, 2).toarray(), theirs)
    assert theirs.sum() > 10_000


def test_terms_worked_out_by_hand():
    assert standardized("It's NEW: É!") == "its new É".encode()
    assert pieces("a  b\tc", "word") == [b"a", b"b", b"c"]
    assert list(terms("a b c", "word", 1, 2)) == [b"a", b"b", b"c", b"a b", b"b c"]
    assert list(terms("ab c", "character", 3, 3)) == ["ab ", "b c"]
    assert list(terms("a", "word", 2, 2)) == list(terms("a", "character", 2, 2)) == []
    assert spelled("b c") == "b   c" and spelled("é b".encode()) == "é b"
    assert unspelled("b   c", "character") == "b c" and unspelled("é b", "word") == "é b".encode()
    assert list(terms(("a b", "c"), "word", 2, 2)) == [b"a b"]  # no pair across texts


def test_the_terms_of_most_rows_come_first():
    rows = np.array(["b a", "b a a a", "b c", "d"], object)
    assert vocabulary(rows, 10, "word", 1, 1) == ["b", "a", "c", "d"]
    assert vocabulary(rows, 2, "word", 1, 1) == ["b", "a"]
    assert vocabulary(rows[::-1], 10, "word", 1, 1) == ["b", "a", "c", "d"]


@pytest.mark.parametrize("mark", ["\u0085", "\u2028", "\x1c", "\0"])
def test_terms_that_no_vocabulary_file_can_hold_are_left_out(mark):
    rows = np.array([f"good{mark}film fine"], object)
    assert vocabulary(rows, 10, "word", 1, 2) == ["fine"]


def test_counting_forgets_rare_terms_before_memory_runs_out(monkeypatch):
    from kerasnas.data import tokens

    monkeypatch.setattr(tokens, "COUNTED", 50)
    rows = np.array([f"often rare{i}" for i in range(500)], object)
    assert vocabulary(rows, 1, "word", 1, 1) == ["often"]


def test_ids_are_counted():
    rows = np.array([[1, 1, 3, 0], [0, 0, 0, 9]], "int32")
    np.testing.assert_array_equal(counted_ids(rows, 3).toarray(), [[2, 0, 1], [0, 0, 0]])


def test_several_texts_of_a_row_share_the_length_of_its_sequence():
    rows = np.array([["a b c", "c"], ["b", "a a a a"]], object)
    ids = sequences(rows, ["a", "b", "c"], 6, "word")
    np.testing.assert_array_equal(ids, [[2, 3, 4, 4, 0, 0], [3, 0, 0, 2, 2, 2]])
