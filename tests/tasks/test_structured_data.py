"""The facades over tables, on real rows and on made-up ones."""

import keras
import numpy as np
import pandas as pd
import pytest
import tensorflow as tf

import kerasnas as kn
from kerasnas.backend import strings
from kerasnas.blocks import Drawing
from kerasnas.errors import ArgumentError, DataError
from kerasnas.tasks.preparation import prepare
from kerasnas.tasks.structured_data import FOLDS


def made(rows=240, seed=0):
    rng = np.random.default_rng(seed)
    table = pd.DataFrame(
        {
            "size": rng.normal(size=rows),
            "town": rng.choice(["Oslo", "Rome", None], rows),
            "seen": pd.date_range("2020-01-01", periods=rows, freq="D"),
            "rooms": rng.integers(1, 5, rows),
        }
    )
    table.loc[::9, "size"] = np.nan
    table["price"] = 100 + 20 * table["rooms"] + 30 * (table["town"] == "Oslo") + rng.normal(size=rows)
    table["dear"] = np.where(table["price"] > table["price"].median(), "yes", "no")
    return table


def raw(table, schema):
    convert = keras.ops.convert_to_tensor
    return {n: strings(a) if a.dtype == object else convert(a) for n, a in schema.arrays(table).items()}


@pytest.fixture(scope="module")
def classifier(tmp_path_factory):
    table = made().drop(columns="price")
    found = kn.StructuredDataClassifier(max_trials=2, seed=0, epochs=40, directory=tmp_path_factory.mktemp("runs"))
    found.fit(table, "dear", verbose=0)
    return found


def test_it_learns_and_answers_in_labels(classifier):
    later = made(seed=1)
    assert classifier.score(later, "dear") > 0.85
    assert set(classifier.predict(later.drop(columns=["dear", "price"]))) == {"yes", "no"}
    assert classifier.predict_proba(later).shape == (240, 2)


def test_few_rows_are_cross_validated_by_members_of_one_graph(classifier):
    extra = classifier.trials_[0].measurement.extra
    assert extra["folds"] == FOLDS
    assert extra["epochs"] <= 200  # once, not once for each fold


@pytest.mark.parametrize(
    ("rows", "held"), [(1000, 200), (3500, 875), (5000, 1000), (9000, 1000), (20_000, 2000), (90_000, 5000)]
)
def test_a_thousand_rows_validate_where_a_quarter_of_the_table_has_them(rows, held):
    validation = kn.StructuredDataRegressor()._validation("holdout", None, None, made_of(rows))
    assert round(validation.held(rows)) == held
    asked = kn.StructuredDataRegressor()._validation(None, 0.1, None, made_of(rows))
    assert round(asked.held(rows)) == rows // 10


def made_of(rows):
    """Prepared rows, as many as that."""
    table = pd.DataFrame({"size": np.arange(rows, dtype="float32") % 97})
    drawing = Drawing(*kn.StructuredDataRegressor()._draw())
    return prepare(drawing, table, table["size"].to_numpy(), None, None, None)


def test_order_of_columns_and_strange_rows(classifier):
    later = made(seed=1)
    expected = classifier.predict_proba(later)
    np.testing.assert_array_equal(classifier.predict_proba(later.iloc[:, ::-1]), expected)
    np.testing.assert_array_equal(classifier.predict_proba(later.to_dict("list")), expected)
    strange = later.assign(town="Paris", size=np.inf, seen=None, rooms=99)
    assert np.isfinite(classifier.predict_proba(strange)).all()
    with pytest.raises(DataError, match="Expected the column 'rooms'"):
        classifier.predict(later.drop(columns="rooms"))


def test_saved_loaded_and_exported(classifier, tmp_path):
    import tensorflow as tf

    later = made(seed=1)
    expected = classifier.predict_proba(later)
    loaded = kn.load(classifier.save(tmp_path / "saved"))
    np.testing.assert_array_equal(loaded.predict_proba(later), expected)
    rows = raw(later, loaded.predictor_.schemas["table"])
    assert {each.name for each in loaded.export_model().inputs} == {"size", "town", "seen", "rooms"}
    classifier.export_model().save(tmp_path / "model.keras")
    model = keras.models.load_model(tmp_path / "model.keras")
    np.testing.assert_allclose(model(rows), expected, rtol=1e-4, atol=1e-5)
    classifier.export_model().export(tmp_path / "graph", verbose=False)
    graph = tf.saved_model.load(tmp_path / "graph")
    np.testing.assert_allclose(graph.serve(rows), expected, rtol=1e-4, atol=1e-5)


def test_a_regression_from_a_file(tmp_path):
    made().drop(columns="dear").to_csv(tmp_path / "train.csv", index=False)
    made(seed=1).to_csv(tmp_path / "test.csv", index=False)
    regressor = kn.StructuredDataRegressor(max_trials=1, seed=0, epochs=60, directory=tmp_path / "runs")
    regressor.fit(tmp_path / "train.csv", "price", verbose=0)
    assert regressor.score(str(tmp_path / "test.csv"), "price") > 0.7
    assert regressor.predict(tmp_path / "test.csv").shape == (240,)


