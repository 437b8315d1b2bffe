"""Several networks in one graph, and cross-validation: who learns from what, and whose answers count."""

from dataclasses import dataclass, replace

import keras
import numpy as np
import pytest

import kerasnas as kn
from kerasnas.blocks import Drawing
from kerasnas.contract import Context, Objective, Proposal
from kerasnas.data.validation import Validation
from kerasnas.errors import ArgumentError, DataError
from kerasnas.evaluators import Training
from kerasnas.evaluators.members import Members
from kerasnas.evaluators.training import checkpoint, predictions
from kerasnas.lowering.joining import named_model
from kerasnas.operations import MemberDense
from kerasnas.space import Sequential
from kerasnas.tasks.preparation import prepare

MEMBERS = 3
EPOCHS = 30


class SideBySide(kn.Block):
    """The same numbers for each of several members."""

    def node(self, signals):
        return Sequential({"repeat": _Repeated(MEMBERS), "hidden": MemberDense(4)})

    def gives(self, signals):
        return replace(signals[0], kind="members")


@dataclass(frozen=True)
class _Repeated(kn.Operation):
    times: int = MEMBERS

    def shape(self, shape):
        return (self.times, *shape)

    def layer(self, shape, name):
        return keras.layers.RepeatVector(self.times, name=name)


def blobs(rows=60, seed=0):
    rng = np.random.default_rng(seed)
    y = np.arange(rows) % 2
    return (rng.normal(size=(rows, 4)) + 3 * y[:, None] - 1.5).astype("float32"), y


def context_of(block, validation, folder, weight=None):
    x, y = blobs()
    inputs = kn.Input(name="numbers")
    wire = inputs if block is None else block(inputs)
    drawing = Drawing(inputs, kn.ClassificationHead(dropout=0.0, name="label")(wire))
    prepared = prepare(drawing, x, y, None, weight, None)
    fixed = {"epochs": EPOCHS, "batch_size": 16, "label_smoothing": 0.0, "learning_rate": 0.05}
    space = prepared.space(fixed, validation)
    return Context(space, prepared.task(validation, 0), Objective("val_accuracy"), 0, folder)


def evaluated(context):
    evaluator = Training()
    evaluator.setup(context)
    return evaluator.evaluate(Proposal(context.space.default(), 0), lambda step, metrics: None)


def members_model(answers):
    """A model of members whose answers are its input."""
    inputs = {"answers": keras.Input(answers.shape[1:], name="answers")}
    model = named_model(inputs, {"label": keras.layers.Identity()(inputs["answers"])}, Members)
    model.compile(loss={"label": "mean_squared_error"}, metrics={"label": ["mean_absolute_error"]})
    return model


def test_members_are_judged_by_their_mean_and_trained_each_by_itself():
    rng = np.random.default_rng(0)
    answers, y = rng.normal(size=(8, 3, 2)).astype("float32"), rng.normal(size=(8, 2)).astype("float32")
    model = members_model(answers)
    found = model.evaluate({"answers": answers}, {"label": y}, verbose=0, return_dict=True)
    mean = answers.mean(axis=1)
    assert found["loss"] == pytest.approx(np.square(mean - y).mean(), rel=1e-5)
    assert found["mean_absolute_error"] == pytest.approx(np.abs(mean - y).mean(), rel=1e-5)
    loss = model.compute_loss(None, {"label": y}, {"label": keras.ops.convert_to_tensor(answers)}, None, training=True)
    assert float(loss) == pytest.approx(np.square(answers - y[:, None]).mean(), rel=1e-5)


def test_weights_of_members_say_who_judges_and_who_learns():
    rng = np.random.default_rng(1)
    answers, y = rng.normal(size=(6, 3, 1)).astype("float32"), rng.normal(size=(6, 1)).astype("float32")
    held = np.arange(6) % 3
    weight = np.eye(3, dtype="float32")[held]
    model = members_model(answers)
    found = model.evaluate(
        {"answers": answers}, {"label": y}, sample_weight={"label": weight}, verbose=0, return_dict=True
    )
    out = answers[np.arange(6), held]
    assert found["loss"] == pytest.approx(np.square(out - y).mean(), rel=1e-5)
    tensors = {"label": keras.ops.convert_to_tensor(answers)}
    loss = model.compute_loss(None, {"label": y}, tensors, keras.ops.convert_to_tensor(1 - weight), training=True)
    squares = np.square(answers - y[:, None])[..., 0] * (1 - weight)
    assert float(loss) == pytest.approx(squares.mean(), rel=1e-4)


