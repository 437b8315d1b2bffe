"""Tables as they come: odd cells, odd names, odd files; and what must not depend on how they come."""

import datetime
import decimal
import json

import numpy as np
import pandas as pd
import pytest

from kerasnas.data.schemas import schema_from_json
from kerasnas.data.tables import Column, TableSchema, learn_table, take_target
from kerasnas.data.tables.columns import MISSING, as_numbers, as_seconds, clean, is_missing, strings
from kerasnas.data.tables.frames import as_frame
from kerasnas.data.tables.guessing import MOST_VALUES, MOST_WORDS, calendar, guess, words_of
from kerasnas.data.tables.schema import raw_names
from kerasnas.errors import ArgumentError, DataError

SCRIPTS = {
    "latin": "Ångström naïve",
    "greek": "αβγ Δέλτα",
    "cyrillic": "Привет мир",
    "arabic": "مرحبا بالعالم",
    "hebrew": "שלום עולם",
    "devanagari": "नमस्ते दुनिया",
    "thai": "สวัสดีชาวโลก",
    "chinese": "你好，世界",
    "japanese": "こんにちは世界",
    "korean": "안녕하세요 세계",
    "amharic": "ሰላም ልዑል",
    "emoji": "👩‍👩‍👧‍👦 🏳️‍🌈",
    "combining": "e\u0301 o\u0308",
    "next line": "a\u0085b",
    "separator": "a\u2028b",
    "bom": "\ufeffname",
    "outside the plane": "𝔘𝔫𝔦𝔠𝔬𝔡𝔢",
}


def column(values, kind=None):
    """What is guessed of values: a `Column`, or a sentence."""
    return guess("c", "c", pd.Series(values), kind)


def json_again(schema):
    return schema_from_json(json.loads(json.dumps(schema.to_json())))


def mixed(rows=60, seed=0):
    rng = np.random.default_rng(seed)
    table = pd.DataFrame(
        {
            "number": rng.normal(size=rows),
            "count": rng.integers(0, 9, rows),
            "town": rng.choice(["Oslo", "Roma", "東京", "🏙️", None], rows),
            "yes": rng.choice([True, False], rows),
            "day": pd.date_range("2021-03-01", periods=rows, freq="31h"),
            "written": pd.date_range("2021-03-01", periods=rows, freq="D").strftime("%d/%m/%Y"),
            "zoned": pd.date_range("2021-03-01", periods=rows, freq="D", tz="Asia/Tokyo"),
            "note": [f"the {i} words of note {i % 7} are long" for i in range(rows)],
        }
    )
    table.loc[::7, "number"] = np.nan
    return table


def same(left, right):
    assert left.keys() == right.keys()
    for name in left:
        assert left[name].dtype == right[name].dtype
        np.testing.assert_array_equal(left[name], right[name])


# ---------------------------------------------------------------------- cells
@pytest.mark.parametrize("text", SCRIPTS.values(), ids=SCRIPTS.keys())
def test_any_script_is_a_category_and_a_name(text):
    table = pd.DataFrame({text: [text, "other"] * 10})
    schema = learn_table(table)
    known = schema.columns[0]
    assert known.name == text and known.raw.isascii() and known.raw.isidentifier()
    assert set(known.values) == {clean(text), "other"}
    again = json_again(schema)
    assert again == schema
    assert again.arrays(table)[known.raw][0, 0] == clean(text)


@pytest.mark.parametrize(
    "cell, told",
    [
        (b"bytes", "bytes"),
        ("Ü".encode(), "Ü"),
        (b"\xff\xfe", "\ufffd\ufffd"),
        ("  spaced\t\n", "spaced"),
        ("a\0b", "ab"),
        ("half \ud83d", "half ?"),
        ("\u0085", ""),
        ("\u3000", ""),
        (7.0, "7"),
        (-0.0, "0"),
        (7.25, "7.25"),
        (1e300, "1e+300"),
        (np.float32(2), "2"),
        (np.int8(-3), "-3"),
        (True, "True"),
        (float("nan"), ""),
        (float("inf"), "inf"),
        (decimal.Decimal("1.50"), "1.50"),
        (datetime.date(2020, 2, 29), "2020-02-29"),
    ],
    ids=repr,
)
def test_a_cell_as_a_string(cell, told):
    assert clean(cell) == told
    told.encode("utf-8")


