"""Features of tables: what NumPy computes is what the exported model computes, on rows of every kind."""

import time

import keras
import numpy as np
import pandas as pd
import pytest

from kerasnas.backend import strings
from kerasnas.blocks.table_features import FARTHEST, Layout, TableFeatures, quantiles
from kerasnas.data.tables import learn_table
from kerasnas.lowering.joining import DTYPES

N = 200
WORDS = ["red", "Blue,", "house", "tree", "walks", "the", "old!"]


def frame(seed=0, rows=N):
    rng = np.random.default_rng(seed)
    return pd.DataFrame(
        {
            "normal": rng.normal(size=rows),
            "skewed": np.where(rng.random(rows) < 0.1, np.nan, np.exp(3 * rng.normal(size=rows))),
            "large": 1e9 + rng.random(rows),
            "few": rng.integers(0, 5, rows),
            "zeros": np.where(rng.random(rows) < 0.8, 0, rng.normal(size=rows)),
            "flag": rng.choice([True, False, None], rows),
            "town": rng.choice(["Oslo", "Rome", "São Paulo", None], rows),
            "code": rng.choice([f"v{i}" for i in range(90)], rows),
            "seen": pd.Timestamp("2019-03-01") + pd.to_timedelta(rng.integers(0, 90_000, rows), unit="h"),
            "text": [" ".join(rng.choice(WORDS, 6)) for _ in range(rows)],
        }
    )


def strange():
    """Rows with what `frame` has not: other values, infinities, missing ones."""
    table = frame(1).astype({"few": "float64"})
    for place, (name, value) in enumerate(
        [("normal", np.inf), ("normal", -np.inf), ("normal", 1e300), ("normal", np.nan), ("few", 77), ("few", np.nan),
         ("town", "Paris"), ("town", None), ("code", "other"), ("code", None), ("seen", pd.NaT), ("text", None),
         ("text", "nothing known"), ("large", np.nan), ("flag", None)]
    ):  # fmt: skip
        table.loc[place, name] = value
    return table


def fitted(table=None, **named):
    table = frame() if table is None else table
    schema = learn_table(table)
    return schema, TableFeatures(schema.columns, **named).fit(tuple(schema.arrays(table).values()))


def model_of(schema, features):
    inputs = {}
    for name, array in schema.arrays(frame()).items():
        inputs[name] = keras.Input((1,), name=name, dtype=DTYPES.get(array.dtype.name, "float32"))
    return keras.Model(inputs, features.layer(None, "features")(list(inputs.values())))


def tensors(arrays):
    convert = keras.ops.convert_to_tensor
    return {name: strings(array) if array.dtype == object else convert(array) for name, array in arrays.items()}


@pytest.mark.parametrize(
    "settings", [{}, {"scaling": "standard", "one_hot": False}, {"scaling": "quantile"}, {"scaling": "none"}], ids=str
)
def test_arrays_and_graph_compute_the_same(settings):
    schema, features = fitted(frame().drop(columns="large") if settings.get("scaling") == "none" else None, **settings)
    arrays = schema.arrays(strange())
    expected = features.transform(tuple(arrays.values()))
    assert expected.shape == (N, features.layout.width) == (N, *features.shape(None))
    assert expected.dtype == "float32" and np.isfinite(expected).all()
    model = model_of(schema, features)
    assert model.output.shape[1:] == features.shape(None)
    np.testing.assert_allclose(model(tensors(arrays)), expected, rtol=1e-5, atol=2e-6)


def test_exports_reload_and_answer_alike(tmp_path):
    import tensorflow as tf

    schema, features = fitted()
    model, rows = model_of(schema, features), tensors(schema.arrays(strange()))
    expected = keras.ops.convert_to_numpy(model(rows))
    assert all(type(layer).__module__.startswith("keras.") for layer in model.layers)
    model.save(tmp_path / "m.keras")
    np.testing.assert_array_equal(keras.models.load_model(tmp_path / "m.keras")(rows), expected)
    model.export(tmp_path / "saved", verbose=False)
    graph = tf.saved_model.load(tmp_path / "saved")
    np.testing.assert_allclose(graph.serve(rows), expected, rtol=1e-5, atol=2e-6)


def test_what_stands_where():
    table = pd.DataFrame({"n": [1.0, 2.5, 3.5, np.nan] * 25, "c": ["a", "b", "c", "c"] * 25})
    schema, features = fitted(table)
    assert features.layout == Layout(numbers=1, flags=1 + 3)
    rows = features.transform(tuple(schema.arrays(table).values()))
    middle, spread = 2.5, 2.5  # the quartiles of 1, 2.5, 3.5 are 1 and 3.5
    scaled = (table["n"][:3] - middle) / spread
    np.testing.assert_allclose(rows[:3, 0], scaled / np.sqrt(1 + (scaled / 3) ** 2), rtol=1e-6)
    np.testing.assert_allclose(rows[:4, 1], [0, 0.5, 1, 0.5])  # the rank of what is missing is that of the middle
    assert rows[:4, 2].tolist() == [0, 0, 0, 1]
    assert rows[:4, 3:].tolist() == [[0, 1, 0], [0, 0, 1], [1, 0, 0], [1, 0, 0]]  # the most frequent first


