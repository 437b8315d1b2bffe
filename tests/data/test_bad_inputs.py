"""What cannot be learnt from is refused at once, in a sentence that says what was expected and what came."""

from datetime import date
from decimal import Decimal

import numpy as np
import pandas as pd
import pytest

from kerasnas.data import read
from kerasnas.errors import DataError

PICTURES = np.zeros((3, 4, 4), "uint8")


def with_value(value, shape=(3, 4, 4)):
    array = np.zeros(shape, "float32")
    array[(1,) * len(shape)] = value
    return array


BAD_IMAGES = {
    "none": (None, "Received: None"),
    "empty": (np.zeros((0, 4, 4)), r"at least one row. Received: shape \(0, 4, 4\)"),
    "empty list": ([], "pictures of shape"),
    "single picture": (np.zeros((28, 28)), r"add a row axis: x\[None\]"),
    "flat": (np.zeros(5), r"Received: shape \(5,\)"),
    "scalar": (3.0, r"Received: shape \(\)"),
    "five axes": (np.zeros((2, 4, 4, 3, 1)), "pictures of shape"),
    "no channels": (np.zeros((2, 4, 4, 0)), "size of at least 1"),
    "no width": (np.zeros((2, 4, 0)), "size of at least 1"),
    "nan": (with_value(np.nan), "finite numbers.*NaN in row 1"),
    "inf": (with_value(np.inf), "infinite"),
    "too large for float32": (with_value(0).astype("float64") + 1e300, "infinite or too large"),
    "strings": (["a.png", "b.png"], "strings, such as 'a.png'"),
    "array of strings": (np.full((2, 4, 4), "x"), "strings"),
    "objects": (np.full((2, 4, 4), object()), "objects of type object"),
    "complex": (np.zeros((2, 4, 4), complex), "complex128"),
    "dates": (np.zeros((2, 4, 4), "datetime64[s]"), "datetime64"),
    "ragged pictures": ([np.zeros((4, 4)), np.zeros((4, 5))], "rows of different lengths or sizes"),
    "ragged lists": ([[[1, 2], [3]], [[1, 2], [3, 4]]], "rows of different lengths or sizes"),
    "ragged object array": (
        np.array([np.zeros((4, 4)), np.zeros((5, 4)), None], dtype=object)[:2],
        "rows of different lengths or sizes",
    ),
    "a picture missing": (np.array([np.zeros((4, 4)), None], dtype=object), "rows of different"),
    "channels first": (np.zeros((2, 3, 32, 32)), "np.moveaxis"),
    "set": ({1, 2}, "objects of type set"),
}


@pytest.mark.parametrize("case", list(BAD_IMAGES))
def test_pictures_that_are_none(case):
    x, message = BAD_IMAGES[case]
    with pytest.raises(DataError, match=message) as caught:
        read(x, inputs={"image": "image"})
    assert "Expected" in str(caught.value) and "Received" in str(caught.value)


BAD_ARRAYS = {
    "none": (None, "Received: None"),
    "empty": (np.zeros((0, 4)), "at least one row"),
    "empty list": ([], "at least one row"),
    "no columns": (np.zeros((4, 0)), "size of at least 1"),
    "scalar": (3.0, "single number 3.0"),
    "none inside": ([[1.0, None], [2.0, 3.0]], "without missing values. Received: None in row 0"),
    "nan": ([[1.0, 2.0], [np.nan, 3.0]], "NaN in row 1"),
    "infinite": ([[1.0, 2.0], [-np.inf, 3.0]], "infinite"),
    "strings": ([["a", "b"]], "strings, such as 'a'"),
    "numbers as strings": (np.array([["1", "2"]], dtype=object), "strings, such as '1'"),
    "mixed": ([[1, "b"]], "strings, such as 'b'"),
    "bytes": ([b"a", b"b"], "strings"),
    "dates": ([date(2020, 1, 1)], "objects of type date"),
    "missing in a frame": (pd.DataFrame({"a": [1, None], "b": [1, 2]}), "NaN in row 1"),
    "missing in a nullable frame": (pd.DataFrame({"a": [1, None]}, dtype="Int64"), "row 1"),
    "words in a frame": (pd.DataFrame({"a": [1, 2], "b": ["x", "y"]}), "strings, such as 'x'"),
    "dates in a frame": (pd.DataFrame({"a": pd.to_datetime(["2020-01-01"])}), "datetime64"),
    "ragged": ([[1, 2], [3]], "different lengths"),
    "no picture folder": ("no/such/folder", "path of a folder"),
}


@pytest.mark.parametrize("case", list(BAD_ARRAYS))
def test_numbers_that_are_none(case):
    x, message = BAD_ARRAYS[case]
    kind = "image" if case == "no picture folder" else "array"
    with pytest.raises(DataError, match=message):
        read(x, inputs={"x": kind})


