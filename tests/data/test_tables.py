"""Tables: what is told of columns, raw arrays of later rows, and every table that cannot be used."""

import datetime
import json
import logging

import numpy as np
import pandas as pd
import pytest

from kerasnas.data.tables import TableSchema, learn_table, take_target
from kerasnas.data.tables.guessing import calendar
from kerasnas.data.tables.schema import raw_names
from kerasnas.errors import ArgumentError, DataError

RNG = np.random.default_rng(0)
N = 120


def frame():
    return pd.DataFrame(
        {
            "age": RNG.integers(18, 90, N),
            "income (k€)": np.where(RNG.random(N) < 0.2, np.nan, RNG.lognormal(size=N)),
            "town": RNG.choice(["Oslo", "Rome", None], N),
            "member": RNG.choice([True, False], N),
            "seen": pd.date_range("2019-03-01", periods=N, freq="9D"),
            "rooms": RNG.integers(1, 6, N),
        }
    )


def kinds(table, **named):
    return {column.name: column.kind for column in learn_table(table, **named).columns}


def column(values, **named):
    (found,) = learn_table(pd.DataFrame({"a": values, "b": range(len(values))}), column_names=["a"], **named).columns
    return found


# --------------------------------------------------------------------- kinds
def test_kinds_are_told_from_values():
    assert kinds(frame()) == {
        "age": "numerical", "income (k€)": "numerical", "town": "categorical", "member": "numerical", "seen": "date",
        "rooms": "numerical",
    }  # fmt: skip


def test_a_schema_survives_json():
    schema = learn_table(frame())
    assert TableSchema.from_json(json.loads(json.dumps(schema.to_json()))) == schema
    json.dumps(schema.to_json(), allow_nan=False)


def test_arrays_have_the_dtype_that_the_model_takes():
    arrays = learn_table(frame()).arrays(frame())
    assert {name: (array.shape, array.dtype.name) for name, array in arrays.items()} == {
        "age": ((N, 1), "float32"), "income_k": ((N, 1), "float32"), "town": ((N, 1), "object"),
        "member": ((N, 1), "float32"), "seen": ((N, 1), "float64"), "rooms": ((N, 1), "float32"),
    }  # fmt: skip


def test_numbers_written_as_text_are_numbers():
    texts = [f" {value:.2f} " for value in RNG.normal(size=60)] + ["?", " ", "n/a"]
    found = column(texts)
    assert found.kind == "numerical" and found.missing
    assert np.isnan(found.array(pd.Series(texts), "x")).sum() == 3


@pytest.mark.parametrize("values", [["007", "012", "113"] * 9, ["2", "4", "5more"] * 9, ["40-49", "15-19", "3-5"] * 9])
def test_codes_and_ranges_are_categories(values):
    assert column(values).kind == "categorical"


@pytest.mark.parametrize(
    "written, format",
    [("%Y-%m-%d", "%Y-%m-%d"), ("%d/%m/%Y", "%d/%m/%Y"), ("%m/%d/%Y", "%m/%d/%Y"), ("%d.%m.%Y %H:%M", "%d.%m.%Y %H:%M"),
     ("%d %b %Y", "%d %b %Y"), ("%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M:%S")],
)  # fmt: skip
def test_dates_as_text(written, format):
    dates = pd.date_range("2001-01-30", periods=80, freq="7D")
    found = column(dates.strftime(written).tolist())
    assert (found.kind, found.format) == ("date", format)
    seconds = found.array(pd.Series(dates.strftime(written)), "x")[:, 0]
    expected = [each.replace(tzinfo=datetime.UTC).timestamp() for each in dates.to_pydatetime()]
    np.testing.assert_array_equal(seconds, expected)


def test_dates_of_other_kinds():
    days = pd.date_range("2020-01-01", periods=50, freq="3D")
    expected = column(days).array(pd.Series(days), "x")
    for other in (
        days.tz_localize("UTC"),
        [day.date() for day in days],
        days.to_period("D"),
        [str(day) for day in days],
    ):
        np.testing.assert_array_equal(column(other).array(pd.Series(other), "x"), expected)
    seconds = pd.Series(expected[:, 0])
    np.testing.assert_array_equal(column(days).array(seconds, "x"), expected)


def test_the_calendar_is_that_of_pandas():
    stamps = pd.to_datetime(RNG.integers(-5_000_000_000, 9_000_000_000, 2000), unit="s")
    parts = calendar(np, stamps.astype("datetime64[s]").astype("int64").to_numpy("float64"))
    for name, expected in (("weekday", stamps.weekday), ("month", stamps.month), ("day", stamps.day),
                           ("year", stamps.year), ("hour", stamps.hour)):  # fmt: skip
        np.testing.assert_array_equal(parts[name], expected)