def test_unseen_values_have_no_flag_unless_rare_ones_were_met():
    often = ["a", "b"] * 60
    for values, flags in ((often, [0, 0]), ([*often, "c"], [1, 0, 0])):
        schema, features = fitted(pd.DataFrame({"c": values, "n": np.arange(len(values)) % 7}))
        arrays = schema.arrays(pd.DataFrame({"c": ["z"], "n": [1]}))
        found = features.transform(tuple(arrays.values()))[0]
        assert found[-len(flags) :].tolist() == flags


def test_dates_are_taken_apart():
    table = pd.DataFrame({"d": pd.date_range("2020-01-01", periods=400, freq="D")})
    schema, features = fitted(table)
    assert schema.columns[0].parts == ("weekday", "month", "day", "year")
    rows = features.transform(tuple(schema.arrays(table).values()))
    weekdays, months = rows[:, 8:15], rows[:, 15:27]
    assert features.layout == Layout(numbers=4, flags=7 + 12)
    np.testing.assert_array_equal(weekdays.argmax(1), table["d"].dt.weekday)
    np.testing.assert_array_equal(months.argmax(1) + 1, table["d"].dt.month)


def test_embedded_categories_come_as_numbers_of_values():
    table = frame(rows=900)[["code", "town"]]
    schema, features = fitted(table)
    assert features.layout.sizes == (len(schema.columns[0].values) + 1,)
    rows = features.transform(tuple(schema.arrays(table).values()))
    codes = dict(zip(schema.columns[0].values, range(1, 100)))
    assert rows[:, -1].tolist() == [codes.get(value, 0) for value in table["code"]]


def test_quantiles_rise_and_fill_up():
    rng = np.random.default_rng(0)
    for values in (rng.normal(size=1000), np.where(rng.random(1000) < 0.9, 0.0, rng.normal(size=1000)), [3.0] * 9):
        found = quantiles(np.array(values, "float32"), 48)
        assert (np.diff(found) > 0).all() and 2 <= len(found) <= 49
    assert len(quantiles(np.where(np.arange(2000) < 1900, 0, np.arange(2000)).astype("float32"), 48)) == 49
    even = quantiles(np.arange(481, dtype="float32"), 48)
    np.testing.assert_allclose(even, np.linspace(0, 480, 49))


def test_extremes_stay_finite():
    values = np.array([0, 1, 2, 3e38, -3e38, np.inf, -np.inf, np.nan] * 10)
    schema, features = fitted(pd.DataFrame({"n": values}))
    rows = features.transform(tuple(schema.arrays(pd.DataFrame({"n": values})).values()))
    assert np.isfinite(rows).all() and abs(rows[:, 0]).max() <= 3.0001 and FARTHEST > 3


def test_a_hundred_thousand_rows_take_about_a_second():
    rng = np.random.default_rng(0)
    table = pd.DataFrame({f"n{i}": rng.normal(size=100_000) for i in range(24)})
    for i in range(6):
        table[f"c{i}"] = rng.choice([f"v{j}" for j in range(12)], 100_000)
    schema, features = fitted(table)
    arrays = tuple(schema.arrays(table).values())
    started = time.process_time()
    features.transform(arrays)
    assert time.process_time() - started < 4  # one second on a machine of its own


@pytest.mark.parametrize("types", [{"a": "categorical"}, None])
@pytest.mark.parametrize(
    "values", [(0.1, 0.2, 0.7), (16_777_217.0, 16_777_219.0, 1e9), (16_777_216.0, 16_777_217.0, 1e9)]
)
def test_numbers_that_float32_rounds_are_found_among_the_values(values, types):
    """0.1 is another number in float32: as a category it would be none of those that are known."""
    table = pd.DataFrame({"a": np.tile(values, 20)})
    schema = learn_table(table, column_types=types)
    arrays = schema.arrays(table)
    features = TableFeatures(schema.columns).fit(tuple(arrays.values()))
    inputs = keras.Input((1,), dtype=DTYPES.get(arrays["a"].dtype.name, "float32"))
    exported = keras.Model(inputs, features.layer(None, "features")([inputs]))(tensors(arrays)["a"])
    for found in (features.transform(arrays["a"]), keras.ops.convert_to_numpy(exported)):
        flags = found[:, 2 * features.layout.numbers :]
        if schema.columns[0].values:
            np.testing.assert_array_equal(flags.sum(axis=1), 1.0)
            assert len(np.unique(flags, axis=0)) == 3
        else:
            assert values[0] == 0.1 and types is None, "fractions are no categories unless the user says so"


def test_features_say_which_columns_they_read():
    table = pd.DataFrame({"a": [1.0, 2.0, 3.0], "b": [1, 2, 1]})
    told = {
        TableFeatures(learn_table(table, column_types={"b": kind}).columns, one_hot=one_hot).label
        for kind, one_hot in [("numerical", True), ("categorical", True), ("categorical", False)]
    }
    assert told == {
        "table_features(robust, 2 numerical)",
        "table_features(robust, 1 numerical, 1 categorical)",
        "table_features(robust, 1 numerical, 1 categorical, embedded)",
    }
