"""How a trial is trained and judged: weights of rows, metrics, early stopping, the best weights."""

import time
from pathlib import Path

import keras
import numpy as np
import pytest

import kerasnas as kn
from kerasnas.contract import Context, Objective, Proposal
from kerasnas.data.validation import Validation
from kerasnas.evaluators import Training
from kerasnas.evaluators.pace import Diverged, Pace
from kerasnas.evaluators.plan import Plan
from kerasnas.evaluators.training import chance, checkpoint, trial_seed
from kerasnas.tasks.preparation import prepare


def blobs(rows=64, seed=0):
    """Two clouds of numbers that a line parts, and their labels."""
    rng = np.random.default_rng(seed)
    y = np.arange(rows) % 2
    return (rng.normal(size=(rows, 4)) + 1.5 * y[:, None]).astype("float32"), y


def context_of(x, y, folder=None, objective="val_accuracy", head=None, inputs=None, seed=0, training=None, **given):
    """The context in which a line through numbers is trained."""
    from kerasnas.blocks import Drawing

    inputs = inputs or kn.Input()
    drawing = Drawing(inputs, (head or kn.ClassificationHead(dropout=0.0, name="label"))(inputs))
    held = given.get("validation")
    prepared = prepare(drawing, x, y, held, given.get("sample_weight"), given.get("class_weight"))
    fixed = {"epochs": 4, "batch_size": 16, **(training or {})}
    space = prepared.space(fixed, Validation(0.25))
    return Context(space, prepared.task(Validation(0.25), seed), Objective.of(objective), seed, folder)


def trained(context, number=0, report=lambda step, metrics: None, seconds=None, fidelity=None, rate=None, **arguments):
    evaluator = Training(**arguments)
    evaluator.setup(context)
    answers = {} if rate is None else {"training/learning_rate": rate}
    wish = Proposal(context.space.complete(answers), number, fidelity or {}, seconds=seconds)
    return evaluator.evaluate(wish, report)


# ---------------------------------------------------------------- a trial


@pytest.fixture(scope="module")
def plain(tmp_path_factory):
    """A trial of four epochs: its measurement, its context, what was reported."""
    folder, reports = tmp_path_factory.mktemp("run"), []
    context = context_of(*blobs(), folder)
    measured = trained(context, report=lambda step, metrics: reports.append((step, metrics)))
    return measured, context, reports


def test_what_is_measured(plain):
    measured, context, reports = plain
    assert {"val_accuracy", "val_loss"} <= set(measured.metrics)
    assert all(type(value) is float for value in measured.metrics.values())
    assert [point["epoch"] for point in measured.curve] == [1, 2, 3, 4] == [step for step, _ in reports]
    assert measured.extra["epochs"] == 4 and measured.extra["batch_size"] == 16
    assert measured.extra["params"] == 10
    assert measured.seconds > 0


def test_what_is_kept(plain):
    measured, context, _ = plain
    model = keras.models.load_model(checkpoint(context.folder, 0))
    held = context.task.validation
    answers = model.predict(held.x["input"], verbose=0)
    right = (answers.argmax(axis=1) == held.y["label"].argmax(axis=1)).mean()
    assert right == pytest.approx(measured.metrics["val_accuracy"], abs=1e-6)
    chances = (answers * held.y["label"]).sum(axis=1)
    assert -np.log(chances).mean() == pytest.approx(measured.metrics["val_loss"], rel=1e-4)
    with np.load(Path(context.folder) / "trials" / "0000.npz") as stored:
        np.testing.assert_allclose(stored["label"], answers, atol=1e-6)
    assert not list((Path(context.folder) / "trials").glob(".*")), "nothing half written is left"


def test_nothing_is_kept_where_nothing_should_be(tmp_path):
    trained(context_of(*blobs(), tmp_path), save=False)
    assert not list(tmp_path.iterdir())