def test_texts_are_told_from_categories():
    words = ["red", "blue", "house", "tree", "walks", "the", "old"]
    texts = [" ".join(RNG.choice(words, 6)) for _ in range(80)]
    found = column(texts)
    assert found.kind == "text" and set(found.words) == set(words)
    assert column(["a house of stone", "a house of wood"] * 40).kind == "categorical"


def test_types_can_be_given():
    table = frame()
    assert kinds(table, column_types={"rooms": "categorical"})["rooms"] == "categorical"
    with pytest.raises(ArgumentError, match="Did you mean 'rooms'"):
        learn_table(table, column_types={"room": "categorical"})
    with pytest.raises(ArgumentError, match="Did you mean 'categorical'"):
        learn_table(table, column_types={"rooms": "categoric"})
    with pytest.raises(DataError, match="Expected numbers in the column 'town'"):
        learn_table(table, column_types={"town": "numerical"})


def test_names_can_be_given():
    rows = np.c_[RNG.normal(size=30), RNG.normal(size=30)]
    assert learn_table(rows, column_names=["p", "q"]).names == ("p", "q")
    assert [c.name for c in learn_table(frame(), column_names=["town", "age"]).columns] == ["town", "age"]
    with pytest.raises(DataError, match="Expected 3 columns"):
        learn_table(rows, column_names=["p", "q", "r"])


def test_model_inputs_are_identifiers_that_differ():
    names = raw_names(["a b", "a_b", "A b", "", "7", "ß", "x/y:0", "_hidden"])
    assert len({raw.lower() for raw in names.values()}) == len(names)
    assert all(raw.isidentifier() and raw.isascii() and raw[0].isalpha() for raw in names.values())
    assert raw_names(["a"], "table_") == {"a": "table_a"}


def test_what_tells_nothing_is_left_out_and_the_log_says_so(caplog):
    table = frame().assign(same=3, none=None, row=range(N), key=[f"k{i}" for i in range(N)])
    with caplog.at_level(logging.WARNING, "kerasnas"):
        schema = learn_table(table)
    assert set(schema.dropped) == {"same", "none", "row", "key"}
    assert "'same' is left out: it holds 3 in every row" in caplog.text
    assert set(schema.arrays(frame())) == set(schema.names)


def test_numbers_that_float32_cannot_tell_apart_are_float64():
    assert column(1e9 + RNG.random(50)).stored == "float64"
    assert column(1e9 * RNG.random(50)).stored == "float32"


def test_a_category_of_very_many_values():
    values = np.r_[np.repeat(["often", "seldom"], 5000), [f"v{i}" for i in range(100_000)]]
    found = column(values)
    assert found.values[:2] == ("often", "seldom") and found.rare == 100_000 and len(found.values) <= 1000


def test_infinities_are_numbers():
    found = column([1.0, np.inf, -np.inf, 2.0, 1e300, np.nan])
    assert found.kind == "numerical" and found.missing
    assert np.isinf(found.array(pd.Series([1e300]), "x")).all()


# ---------------------------------------------------------- forms and new rows
def test_all_forms_of_one_table():
    table = frame().drop(columns="seen")
    schema = learn_table(table)
    expected = schema.arrays(table)
    as_lists = {name: table[name].tolist() for name in table}
    for form in (as_lists, {n: table[n].to_numpy() for n in table}, table.to_dict("records"), table.iloc[:, ::-1]):
        for name, array in schema.arrays(form).items():
            np.testing.assert_array_equal(array, expected[name])


def test_files(tmp_path):
    table = frame()
    table.to_csv(tmp_path / "t.csv", index=False)
    table.to_csv(tmp_path / "t.csv.gz", index=False)
    table.to_csv(tmp_path / "semicolons.csv", index=False, sep=";")
    table.to_parquet(tmp_path / "t.parquet")
    expected = learn_table(table).arrays(table)
    for file in ("t.csv", "t.csv.gz", "semicolons.csv", "t.parquet"):
        schema = learn_table(str(tmp_path / file))
        for name, array in schema.arrays(tmp_path / file).items():
            np.testing.assert_array_equal(array, expected[name])


def test_a_tf_dataset_of_columns():
    import tensorflow as tf

    table = frame()[["age", "rooms"]]
    flow = tf.data.Dataset.from_tensor_slices({name: table[name].to_numpy() for name in table})
    schema = learn_table(flow)
    for data in (flow, flow.batch(7)):
        np.testing.assert_array_equal(schema.arrays(data)["age"][:, 0], table["age"])


