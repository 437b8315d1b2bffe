"""Targets: to what training needs, and back to what the user gave."""

import json

import numpy as np
import pandas as pd
import pytest

from kerasnas.data import ClassTarget, MultiLabelTarget, RegressionTarget, target_from_json
from kerasnas.data.columns import columns_of, in_order, indexed
from kerasnas.errors import ArgumentError, DataError


def perfect(indices, width):
    """Outputs that are sure of these classes."""
    return np.eye(width, dtype="float32")[indices] * 0.9 + 0.01


def through_json(target):
    return target_from_json(json.loads(json.dumps(target.to_json())))


def test_labels_never_seen_are_wrong_answers():
    outputs = perfect([0, 1, 0], 2)
    for classes, y in ((["a", "b"], ["a", "b", "zebra"]), ([1, 5], [1, 5, 9]), ([1, 5], [[1], [5], [0]])):
        target = ClassTarget.fit(np.array(classes), min_members=1)
        assert target.correct(np.array(y), outputs).tolist() == [True, True, False]
        with pytest.raises(DataError, match="that were in the data of `fit`"):
            target.encode(np.array(y))
    with pytest.raises(DataError, match="that were in the data of `fit`"):  # words where labels were numbers
        target.correct(np.array(["1", "5", "1"]), outputs)
    target = MultiLabelTarget.fit([{"a", "b"}, {"b"}, {"a"}])
    indicators = np.array([[0.9, 0.9], [0.1, 0.9], [0.9, 0.1]])
    assert target.correct([{"a", "b"}, {"b", "c"}, {"a"}], indicators).tolist() == [True, False, True]


LABELS = {
    "int64": np.array([3, 1, 3, 1, 7, 7]),
    "uint8": np.array([3, 1, 3, 1, 7, 7], "uint8"),
    "negative": np.array([-1, 1, -1, 1]),
    "large": np.array([2**62, 2**62 + 1] * 2),
    "bool": np.array([True, False, True, False]),
    "whole floats": np.array([0.0, 2.0, 2.0, 0.0], "float32"),
    "words": np.array(["ox", "cat", "ox", "cat", "hippopotamus", "hippopotamus"]),
    "column": np.array([[3], [1], [3], [1]]),
    "column of words": np.array([["b"], ["a"], ["a"], ["b"]]),
    "one-hot": np.eye(3, dtype="float64")[[0, 1, 2, 1, 0, 2]],
    "one-hot of two": np.eye(2, dtype="int32")[[0, 1, 1, 0]],
    "one-hot of bools": np.eye(3, dtype=bool)[[0, 1, 1, 0]],
}


@pytest.mark.parametrize("name", list(LABELS))
@pytest.mark.parametrize("via", [lambda target: target, through_json], ids=["fresh", "json"])
def test_classes_there_and_back(name, via):
    y = LABELS[name]
    target = via(ClassTarget.fit(y))
    indices = target.encode(y)
    assert indices.dtype == "int32"
    assert indices.shape == (len(y),)
    assert indices.min() >= 0 and indices.max() < target.width
    assert len(target.classes) == target.width
    back = target.decode(perfect(indices, target.width))
    np.testing.assert_array_equal(back, y)
    assert back.dtype == y.dtype
    assert back.shape == y.shape


@pytest.mark.parametrize(
    ("y", "dtype"),
    [
        ([2, 1, 2, 1], "int64"),
        (["b", "a", "b", "a"], "<U1"),
        (pd.Series([2, 1, 2, 1], dtype="int16"), "int16"),
        (pd.Series(["b", "a", "b", "a"]), "<U1"),
        (pd.Series(["b", "a", "b", "a"], dtype="category"), "<U1"),
        (pd.Series([True, False] * 2, dtype="boolean"), "bool"),
        (pd.DataFrame({"y": [2, 1, 2, 1]}), "int64"),
    ],
)
def test_classes_from_any_container(y, dtype):
    target = ClassTarget.fit(y)
    assert target.width == 2
    assert target.classes.dtype == dtype
    assert target.encode(y).tolist() == [1, 0, 1, 0]