def test_a_trial_repeats_bit_for_bit(plain):
    measured, *_ = plain
    again = trained(context_of(*blobs()))
    assert again.metrics == measured.metrics and again.curve == measured.curve
    other = trained(context_of(*blobs()), number=1)
    assert other.curve != measured.curve, "each trial has a seed of its own"


def test_seeds_of_trials_differ():
    seeds = {trial_seed(seed, number) for seed in range(20) for number in range(20)}
    assert len(seeds) == 400 and all(0 <= seed < 2**31 for seed in seeds)


def test_a_report_can_stop(tmp_path):
    measured = trained(context_of(*blobs()), report=lambda step, metrics: "stop" if step == 2 else None)
    assert measured.extra["epochs"] == 2


def test_fidelity_and_arguments_decide_the_epochs():
    assert trained(context_of(*blobs()), fidelity={"epochs": 1}).extra["epochs"] == 1
    measured = trained(context_of(*blobs()), epochs=2, batch_size=8)
    assert measured.extra["epochs"] == 2 and measured.extra["batch_size"] == 8


def test_a_batch_larger_than_the_rows():
    measured = trained(context_of(*blobs(), training={"batch_size": 5000}))
    assert measured.extra["batch_size"] == 48


def test_time_that_is_up_ends_a_training():
    started = time.monotonic()
    measured = trained(context_of(*blobs(), training={"epochs": 5000}), seconds=3.0)
    assert time.monotonic() - started < 6
    assert 1 <= measured.extra["epochs"] < 5000 and measured.extra["planned"] == 5000
    assert np.isfinite(measured.metrics["val_accuracy"])


# ------------------------------------------------------ weights change what is learnt


def test_weights_of_classes_change_what_is_learnt():
    """Labels without any sense: the model answers the class that weighs more."""
    x = np.random.default_rng(0).normal(size=(64, 4)).astype("float32")
    y = np.arange(64) % 2
    answers = []
    for weight in ({0: 20.0, 1: 1.0}, {0: 1.0, 1: 20.0}):
        folder_less = context_of(x, y, class_weight=weight, training={"epochs": 16}, objective="val_loss")
        found = trained_model(folder_less)
        answers.append(found.predict(x, verbose=0).mean(axis=0))
    assert answers[0][0] > 0.6 and answers[1][1] > 0.6


def test_weights_of_rows_change_what_is_learnt():
    x = np.random.default_rng(0).normal(size=(64, 4)).astype("float32")
    y = np.arange(64) % 2
    for favoured in (0, 1):
        weight = np.where(y == favoured, 10.0, 0.1)
        context = context_of(x, y, sample_weight=weight, training={"epochs": 16}, objective="val_loss")
        assert trained_model(context).predict(x, verbose=0).mean(axis=0)[favoured] > 0.6


def trained_model(context):
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        context.folder = folder
        trained(context, rate=0.02)
        return keras.models.load_model(checkpoint(folder, 0))


def test_both_weights_multiply():
    x, y = blobs()
    context = context_of(x, y, class_weight={1: 3.0}, sample_weight=np.arange(1, 65.0))
    rows = np.sort(np.concatenate([context.task.train.weight, context.task.validation.weight]))
    expected = np.sort(np.arange(1, 65.0) * np.where(y == 1, 3.0, 1.0))
    np.testing.assert_allclose(rows, expected)


# ---------------------------------------------------------- metrics and objectives


def half_off(y_true, y_pred):
    return keras.ops.mean(keras.ops.abs(y_true - y_pred), axis=-1) / 2


def test_a_metric_of_ones_own_is_an_objective(tmp_path):
    head = kn.ClassificationHead(dropout=0.0, metrics=[half_off, "AUC"], name="label")
    measured = trained(context_of(*blobs(), tmp_path, objective=Objective("val_half_off", "min"), head=head))
    assert 0 < measured.metrics["val_half_off"] < 0.5
    assert keras.models.load_model(checkpoint(tmp_path, 0)) is not None, "the file names no function of the user's"