def test_rows_without_names_are_taken_in_order():
    rows = RNG.normal(size=(40, 3))
    rows[:, 1] = 5
    schema = learn_table(rows)
    assert schema.names == ("column_0", "column_2")
    np.testing.assert_allclose(schema.arrays(rows.tolist())["column_2"][:, 0], rows[:, 2], rtol=1e-6)
    with pytest.raises(DataError, match="shape"):
        schema.arrays(rows[0])


def test_later_rows_are_held_to_what_was_learnt():
    schema = learn_table(frame())
    with pytest.raises(DataError, match=r"Expected the column 'town' in `x`.*Did you mean 'Town'"):
        schema.arrays(frame().rename(columns={"town": "Town"}))
    with pytest.raises(DataError, match=r"Expected numbers in the column 'age'.*Received: 'old'"):
        schema.arrays(frame().assign(age="old"))
    with pytest.raises(DataError, match="Expected dates in the column 'seen'"):
        schema.arrays(frame().assign(seen="often"))
    one = schema.arrays({name: value for name, value in frame().iloc[0].items()})
    assert all(array.shape == (1, 1) for array in one.values())


def test_missing_and_unseen_values_are_taken():
    arrays = learn_table(frame()).arrays(frame().assign(town=["Paris", None] * (N // 2), age=None))
    assert arrays["town"][:2, 0].tolist() == ["Paris", ""] and np.isnan(arrays["age"]).all()


# --------------------------------------------------------------------- target
def test_the_target_may_be_named():
    table = frame()
    x, y = take_target(table, "rooms")
    assert "rooms" not in x and y.equals(table["rooms"])
    x, y = take_target(table, ["rooms", "age"])
    assert list(y) == ["rooms", "age"] and x.shape[1] == 4
    labels = list("abcd")
    assert take_target(table, labels) == (table, labels)
    with pytest.raises(DataError, match=r"Expected the column 'room' in `x`. Did you mean 'rooms'"):
        take_target(table, "room")
    with pytest.raises(DataError, match=r"without missing values.*row \d+ \(\d+ in all\)"):
        take_target(table, "income (k€)")
    with pytest.raises(DataError, match="beside the target"):
        take_target(table[["rooms"]], "rooms")


# ------------------------------------------------------------------ bad input
@pytest.mark.parametrize(
    "table, message",
    [
        (None, "Received: None"),
        (pd.DataFrame(), "columns"),
        (pd.DataFrame({"a": []}), "at least one row"),
        (pd.DataFrame([[1, 2]], columns=["a", "a"]), r"'a' 2 times"),
        (pd.DataFrame({"a": [[1, 2], [3, 4]]}), "a list; split it"),
        (pd.DataFrame({"a": [{"b": 1}, {"b": 2}]}), "a dict; split it"),
        (pd.DataFrame({"a": [1, 1], "b": ["x", "x"]}), "differs between rows"),
        ({"a": [1, 2], "b": [1]}, "one length"),
        ({"a": np.zeros((3, 2))}, "one value a row"),
        (np.zeros(3), "x\\[None\\]"),
        (np.zeros((2, 3, 4)), "shape"),
        ("nowhere.csv", "no file"),
        (3.5, "table"),
    ],
    ids=lambda value: value if isinstance(value, str) else type(value).__name__,
)
def test_what_is_no_table_is_refused(table, message):
    with pytest.raises(DataError, match=message):
        learn_table(table)


@pytest.mark.parametrize(
    "name, content, message",
    [
        ("empty.csv", b"", "empty file"),
        ("binary.csv", b"\x89PNG\r\n\0\0\0\rIHDR" * 9, "binary file"),
        ("ragged.csv", b"a,b\n1,2\n3,4,5,6\n", "equally long rows"),
        ("twice.csv", b"a,b,a\n1,2,3\n4,5,6\n", "'a' twice"),
        ("no.parquet", b"a,b\n1,2\n", "no.parquet"),
        ("notes.docx", b"hello", "ends in"),
    ],
)
def test_files_that_hold_no_table_are_refused(tmp_path, name, content, message):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(DataError, match=message):
        learn_table(tmp_path / name)


@pytest.mark.parametrize("rows, columns", [(3, 2), (40, 1), (30, 2000)])
def test_unusual_sizes(rows, columns):
    table = pd.DataFrame(RNG.normal(size=(rows, columns)), columns=[f"c{i}" for i in range(columns)])
    schema = learn_table(table)
    assert len(schema.arrays(table)) == columns