@pytest.mark.parametrize("cell", [*MISSING, " NaN ", "NULL", "N/A", "None\n", None, np.nan, pd.NA, pd.NaT], ids=repr)
def test_what_says_that_it_is_missing(cell):
    series = pd.Series([cell, "3"], dtype=object)
    assert is_missing(series).tolist() == [True, False]
    assert np.isnan(as_numbers(series)[0]) and as_numbers(series)[1] == 3


@pytest.mark.parametrize("cell", ["nano", "nah", "0", "--", "??", 0, False, 0.0, "nothing", b""], ids=repr)
def test_what_does_not(cell):
    assert is_missing(pd.Series([cell, "x"], dtype=object)).tolist() == [False, False]


@pytest.mark.parametrize(
    "cell, number",
    [
        ("1", 1),
        (" 2.5 ", 2.5),
        ("-3e2", -300),
        ("+4", 4),
        (".5", 0.5),
        ("1e400", np.inf),
        (10**400, np.inf),
        (-(10**400), -np.inf),
        (10**300, 1e300),
        ("inf", np.inf),
        ("-Infinity", -np.inf),
        (True, 1),
        (np.bool_(False), 0),
        (decimal.Decimal("2.25"), 2.25),
        ("twelve", np.nan),
        ("1,5", np.nan),
        ("", np.nan),
    ],
    ids=repr,
)
def test_a_cell_as_a_number(cell, number):
    np.testing.assert_equal(as_numbers(pd.Series([cell], dtype=object))[0], float(number))


@pytest.mark.parametrize("dtype", ["int8", "uint64", "float16", "bool", "Int64", "Float32", "boolean", "object", "str"])
def test_numbers_of_any_dtype_are_told_alike(dtype):
    values = [0, 1, 1, 0, 1]
    series = pd.Series([bool(v) for v in values] if dtype == "boolean" else values, dtype=dtype)
    np.testing.assert_array_equal(as_numbers(series), values)
    known = column(series)
    assert known.kind == "numerical" and not known.missing


@pytest.mark.parametrize("dtype", ["Int64", "Float64", "boolean"])
def test_missing_values_of_nullable_columns(dtype):
    series = pd.Series([1, None, 0, 1], dtype=dtype)
    np.testing.assert_array_equal(as_numbers(series), [1, np.nan, 0, 1])
    assert column(series).missing


@pytest.mark.parametrize("integer", [[7, 0, -2], np.array([2**53 - 1, 1, 0])])
def test_codes_are_one_string_as_integers_and_as_floats(integer):
    whole, broken = pd.Series(integer), pd.Series([*integer, None], dtype="float64")
    if max(integer) < 1e15:
        assert strings(whole).tolist() == strings(broken)[:-1].tolist()
    assert strings(broken)[-1] == ""


# ------------------------------------------------------------ what is of no use
NUMBERS = "numbers the rows; to keep it, say so in `column_types`"


@pytest.mark.parametrize("name", ["id", "PassengerId", "order_no", "Order No.", "customer-key", "orderNumber", "Index"])
@pytest.mark.parametrize("kept", ["humid", "paid", "casino", "number_of_sales", "price_index", "monkey", "x"])
def test_sparse_numbers_are_left_out_by_name_alone(name, kept):
    """A wrongly dropped column costs more than one that is kept."""
    values = np.random.default_rng(0).permutation(100_000)[:100]
    schema = learn_table(pd.DataFrame({name: values, kept: values}))
    assert schema.names == (kept,) and schema.dropped == {name: (0, NUMBERS)}
    forced = learn_table(pd.DataFrame({name: values, kept: values}), column_types={name: "numerical"})
    assert len(forced.names) == 2


@pytest.mark.parametrize(
    "values",
    [
        np.arange(0, 200, 2), np.arange(49), np.r_[np.arange(99), 5], np.arange(100) + 0.5,
        np.r_[np.arange(99), np.nan],
        np.random.default_rng(0).integers(0, 200, 100), np.sort(np.random.default_rng(0).permutation(300)[:100]),
    ],
    ids=["a grid", "few", "one twice", "halves", "one missing", "drawn", "sparse"],
)  # fmt: skip
def test_numbers_that_may_be_measured_are_kept(values):
    assert isinstance(column(values), Column)