def test_an_objective_of_ones_own_through_the_facade(tmp_path):
    inputs = kn.Input()
    head = kn.ClassificationHead(dropout=0.0, metrics=[half_off])
    model = kn.AutoModel(
        inputs, head(inputs), objective=Objective("val_half_off", "min"), directory=tmp_path, max_trials=2, seed=0
    ).fit(*blobs(), epochs=1, batch_size=16, verbose=0)
    values = [trial.measurement.metrics["val_half_off"] for trial in model.trials_]
    board = model.leaderboard()
    assert board["val_half_off"].iloc[0] == min(values)


def test_a_loss_of_ones_own(tmp_path):
    head = kn.RegressionHead(dropout=0.0, loss=half_off, metrics=["mae"], name="label")
    x, y = blobs()
    measured = trained(context_of(x, y.astype("float32"), tmp_path, objective="val_mae", head=head))
    assert measured.metrics["val_loss"] == pytest.approx(measured.metrics["val_mae"] / 2, rel=1e-3)


def test_a_sparse_loss():
    head = kn.ClassificationHead(dropout=0.0, loss="sparse_categorical_crossentropy", name="label")
    assert trained(context_of(*blobs(), head=head)).metrics["val_accuracy"] > 0.4


def test_validation_is_judged_without_smoothing(tmp_path):
    context = context_of(*blobs(), tmp_path, objective="val_loss", training={})
    answers = {**context.space.default()}
    losses = []
    for smoothing in (0.0, 0.1):
        answers["training/label_smoothing"] = smoothing
        evaluator = Training()
        evaluator.setup(context)
        architecture = context.space.complete(answers)
        measured = evaluator.evaluate(Proposal(architecture, 0), lambda *_: None)
        model = keras.models.load_model(checkpoint(tmp_path, 0))
        held = context.task.validation
        chances = (model.predict(held.x["input"], verbose=0) * held.y["label"]).sum(axis=1)
        assert measured.metrics["val_loss"] == pytest.approx(-np.log(chances).mean(), rel=1e-4)
        losses.append(measured.metrics["val_loss"])
    assert len(set(losses)) == 2


# ------------------------------------------------------- early stopping, best weights


class Spoiling(keras.callbacks.Callback):
    """From an epoch on, turns the model's answers around."""

    def __init__(self, since):
        super().__init__()
        self.since = since

    def on_epoch_begin(self, epoch, logs=None):
        if epoch == self.since:
            self.model.set_weights([-10 * weight for weight in self.model.get_weights()])
            self.model.optimizer.learning_rate = 0.0


def test_the_best_weights_are_kept(tmp_path):
    context = context_of(*blobs(), tmp_path, training={"epochs": 10})
    measured = trained(context, rate=0.02, callbacks=[Spoiling(8)])
    curve = [point["val_accuracy"] for point in measured.curve]
    assert curve[-1] < max(curve)
    assert measured.metrics["val_accuracy"] == pytest.approx(max(curve), abs=1e-6)


def test_a_lucky_epoch_is_told_from_a_better_one():
    accuracy, loss = Objective("val_accuracy"), Objective("val_loss")
    assert chance(accuracy, 0.5, 100) == pytest.approx(0.1)
    assert 0.9983 - 0.9958 < chance(accuracy, 0.9983, 1200) < 0.9983 - 0.99
    assert 0 < chance(accuracy, 1.0, 200) < 0.02
    assert chance(loss, -0.5, 100) == 0.0


def test_training_stops_when_nothing_gets_better():
    measured = trained(context_of(*blobs(), training={"epochs": 40}), patience=2, callbacks=[Spoiling(3)])
    assert measured.extra["epochs"] < 30