def test_classes_are_in_order_and_shown():
    assert ClassTarget.fit(["dog", "ant", "dog", "ant"]).classes.tolist() == ["ant", "dog"]
    assert ClassTarget.fit([9, 9, 4, 4]).classes.tolist() == [4, 9]
    assert ClassTarget.fit(LABELS["one-hot"]).classes.tolist() == [0, 1, 2]


def test_labels_may_come_as_a_column_later():
    target = ClassTarget.fit([3, 3, 5, 5])
    assert target.encode([[5], [3]]).tolist() == [1, 0]
    assert target.decode(perfect([1, 0], 2)).shape == (2,)
    assert target.encode([5.0, 3.0]).tolist() == [1, 0]


@pytest.mark.parametrize(
    ("y", "num_classes", "width"),
    [
        ([0, 1, 0, 1], None, 2),
        ([0, 1, 0, 1], 2, 2),
        ([0, 1, 0, 1], 5, 5),
        ([1, 2, 1, 2], 3, 3),
        ([1, 3, 1, 3], 3, 2),
        ([-1, 1, -1, 1], 3, 2),
        (["a", "b", "a", "b"], 5, 2),
        ([True, False, True, False], 5, 2),
        (np.eye(3)[[0, 1, 0, 1]], 3, 3),
    ],
)
def test_num_classes(y, num_classes, width):
    target = ClassTarget.fit(y, num_classes=num_classes)
    assert target.width == width
    np.testing.assert_array_equal(target.decode(perfect(target.encode(y), width)), y)


def test_a_class_not_seen_yet_is_known_where_num_classes_says_so():
    target = ClassTarget.fit([0, 1, 0, 1], num_classes=4)
    assert target.encode([3]).tolist() == [3]


@pytest.mark.parametrize(
    ("y", "options", "message"),
    [
        (None, {}, "Received: None"),
        ([], {}, "at least one row"),
        ([1, 1, 1], {}, "at least two classes. Received: only 1, in all 3 rows"),
        (["a"] * 3, {}, "only 'a'"),
        (np.eye(3)[[1, 1, 1]], {}, "only 1"),
        ([[7], [7]], {}, "at least two classes"),
        ([0, 0, 1], {}, "at least 2 rows of each class.*held out.*1 of class 1"),
        (["a", "a", "b", "c"], {}, "class 'b', 'c'"),
        (list(range(20)), {}, "0, 1, 2, 3, 4 and 15 more"),
        (np.eye(3)[[0, 0, 1]], {}, "class 1"),
        ([0, 1, 2] * 2, {"num_classes": 2}, "at most 2 classes. Received: 3"),
        (np.eye(4)[[0, 1, 0, 1]], {"num_classes": 3}, "at most 3 classes. Received: 4"),
        ([0.5, 1.5, 0.5, 1.5], {}, "fractions, such as 0.5; to predict numbers, use a regressor"),
        ([0, 1, np.nan], {}, "NaN"),
        (["a", None], {}, "None in row 1"),
        (np.ones((4, 2)), {}, "multi_label=True"),
        (np.zeros((4, 2)), {}, "single 1 among zeros"),
        (np.eye(2)[[0, 1]] * 0.9, {}, "one-hot"),
        (np.full((4, 2), "a"), {}, "one-hot rows"),
        (np.zeros((4, 2, 2)), {}, r"labels of shape \(n,\) or \(n, 1\)"),
    ],
)
def test_labels_that_make_no_classes(y, options, message):
    with pytest.raises(DataError, match=message):
        ClassTarget.fit(y, **options)


def test_a_head_is_named_where_there_are_several():
    with pytest.raises(DataError, match=r"`y\['kind'\]`"):
        ClassTarget.fit([1, 1], name="`y['kind']`")