@pytest.mark.parametrize(
    "values, told",
    [
        ([None] * 9, "holds no value"),
        ([np.nan] * 9, "holds no value"),
        (["", "?", "NA", "null"] * 3, "holds no value"),
        ([pd.NaT] * 9, "holds no value"),
        ([3] * 9, "holds 3 in every row"),
        ([0.1] * 9, "holds 0.1 in every row"),
        ([True] * 9, "holds 1 in every row"),
        (["x"] * 9, "holds 'x' in every row"),
        (["x", " x", "x "] * 3, "holds 'x' in every row"),
        ([np.inf] * 9, "holds infinities only"),
        ([np.inf, -np.inf, np.nan] * 3, "holds infinities only"),
        (list(range(100)), NUMBERS),
        (list(range(100, 0, -1)), NUMBERS),
        (np.sort(np.random.default_rng(0).permutation(180)[:100]).tolist(), NUMBERS),
        ([f"id{i}" for i in range(30)], "has another value in each row"),
        ([pd.Timestamp("2020-01-01")] * 9, "holds one date in every row"),
        (["2020-01-01"] * 9, "holds one date in every row"),
    ],
    ids=lambda value: str(value)[:40],
)
def test_what_tells_nothing(values, told):
    assert column(values) == told
    table = pd.DataFrame({"useful": np.arange(len(values)) % 3 * 1.5, "dull": values})
    schema = learn_table(table)
    assert schema.names == ("useful",) and schema.dropped == {"dull": (1, told)}
    assert schema.arrays(table[["useful"]])["useful"].shape == (len(values), 1)  # it need not be there later


@pytest.mark.parametrize(
    "values", [[3, None] * 5, ["x", None] * 5, [None, pd.Timestamp("2020-01-01")] * 5, [1.0, np.inf] * 5]
)
def test_one_value_and_gaps_do_tell_something(values):
    assert isinstance(column(values), Column)


def test_only_dull_columns_are_refused_and_each_reason_is_told():
    with pytest.raises(DataError, match="Expected a column .*: 'a' holds 1 .*; 'b' holds no value; 'c' holds 'z'"):
        learn_table(pd.DataFrame({"a": [1, 1], "b": [None, None], "c": ["z", "z"]}))


@pytest.mark.parametrize(
    "cell, kind",
    [([1, 2], "list"), ({"a": 1}, "dict"), ((1, 2), "tuple"), ({1}, "set"), (np.zeros(2), "ndarray"), ([], "list")],
    ids=["list", "dict", "tuple", "set", "array", "empty list"],
)
@pytest.mark.parametrize("before", [0, 3])
def test_nested_cells_are_refused_by_column(cell, kind, before):
    values = [None] * before + [cell, cell]
    with pytest.raises(DataError, match=f"one value in each cell of the column 'deep'. Received: a {kind}; split it"):
        learn_table(pd.DataFrame({"fine": range(len(values)), "deep": pd.Series(values, dtype=object)}))


def test_nested_cells_are_found_far_down_and_later():
    with pytest.raises(DataError, match="column 'deep'. Received: a list"):
        learn_table(pd.DataFrame({"deep": pd.Series([*"ab"] * 1500 + [[1]], dtype=object)}))
    schema = learn_table(pd.DataFrame({"town": ["a", "b"] * 5}))
    for cell in ([1, 2], {"a": 1}, {1}):
        with pytest.raises(DataError, match="Expected one value in each cell of the column 'town' of `x`. Received: "):
            schema.arrays(pd.DataFrame({"town": pd.Series([cell], dtype=object)}))


def test_a_frame_in_a_cell_is_refused():
    cells = pd.Series([pd.DataFrame({"a": [1]}), None, "x"], dtype=object)
    with pytest.raises(DataError, match="a DataFrame"):
        guess("c", "c", cells)


