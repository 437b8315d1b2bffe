"""Facades as scikit-learn's estimators, and saved and loaded as themselves."""

import json
import subprocess
import sys
import textwrap

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone, is_classifier, is_regressor
from sklearn.datasets import load_iris
from sklearn.model_selection import cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

import kerasnas as kn
from kerasnas.data.scores import Score
from kerasnas.errors import ArgumentError, DataError, NotFittedError

FACADES = (
    kn.ImageClassifier, kn.ImageRegressor, kn.StructuredDataClassifier, kn.StructuredDataRegressor, kn.TextClassifier,
    kn.TextRegressor, kn.TimeseriesClassifier, kn.TimeseriesRegressor,
)  # fmt: skip
each_facade = pytest.mark.parametrize("facade", FACADES, ids=lambda facade: facade.__name__)


class Quick(kn.StructuredDataClassifier):
    """Compared on one part of few rows, where the usual is eight."""

    def _usual_validation(self, rows):
        return "holdout"


@pytest.fixture(scope="module")
def iris():
    frame, labels = load_iris(return_X_y=True, as_frame=True)
    names = np.array(["setosa", "versicolor", "virginica"])
    return frame, names[labels]


@pytest.fixture(scope="module")
def fitted(iris, tmp_path_factory):
    folder = tmp_path_factory.mktemp("runs")
    model = kn.StructuredDataClassifier(
        seed=0, max_trials=1, epochs=4, directory=folder, metrics=["accuracy", "roc_auc"], objective="neg_log_loss"
    )
    return model.fit(*iris, verbose=0, validation="holdout")


# ----------------------------------------------------------------- parameters
@each_facade
def test_parameters_are_the_arguments_of_the_constructor(facade):
    model = facade(max_trials=3, seed=5)
    parameters = model.get_params()
    assert parameters["max_trials"] == 3 and parameters["seed"] == 5
    assert model.set_params(max_trials=4) is model and model.max_trials == 4
    again = clone(model)
    assert type(again) is facade and again is not model and again.get_params() == model.get_params()
    assert repr(model) == f"{facade.__name__}(max_trials=4, seed=5)"


@each_facade
def test_the_constructor_only_stores(facade):
    odd = {name: object() for name in facade().get_params()}
    stored = facade(**odd).get_params()
    assert all(stored[name] is value for name, value in odd.items())


def test_an_unknown_parameter():
    with pytest.raises(ArgumentError, match="Did you mean 'max_trials'"):
        kn.ImageClassifier().set_params(max_trial=3)


def test_a_clone_of_a_drawn_model_has_the_same_graph(classifier):
    model = classifier()
    again = clone(model)
    assert again.inputs is model.inputs and again.outputs is model.outputs


# ----------------------------------------------------------------------- tags
@each_facade
def test_scikit_learn_knows_what_it_is(facade):
    model = facade()
    assert is_classifier(model) == facade.__name__.endswith("Classifier")
    assert is_regressor(model) == facade.__name__.endswith("Regressor")


def test_tags():
    tags = kn.StructuredDataClassifier(multi_label=True, seed=0).__sklearn_tags__()
    assert tags.input_tags.allow_nan and tags.input_tags.string and tags.classifier_tags.multi_label
    assert tags.target_tags.required and tags.target_tags.multi_output and not tags.non_deterministic
    assert kn.ImageClassifier().__sklearn_tags__().input_tags.three_d_array
    assert is_regressor(kn.TimeseriesForecaster()) and clone(kn.TimeseriesForecaster(horizon=3)).horizon == 3
    two = kn.AutoModel(kn.ImageInput(), [kn.ClassificationHead(), kn.RegressionHead()])
    assert two.__sklearn_tags__().estimator_type is None


def test_before_fit():
    from sklearn.exceptions import NotFittedError as Known
    from sklearn.utils.validation import check_is_fitted

    model = kn.ImageClassifier()
    assert not hasattr(model, "history") and not hasattr(model, "classes_") and not hasattr(model, "n_features_in_")
    for kind in (NotFittedError, Known, AttributeError):
        with pytest.raises(kind, match="ImageClassifier to be fitted"):
            model.predict(np.zeros((1, 8, 8)))
    with pytest.raises(Known):
        check_is_fitted(model)


# ------------------------------------------------------------------ with others
def test_features_are_noted(fitted, iris):
    assert fitted.n_features_in_ == 4
    assert fitted.feature_names_in_.tolist() == list(iris[0].columns)