def test_one_row_of_a_class_will_do_where_nothing_is_held_out():
    assert ClassTarget.fit([0, 0, 1], min_members=1).width == 2


@pytest.mark.parametrize(
    ("fitted", "y", "message"),
    [
        ([1, 1, 2, 2], [1, 3], "that were in the data of `fit`: 1, 2. Received: 3"),
        ([1, 1, 2, 2], [0, 1, 9], "Received: 0, 9"),
        (["a", "a", "b", "b"], ["b", "bb"], "Received: 'bb'"),
        (["1", "1", "2", "2"], [1, 2], "Received: 1"),
        ([1, 1, 2, 2], ["1", "2"], "Received: '1'"),
        ([1, 1, 2, 2], [1.5], "Received: 1.5"),
        ([1, 1, 2, 2], np.eye(2), r"labels of shape \(n,\)"),
        ([1, 1, 2, 2], [1, None], "None in row 1"),
        (np.eye(2)[[0, 0, 1, 1]], [0, 1], r"one-hot rows of shape \(n, 2\)"),
        (np.eye(2)[[0, 0, 1, 1]], np.eye(3), r"one-hot rows of shape \(n, 2\)"),
    ],
)
def test_labels_that_were_not_there_in_fit(fitted, y, message):
    with pytest.raises(DataError, match=message):
        ClassTarget.fit(fitted).encode(y)


def test_outputs_of_another_width():
    with pytest.raises(DataError, match=r"outputs of shape \(n, 2\). Received: shape \(4, 3\)"):
        ClassTarget.fit([0, 0, 1, 1]).decode(np.zeros((4, 3)))
    with pytest.raises(DataError, match="outputs of shape"):
        RegressionTarget.fit([0.0, 1.0]).decode(np.zeros(4))


@pytest.mark.parametrize("dtype", ["int64", "uint8", "bool", "float32"])
def test_multi_label(dtype):
    y = np.array([[1, 0, 1], [0, 0, 0], [1, 1, 0]], dtype)
    target = through_json(MultiLabelTarget.fit(y))
    assert target.width == 3
    assert target.classes.tolist() == [0, 1, 2]
    encoded = target.encode(y)
    assert encoded.dtype == "float32"
    np.testing.assert_array_equal(encoded, y.astype("float32"))
    back = target.decode(encoded * 0.6 + 0.1)
    np.testing.assert_array_equal(back, y)
    assert back.dtype == dtype


def test_the_threshold_of_multi_label():
    target = through_json(MultiLabelTarget.fit(np.eye(2), threshold=0.3))
    assert target.decode([[0.3, 0.29]]).tolist() == [[1, 0]]
    assert MultiLabelTarget.fit(np.eye(2)).decode([[0.5, 0.49]]).tolist() == [[1, 0]]


@pytest.mark.parametrize(
    ("y", "options", "message"),
    [
        ([0, 1], {}, r"indicators \(n, labels\), or sets. Received: shape \(2,\)"),
        ([["a", "b"]], {}, "some rows have and some not"),
        ([[["a"]], [["b"]]], {}, "indicators"),
        ([[0, 2], [1, 0]], {}, "0 or 1"),
        ([[0, 0.5], [1, 0]], {}, "0 or 1"),
        ([[0, 1], [1, 0]], {"num_classes": 3}, r"shape \(n, 3\)"),
        ([[0, 1], [0, 1]], {}, "some rows have and some not"),
        ([[0, np.nan], [0, 1]], {}, "NaN"),
    ],
)
def test_indicators_that_are_none(y, options, message):
    with pytest.raises(DataError, match=message):
        MultiLabelTarget.fit(y, **options)


def test_multi_label_of_another_width_later():
    with pytest.raises(DataError, match=r"shape \(n, 2\)"):
        MultiLabelTarget.fit(np.eye(2)).encode(np.eye(3))