# ---------------------------------------------------------------------- kinds
@pytest.mark.parametrize(
    "values, kind",
    [
        (["1", "2", "3.5", None] * 5, "numerical"),
        (["1", "2", "x"] * 5, "categorical"),
        ([*map(str, np.arange(96) / 2), *"abcd"], "numerical"),
        ([*map(str, range(90)), *"abcdefghij"] * 2, "categorical"),
        (["00501", "10001"] * 5, "categorical"),
        (["0.5", "1.5"] * 5, "numerical"),
        ([True, False] * 5, "numerical"),
        ([True, False, None] * 5, "numerical"),
        (["True", "False"] * 5, "categorical"),
        ([b"a", b"b"] * 5, "categorical"),
        ([1, "a", None, 2.5] * 5, "categorical"),
        (pd.Categorical([1, 2, 3] * 4), "categorical"),
        (pd.Categorical(["x", "y", None] * 4), "categorical"),
        (pd.to_timedelta([1, 2, 5], unit="h"), "numerical"),
        (pd.period_range("2020-01", periods=6, freq="M"), "date"),
        ([datetime.date(2020, 1, 1), datetime.date(2021, 1, 1)] * 3, "date"),
        ([datetime.datetime(2020, 1, 1, 5), None, datetime.datetime(2021, 1, 1)] * 3, "date"),
        ([decimal.Decimal("1.5"), decimal.Decimal("2")] * 4, "numerical"),
        ([f"a long sentence number {i} here" for i in range(20)], "text"),
        (["a long sentence", "another long one"] * 10, "categorical"),
        (["192.168.0.1", "10.0.0.1"] * 5, "categorical"),
        (["12:30", "13:45"] * 5, "categorical"),
        (["1/2", "3/4"] * 5, "categorical"),
    ],
    ids=lambda value: str(value)[:40],
)
def test_kinds(values, kind):
    assert column(values).kind == kind


@pytest.mark.parametrize(
    "form",
    ["%Y-%m-%d", "%Y/%m/%d", "%d/%m/%Y", "%m/%d/%Y", "%d.%m.%Y", "%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S", "%d %B %Y"],
)
@pytest.mark.parametrize("gaps", [False, True])
def test_dates_in_many_forms(form, gaps):
    days = pd.date_range("2019-11-28", periods=40, freq="9D")
    written = days.strftime(form).astype(object).to_series(index=range(40))
    if gaps:
        written[::6] = None
    known = column(written)
    assert known.kind == "date" and known.missing == gaps and known.stored == "float64"
    expected = days.to_numpy().astype("datetime64[s]").astype("float64")
    found = known.array(written, "`x`")[:, 0]
    assert np.isnan(found).sum() == written.isna().sum()
    np.testing.assert_array_equal(found[written.notna()], expected[written.notna()])


@pytest.mark.parametrize("zone", ["UTC", "Asia/Tokyo", "America/New_York", "Asia/Kathmandu", "Pacific/Apia"])
def test_time_zones_are_moments(zone):
    moments = pd.date_range("2024-03-09 12:00", periods=9, freq="7h", tz="UTC")
    expected = moments.as_unit("s").asi8.astype("float64") if hasattr(moments, "as_unit") else None
    local = pd.Series(moments.tz_convert(zone))
    np.testing.assert_array_equal(as_seconds(local), expected)
    written = local.map(lambda each: each.isoformat())
    np.testing.assert_array_equal(as_seconds(written, "mixed"), expected)
    np.testing.assert_array_equal(as_seconds(local.astype(object)), expected)


def test_dates_as_parquet_gives_them():
    pa = pytest.importorskip("pyarrow")
    days = pd.Series([None, *pd.date_range("2024-02-28", periods=30, freq="D").date])
    expected = np.r_[np.nan, 1709078400.0 + 86400 * np.arange(30.0)]
    for kind in (pa.date32(), pa.timestamp("us"), pa.timestamp("ns", "UTC")):
        held = days.astype(pd.ArrowDtype(kind))
        known = column(held)
        assert known.kind == "date" and known.missing
        np.testing.assert_array_equal(known.array(held, "`x`")[:, 0], expected)


@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
def test_dates_of_any_resolution(unit):
    days = pd.Series(pd.date_range("1969-12-30", periods=5, freq="D")).astype(f"datetime64[{unit}]")
    np.testing.assert_array_equal(as_seconds(days), np.arange(-2, 3) * 86400.0)


