"""Saved and loaded as what they were: forecasters and drawn graphs, in a new process that searches on."""

import json
import subprocess
import sys
import textwrap

import numpy as np
import pandas as pd
import pytest

import kerasnas as kn
from kerasnas.blocks import Drawing
from kerasnas.data.forecasting import History
from kerasnas.tasks.described import described, revived
from kerasnas.tasks.graphs import STOCK, graph_drawn, graph_told

STEPS = 150


class Doubled(kn.Block):
    """A block of the user's own."""

    def node(self, signals):
        return kn.operations.Identity()


def there_and_back(inputs, outputs):
    return graph_drawn(json.loads(json.dumps(graph_told(inputs, outputs))))


def space_of(inputs, outputs, shapes):
    """What a search of a graph spans, in words, and where it starts."""
    from kerasnas.testing.drawing_contract import _targets

    drawing = Drawing(inputs, outputs)
    named = {drawing.names[id(wire)]: shape for wire, shape in zip(drawing.inputs, shapes)}
    space = drawing.space(named, 50, _targets(drawing, None, 50))
    return space.describe(), space.portfolio


# ----------------------------------------------------------------- forecasters
@pytest.fixture(scope="module")
def sales():
    rng, t = np.random.default_rng(0), np.arange(STEPS)
    values = 20 + 5 * np.sin(2 * np.pi * t / 7) + rng.normal(size=STEPS)
    days = pd.date_range("2023-01-01", periods=STEPS, tz="Europe/Berlin")
    one = pd.DataFrame({"day": days, "shop": "a", "sales": values, "noise": rng.normal(size=STEPS)})
    return pd.concat([one, one.assign(shop="b", sales=2 * values)], ignore_index=True)


@pytest.fixture(scope="module")
def forecaster(sales, tmp_path_factory):
    model = kn.TimeseriesForecaster(
        horizon=3, predict_from=2, time_column="day", series_column="shop", max_trials=1, seed=0,
        directory=tmp_path_factory.mktemp("forecaster"),
    )  # fmt: skip
    return model.fit(sales, "sales", verbose=0)


# ---------------------------------------------------------------------- graphs
@pytest.fixture(scope="module")
def rows():
    rng = np.random.default_rng(0)
    hidden = np.arange(60) % 2
    pictures = (rng.integers(0, 60, (60, 8, 8)) + 120 * hidden[:, None, None]).astype("uint8")
    table = pd.DataFrame({"colour": np.where(hidden, "red", "blue"), "weight": rng.normal(size=60) + hidden})
    return pictures, table, np.where(hidden, "b", "a"), hidden + rng.normal(0, 0.1, 60)


def drawn(own=False, **given):
    import keras

    picture, table = kn.ImageInput(name="picture"), kn.StructuredDataInput(name="table")
    seen = Doubled()(picture) if own else kn.Normalization()(picture)
    block = kn.ConvBlock(3, 1, num_layers=1, filters=kn.Int(4, 8, log=True), separable=False, dropout=0.0)
    merged = kn.Merge()([kn.Flatten()(block(seen)), kn.CategoricalToNumerical()(table)])
    heads = [
        kn.ClassificationHead(name="kind", dropout=kn.Choice(0.0, 0.25), metrics=["accuracy"]),
        kn.RegressionHead(name="amount", dropout=0.0, loss=keras.losses.Huber(delta=2.0), weight=0.5),
    ]
    return kn.AutoModel([picture, table], [head(merged) for head in heads], seed=0, max_trials=1, **given)


@pytest.fixture(scope="module")
def auto_model(rows, tmp_path_factory):
    pictures, table, kind, amount = rows
    model = drawn(directory=tmp_path_factory.mktemp("drawn"), objective="val_loss")
    return model.fit(
        {"picture": pictures, "table": table}, {"kind": kind, "amount": amount}, epochs=2, batch_size=16, verbose=0
    )


