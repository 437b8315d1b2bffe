"""Tables: defects that once were, and what holds whatever the columns are."""

import json

import numpy as np
import pandas as pd
import pytest

from kerasnas.data.tables import TableSchema, learn_table
from kerasnas.data.tables.columns import as_numbers, is_missing, strings
from kerasnas.errors import DataError


def nasty(seed, rows=150):
    """Columns with everything that is met: missing, infinite, accents, line breaks, nothing."""
    rng = np.random.default_rng(seed)
    words = ["ä", "line\nbreak", "", "  spaced ", "日本", "\0zero", "?", "x" * 500, None]
    return pd.DataFrame(
        {
            "Größe (cm)": np.where(rng.random(rows) < 0.2, np.nan, rng.normal(170, 10, rows)),
            "ratio": rng.choice([0.0, np.inf, -np.inf, 1e-300, 3.5, np.nan], rows),
            "word": np.array(words, object)[rng.integers(0, len(words), rows)],
            "flag": pd.array(rng.choice([True, False, None], rows), dtype="boolean"),
            "count": pd.array(rng.choice([1, 2, 3, None], rows), dtype="Int64"),
            "kind": pd.Categorical(rng.choice(["a", "b", "c"], rows)),
            "when": pd.to_datetime(rng.choice(["2020-01-31", "1969-07-20", None], rows)),
            "mixed": np.array([1, "two", 3.0, None, True], object)[rng.integers(0, 5, rows)],
        }
    )


@pytest.mark.parametrize("seed", range(6))
def test_a_schema_read_from_json_gives_the_same_arrays(seed):
    schema = learn_table(nasty(seed))
    again = TableSchema.from_json(json.loads(json.dumps(schema.to_json(), allow_nan=False)))
    assert again == schema
    later = nasty(seed + 100)
    found, expected = again.arrays(later), schema.arrays(later)
    assert list(found) == list(expected) == list(schema.names)
    for name, array in expected.items():
        assert array.shape == (len(later), 1) and array.dtype.name in ("float32", "float64", "object")
        np.testing.assert_array_equal(found[name], array)


@pytest.mark.parametrize("seed", range(4))
def test_a_row_is_read_alike_alone_and_among_others(seed):
    table = nasty(seed).drop(columns="mixed")
    schema = learn_table(table)
    whole = schema.arrays(table)
    for row in range(0, len(table), 29):
        for name, array in schema.arrays(table.iloc[[row]]).items():
            np.testing.assert_array_equal(array[0], whole[name][row])


@pytest.mark.parametrize("seed", range(4))
def test_neither_the_order_of_columns_nor_more_of_them_matter(seed):
    table = nasty(seed)
    schema = learn_table(table)
    for other in (table.iloc[:, ::-1], table.assign(more=1), table.set_index(np.arange(len(table))[::-1])):
        for name, array in schema.arrays(other).items():
            np.testing.assert_array_equal(array, schema.arrays(table)[name])


@pytest.mark.parametrize("seed", range(4))
def test_strings_can_be_written_to_any_file(seed):
    for cell in learn_table(nasty(seed)).arrays(nasty(seed))["word"].ravel():
        assert isinstance(cell, str) and cell == cell.strip() and "\0" not in cell
        assert cell.encode("utf-8").decode("utf-8") == cell


@pytest.mark.parametrize("dtype", ["Int64", "Float64", "boolean", "string", "object"])
def test_missing_values_of_all_types_are_empty_strings(dtype):
    value = "a" if dtype == "string" else True if dtype == "boolean" else 1
    series = pd.Series([value, None, value], dtype=dtype)
    assert strings(series).tolist() == [str(value), "", str(value)]
    assert is_missing(series).tolist() == [False, True, False]


def test_codes_are_written_alike_with_and_without_missing_ones():
    whole, broken = pd.Series([7, 8, 9]), pd.Series([7, 8, None])
    assert strings(whole)[:2].tolist() == strings(broken)[:2].tolist() == ["7", "8"]
    assert strings(pd.Series([7, None], dtype="Int64")).tolist() == ["7", ""]


@pytest.mark.parametrize(
    "values, expected",
    [
        ([True, False], [1, 0]), (["1.5", " 2 "], [1.5, 2]), ([1, "x"], [1, np.nan]),
        (["inf", "-inf"], [np.inf, -np.inf]),
        ([None, "1e3"], [np.nan, 1000]), (pd.to_timedelta(["1min", None]), [60, np.nan]),
    ],
)  # fmt: skip
def test_numbers_in_any_dress(values, expected):
    np.testing.assert_array_equal(as_numbers(pd.Series(values)), expected)


# ------------------------------------------------------------------ bad input
@pytest.mark.parametrize("cell", [[1], {"a": 1}, (1, 2), {1}, np.zeros(2), pd.DataFrame({"a": [1]})])
@pytest.mark.parametrize("place", [0, 2900])
def test_nested_cells_are_found_wherever_they_are(cell, place):
    values = [f"v{i % 5}" for i in range(3000)]
    values[place] = cell
    column = np.empty(3000, object)
    column[:] = values
    with pytest.raises(DataError, match=f"one value in each cell of the column 'a'. Received: a {type(cell).__name__}"):
        learn_table(pd.DataFrame({"a": column, "b": np.arange(3000) % 7}))


@pytest.mark.parametrize("separator", [";", "\t", "|"])
def test_ragged_rows_are_told_whatever_separates_them(tmp_path, separator):
    path = tmp_path / "ragged.csv"
    path.write_text("a;b\n1;2\n3;4;5;6\n".replace(";", separator))
    with pytest.raises(DataError, match="equally long rows"):
        learn_table(path)


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
def test_a_name_twice_is_told_whatever_separates_them(tmp_path, separator):
    path = tmp_path / "twice.csv"
    path.write_text("a,b,a\n1,2,3\n3,4,5\n".replace(",", separator))
    with pytest.raises(DataError, match="names that differ in twice.csv. Received: 'a' twice"):
        learn_table(path)


def test_names_with_a_dot_and_a_number_are_names(tmp_path):
    path = tmp_path / "wavelengths.csv"
    path.write_text("1,1.5,age,age.1\n1,2,3,4\n3,4,5,7\n6,8,4,3\n")
    assert [column.name for column in learn_table(path).columns] == ["1", "1.5", "age", "age.1"]


@pytest.mark.parametrize(
    "name, content",
    [
        ("header.csv", b"a,b\n"), ("page.csv", b"<html><body>404</body></html>"),
        ("latin.csv", b"a,b\ncaf\xe9,1\nx,2\n"),
        ("zip.csv.gz", b"no gzip"), ("blank.csv", b"  \n\n"), ("t.parquet", b""),
    ],
)  # fmt: skip
def test_what_is_no_csv_is_told_by_its_name_or_rows(tmp_path, name, content):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(DataError, match="Expected .* Received: "):
        learn_table(tmp_path / name)


def test_columns_of_a_flow_may_be_picked():
    import tensorflow as tf

    flow = tf.data.Dataset.from_tensor_slices({"a": np.arange(9.0) ** 2, "b": np.arange(9.0) ** 3})
    assert learn_table(flow, column_names=["b"]).names == ("b",)
    with pytest.raises(DataError, match="Expected the column 'c'"):
        learn_table(flow, column_names=["c"])