def test_the_calendar_of_many_centuries_is_that_of_the_standard_library():
    rng = np.random.default_rng(0)
    first = datetime.datetime(1, 1, 2, tzinfo=datetime.UTC)
    seconds = rng.integers(first.timestamp(), 250_000_000_000, 500).astype("float64")
    found = calendar(np, seconds)
    epoch = datetime.datetime(1970, 1, 1)
    for place, each in enumerate(seconds):
        stamp = epoch + datetime.timedelta(seconds=each)
        expected = (stamp.weekday(), stamp.month, stamp.day, stamp.year, stamp.hour)
        assert tuple(int(found[part][place]) for part in ("weekday", "month", "day", "year", "hour")) == expected


def test_unwritten_dates_are_missing_and_only_strange_ones_are_refused():
    known = column(["2020-01-01", "2020-05-09", "2021-03-04"] * 3)
    found = known.array(pd.Series(["2020-01-02", "soon", None, "2020-13-45"]), "`x`")[:, 0]
    assert np.isfinite(found[0]) and np.isnan(found[1:]).all()
    with pytest.raises(DataError, match="Expected dates in the column 'c' of `x`. Received: 'soon'"):
        known.array(pd.Series(["soon", "later"]), "`x`")


def test_numbers_that_are_words_later():
    known = column([1.5, 2.5, 4.0])
    with pytest.raises(DataError, match="Expected numbers in the column 'c' of `x`. Received: 'many'"):
        known.array(pd.Series(["many", "few"]), "`x`")
    found = known.array(pd.Series(["1", "2", "few", None, "4"]), "`x`")[:, 0]
    np.testing.assert_array_equal(found, np.array([1, 2, np.nan, np.nan, 4], "float32"))


@pytest.mark.parametrize("value", [1e39, -1e300, np.inf, -np.inf])
def test_numbers_beyond_float32_become_infinite_without_a_warning(value, recwarn):
    known = column([1.5, 2.5, 4.0])
    assert np.isinf(known.array(pd.Series([value, 1.0]), "`x`")[0, 0])
    assert not [each for each in recwarn if issubclass(each.category, RuntimeWarning)]


@pytest.mark.parametrize("base", [1e9, 1e12, -1e15])
def test_small_differences_of_large_numbers_are_kept(base):
    values = base + np.arange(40) % 7 * (4 if base > -1e14 else 16)
    known = column(values)
    assert known.stored == "float64"
    assert len(np.unique(known.array(pd.Series(values), "`x`"))) == 7


# ----------------------------------------------------------------- categories
def test_a_hundred_thousand_categories_are_cut_to_the_most_frequent():
    often = [f"often {i}" for i in range(5)]
    values = [f"v{i}" for i in range(100_000)] + often * 50
    known = column(values)
    assert known.kind == "categorical" and len(known.values) <= MOST_VALUES
    assert set(known.values[:5]) == set(often) and known.counts[:5] == (50,) * 5
    assert known.rare == len(values) - sum(known.counts)


@pytest.mark.parametrize("rows", [5, 60, 300, 12_000])
def test_counts_add_up_to_the_rows(rows):
    rng = np.random.default_rng(rows)
    values = pd.Series(rng.choice([*"abcdefgh", None], rows, p=[0.3, 0.2, 0.1, 0.1, 0.1, 0.09, 0.005, 0.005, 0.1]))
    known = column(values)
    assert sum(known.counts) + known.rare == rows
    told = [count for value, count in zip(known.values, known.counts) if value]
    assert told == sorted(told, reverse=True)


def test_categories_given_as_numbers_stay_numbers():
    known = column([3.0, 1.0, None, 3.0], "categorical")
    assert known.values == (3.0, 1.0) and known.counts == (2, 1) and known.missing and known.stored == "float32"


@pytest.mark.filterwarnings("ignore:Could not infer format")
@pytest.mark.parametrize("kind, values", [("numerical", ["a", "b"]), ("date", ["a", "b"]), ("numerical", ["1-2", "b"])])
def test_a_kind_that_values_are_not(kind, values):
    with pytest.raises(DataError, match=f"Expected {'dates' if kind == 'date' else 'numbers'} in the column 'c'"):
        column(values, kind)