def test_arrays_without_names(tmp_path):
    rng = np.random.default_rng(0)
    x = rng.normal(size=(90, 3))
    found = kn.StructuredDataClassifier(max_trials=1, seed=0, directory=tmp_path, epochs=20)
    found.fit(x, (x[:, 0] > 0).astype(int), verbose=0)
    assert found.predict(x[:1].tolist()).shape == (1,)
    assert found.predict(x).dtype.kind == "i"


def test_validation_rows_of_ones_own(tmp_path):
    table = made()
    found = kn.StructuredDataClassifier(max_trials=1, seed=0, directory=tmp_path, epochs=3)
    found.fit(table[:200].drop(columns="price"), "dear", validation_data=(table[200:], "dear"), verbose=0)
    assert "folds" not in found.trials_[0].measurement.extra


@pytest.mark.parametrize("form", ["columns", "batches of columns", "rows", "batches of rows", "generator", "texts"])
def test_tables_that_come_as_a_flow(form):
    """With their targets and weights, as tf.data or a generator: the same rows as at once."""
    table, y = made()[["size", "rooms"]].astype("float32"), made()["dear"].to_numpy()
    weight = np.arange(240, dtype="float32")
    x = dict(table) if "columns" in form else table.to_numpy()
    flow = tf.data.Dataset.from_tensor_slices((x.astype(str) if form == "texts" else x, y, weight))
    flow = flow.batch(7) if "batches" in form else flow
    if form == "generator":
        flow = (row for row in zip(table.to_numpy(), y, weight))
    flown, whole = (prepared(*given) for given in ((flow, None, None), (table, y, weight)))
    for came, expected in zip(flown.x.values(), whole.x.values(), strict=True):
        np.testing.assert_array_equal(came, expected)
    for came, expected in zip(flown.y.values(), whole.y.values(), strict=True):
        np.testing.assert_array_equal(came, expected)
    np.testing.assert_array_equal(flown.weight, whole.weight)


def test_features_as_a_flow_and_targets_beside_them(classifier):
    later = made(seed=1).drop(columns=["price", "seen"]).fillna({"town": "Rome"}).assign(seen="2020-03-01")
    flow = tf.data.Dataset.from_tensor_slices(dict(later.drop(columns="dear"))).batch(50)
    assert classifier.score(flow, later["dear"]) == classifier.score(later, "dear")
    weight = np.arange(240.0)
    whole = prepared(later[["size", "rooms"]], later["dear"], weight)
    found = prepared(flow.map(lambda row: {"size": row["size"], "rooms": row["rooms"]}), later["dear"], weight)
    np.testing.assert_array_equal(found.weight, whole.weight)


def test_rows_of_frames_one_by_one():
    table, y = made()[["size", "town"]], made()["dear"]
    whole = prepared(table, y, None)
    for rows in ((row for _, row in table.iterrows()), table.to_dict("records")):
        found = prepared((each for each in zip(rows, y)), None, None)
        for came, expected in zip(found.x.values(), whole.x.values(), strict=True):
            np.testing.assert_array_equal(came, expected)  # a missing town stays missing


def test_a_flow_without_end_is_refused(monkeypatch):
    monkeypatch.setattr("kerasnas.data.memory.default_limit", lambda: 5_000)

    def endless():
        while True:
            yield np.zeros((9, 2)), np.arange(9) % 2

    with pytest.raises(DataError, match="Expected the data to fit in `memory_limit`"):
        kn.StructuredDataClassifier().fit(endless(), verbose=0)


def prepared(x, y, weight):
    return prepare(Drawing(*kn.StructuredDataClassifier()._draw()), x, y, None, weight, None).rows


def test_a_flow_of_tables_is_answered_and_judged(classifier):
    later = made(seed=1).drop(columns=["price", "seen"]).fillna({"town": "Rome"}).assign(seen="2020-03-01")
    flow = tf.data.Dataset.from_tensor_slices((dict(later.drop(columns="dear")), later["dear"])).batch(50)
    np.testing.assert_allclose(classifier.predict_proba(flow), classifier.predict_proba(later), atol=1e-6)
    assert classifier.score(flow) == classifier.score(later, "dear")
    with pytest.raises(DataError, match="at least one row"):
        classifier.predict(flow.take(0))
    with pytest.raises(DataError, match="leave out .repeat"):
        classifier.predict(flow.repeat())
    with pytest.raises(ArgumentError, match="Expected no `y` beside"):
        classifier.score(flow, later["dear"])