@pytest.mark.parametrize(
    ("y", "width", "flat"),
    [
        (np.array([1.0, 2.0, 6.0]), 1, True),
        ([1, 2, 6], 1, True),
        (pd.Series([1.0, 2.0, 6.0]), 1, True),
        (np.array([[1.0], [2.0], [6.0]]), 1, False),
        (np.array([[1.0, 10], [2, 20], [6, 60]], "float32"), 2, False),
        (pd.DataFrame({"a": [1, 2, 6], "b": [10.0, 20, 60]}), 2, False),
    ],
)
def test_regression(y, width, flat):
    target = through_json(RegressionTarget.fit(y))
    encoded = target.encode(y)
    assert target.width == width
    assert target.classes is None
    assert encoded.shape == (3, width)
    assert encoded.dtype == "float32"
    assert target.mean[0] == pytest.approx(3)
    assert target.scale[0] == pytest.approx(np.std([1, 2, 6]))
    back = target.decode(encoded)
    assert back.shape == ((3,) if flat else (3, width))
    np.testing.assert_allclose(back, y)


def test_a_constant_or_far_away_target_has_a_usable_scale():
    assert RegressionTarget.fit([5.0, 5.0]).scale == (1.0,)
    assert RegressionTarget.fit([0.1 + 0.2] * 7).scale == (1.0,)
    target = RegressionTarget.fit(1e9 + np.arange(10.0))
    assert target.mean[0] == pytest.approx(1e9 + 4.5)
    assert target.scale[0] == pytest.approx(np.std(np.arange(10)))


@pytest.mark.parametrize(
    ("y", "options", "message"),
    [
        (["a", "b"], {}, "strings; to predict labels, use a classifier"),
        ([1.0, np.inf], {}, "infinite"),
        ([1.0, 1e300], {}, "fit in float32"),
        ([1.0, None], {}, "None in row 1|NaN in row 1"),
        (np.zeros((3, 2)), {"output_dim": 3}, r"3 numbers for each row. Received: shape \(3, 2\)"),
        (np.zeros(3), {"output_dim": 2}, "2 numbers"),
        (np.zeros((3, 2, 2)), {}, "Received: shape"),
    ],
)
def test_numbers_that_are_none(y, options, message):
    with pytest.raises(DataError, match=message):
        RegressionTarget.fit(y, **options)


def test_regression_of_another_width_later():
    with pytest.raises(DataError, match="1 number for each row"):
        RegressionTarget.fit([1.0, 2.0]).encode(np.zeros((3, 2)))


def test_a_target_of_an_unknown_type():
    with pytest.raises(ArgumentError, match="Received: 'ranking'"):
        target_from_json({"type": "ranking"})


# --------------------------------------------------------------- sets of labels
SETS = [{"b", "a"}, {"c"}, set(), {"a"}]


@pytest.mark.parametrize(
    "y",
    [
        SETS,
        [frozenset(labels) for labels in SETS],
        [sorted(labels) for labels in SETS],
        tuple(tuple(labels) for labels in SETS),
        pd.Series(SETS),
        np.array(SETS, dtype=object),
    ],
    ids=["sets", "frozen", "lists", "tuples", "series", "array"],
)
def test_sets_of_labels_there_and_back(y):
    target = MultiLabelTarget.fit(y)
    assert target.classes.tolist() == ["a", "b", "c"]
    encoded = target.encode(y)
    assert encoded.tolist() == [[1, 1, 0], [0, 0, 1], [0, 0, 0], [1, 0, 0]] and encoded.dtype == "float32"
    assert target.decode(encoded).tolist() == SETS
    again = target_from_json(json.loads(json.dumps(target.to_json())))
    assert again.decode(encoded).tolist() == SETS and again.encode([{"c"}]).tolist() == [[0, 0, 1]]