def test_words_of_texts_are_few_and_the_most_frequent_first():
    rng = np.random.default_rng(0)
    rows = [" ".join(f"w{min(i, 400)}" for i in rng.geometric(0.01, 12)) for _ in range(300)]
    known = column(rows)
    assert known.kind == "text" and len(known.words) <= MOST_WORDS
    met = [sum(word in words_of(row) for row in rows) for word in known.words]
    assert met == sorted(met, reverse=True) and min(met) >= 2


@pytest.mark.parametrize("text", ["Don't STOP!", "a-b_c", "(x)[y]{z}", "½ ％", "", "\u0085", "ΑΒΓ"])
def test_words_hold_no_ascii_mark(text):
    assert not any(mark in word for word in words_of(text) for mark in "!\"#$%&()*+,-./:;<=>?@[\\]^_`{|}~'")


# --------------------------------------------------------------------- frames
@pytest.mark.parametrize(
    "columns, names",
    [
        ([0, 1], ("0", "1")),
        ([1.5, None], ("1.5", "nan")),
        ([("a", "x"), ("a", "y")], ("a_x", "a_y")),
        (["", " "], ("", " ")),
        ([True, "True "], ("True", "True ")),
        ([pd.Timestamp("2020-01-01"), "b"], ("2020-01-01 00:00:00", "b")),
    ],
    ids=str,
)
def test_names_of_any_type_become_strings(columns, names):
    table = pd.DataFrame(np.arange(6).reshape(3, 2) * 1.5)
    table.columns = columns if not isinstance(columns[0], tuple) else pd.MultiIndex.from_tuples(columns)
    assert tuple(as_frame(table, "`x`").columns) == names
    raw = raw_names(names)
    assert len(set(raw.values())) == 2 and all(name.isidentifier() for name in raw.values())


@pytest.mark.parametrize("columns", [["a", "a"], [1, "1"], [None, "None"], [("a", "b"), "a_b"]], ids=str)
def test_names_that_are_one_as_strings_are_refused(columns):
    table = pd.DataFrame(np.eye(2))
    table.columns = pd.Index(columns, dtype=object, tupleize_cols=False)
    with pytest.raises(DataError, match="Expected column names of `x` that differ. Received: .* 2 times"):
        as_frame(table, "`x`")


def test_inputs_of_names_that_look_alike_differ():
    names = ["a b", "a_b", "A-B", "a!b", "1", "_1", "日本", "中国", "", "a b_2", "Column", "class", "if"]
    raw = list(raw_names(names, "t_").values())
    assert len({each.lower() for each in raw}) == len(names)
    assert all(each.startswith("t_") and each.isidentifier() for each in raw)


@pytest.mark.parametrize(
    "value, told",
    [
        ([], "columns|row"),
        ({}, "to have columns"),
        (pd.DataFrame({"a": [1j, 2j]}), "Complex data not supported.*'a'"),
        (np.zeros((0, 3)), "at least one row"),
        (np.zeros((3, 0)), "to have columns"),
        (np.float64(3), "table"),
        ({"a": [1, 2], "b": [1, 2, 3]}, "2 rows of 'a' and 3 of 'b'"),
        ({"a": np.zeros((2, 3))}, r"column 'a' of `x`. Received: \(2, 3\)"),
        (True, "table"),
        (..., "table"),
    ],
    ids=repr,
)
def test_what_is_no_table(value, told):
    with pytest.raises(DataError, match=told):
        as_frame(value, "`x`")


@pytest.mark.parametrize(
    "name, text",
    [
        ("comma.csv", "a,b\n1.5,x\n2.5,y\n"),
        ("semicolon.csv", "a;b\n1.5;x\n2.5;y\n"),
        ("bar.csv", "a|b\n1.5|x\n2.5|y\n"),
        ("tab.csv", "a\tb\n1.5\tx\n2.5\ty\n"),
        ("tab.tsv", "a\tb\n1.5\tx\n2.5\ty\n"),
        ("plain.txt", "a,b\n1.5,x\n2.5,y\n"),
        ("UPPER.CSV", "a,b\n1.5,x\n2.5,y\n"),
        ("dos.csv", "a,b\r\n1.5,x\r\n2.5,y\r\n"),
        ("bom.csv", "\ufeffa,b\n1.5,x\n2.5,y\n"),
        ("spaces.csv", "a, b\n1.5, x\n2.5, y\n"),
        ("blank lines.csv", "a,b\n\n1.5,x\n\n2.5,y\n"),
        ("quoted.csv", '"a","b"\n"1.5","x"\n"2.5","y"\n'),
    ],
)
def test_files_of_many_makes(tmp_path, name, text):
    (tmp_path / name).write_bytes(text.encode())
    found = as_frame(tmp_path / name, "`x`")
    assert found.columns.tolist() == ["a", "b"]
    assert found["a"].tolist() == [1.5, 2.5] and found["b"].tolist() == ["x", "y"]


