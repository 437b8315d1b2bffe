"""The facades of tables, texts and series refuse what cannot be learnt, in plain words, leaving nothing behind."""

import re

import keras
import numpy as np
import pandas as pd
import pytest

import kerasnas as kn
from kerasnas.errors import ArgumentError, DataError
from kerasnas.evaluators.training import Training

ROWS = 40
Y = np.arange(ROWS) % 2
TABLE = pd.DataFrame(
    {"size": np.arange(ROWS) * 1.5 % 7, "town": ["Oslo", "Roma"] * (ROWS // 2), "label": ["a", "b", "b", "a"] * 10}
)
NUMBERS = np.arange(ROWS) / 7
TEXTS = [f"a good film, number {i % 5}" for i in range(ROWS)]
SERIES = np.sin(np.arange(ROWS * 12).reshape(ROWS, 12))
DAYS = pd.date_range("2024-01-01", periods=120, freq="D")
SALES = pd.DataFrame({"day": DAYS, "sales": np.sin(np.arange(120)), "rain": np.cos(np.arange(120))})

TABLES = (kn.StructuredDataClassifier, kn.StructuredDataRegressor)
CLASSIFIERS = {
    kn.StructuredDataClassifier: TABLE[["size", "town"]],
    kn.TextClassifier: TEXTS,
    kn.TimeseriesClassifier: SERIES,
}
REGRESSORS = {
    kn.StructuredDataRegressor: TABLE[["size", "town"]],
    kn.TextRegressor: TEXTS,
    kn.TimeseriesRegressor: SERIES,
}
ROWWISE = {**CLASSIFIERS, **REGRESSORS}
name_of = lambda value: getattr(value, "__name__", None) or str(value)[:40]  # noqa: E731


@pytest.fixture(autouse=True)
def no_training(monkeypatch):
    """Nothing in this file may train."""

    def evaluate(self, *arguments, **named):
        pytest.fail("a trial was begun")

    monkeypatch.setattr(Training, "evaluate", evaluate)
    monkeypatch.setattr(keras.Model, "fit", evaluate)


@pytest.fixture
def refused(tmp_path):
    """A function that expects a facade to refuse rows with a message, and to leave no journal."""

    def check(facade, told, x, y=None, *, error=DataError, arguments=None, **fit):
        runs = tmp_path / "runs"
        with pytest.raises(error) as raised:
            facade(**{"directory": runs, "max_trials": 1, "seed": 0, **(arguments or {})}).fit(x, y, verbose=0, **fit)
        message = str(raised.value)
        assert type(raised.value) is error
        assert re.search(rf"(?s){told}", message), message
        assert re.match(r"(?s).*[Ee]xpected .*Received: ", message), message
        assert not runs.exists(), "something was written"

    return check


# -------------------------------------------------------- every facade of rows
@pytest.mark.parametrize("facade", ROWWISE, ids=name_of)
@pytest.mark.parametrize(
    "y, told",
    [
        (None, "`y`.*None"),
        ([], "`y`"),
        (Y[:-1], "40 rows.*39|39.*40"),
        (np.r_[Y, 1], "40 rows.*41|41.*40"),
        ([None, *Y[1:]], "`y` without missing.*None in row 0"),
        ([*Y[:-1].astype(float), np.nan], "NaN in row 39"),
        ([*Y[:-1].astype(float), np.inf], "infinite or too large number in row 39"),
        ([*"ab" * 19, "c", pd.NA], "missing.*row 39"),
        ([{"a": 1}] * ROWS, "dict"),
        (["a", 1] * (ROWS // 2), "of one type.*int, str"),
        (np.zeros((ROWS, 2, 2)), r"\(40, 2, 2\)"),
        (Y.astype(complex), "complex"),
        (pd.date_range("2024-01-01", periods=ROWS), "datetime|Timestamp"),
        (5, "5"),
    ],
    ids=lambda value: str(value)[:20].replace("\n", " "),
)
def test_targets_that_are_none(refused, facade, y, told):
    refused(facade, told, ROWWISE[facade], y)


@pytest.mark.parametrize("facade", CLASSIFIERS, ids=name_of)
@pytest.mark.parametrize(
    "y, told",
    [
        ([0] * ROWS, "at least two classes.*only 0"),
        (["x"] * ROWS, "at least two classes.*only 'x'"),
        ([True] * ROWS, "at least two classes.*only True"),
        ([*Y[:-1], 9], "at least 2 rows of each class.*1 of class 9"),
        ([f"row {i}" for i in range(ROWS)], "at least 2 rows of each class"),
        (NUMBERS, "class labels.*fractions.*regressor"),
        (np.ones((ROWS, 3), int), "one-hot.*multi_label=True"),
        ([{"a"}, {"b"}] * (ROWS // 2), "sets of labels.*multi_label=True"),
        ([["a"], ["a", "b"]] * (ROWS // 2), "multi_label=True"),
    ],
    ids=lambda value: str(value)[:20].replace("\n", " "),
)
def test_labels_that_make_no_classes(refused, facade, y, told):
    refused(facade, told, CLASSIFIERS[facade], y)


@pytest.mark.parametrize("facade", CLASSIFIERS, ids=name_of)
@pytest.mark.parametrize(
    "y, told",
    [
        (Y, "indicators"),
        (["a", "b"] * (ROWS // 2), "indicators"),
        (np.full((ROWS, 2), 2), "0 or 1"),
        (np.ones((ROWS, 2), int), "some rows have and some not"),
        ([set()] * ROWS, "empty sets only"),
        ([{"a", 1}, {"b"}] * (ROWS // 2), "int, str"),
        ([{1.5}, {"b"}] * (ROWS // 2), "float, str"),
    ],
    ids=["numbers", "words", "twos", "ones", "empty", "numbers and words", "decimals and words"],
)
def test_labels_that_are_no_sets(refused, facade, y, told):
    refused(facade, told, CLASSIFIERS[facade], y, arguments={"multi_label": True})


@pytest.mark.parametrize("facade", REGRESSORS, ids=name_of)
@pytest.mark.parametrize(
    "y, told",
    [
        (["a", "b"] * (ROWS // 2), "numbers.*strings.*classifier"),
        (["1", "2"] * (ROWS // 2), "numbers.*strings"),
        ([b"1", b"2"] * (ROWS // 2), "numbers.*strings"),
        ([{1}, {2}] * (ROWS // 2), "one value for each row"),
        (NUMBERS * 1e300, "too large number in row 1"),
    ],
    ids=lambda value: str(value)[:20].replace("\n", " "),
)
def test_targets_that_are_no_numbers(refused, facade, y, told):
    refused(facade, told, REGRESSORS[facade], y)


@pytest.mark.parametrize("facade", ROWWISE, ids=name_of)
def test_no_rows_at_all(refused, facade):
    refused(facade, "`x`.*None", None, Y)
    refused(facade, "`x`|Expected", ROWWISE[facade][:0], Y[:0])
    refused(facade, "at least 2 rows|`x`|2 rows", ROWWISE[facade][:1], Y[:1])


@pytest.mark.parametrize("facade", ROWWISE, ids=name_of)
@pytest.mark.parametrize("fraction", [0, 1, -0.5, 2, "half", float("nan")])
def test_parts_to_hold_out_that_are_none(refused, facade, fraction):
    refused(facade, "between 0 and 1", ROWWISE[facade], Y, error=ArgumentError, validation_split=fraction)


@pytest.mark.parametrize("facade", ROWWISE, ids=name_of)
@pytest.mark.parametrize("validation", ["cv1", "cv0", "cv", "loo", "cv-3", 5, "CV5"])
def test_ways_to_validate_that_are_none(refused, facade, validation):
    refused(
        facade,
        "'holdout', 'time', or a cross-validation",
        ROWWISE[facade],
        Y,
        error=ArgumentError,
        validation=validation,
    )


@pytest.mark.parametrize("facade", ROWWISE, ids=name_of)
@pytest.mark.parametrize("weight, told", [(np.ones(39), "39"), (-np.ones(40), "negative"), (np.zeros(40), "zero")])
def test_weights_that_are_none(refused, facade, weight, told):
    refused(facade, f"`sample_weight`.*{told}", ROWWISE[facade], Y, sample_weight=weight)


@pytest.mark.parametrize("facade", [*ROWWISE, kn.TimeseriesForecaster], ids=name_of)
@pytest.mark.parametrize("limit", [{"max_trials": 0}, {"time_limit": -1}, {"epochs": 0}, {"seed": "zero"}], ids=str)
def test_limits_that_are_none(refused, facade, limit):
    x, y = (SALES, "sales") if facade is kn.TimeseriesForecaster else (ROWWISE[facade], Y)
    refused(facade, f"`{next(iter(limit))}`", x, y, error=ArgumentError, arguments=limit)


# --------------------------------------------------------------------- tables
@pytest.mark.parametrize("facade", TABLES, ids=name_of)
@pytest.mark.parametrize(
    "x, y, told",
    [
        (TABLE, "lable", "column 'lable' in `x`.*Did you mean 'label'"),
        (TABLE, "Label", "column 'Label'.*Did you mean 'label'"),
        (TABLE, "", "column ''"),
        (
            TABLE.assign(label=[None, *TABLE["label"][1:]]),
            "label",
            r"'label' without missing.*row 0 \(1 in all\)",
        ),
        (TABLE.assign(label=np.where(Y, np.nan, 1.0)), "label", r"row 1 \(20 in all\)"),
        (TABLE.assign(label=None), "label", r"row 0 \(40 in all\)"),
        (TABLE[["label"]], "label", "columns beside the target"),
        (TABLE.assign(deep=[[1, 2]] * ROWS), "label", "column 'deep'.*a list"),
        (TABLE.assign(deep=[{"a": 1}] * ROWS), "label", "column 'deep'.*a dict"),
        (TABLE.assign(size=1.0, town="x"), "label", "differs between rows.*'size' holds 1.*'town' holds 'x'"),
        (TABLE.assign(size=np.nan, town=None), "label", "differs between rows.*holds no value"),
        (TABLE.assign(size=np.inf, town="x"), "label", "infinities only"),
        (pd.concat([TABLE, TABLE[["size"]]], axis=1), "label", "'size' 2 times"),
        (TABLE.assign(size=1j), "label", "Complex data"),
        (TABLE[:0], "label", "at least one row"),
        (TABLE[:1], "label", "at least 2 rows"),
        (pd.DataFrame(), Y, "to have columns"),
        (np.zeros(ROWS), Y, r"shape \(40,\).*x\[None\]"),
        (np.zeros((ROWS, 2, 2)), Y, r"shape \(40, 2, 2\)"),
        (np.zeros((ROWS, 3)), Y, "differs between rows"),
        ({"a": [1, 2], "b": [1]}, [0, 1], "one length"),
        (7, Y, "to hold a table"),
        ("nowhere.csv", "label", "no file"),
        ("nowhere", "label", "no file"),
    ],
    ids=lambda value: type(value).__name__ if hasattr(value, "shape") else str(value)[:24],
)
def test_tables_that_teach_nothing(refused, facade, x, y, told):
    refused(facade, told, x, y)


@pytest.mark.parametrize("facade", TABLES, ids=name_of)
@pytest.mark.parametrize(
    "name, content, told",
    [
        ("empty.csv", b"", "an empty file"),
        ("picture.csv", b"\x89PNG\r\n\x1a\n\0\0" * 99, "a binary file"),
        ("ragged.csv", b"a,label\n1,2\n1,2,3,4\n", "equally long rows"),
        ("head.csv", b"a,label\n", "at least one row"),
        ("twice.csv", b"a,a,label\n1,2,x\n3,4,y\n", "'a' twice"),
        ("page.html", b"<html></html>", "ends in"),
        ("fake.parquet", b"a,label\n1,2\n", "fake.parquet"),
        ("other.csv", b"a,b\n1,2\n3,4\n", "column 'label'"),
    ],
)
def test_files_that_hold_no_table(refused, tmp_path, facade, name, content, told):
    (tmp_path / name).write_bytes(content)
    refused(facade, told, tmp_path / name, "label")
    refused(facade, told, str(tmp_path / name), "label")


@pytest.mark.parametrize("facade", TABLES, ids=name_of)
@pytest.mark.parametrize(
    "arguments, error, told",
    [
        ({"column_names": ["size", "twn"]}, DataError, "'twn'.*Did you mean 'town'"),
        ({"column_types": {"sise": "numerical"}}, ArgumentError, "Did you mean 'size'"),
        ({"column_types": {"size": "number"}}, ArgumentError, "Expected a column type"),
        ({"column_types": {"town": "numerical"}}, DataError, "Expected numbers in the column 'town'"),
        ({"column_types": {"town": "date"}}, DataError, "Expected dates in the column 'town'"),
    ],
    ids=str,
)
@pytest.mark.filterwarnings("ignore:Could not infer format")
def test_columns_said_to_be_others(refused, facade, arguments, error, told):
    refused(facade, told, TABLE[["size", "town"]], Y, error=error, arguments=arguments)


@pytest.mark.parametrize("facade", TABLES, ids=name_of)
@pytest.mark.parametrize(
    "held, told",
    [
        ((TABLE[["size"]], Y), "column 'town' in "),
        ((TABLE.assign(size="big"), Y), "Expected numbers in the column 'size'.*'big'"),
        ((TABLE[:0], Y[:0]), "at least one row"),
        ((TABLE, Y[:-1]), "40 rows.*39"),
        ((TABLE, "lable"), "'lable'.*Did you mean 'label'"),
        ((TABLE[["size", "town"]], None), "`y`.*None"),
    ],
    ids=range(6),
)
def test_validation_rows_of_another_kind(refused, facade, held, told):
    refused(facade, told, TABLE[["size", "town"]], Y, validation_data=held)


# ---------------------------------------------------------------------- texts
@pytest.mark.parametrize("facade", [kn.TextClassifier, kn.TextRegressor], ids=name_of)
@pytest.mark.parametrize("odd", [None, float("nan"), pd.NA, pd.NaT, 3, 2.5, True, ["a"], {"a": 1}, ...], ids=repr)
@pytest.mark.parametrize("row", [0, 17, ROWS - 1])
def test_a_row_that_is_no_text(refused, facade, odd, row):
    x = [odd if place == row else text for place, text in enumerate(TEXTS)]
    told = "one shape" if isinstance(odd, list) else rf"row {row}\b"
    refused(facade, told, x, Y)


@pytest.mark.parametrize("facade", [kn.TextClassifier, kn.TextRegressor], ids=name_of)
@pytest.mark.parametrize(
    "x, told",
    [
        ([""] * ROWS, "40 rows without a single word"),
        ([" \t\n\u3000\u0085"] * ROWS, "without a single word"),
        (NUMBERS, "to hold texts.*float"),
        (Y, "to hold texts"),
        (np.full((ROWS, 2, 2), "a"), r"shape \(40, 2, 2\)"),
        (-np.ones((ROWS, 3), int), "ids of tokens.*-1"),
        (np.full((ROWS, 3), 2**40), "ids of tokens"),
        (pd.Series([None] * ROWS), "without missing texts.*40 rows"),
        (pd.DataFrame({"a": TEXTS, "b": [None, *TEXTS[1:]]}), "1 rows, the first of them row 0"),
    ],
    ids=lambda value: str(value)[:20].replace("\n", " "),
)
def test_rows_that_are_no_texts(refused, facade, x, told):
    refused(facade, told, x, Y)


# --------------------------------------------------------------------- series
@pytest.mark.parametrize("facade", [kn.TimeseriesClassifier, kn.TimeseriesRegressor], ids=name_of)
@pytest.mark.parametrize(
    "x, told",
    [
        (SERIES[:, 0], r"shape \(40,\).*x\[None\]"),
        (SERIES[..., None, None], r"shape \(40, 12, 1, 1\)"),
        (SERIES[:, :0], r"size of at least 1.*\(40, 0\)"),
        (np.where(SERIES[3, 3] == SERIES, np.inf, SERIES), "infinite or too large number in row 3"),
        (SERIES * 1e300, "too large number in row 0"),
        (SERIES * np.nan, "only missing ones in channel 0"),
        (np.stack([SERIES, SERIES * np.nan], -1), "only missing ones in channel 1"),
        (SERIES.astype(str), "strings"),
        (SERIES.astype(complex), "complex"),
        (SERIES.astype("datetime64[s]"), "datetime"),
        ([["a", "b"]] * ROWS, "strings"),
        ([{"a": 1}] * ROWS, "Received"),
        ([[1, 2], [1, "x"]] * (ROWS // 2), "strings"),
    ],
    ids=range(13),
)
def test_rows_that_are_no_series(refused, facade, x, told):
    refused(facade, told, x, Y)


# ------------------------------------------------------------------ forecasts
@pytest.mark.parametrize("time", [None, "day"])
@pytest.mark.parametrize(
    "x, y, told",
    [
        (SALES.drop(index=50), "sales", "a gap after 2024-02-19"),
        (SALES.drop(index=[50, 51, 52]), "sales", "a gap after"),
        (pd.concat([SALES, SALES[-1:]]), "sales", "one row for each time.*twice"),
        (SALES.assign(day=DAYS[0]), "sales", "one row for each time"),
        (SALES.assign(day=[pd.NaT, *DAYS[1:]]), "sales", "a time in every row.*1 missing"),
        (SALES, "sails", "Did you mean 'sales'"),
        (SALES, ["sales", "snow"], "Received: 'snow'"),
        (SALES.assign(sales=1.0), "sales", "targets that vary"),
        (SALES.assign(sales=np.where(np.arange(120) == 7, np.nan, 1.5)), "sales", "missing ones, 1"),
        (SALES.assign(rain=np.inf), "sales", "infinite or too large ones, 120"),
        (SALES.assign(town="x"), "sales", "column 'town' of `x` to hold numbers"),
        (SALES[:0], "sales", "Received"),
        (SALES[:1], "sales", "Received"),
        (SALES[:5], "sales", "Expected at least"),
        (pd.concat([SALES, SALES[["rain"]]], axis=1), "sales", "'rain' twice"),
    ],
    ids=range(15),
)
def test_steps_that_are_no_history(refused, time, x, y, told):
    refused(kn.TimeseriesForecaster, told, x, y, arguments={"horizon": 3, "lookback": 7, "time_column": time})


@pytest.mark.parametrize(
    "horizon, lookback, steps", [(50, None, 40), (200, 3, 120), (10, 110, 120), (7, 7, 20), (1, 1, 2)]
)
def test_a_series_shorter_than_its_windows(refused, horizon, lookback, steps):
    arguments = {"horizon": horizon, "lookback": lookback}
    refused(
        kn.TimeseriesForecaster, f"Expected at least .*Received: {steps}", SALES[:steps], "sales", arguments=arguments
    )
    values = SALES["sales"].to_numpy()[:steps]
    refused(kn.TimeseriesForecaster, f"Expected at least .*Received: {steps}", values, arguments=arguments)


@pytest.mark.parametrize("name", ["horizon", "lookback", "predict_from", "predict_until", "season"])
@pytest.mark.parametrize("value", [0, -1, 1.5, "7", float("nan"), True, [7]], ids=str)
def test_steps_that_are_no_number(refused, name, value):
    refused(kn.TimeseriesForecaster, f"`{name}`", SALES, "sales", error=ArgumentError, arguments={name: value})


@pytest.mark.parametrize(
    "x, y, told",
    [
        (None, None, "None"),
        (np.zeros((120, 2, 2)), None, "one row a step"),
        (np.array(["a"] * 120), None, "Received"),
        (np.arange(120.0), np.arange(119.0), "120 steps.*119"),
        (np.arange(120.0), np.full(120, np.nan), "NaN in row 0"),
        (np.zeros((0, 2)), None, "at least one row"),
    ],
    ids=range(6),
)
def test_arrays_that_are_no_history(refused, x, y, told):
    refused(kn.TimeseriesForecaster, told, x, y, arguments={"horizon": 2})


@pytest.mark.parametrize(
    "held, told",
    [
        (SALES[:5], "Expected at least"),
        (SALES.drop(columns="rain"), "column 'rain'"),
        (SALES.drop(index=60), "a gap after"),
        (SALES[["sales", "rain"]].to_numpy(), "DataFrame, as in `fit`"),
    ],
    ids=range(4),
)
def test_later_steps_of_another_form(refused, held, told):
    arguments = {"horizon": 3, "lookback": 7, "time_column": "day"}
    refused(kn.TimeseriesForecaster, told, SALES, "sales", arguments=arguments, validation_data=held)