@pytest.mark.parametrize("kind", ["array", "series"])
def test_whole_numbers_that_no_float_holds(kind):
    with pytest.raises(DataError, match="numbers within float64. Received: a larger one"):
        read(np.array([[1, 2], [3, 10**400]], object), inputs={"x": kind})


def test_objects_that_are_numbers_after_all_are_read():
    x = np.array([[Decimal("1.5"), 2], [np.float32(3), True]], dtype=object)
    assert read(x, inputs={"x": "array"}).x["x"].tolist() == [[1.5, 2], [3, 1]]


BAD_LABELS = {
    "none": (None, "head needs targets"),
    "too few": ([0, 1], "`y` to have 3 rows, one for each row of `x`. Received: 2"),
    "too many": ([0, 1, 2, 3], "Received: 4"),
    "empty": ([], "at least one row"),
    "scalar": (1, "single value 1"),
    "no columns": (np.zeros((3, 0)), "size of at least 1"),
    "nan": ([0.0, np.nan, 1.0], "NaN in row 1"),
    "inf": ([0.0, np.inf, 1.0], "infinite"),
    "none inside": ([0, None, 1], "None in row 1"),
    "none among words": (["a", None, "b"], "None in row 1"),
    "nan among words": (["a", float("nan"), "b"], "nan in row 1"),
    "missing category": (pd.Series(["a", None, "b"], dtype="category"), "row 1"),
    "missing string": (pd.Series(["a", None, "b"]), "row 1"),
    "missing integer": (pd.Series([1, None, 2], dtype="Int64"), "row 1"),
    "words and numbers": (["a", 1, "b"], "of one type. Received: int, str"),
    "objects": ([object()] * 3, "Received: object"),
    "dates": (np.zeros(3, "datetime64[s]"), "datetime64"),
    "complex": (np.zeros(3, complex), "complex128"),
    "ragged": ([[[1], 2], [3], [4]], "different lengths"),
    "no utf-8": ([b"\xff", b"a", b"b"], "UTF-8"),
}


@pytest.mark.parametrize("case", list(BAD_LABELS))
def test_labels_that_are_none(case):
    y, message = BAD_LABELS[case]
    with pytest.raises(DataError, match=message):
        read(PICTURES, y, inputs={"image": "image"}, targets=("y",))


@pytest.mark.parametrize(
    ("weight", "message"),
    [
        ([1, 2], "`sample_weight` to have 3 rows"),
        ([1, -2, 1], "negative"),
        ([0, 0, 0], "above zero"),
        ([1, np.nan, 1], "NaN"),
        (["a", "b", "c"], "one number for each row"),
        (np.ones((3, 2)), "one number for each row"),
    ],
)
def test_weights_that_are_none(weight, message):
    with pytest.raises(DataError, match=message):
        read(PICTURES, [0, 1, 2], inputs={"image": "image"}, targets=("y",), sample_weight=weight)


LEFT, RIGHT = np.zeros((3, 2)), np.zeros((3, 4))


@pytest.mark.parametrize(
    ("x", "message"),
    [
        ({"left": LEFT}, "'left', without 'right'"),
        ({}, "no keys, without 'left', 'right'"),
        ({"left": LEFT, "rihgt": RIGHT}, "unknown key 'rihgt'. Did you mean 'right'?"),
        ({"left": LEFT, "right": RIGHT, "other": LEFT}, "unknown key 'other'"),
        ([LEFT], "list of 2 values, for 'left', 'right'. Received: list of 1"),
        ([LEFT, RIGHT, LEFT], "Received: list of 3"),
        (LEFT, "Received: ndarray"),
        ({"left": LEFT, "right": RIGHT[:2]}, r"`x\['right'\]` to have 3 rows, one for each row of `x\['left'\]`"),
        ({"left": LEFT, "right": None}, r"`x\['right'\]` to hold data. Received: None"),
        ({"left": LEFT, "right": RIGHT * np.nan}, r"`x\['right'\]`.*NaN"),
    ],
)
def test_several_inputs_that_do_not_fit(x, message):
    with pytest.raises(DataError, match=message):
        read(x, inputs={"left": "array", "right": "array"})


@pytest.mark.parametrize(
    ("y", "message"),
    [
        ({"kind": [0, 1, 2]}, "'kind', without 'price'"),
        ({"kind": [0, 1, 2], "prize": [1, 2, 3]}, "Did you mean 'price'"),
        ([[0, 1, 2]], "list of 2 values"),
        ([[0, 1, 2], [1, 2]], r"`y\['price'\]` to have 3 rows"),
        ([[0, 1, 2], None], r"`y\['price'\]` to hold data"),
        (None, "head needs targets"),
    ],
)
def test_several_heads_that_do_not_fit(y, message):
    with pytest.raises(DataError, match=message):
        read(LEFT, y, inputs={"x": "array"}, targets=("kind", "price"))