def test_in_a_new_process_they_answer_and_search_on(forecaster, sales, auto_model, rows, tmp_path):
    """One process for both: what takes time is TensorFlow's import."""
    pictures, table, kind, amount = rows
    forecaster.save(tmp_path / "forecaster"), auto_model.save(tmp_path / "drawn")
    sales.drop(columns="day").to_csv(tmp_path / "sales.csv", index=False)
    table.to_csv(tmp_path / "table.csv", index=False)
    np.savez(tmp_path / "rows.npz", pictures=pictures, kind=kind, amount=amount)
    script = textwrap.dedent("""
        import pickle
        import keras, tensorflow, sklearn.metrics, numpy as np, pandas as pd
        import kerasnas as kn
        def refuse(*arguments, **named):
            raise AssertionError("pickle was used")
        pickle.load = pickle.loads = pickle.Unpickler = refuse

        def export(model, name):
            model.export_model().save(name)
            return keras.models.load_model(name).count_params()

        sales = pd.read_csv("sales.csv")
        sales.insert(0, "day", [*pd.date_range("2023-01-01", periods=len(sales) // 2, tz="Europe/Berlin")] * 2)
        found = kn.load("forecaster")
        assert type(found) is kn.TimeseriesForecaster, type(found)
        told = found.predict()
        told.assign(day=told["day"].map(str)).to_json("forecast.json", orient="split", index=False)
        answers = {"later": found.predict(sales[sales.shop == "b"])["sales"], "score": found.score(sales),
                   "loss": found.evaluate(sales, return_dict=True)["loss"], "weights": export(found, "forecast.keras")}
        found.set_params(max_trials=2).fit(sales, "sales", verbose=0)
        answers["forecaster_trials"] = [trial.measurement.metrics["val_loss"] for trial in found.trials_]

        with np.load("rows.npz") as stored:
            rows = dict(stored)
        x = {"picture": rows["pictures"], "table": pd.read_csv("table.csv")}
        y = {"kind": rows["kind"], "amount": rows["amount"]}
        found = kn.load("drawn")
        assert type(found) is kn.AutoModel, type(found)
        chances, numbers = found.predict_proba(x), found.predict(x)["amount"]
        answers |= {"chances": chances, "amount": numbers, "drawn_loss": found.evaluate(x, y, return_dict=True)["loss"],
                    "drawn_weights": export(found, "drawn.keras")}
        found.set_params(max_trials=2).fit(x, y, epochs=2, batch_size=16, verbose=0)
        answers["drawn_trials"] = [trial.measurement.metrics["val_loss"] for trial in found.trials_]
        np.savez("answers.npz", **answers)
    """)
    done = subprocess.run([sys.executable, "-c", script], cwd=tmp_path, capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stderr[-3000:]
    with np.load(tmp_path / "answers.npz") as stored:
        answers = dict(stored)

    told, again = forecaster.predict(), json.loads((tmp_path / "forecast.json").read_text())
    assert again["columns"] == ["shop", "day", "sales"] == list(told.columns)
    assert [row[1] for row in again["data"]] == told["day"].map(str).tolist()
    np.testing.assert_allclose([row[2] for row in again["data"]], told["sales"], rtol=1e-5)
    np.testing.assert_allclose(answers["later"], forecaster.predict(sales[sales.shop == "b"])["sales"], rtol=1e-5)
    assert answers["score"] == pytest.approx(forecaster.score(sales), rel=1e-5)
    assert answers["loss"] == pytest.approx(forecaster.evaluate(sales, return_dict=True)["loss"], rel=1e-4)
    assert answers["weights"] == forecaster.export_model().count_params()

    x = {"picture": pictures, "table": table}
    np.testing.assert_allclose(answers["chances"], auto_model.predict_proba(x), atol=1e-5)
    np.testing.assert_allclose(answers["amount"], auto_model.predict(x)["amount"], rtol=1e-4, atol=1e-5)
    told = auto_model.evaluate(x, {"kind": kind, "amount": amount}, return_dict=True)
    assert answers["drawn_loss"] == pytest.approx(told["loss"], rel=1e-4)
    assert answers["drawn_weights"] == auto_model.export_model().count_params()

    for name, model in (("forecaster", forecaster), ("drawn", auto_model)):
        first, *more = answers[f"{name}_trials"]
        assert first == model.trials_[0].measurement.metrics["val_loss"]  # from the journal, not run again
        assert len(more) == 1


def test_no_pickle_on_disk(auto_model, forecaster, tmp_path):
    for name, model in (("a", auto_model), ("b", forecaster)):
        model.save(tmp_path / name)
        files = [file for file in (tmp_path / name).rglob("*") if file.is_file()]
        assert {file.suffix for file in files} <= {".keras", ".json", ".jsonl", ".npz"}
        for file in files:
            if file.suffix == ".npz":
                with np.load(file, allow_pickle=False) as stored:
                    assert all(stored[array].dtype != object for array in stored.files)


def test_a_graph_with_a_block_of_ones_own_answers_and_says_how_to_go_on(rows, tmp_path):
    pictures, table, kind, amount = rows
    x, y = {"picture": pictures, "table": table}, {"kind": kind, "amount": amount}
    quick = {"epochs": 1, "batch_size": 32, "verbose": 0}
    model = drawn(own=True, directory=tmp_path / "runs").fit(x, y, **quick)
    folder = model.save(tmp_path / "saved")
    with pytest.warns(
        UserWarning, match="Received: Doubled, which is no block of kerasnas's own.*project_name='saved'"
    ):
        found = kn.load(folder)
    assert type(found) is kn.Predictor
    np.testing.assert_allclose(found.predict(x)["amount"], model.predict(x)["amount"], rtol=1e-5)
    # What the message says: the same graph, drawn again, goes on in that folder.
    again = drawn(own=True, directory=tmp_path, project_name="saved").set_params(max_trials=2).fit(x, y, **quick)
    assert again.trials_[0].measurement.metrics == model.trials_[0].measurement.metrics
    assert len(again.trials_) == 2


# ----------------------------------------------------------- graphs as values
GRAPHS = {
    "several": (lambda: (lambda model: (model.inputs, model.outputs))(drawn_of_arrays()), [(8, 8, 1), (5,)]),
    "one block twice": (lambda: twice(kn.DenseBlock([1, 2], kn.Int(8, 64, log=True, default=16))), [(5,)]),
    "drawn with it": (lambda: one(kn.ImageInput(), kn.ImageBlock("vanilla", True, augment=True)), [(8, 8, 3)]),
    "a range": (lambda: one(kn.ImageInput(), kn.ImageAugmentation((0.1, 0.2), zoom_factor=[0.0, 0.3])), [(8, 8, 3)]),
    "heads alone": (lambda: (kn.Input(), kn.ClassificationHead(num_classes=4)), [(5,)]),
    "hyperparameters": (lambda: one(kn.Input(), kn.DenseBlock(num_units=parameter([4, 8]))), [(5,)]),
    "series": (lambda: one(kn.TimeseriesInput(lookback=12), kn.RNNBlock(units=kn.Choice(4, 8, default=8))), [(12, 3)]),
}  # fmt: skip


def parameter(values):
    """As AutoKeras's users write them."""
    from keras_tuner.engine import hyperparameters

    return hyperparameters.Choice("units", values, default=values[-1])


def one(inputs, block):
    return inputs, kn.RegressionHead(2, metrics=[kn.Score("r2"), "mean_absolute_error"])(block(inputs))


def twice(block):
    inputs = kn.Input()
    return [inputs], [kn.ClassificationHead()(kn.Merge("add")([block(inputs), block(inputs)]))]


def drawn_of_arrays():
    picture, numbers = kn.ImageInput((8, 8, 1), name="picture"), kn.Input(name="numbers")
    merged = kn.Merge(merge_type="concatenate")(kn.SpatialReduction()(kn.ConvBlock()(picture)), numbers)
    heads = [kn.ClassificationHead(2, name="kind"), kn.RegressionHead(weight=0.5, name="amount")]
    return kn.AutoModel([picture, numbers], [head(merged) for head in heads])


@pytest.mark.parametrize("name", GRAPHS)
def test_a_graph_is_drawn_again_as_it_was(name):
    draw, shapes = GRAPHS[name]
    inputs, outputs = draw()
    again = there_and_back(inputs, outputs)
    assert isinstance(again[0], list) == isinstance(inputs, list)
    assert isinstance(again[1], list) == isinstance(outputs, list)
    assert space_of(*again, shapes) == space_of(inputs, outputs, shapes)
    assert graph_told(*again) == graph_told(inputs, outputs)


def test_a_graph_that_could_not_be_drawn_again_is_not_told():
    """A vocabulary's size takes KerasTuner's hyperparameter, of which the default counts, but no decision."""
    inputs = kn.TextInput()
    ids = kn.TextToIntSequence(max_tokens=parameter([50, 90]))
    outputs = kn.ClassificationHead()(kn.TemporalReduction()(kn.Embedding(90)(ids(inputs))))
    with pytest.raises(TypeError, match="cannot be drawn again.*max_tokens"):
        graph_told(inputs, outputs)


def test_all_public_blocks_can_be_told():
    named = {name for name in kn._HOMES["kerasnas.blocks"] if name not in ("Block", "Head")}
    assert {getattr(kn, name) for name in named} <= set(STOCK.values())


class Mine(kn.ConvBlock):
    """A stock block's class of the user's own."""


@pytest.mark.parametrize(
    "block, told",
    [
        (lambda: Doubled(), "Doubled, which is no block"),
        (lambda: Mine(), "Mine, which is no block"),
        (lambda: kn.HyperModelBlock(lambda hp, inputs: inputs), "HyperModelBlock with function as an argument"),
        (lambda: kn.DenseBlock(num_units=kn.Choice(a=kn.Int(1, 3), b=kn.Int(4, 5))), "Choice of nodes as `num_units`"),
        (lambda: kn.ClassificationHead(metrics=[print]), "ClassificationHead with .*as `metrics`"),
        (lambda: kn.ClassificationHead(loss=lambda y, z: 0.0), "ClassificationHead with function as `loss`"),
    ],
)
def test_what_cannot_be_told_is_named(block, told):
    inputs, made = kn.ImageInput(), block()
    wire = made(inputs)
    outputs = wire if isinstance(made, kn.Head) else kn.ClassificationHead()(wire)
    with pytest.raises(TypeError, match=told):
        graph_told(inputs, outputs)
    assert set(described(kn.AutoModel(inputs, outputs))) == {"class", "reason"}


def test_a_copy_of_a_block_remembers_its_arguments():
    import copy

    block = kn.ConvBlock(5, filters=8)
    for again in (copy.copy(block), copy.deepcopy(block)):
        assert again.given == ((5,), {"filters": 8}) and again.kernel_size == 5


# ------------------------------------------------------------------- histories
@pytest.mark.parametrize(
    "times",
    [
        pd.date_range("2024-01-31", periods=40, freq="ME"),
        pd.date_range("2024-03-30 22:00", periods=40, freq="h", tz="Europe/Berlin"),
        pd.date_range("2024-01-01", periods=40, freq="D").as_unit("s"),
        pd.Index(np.arange(40) * 2),
        pd.Index(np.arange(40) * 0.5 + 3),
    ],
    ids=str,
)
@pytest.mark.parametrize("column", ["t", None])
def test_a_history_forecasts_alike_after_json(times, column):
    frame = pd.DataFrame({"t": times, "v": np.arange(40.0), "w": np.cos(np.arange(40))})
    if column is None:
        if not isinstance(times, pd.DatetimeIndex):
            frame = frame.drop(columns="t")
        else:
            frame = frame.set_index("t")
    history = History.of(frame, "v", column)
    again = History.from_json(json.loads(json.dumps(history.ending(8).to_json())))
    np.testing.assert_array_equal(again.ends(8), history.ends(8))
    found = np.arange(3.0).reshape(1, 3, 1)
    one, other = history.told(found, 2), again.told(found, 2)
    assert type(one) is type(other)
    assert one.equals(other) if isinstance(one, pd.DataFrame) else np.array_equal(one, other)
    np.testing.assert_array_equal(again.alike(frame).inputs[0], history.inputs[0])


def test_what_is_kept_of_a_long_history_is_short():
    history = History.of(pd.DataFrame({"v": np.arange(5000.0) ** 2}), "v")
    kept = history.ending(300)
    assert len(kept.inputs[0]) == 300 and len(history.ending(5).inputs[0]) == 200
    np.testing.assert_array_equal(kept.ends(300), history.ends(300))


def test_names_that_json_cannot_hold_are_told(sales):
    frame = pd.DataFrame({"t": np.arange(9), "shop": [pd.Timestamp("2024-01-01")] * 9, "v": np.arange(9.0) ** 2})
    with pytest.raises(TypeError, match="a column or series named Timestamp"):
        History.of(frame, "v", "t", "shop").to_json()


def test_a_forecaster_remembers_what_it_found(forecaster, tmp_path):
    told = json.loads(json.dumps(described(forecaster)))
    again = revived(told, tmp_path)
    assert (again.lookback_, again.season_, again._span) == (forecaster.lookback_, 7, forecaster._span)
    assert again.horizon == 3 and again.series_column == "shop" and told["left_out"] == []