def test_rows_of_strings_of_one_length_are_labels_too():
    target = MultiLabelTarget.fit([["a", "b"], ["b", "c"]])
    assert target.decode(target.encode([["c", "a"]])).tolist() == [{"a", "c"}]


def test_sets_of_numbers():
    target = MultiLabelTarget.fit([{3, 1}, {np.int64(2)}])
    assert target.classes.tolist() == [1, 2, 3]
    assert MultiLabelTarget.fit([{3, 1}, {2}], num_classes=5).classes.tolist() == [0, 1, 2, 3, 4]


def test_sets_that_cannot_be_learnt():
    with pytest.raises(DataError, match="empty sets only"):
        MultiLabelTarget.fit([set(), set()])
    with pytest.raises(DataError, match="strings, or whole numbers. Received: int, str"):
        MultiLabelTarget.fit([{1}, {"a"}])
    with pytest.raises(DataError, match="3 labels in `y`. Received: 2"):
        MultiLabelTarget.fit([{"a"}, {"b"}], num_classes=3)
    with pytest.raises(DataError, match="labels that were in the data of `fit`: 'a', 'b'. Received: 'z'"):
        MultiLabelTarget.fit([{"a"}, {"b"}]).encode([{"z"}])
    for target in (ClassTarget, RegressionTarget):
        for y in ([{"a"}, {"b"}], [[1, 2], [3]]):
            with pytest.raises(DataError, match="one value for each row.*multi_label=True"):
                target.fit(y)


# ----------------------------------------------------------------- data frames
def test_columns_of_numbers_are_given_back_as_a_frame():
    y = pd.DataFrame({"low": [1.0, 2.0], "high": [3.0, 5.0]})
    target = RegressionTarget.fit(y).named(columns_of(y))
    again = target_from_json(json.loads(json.dumps(target.to_json())))
    for each in (target, again):
        found = each.decode(each.encode(y))
        assert list(found.columns) == ["low", "high"] and found["high"].tolist() == [3.0, 5.0]


def test_one_hot_columns_name_the_classes():
    y = pd.get_dummies(pd.Series(["cat", "dog", "cat", "dog"]))
    target = ClassTarget.fit(y).named(columns_of(y))
    again = target_from_json(json.loads(json.dumps(target.to_json())))
    assert target.classes.tolist() == again.classes.tolist() == ["cat", "dog"]
    assert again.decode(np.array([[0.2, 0.8]])).to_dict("list") == {"cat": [False], "dog": [True]}


def test_columns_in_another_order():
    y = pd.DataFrame({"a": [1, 2], "b": [3, 4]})
    columns = {"head": columns_of(y)}
    assert list(in_order(y[["b", "a"]], columns)["head"].columns) == ["a", "b"]
    assert in_order(None, columns) is None and in_order([1], {"head": None}) == [1]
    with pytest.raises(DataError, match="none called 'b'"):
        in_order(y[["a"]], columns)


def test_answers_get_the_index_of_their_rows():
    frame = pd.DataFrame({"a": [1.0, 2.0]})
    assert indexed(frame, pd.DataFrame({"x": [0, 0]}, index=["p", "q"])).index.tolist() == ["p", "q"]
    assert indexed(frame, [0, 0]).index.tolist() == [0, 1]


def test_logarithms_are_offered_for_skewed_targets_alone():
    rng = np.random.default_rng(0)
    skewed, even = np.exp(2 * rng.normal(size=500)), rng.normal(size=500)
    target = RegressionTarget.fit(skewed)
    mean, scale, highest = (np.array(part) for part in target.logs)
    np.testing.assert_allclose([mean, scale, highest], [[f(np.log1p(skewed))] for f in (np.mean, np.std, np.max)])
    assert RegressionTarget.fit(even).logs is None and RegressionTarget.fit(skewed - 1).logs is None
    assert RegressionTarget.fit(np.c_[skewed, even + 9]).logs is None
    assert target_from_json(target.to_json()).logs == target.logs