@pytest.mark.parametrize(
    "name, content, told",
    [
        ("spaces.csv", b" \n\t\n", "an empty file"),
        ("head.csv", b"a,b\n", "at least one row"),
        ("picture.csv", bytes(range(256)) * 4, "a binary file"),
        ("latin.csv", "a,b\né,1\n".encode("latin-1"), "equally long rows"),
        ("quote.csv", b'a,b\n"1,2\n3,4\n', "equally long rows"),
        ("long.csv", b"a,b\n1,2\n1,2,3\n", "equally long rows"),
        ("fake.csv.gz", b"a,b\n1,2\n", "hold a table"),
        ("fake.pq", b"PAR1", "hold a table"),
        ("none", b"a,b\n1,2\n", "ends in"),
        ("sheet.xlsx", b"PK", "ends in"),
    ],
)
def test_files_that_are_none(tmp_path, name, content, told):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(DataError, match=f"(?s)Expected .*{told}"):
        as_frame(str(tmp_path / name), "`x`")


def test_a_folder_is_no_file(tmp_path):
    with pytest.raises(DataError, match="where there is no file"):
        as_frame(tmp_path, "`x`")


# ------------------------------------------------------------------ properties
@pytest.mark.parametrize("seed", range(4))
def test_the_order_of_rows_does_not_matter(seed):
    table = mixed(seed=seed)
    shuffled = table.sample(frac=1, random_state=seed + 1)
    one, other = learn_table(table), learn_table(shuffled)
    assert one == other
    whole = one.arrays(table)
    same({name: array[shuffled.index] for name, array in whole.items()}, one.arrays(shuffled))


@pytest.mark.parametrize("seed", range(3))
def test_one_row_at_a_time_equals_a_batch(seed):
    table = mixed(seed=seed)
    schema = learn_table(table)
    rows = [schema.arrays(table[place : place + 1]) for place in range(len(table))]
    same({name: np.concatenate([row[name] for row in rows]) for name in schema.names}, schema.arrays(table))
    same(schema.arrays(table.iloc[5].to_dict()), schema.arrays(table[5:6]))


@pytest.mark.parametrize("seed", range(4))
def test_what_is_learnt_on_a_part_reads_the_whole(seed):
    table = mixed(80, seed)
    schema = learn_table(table.sample(25, random_state=seed))
    arrays = schema.arrays(table)
    assert all(array.shape == (80, 1) for array in arrays.values())
    again = json_again(schema)
    assert again == schema and again.names == schema.names
    same(arrays, again.arrays(table))


@pytest.mark.parametrize("seed", range(3))
def test_the_order_of_columns_and_more_of_them_do_not_matter_later(seed):
    table = mixed(seed=seed)
    schema = learn_table(table)
    expected = schema.arrays(table)
    later = table.sample(frac=1, axis=1, random_state=seed)
    same(schema.arrays(later), expected)
    same(schema.arrays(later.assign(**{"new": 1, "nested": [[1]] * len(table)})), expected)


@pytest.mark.parametrize("name", mixed().columns)
def test_a_column_that_is_missing_later_is_named(name):
    table = mixed()
    schema = learn_table(table)
    with pytest.raises(DataError, match=f"Expected the column '{name}' in `x`"):
        schema.arrays(table.drop(columns=name))
    with pytest.raises(DataError, match=f"Did you mean '{name}x'"):
        schema.arrays(table.rename(columns={name: f"{name}x"}))