def test_one_row_as_a_series(classifier):
    later = made(seed=1)
    np.testing.assert_array_equal(classifier.predict_proba(later.iloc[5]), classifier.predict_proba(later[5:6]))


@pytest.mark.parametrize(
    "table, y, message",
    [
        (made(), "dearest", "Did you mean 'dear'"),
        (made().assign(dear=[None] + ["yes"] * 239), "dear", "without missing values"),
        (made()[["dear"]], "dear", "beside the target"),
        (made()[["dear", "price"]].assign(price=1), "dear", "differs between rows"),
        (made()[:1], "dear", "at least 2 rows"),
        ("nowhere.csv", "dear", "no file"),
    ],
)
def test_what_cannot_be_learnt_is_said_before_any_training(tmp_path, table, y, message):
    with pytest.raises(DataError, match=message):
        kn.StructuredDataClassifier(max_trials=1, directory=tmp_path).fit(table, y, verbose=0)


@pytest.mark.parametrize("rows", [3, 12])
def test_very_few_rows(tmp_path, rows):
    x = pd.DataFrame({"a": np.arange(rows) * 1.5, "b": list("xyz" * 4)[:rows]})
    found = kn.StructuredDataRegressor(max_trials=1, seed=0, directory=tmp_path, epochs=2)
    found.fit(x, np.arange(rows), verbose=0)
    assert np.isfinite(found.predict(x)).all()


def test_penguins_at_once(staged, tmp_path):
    table = pd.read_csv(staged("tabular/penguins.csv.gz")).sample(frac=1, random_state=0)
    found = kn.StructuredDataClassifier(max_trials=1, seed=0, epochs=40, directory=tmp_path)
    found.fit(table[:250], "species", verbose=0)
    assert found.score(table[250:], "species") > 0.95


def test_a_skewed_target_is_learnt_by_its_logarithm(tmp_path):
    rng = np.random.default_rng(0)
    x = pd.DataFrame({"a": rng.normal(size=400), "b": rng.normal(size=400)})
    y = np.exp(3 + x["a"] + 0.5 * x["b"])
    found = kn.StructuredDataRegressor(max_trials=1, seed=0, directory=tmp_path, epochs=40)
    found.fit(x, y, verbose=0)
    assert found.best_architecture_["network/network/linear"] == "logarithm"
    assert found.score(x, y) > 0.9
    found = kn.StructuredDataRegressor(max_trials=2, seed=0, directory=tmp_path, epochs=40)
    found.fit(x, y, verbose=0)
    trained = found.trials_[1].proposal.architecture
    assert trained["network/network"] == "dense" and trained["value/else/unit"] == "logarithm"
    answers = found.predict(x)
    assert found.score(x, y) > 0.8 and answers.min() > -1 and answers.max() < 2 * y.max()
    np.testing.assert_array_equal(kn.load(found.save(tmp_path / "saved")).predict(x), answers)


@pytest.mark.parametrize("form", [lambda table: table, lambda table: (table, "dear")], ids=["table", "pair"])
def test_the_target_is_found_in_validation_data_too(form, monkeypatch):
    from kerasnas.tasks.auto_model import AutoModel

    table, seen = made(), []
    monkeypatch.setattr(AutoModel, "fit", lambda self, *arguments, **named: seen.extend(arguments))
    kn.StructuredDataClassifier().fit(table, "dear", validation_data=form(table[:9]))
    x, y, held = seen[0], seen[1], seen[5]
    assert "dear" not in x and y.equals(table["dear"])
    assert held[0].equals(x[:9]) and held[1].equals(y[:9])


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["wide", "many values"])
def test_very_wide_tables_and_very_many_values(kind, tmp_path):
    """2,000 columns of 80 rows, or a category of 100,000 values: learnt, and answered from the export."""
    rng = np.random.default_rng(0)
    if kind == "wide":
        table = pd.DataFrame(rng.normal(size=(80, 2000)), columns=[f"c{i}" for i in range(2000)])
        table["y"] = np.where(table[[f"c{i}" for i in range(200)]].sum(axis=1) > 0, "up", "down")
    else:
        table = pd.DataFrame({"code": [f"v{i}" for i in range(100_000)] + ["often", "seldom"] * 2000})
        table["other"] = rng.normal(size=len(table))
        table["y"] = np.where((table["code"] == "often") | (table["other"] > 1), "up", "down")
    found = kn.StructuredDataClassifier(max_trials=1, seed=0, epochs=3, directory=tmp_path)
    found.fit(table, "y", verbose=0)
    assert found.score(table, "y") > 0.7
    new = table.drop(columns="y").head(3)
    if kind != "wide":
        new["code"] = ["never met", "often", None]
    expected = found.predict_proba(new)
    found.export_model().save(tmp_path / "model.keras")
    rows = raw(new, found.predictor_.schemas["table"])
    np.testing.assert_allclose(keras.models.load_model(tmp_path / "model.keras")(rows), expected, atol=1e-5)