def test_what_is_saved_of_members_is_plain_and_answers_their_mean(tmp_path):
    context = context_of(SideBySide(), Validation(0.25), tmp_path)
    measured = evaluated(context)
    assert measured.metrics["val_accuracy"] > 0.7
    model = keras.models.load_model(checkpoint(tmp_path, 0))
    assert not isinstance(model, Members)
    assert model.output_shape == (None, 2)
    answers = np.load(predictions(tmp_path, 0))["label"]
    held = context.task.validation.x["numbers"]
    np.testing.assert_allclose(model.predict(held, verbose=0), answers, atol=1e-5)
    accuracy = np.mean(answers.argmax(1) == context.task.validation.y["label"].argmax(1))
    assert measured.metrics["val_accuracy"] == pytest.approx(accuracy, abs=1e-6)


def test_members_of_folds_never_learn_from_their_fold(tmp_path):
    context = context_of(SideBySide(), Validation(None, folds=MEMBERS), tmp_path)
    measured = evaluated(context)
    assert measured.extra["folds"] == MEMBERS
    assert measured.extra["epochs"] == EPOCHS  # one training, not one for each fold
    assert len(np.load(predictions(tmp_path, 0))["label"]) == 60
    assert measured.metrics["val_accuracy"] > 0.7


def test_other_networks_are_trained_once_for_each_fold_and_averaged(tmp_path):
    context = context_of(None, Validation(None, folds=3), tmp_path)
    measured = evaluated(context)
    assert EPOCHS < measured.extra["epochs"] <= 3 * EPOCHS  # early stopping may end some
    answers = np.load(predictions(tmp_path, 0))["label"]
    rows, folds = context.task.train, context.task.folds
    accuracy = np.mean(answers.argmax(1) == rows.y["label"].argmax(1))
    assert measured.metrics["val_accuracy"] == pytest.approx(accuracy, abs=1e-6)
    model = keras.models.load_model(checkpoint(tmp_path, 0))
    inner = [layer for layer in model.layers if isinstance(layer, keras.Model)]
    assert len(inner) == 3
    for member, fold in zip(sorted(inner, key=lambda each: each.name), range(3)):
        held = rows.x["numbers"][folds == fold]
        found = next(iter(member.predict({"numbers": held}, verbose=0).values()))
        np.testing.assert_allclose(found, answers[folds == fold], atol=1e-5)


@pytest.mark.parametrize("value", ["cv1", "cv", "holdot", 5])
def test_an_unknown_validation_is_refused(value):
    with pytest.raises(ArgumentError, match="validation"):
        Validation.of(value, 0.2)


def test_folds_are_stratified_repeatable_and_respect_groups():
    strata = np.repeat([0, 1], [30, 10])
    folds = Validation.of("cv5", None).fold_of(strata, 40, 0)
    assert [np.sum(strata[folds == fold]) for fold in range(5)] == [2] * 5
    np.testing.assert_array_equal(folds, Validation.of("cv5", None).fold_of(strata, 40, 0))
    groups = np.arange(40) // 4
    grouped = Validation.of("cv5", None, groups)
    assert all(len(set(grouped.fold_of(strata, 40, 0)[groups == group])) == 1 for group in range(10))
    train, held = Validation.of("holdout", 0.2, groups).split(strata, 40, 0)
    assert not set(groups[train]) & set(groups[held])
    assert len(set(train) | set(held)) == 40
    train, held = Validation.of("time", 0.2).split(None, 10, 0)
    assert held.tolist() == [8, 9]
    with pytest.raises(DataError, match="groups"):
        Validation.of("cv5", None, np.zeros(40)).fold_of(strata, 40, 0)


def test_a_cross_validated_search_keeps_every_row(tmp_path):
    x, y = blobs()
    inputs = kn.Input()
    model = kn.AutoModel(
        inputs, kn.ClassificationHead(dropout=0.0)(inputs), max_trials=1, seed=0, directory=tmp_path, epochs=3
    )
    model.fit(x, y, validation="cv3", verbose=0)
    assert model.predict(x).shape == y.shape
    assert model.trials_[0].measurement.extra["folds"] == 3