@pytest.mark.parametrize("name", ["number", "count", "town", "yes", "day", "zoned", "note"])
@pytest.mark.parametrize("empty", [None, np.nan])
def test_a_column_without_a_value_later_is_read(name, empty):
    table = mixed()
    schema = learn_table(table)
    later = table.assign(**{name: pd.Series([empty] * len(table), dtype=object)})
    found = schema.arrays(later)[name]
    assert (found == "").all() if found.dtype == object else np.isnan(found.astype("float64")).all()


@pytest.mark.parametrize("width", [1, 2, 2000])
@pytest.mark.parametrize("rows", [2, 3, 30])
def test_any_width(width, rows):
    values = np.random.default_rng(0).normal(size=(rows, width))
    schema = learn_table(values)
    assert len(schema.columns) == width and not schema.named
    found = schema.arrays(values)
    told = np.concatenate(list(found.values()), 1).astype("float32")  # columns that hardly vary are float64
    np.testing.assert_array_equal(told, values.astype("float32"))
    np.testing.assert_array_equal(found["column_0"], schema.arrays(values.tolist())["column_0"])
    with pytest.raises(DataError, match=f"column_{width - 1}" if width > 1 else "column"):
        schema.arrays(values[:, : width - 1])


def test_types_and_names_that_do_not_fit():
    table = mixed()
    with pytest.raises(ArgumentError, match="`column_types`.*Did you mean 'town'.*'twon'"):
        learn_table(table, column_types={"twon": "categorical"})
    with pytest.raises(ArgumentError, match="Did you mean 'categorical'.*Received: 'categoric'"):
        learn_table(table, column_types={"town": "categoric"})
    with pytest.raises(DataError, match="Expected the column 'twon'.*Did you mean 'town'"):
        learn_table(table, column_names=["twon"])
    with pytest.raises(DataError, match="Expected 3 columns in `x`, as named. Received: 2"):
        learn_table(np.eye(2), column_names=["a", "b", "c"])


@pytest.mark.parametrize("values", [{}, {"type": None}, {"type": "tabel"}, {"type": "image", "columns": []}])
def test_a_schema_of_another_type(values):
    with pytest.raises(ArgumentError, match="Expected a schema of type table. Received: "):
        schema_from_json(values)


def test_reading_a_schema_leaves_the_values_as_they_were():
    values = learn_table(mixed()).to_json()
    before = json.dumps(values)
    assert isinstance(schema_from_json(values), TableSchema)
    assert json.dumps(values) == before


# --------------------------------------------------------------------- target
@pytest.mark.parametrize("y", ["town", ["town"], ["town", "count"]])
def test_the_target_leaves_the_table(y):
    table = mixed().assign(town="x")
    rest, target = take_target(table, y)
    taken = [y] if isinstance(y, str) else y
    assert rest.columns.tolist() == [name for name in table.columns if name not in taken]
    assert (target.ndim, "town" in table.columns) == (1 if isinstance(y, str) else 2, True)


@pytest.mark.parametrize(
    "y", [[0, 1], np.array([0, 1]), ["yes", "no"], None, ("a", "b"), pd.Series(["a", "b"])], ids=str
)
def test_targets_that_name_no_column_stay(y):
    table = pd.DataFrame({"a": [1, 2], "b": [3, 4]})
    rest, target = take_target(table, y)
    assert rest is table and target is y


def test_labels_that_columns_are_called_by_are_labels(tmp_path):
    table, labels = pd.DataFrame({"no": [1, 2, 3], "yes": [3, 4, 6]}), ["no", "yes", "no"]
    rest, target = take_target(table, labels)
    assert rest is table and target is labels
    table.to_csv(tmp_path / "table.csv", index=False)
    rest, target = take_target(tmp_path / "table.csv", labels)
    assert rest.equals(table) and target is labels


@pytest.mark.parametrize("gap", [None, np.nan, pd.NaT])
@pytest.mark.parametrize("row", [0, 4, 59])
def test_gaps_of_the_target_are_told_by_row(gap, row):
    table = mixed().assign(target=pd.Series(["x"] * 60, dtype=object))
    table["target"] = [gap if place == row else "x" for place in range(60)]
    with pytest.raises(DataError, match=rf"target 'target' without missing values. .* in row {row} \(1 in all\)"):
        take_target(table, "target")