def test_cross_validation_and_pipelines(iris, tmp_path):
    model = Quick(seed=0, max_trials=1, epochs=6, directory=tmp_path)
    steps = make_pipeline(FunctionTransformer(lambda frame: frame.iloc[:, 2:]), model)
    scores = cross_val_score(steps, *iris, cv=2, params={"quick__verbose": 0}, error_score="raise")
    assert scores.shape == (2,) and (scores > 0.5).all()


# --------------------------------------------------------------- save and load
def test_a_facade_comes_back_as_itself(fitted, iris, tmp_path):
    folder = fitted.save(tmp_path / "saved")
    again = kn.load(folder)
    assert type(again) is kn.StructuredDataClassifier
    mine, other = (model.get_params() for model in (fitted, again))
    for name in ("directory", "project_name"):
        mine.pop(name), other.pop(name)
    assert mine == other and again.seed_ == 0
    x, y = iris
    assert np.array_equal(again.predict(x), fitted.predict(x))
    assert np.allclose(again.predict_proba(x), fitted.predict_proba(x), atol=1e-6)
    assert np.allclose(again.evaluate(x, y), fitted.evaluate(x, y), rtol=1e-5)
    assert again.score(x, y) == fitted.score(x, y)
    assert again.classes_.tolist() == ["setosa", "versicolor", "virginica"]
    assert again.leaderboard().equals(fitted.leaderboard())
    assert again.best_architecture_ == fitted.best_architecture_
    assert again.calibration_ == fitted.calibration_ and again.calibration_["rows"] == 30
    assert again.n_features_in_ == 4 and again.feature_names_in_.tolist() == list(x.columns)
    assert again.export_model().count_params() == fitted.export_model().count_params()


def test_what_is_loaded_searches_on(fitted, iris, tmp_path):
    again = kn.load(fitted.save(tmp_path / "saved"))
    again.set_params(max_trials=2).fit(*iris, verbose=0, validation="holdout")
    assert [trial.number for trial in again.trials_] == [0, 1]
    assert again.trials_[0].measurement.metrics == fitted.trials_[0].measurement.metrics
    assert again.folder_ == (tmp_path / "saved").resolve()
    more, less = (model.leaderboard().query("final")["val_loss"].min() for model in (again, fitted))
    assert more <= less + 1e-6


