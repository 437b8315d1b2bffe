"""Training on rows in memory computes what Keras computes step by step."""

import keras
import numpy as np
import pytest

from kerasnas.contract import Objective
from kerasnas.data import Dataset
from kerasnas.evaluators.in_memory import InMemory, usable
from kerasnas.evaluators.members import Members
from kerasnas.evaluators.pace import Diverged, Pace
from kerasnas.evaluators.plan import Plan
from kerasnas.lowering.joining import named_model

ROWS, EPOCHS = 50, 3


def rows(weight=None):
    rng = np.random.default_rng(0)
    x = rng.normal(size=(ROWS, 4)).astype("float32")
    return Dataset({"x": x}, {"y": np.eye(2, dtype="float32")[(x[:, 0] > 0).astype(int)]}, weight)


def plan_of(**named):
    return Plan.of({"learning_rate": 0.02, "batch_size": 8, "epochs": EPOCHS, "beta_2": 0.95, **named}, ROWS)


def model_of(plan, members=0):
    keras.utils.set_random_seed(1)
    inputs = {"x": keras.Input((4,), name="x")}
    hidden = keras.layers.Dense(6, activation="relu")(inputs["x"])
    if members:
        hidden = keras.layers.RepeatVector(members)(hidden)
        hidden = keras.layers.EinsumDense("bki,kio->bko", (members, 2), bias_axes="ko")(hidden)
        outputs = keras.layers.Activation("softmax")(hidden)
    else:
        outputs = keras.layers.Dense(2, activation="softmax")(hidden)
    model = named_model(inputs, {"y": outputs}, Members if members else None)
    model.compile(plan.make_optimizer(), loss={"y": "categorical_crossentropy"}, jit_compile=False)
    return model


def pace_of(plan, batches, report=lambda epoch, metrics: "go"):
    return Pace(plan, len(batches), Objective("val_loss"), None, None, report)


@pytest.mark.parametrize("members, weighted", [(0, False), (0, True), (3, False), (3, True)])
def test_the_weights_are_those_of_single_steps(members, weighted):
    rng = np.random.default_rng(1)
    weight = None
    if weighted:
        weight = rng.random((ROWS, members) if members else ROWS).astype("float32")
    plan, data = plan_of(), rows(weight)
    one, other = model_of(plan, members), model_of(plan, members)
    batches = data.batches(plan.batch_size, seed=5)
    InMemory(one).train(batches, plan, pace_of(plan, batches), dict, 1)
    pace = pace_of(plan, batches)
    pace.set_model(other)
    other.fit(batches, epochs=EPOCHS, shuffle=False, verbose=0, callbacks=[pace, batches.follow()])
    for mine, theirs in zip(one.get_weights(), other.get_weights()):
        np.testing.assert_allclose(mine, theirs, rtol=2e-4, atol=2e-5)


def test_answers_are_those_of_predict():
    plan, data = plan_of(), rows()
    model = model_of(plan)
    np.testing.assert_allclose(InMemory(model).answers(data)["y"], model.predict(data.x, verbose=0)["y"], rtol=1e-5)


def test_it_validates_reports_and_stops():
    plan, data = plan_of(epochs=10), rows()
    batches, told = data.batches(plan.batch_size, seed=0), []

    def report(epoch, metrics):
        told.append((epoch, "val_loss" in metrics))
        return "stop" if epoch == 5 else "go"

    pace = pace_of(plan, batches, report)
    InMemory(model_of(plan)).train(batches, plan, pace, lambda: {"val_loss": 1.0}, 2)
    assert told == [(1, False), (2, True), (3, False), (4, True), (5, False)]
    assert pace.best_epoch == 3 and pace.done == 5 * len(batches)


def test_a_loss_that_is_no_number_ends_it():
    plan, data = plan_of(), rows()
    data.y["y"][3] = np.nan
    batches = data.batches(plan.batch_size, seed=0)
    with pytest.raises(Diverged, match="epoch 1"):
        InMemory(model_of(plan)).train(batches, plan, pace_of(plan, batches), dict, 1)


def test_where_it_cannot_be_used():
    data = rows()
    batches = data.batches(8, seed=0)
    assert usable(data, batches, [])
    assert not usable(data, batches, [keras.callbacks.Callback()])
    texts = Dataset({"x": np.array(["a"] * ROWS, dtype=object)}, data.y)
    assert not usable(texts, texts.batches(8, seed=0), [])


def test_waves_of_the_learning_rate():
    plan = plan_of(schedule="waves")
    rates = np.array([plan.rate(progress) for progress in np.linspace(0, 1, 4001)])
    assert rates.max() <= 0.02 and rates[0] < 1e-9 and rates[-1] < 1e-6
    peaks = (rates[1:-1] > rates[:-2]) & (rates[1:-1] > rates[2:])
    assert peaks.sum() == 4