def test_kerass_own_early_stopping():
    stop = keras.callbacks.EarlyStopping(monitor="val_accuracy", patience=0, restore_best_weights=True)
    measured = trained(context_of(*blobs(), training={"epochs": 40}), callbacks=[stop, Spoiling(3)])
    curve = [point["val_accuracy"] for point in measured.curve if "val_accuracy" in point]
    assert measured.extra["epochs"] < 40
    assert measured.metrics["val_accuracy"] == pytest.approx(max(curve), abs=1e-6)


class Fake:
    stop_training = False

    def __init__(self):
        self.weights = 0

    def get_weights(self):
        return [self.weights]

    def set_weights(self, weights):
        self.weights = weights[0]


@pytest.mark.parametrize(
    "objective, values, best",
    [("val_accuracy", [0.5, 0.9, 0.7], 1), ("val_loss", [3.0, 1.0, 2.0], 1), ("val_accuracy", [0.5, 0.9, 0.9], 2)],
)
def test_pace_keeps_the_best_by_the_objective(objective, values, best):
    pace = Pace(Plan.of({}, 64), 4, Objective(objective), None, None, lambda *_: None)
    pace.set_model(Fake())
    for epoch, value in enumerate(values):
        pace.model.weights = epoch
        pace.on_epoch_end(epoch, {"loss": 1.0, objective: value})
    pace.restore()
    assert pace.model.weights == best


@pytest.mark.parametrize("loss", [float("nan"), float("inf")])
def test_pace_tells_a_training_that_diverged(loss):
    pace = Pace(Plan.of({}, 64), 4, Objective("val_loss"), None, None, lambda *_: None)
    pace.set_model(Fake())
    with pytest.raises(Diverged, match=f"the loss became {loss} in epoch 3"):
        pace.on_epoch_end(2, {"loss": loss})


def test_the_schedule_rises_and_falls():
    plan = Plan.of({"learning_rate": 0.1}, 64)
    rates = [plan.rate(step / 100) for step in range(101)]
    peak = int(np.argmax(rates))
    assert peak == round(100 * plan.warmup) and rates[peak] == pytest.approx(0.1)
    assert rates[0] < 0.01 and rates[-1] == pytest.approx(0, abs=1e-6)
    assert rates[: peak + 1] == sorted(rates[: peak + 1])
    assert rates[peak:] == sorted(rates[peak:], reverse=True)


@pytest.mark.parametrize("name", ["adamw", "sgd", "adam", "rmsprop"])
def test_optimizers_by_name(name):
    made = Plan.of({"optimizer": name, "learning_rate": 0.1, "weight_decay": 0.0}, 64).make_optimizer()
    assert type(made).__name__.lower() == name


# ----------------------------------------------------------------- augmentation


def test_nothing_of_the_augmentation_stays_in_the_model(tmp_path):
    """But answers over mirror images where they are no worse, which are plain operations."""
    from kerasnas.blocks import Drawing

    x = np.random.default_rng(0).integers(0, 255, (40, 8, 8, 3)).astype("uint8")
    y = np.arange(40) % 2
    inputs = kn.ImageInput()
    wire = kn.Flatten()(kn.ImageAugmentation(horizontal_flip=True, rotation_factor=0.1)(kn.Normalization()(inputs)))
    drawing = Drawing(inputs, kn.ClassificationHead(dropout=0.0)(wire))
    prepared = prepare(drawing, x, y, None, None, None)
    space = prepared.space({"epochs": 1, "batch_size": 16}, Validation(0.25))
    context = Context(space, prepared.task(Validation(0.25), 0), Objective("val_accuracy"), 0, tmp_path)
    measured = trained(context)
    model = keras.models.load_model(checkpoint(tmp_path, 0))
    assert not [layer for layer in model._flatten_layers() if "Random" in type(layer).__name__]
    answers = model.predict(x, verbose=0)
    if measured.extra.get("mirrored"):
        np.testing.assert_allclose(model.predict(x[:, :, ::-1], verbose=0), answers, atol=1e-5)