def test_in_a_new_process(fitted, iris, tmp_path):
    folder = fitted.save(tmp_path / "saved")
    iris[0].to_csv(tmp_path / "rows.csv", index=False)
    script = textwrap.dedent("""
        import sys, pandas as pd, kerasnas as kn
        model = kn.load(sys.argv[1])
        print(type(model).__name__, ",".join(model.predict(pd.read_csv(sys.argv[2]))[:3]), model.max_trials)
    """)
    command = [sys.executable, "-c", script, str(folder), str(tmp_path / "rows.csv")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr[-2000:]
    assert done.stdout.split() == ["StructuredDataClassifier", ",".join(fitted.predict(iris[0])[:3]), "1"]


def test_arguments_that_json_can_hold():
    import keras

    from kerasnas.tasks.described import described, revived

    strategy = kn.strategies.Greedy(elite=3)
    model = kn.ImageClassifier(
        loss=keras.losses.CategoricalFocalCrossentropy(gamma=3.0), metrics=["accuracy", Score("f1_macro")],
        objective=[kn.Objective("val_accuracy"), "params"], strategy=strategy, seed=np.int64(3),
    )  # fmt: skip
    told = json.loads(json.dumps(described(model)))
    from pathlib import Path

    again = revived(told, Path("/runs/here"))
    assert told["left_out"] == [] and again.loss.gamma == 3.0
    assert again.metrics == ["accuracy", Score("f1_macro")]
    assert again.objective == [kn.Objective("val_accuracy"), "params"]
    assert again.strategy.describe() == strategy.describe() and again.seed == 3
    assert (again.directory, again.project_name) == (Path("/runs"), "here")


def test_keras_forgets_arguments_that_are_kept():
    """`Huber(delta=2)` would come back with a delta of 1: its config does not have it."""
    import keras

    from kerasnas.tasks.plain_values import back, told

    y, z = np.array([[0.0], [1.0]]), np.array([[3.0], [1.5]])
    for part in (keras.losses.Huber(delta=2.0), keras.losses.CosineSimilarity(axis=0), keras.losses.Tversky(alpha=0.3)):
        again = back(json.loads(json.dumps(told(part))))
        assert type(again) is type(part) and float(again(y, z)) == float(part(y, z))
        assert float(again(y, z)) != float(type(part)()(y, z))


def test_arguments_that_json_cannot_hold_are_said():
    from pathlib import Path

    from kerasnas.tasks.described import described, revived

    told = described(kn.ImageClassifier(objective=lambda y_true, y_pred: 0.0))
    with pytest.warns(UserWarning, match="objective, without which"):
        assert revived(told, Path("/runs/here")).objective is None


def test_an_objective_of_keras_tuner_is_left_out_and_said():
    import keras_tuner

    from kerasnas.tasks.described import described

    told = described(kn.ImageClassifier(objective=keras_tuner.Objective("val_loss", "min")))
    assert told["left_out"] == ["objective"]


def test_a_class_of_ones_own_is_not_told():
    from kerasnas.tasks.described import described

    assert described(Quick()) == {"class": "Quick", "reason": "Quick, which is no class of kerasnas's own"}


# --------------------------------------------------------------------- targets
def test_sets_of_labels(iris, tmp_path):
    x, y = iris
    sets = [{"flower", name} if name != "virginica" else {"flower"} for name in y]
    model = Quick(multi_label=True, seed=0, max_trials=1, epochs=6, directory=tmp_path).fit(x, sets, verbose=0)
    assert model.classes_.tolist() == ["flower", "setosa", "versicolor"]
    predicted = model.predict(x)
    assert isinstance(predicted[0], set) and np.mean([a == b for a, b in zip(predicted, sets)]) > 0.5
    assert model.score(x, sets) == np.mean([a == b for a, b in zip(predicted, sets)])
    assert model.calibration_["rows"] == 30


def test_frames_of_numbers(iris, tmp_path):
    x, _ = iris
    x = x.set_index(pd.Index([f"row {i}" for i in range(len(x))]))
    model = kn.StructuredDataRegressor(seed=0, max_trials=1, epochs=6, directory=tmp_path, objective="r2")
    model.fit(x.iloc[:, :2], x.iloc[:, 2:], verbose=0, validation="holdout")
    predicted = model.predict(x.iloc[:5, :2])
    assert list(predicted.columns) == list(x.columns[2:]) and predicted.index.tolist() == list(x.index[:5])
    swapped = x.iloc[:, [3, 2]]
    assert model.score(x.iloc[:, :2], swapped) == model.score(x.iloc[:, :2], x.iloc[:, 2:])
    assert "val_r2" in model.trials_[0].measurement.metrics


def test_balanced_classes():
    from kerasnas.data import ClassTarget
    from kerasnas.data.dataset import Dataset
    from kerasnas.tasks.preparation import _class_weights

    y = np.array([0, 0, 0, 1])
    rows = Dataset({"x": np.zeros((4, 1))}, {"y": y})
    weights = _class_weights("balanced", rows, {"y": ClassTarget.fit(y, min_members=1)})
    assert weights(rows).tolist() == pytest.approx([2 / 3, 2 / 3, 2 / 3, 2])
    with pytest.raises(ArgumentError, match="a dict, or 'balanced'"):
        _class_weights("even", rows, {"y": ClassTarget.fit(y, min_members=1)})


def test_columns_of_a_frame_are_told_by_name(iris, tmp_path):
    """In any order, where the rows are no table but plain numbers."""
    x, y = iris
    held, turned = (x.iloc[::3], y[::3]), x[x.columns[::-1]]
    inputs = kn.Input()
    model = kn.AutoModel(
        inputs, kn.ClassificationHead(dropout=0.0)(kn.DenseBlock(1, 8, False, 0.0)(kn.Normalization()(inputs))),
        seed=0, max_trials=1, directory=tmp_path,
    )  # fmt: skip
    model.fit(x, y, epochs=8, batch_size=16, verbose=0, validation_data=(turned.iloc[::3], held[1]))
    np.testing.assert_array_equal(model.predict_proba(turned), model.predict_proba(x))
    assert model.score(turned.assign(more=1), y) == model.score(x, y)
    predictor = kn.load(model.save(tmp_path / "saved")).predictor_
    np.testing.assert_array_equal(predictor.predict_proba(turned), model.predict_proba(x))
    assert predictor.score(turned, y) == model.score(x, y)
    measured = model.trials_[0].measurement.metrics["val_accuracy"]
    assert measured == pytest.approx(np.mean(model.predict(held[0]) == held[1])) and measured > 0.6
    with pytest.raises(DataError, match="`x` to have the columns of `fit`: .* none called 'sepal width"):
        model.predict(x.rename(columns={x.columns[1]: "unknown"}))
