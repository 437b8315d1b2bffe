"""Texts as users pass them: every container gives the same rows, and what is no text is refused with its row."""

import time

import numpy as np
import pandas as pd
import pytest

from kerasnas.data import read
from kerasnas.data.texts import LONGEST, TextTraits, as_texts
from kerasnas.errors import DataError

WORDS = ["one two", "", "drei 日本 😀"]


@pytest.mark.parametrize(
    "value",
    [
        WORDS,
        tuple(WORDS),
        np.array(WORDS),
        np.array(WORDS, object),
        pd.Series(WORDS),
        pd.Series(WORDS, dtype="string"),
        pd.Series(WORDS, dtype="category"),
        pd.DataFrame({"text": WORDS}),
        [[text] for text in WORDS],
        [text.encode() for text in WORDS],
        np.array([text.encode() for text in WORDS], object),
    ],
    ids=["list", "tuple", "array", "objects", "series", "string", "category", "frame", "lists", "bytes", "byte array"],
)
def test_texts_in_any_container(value):
    found = as_texts(value, "`x`")
    assert found.dtype == object and found.shape == (3,)
    assert found.tolist() == WORDS and all(type(text) is str for text in found)


def test_two_columns_of_texts():
    frame = pd.DataFrame({"title": ["a", "b"], "body": ["c d", ""]})
    assert as_texts(frame, "`x`").tolist() == [["a", "c d"], ["b", ""]]


def test_sequences_of_ids():
    ids = as_texts([[1, 2, 0], [3, 0, 0]], "`x`")
    assert ids.dtype == "int32" and ids.shape == (2, 3)
    traits = TextTraits.of(ids)
    assert (traits.tokens, traits.words, traits.rows) == (4, 3, 2)


@pytest.mark.parametrize("missing", [None, np.nan, pd.NA, pd.NaT])
def test_missing_texts_are_told_by_row(missing):
    with pytest.raises(DataError, match=r"in 2 rows, the first of them row 1.*fillna"):
        as_texts(["a", missing, "b", missing], "`x`")


@pytest.mark.parametrize(
    "value, told",
    [
        ([1, 2, 3], "1 of type int in row 0 .3 such"),
        (["a", 2.5], "2.5 of type float in row 1"),
        ([["a", "b"], ["c", 7]], "7 of type int in row 1"),
        (np.zeros((2, 2, 2)).astype(str), r"shape \(2, 2, 2\)"),
        ("a single text", r"shape \(\)"),
        ([], "at least one row"),
        ([["a"], ["b", "c"]], "different lengths"),
        ([{"a": 1}], "type dict"),
        (None, "None"),
        ([[1, -2], [3, 4]], "from 0 on. Received: -2"),
    ],
    ids=["numbers", "a number", "in a column", "3 axes", "one text", "empty", "ragged", "objects", "none", "negative"],
)
def test_what_is_no_text(value, told):
    with pytest.raises(DataError, match=told):
        as_texts(value, "`x`")


def test_half_a_surrogate_pair_can_be_written():
    (text,) = as_texts(["a\ud83d b"], "`x`")
    assert text == "a? b"


def test_undecodable_bytes_are_replaced():
    assert as_texts([b"caf\xe9"], "`x`").tolist() == ["caf\ufffd"]


def test_texts_are_read_up_to_a_length():
    long = "word " * (2 * LONGEST // 5)
    started = time.monotonic()
    with pytest.warns(UserWarning, match="are read up to there"):
        (text,) = as_texts([long], "`x`")
    assert len(text) == LONGEST
    assert time.monotonic() - started < 2


def test_read_names_the_input():
    with pytest.raises(DataError, match=r"`x\['review'\]` without missing texts"):
        read({"review": ["a", None], "n": [[1.0], [2.0]]}, inputs={"review": "text", "n": "array"})


def test_traits_tell_lengths_and_script():
    traits = TextTraits.of(np.array(["one two three"] * 50 + ["word " * 40], object))
    assert traits.words == 3 and traits.total_words == 190 and traits.spaced
    assert not TextTraits.of(np.array(["これは空白のない長い日本語の文章です" * 2] * 5, object)).spaced
    pairs = TextTraits.of(np.array([["a b", "c"]] * 4, object))
    assert pairs.words == 3 and pairs.total_words == 12


@pytest.mark.parametrize("rows", [["", ""], [" ", "\n"], [["", ""], ["", " "]]])
def test_nothing_but_empty_texts(rows):
    with pytest.raises(DataError, match="2 rows without a single word"):
        TextTraits.of(as_texts(rows, "`x`"))


@pytest.mark.parametrize("targets", [(), ("y",)])
def test_a_single_text_is_no_rows(targets):
    with pytest.raises(DataError, match=r"to hold rows. Received: the string 'so good'; a single text is a row: \[x\]"):
        read("so good", [1] if targets else None, inputs={"text": "text"}, targets=targets)
