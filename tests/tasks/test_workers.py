"""Workers, weighted and several objectives, and limits, with real training through the public doors."""

import os
import signal
from pathlib import Path

import keras
import numpy as np
import pytest

import kerasnas as kn
from kerasnas.errors import ArgumentError


class Crashing(keras.callbacks.Callback):
    """Ends the process of the trial, once: a file says that it has been."""

    def __init__(self, path):
        super().__init__()
        self.path = str(path)

    def on_train_batch_end(self, batch, logs=None):
        try:
            Path(self.path).touch(exist_ok=False)  # Of two workers that come here at once, one makes it.
        except FileExistsError:
            return
        os.kill(os.getpid(), signal.SIGKILL)


def test_two_workers_one_of_which_dies(classifier, few, quick, tmp_path):
    """Four trials in two processes; the first to train is killed, and its trial is made all the same."""
    arguments = {"max_trials": 4, "strategy": "random", "filters": [4, 6, 8, 12, 16]}
    model = classifier(directory=tmp_path, workers=2, **arguments)
    model.fit(*few, **quick, callbacks=[Crashing(tmp_path / "crashed")])
    assert sorted(trial.number for trial in model.trials_) == [0, 1, 2, 3]
    assert all(trial.completed for trial in model.trials_)
    retried = [trial.measurement.extra.get("retried") for trial in model.trials_]
    assert sum(reason is not None and "SIGKILL" in reason for reason in retried) == 1
    assert {file.stem for file in (model.folder_ / "trials").glob("*.keras")} == {f"{n:04d}" for n in range(4)}
    assert model.predict_proba(few[0]).shape == (45, 3)
    exported = keras.models.load_model(model.folder_ / "final.keras")
    np.testing.assert_allclose(np.asarray(exported(few[0])), model.predict_proba(few[0]), atol=1e-5)


def test_nonsense_about_workers_is_found_at_once(classifier, few):
    with pytest.raises(ArgumentError, match="Expected `workers`"):
        classifier(workers=0).fit(*few, verbose=0)
    with pytest.raises(ArgumentError, match="Did you mean 'ray'"):
        kn.search(kn.spaces.mlp(num_classes=3), few, executor="rai")


@pytest.fixture(scope="module")
def small():
    space = kn.Space(kn.Sequential(kn.operations.Flatten(), kn.operations.Dense(kn.Choice(4, 64, 512)), softmax()))
    return space


def softmax():
    return kn.operations.Dense(3, activation="softmax")


def test_several_objectives_with_training(small, few, tmp_path):
    options = {"strategy": "random", "evaluator": kn.evaluators.Training(epochs=2), "max_trials": 3, "seed": 0}
    found = kn.search(small, few, objective=["val_accuracy", "params"], directory=tmp_path, **options)
    params = {t.proposal.architecture["1/units"]: t.measurement.metrics["params"] for t in found.trials}
    assert params == {units: 64 * units + units + 3 * units + 3 for units in (4, 64, 512)}
    smallest = min(found.trials, key=lambda trial: trial.measurement.metrics["params"])
    assert smallest in found.front and found.best in found.front
    assert found.leaderboard()["front"].sum() == len(found.front)
    built = kn.build(small, found.architecture, (8, 8))
    assert found.model.count_params() >= built.count_params(), "one network, not the mean of several"
    assert found.model.count_params() < 1.2 * built.count_params() + 200


@pytest.mark.slow
def test_a_weighted_sum_with_training(small, few, tmp_path):
    objective = kn.Objective("val_accuracy") - kn.Objective("params") / 1e4
    options = {"strategy": "random", "evaluator": kn.evaluators.Training(epochs=2), "max_trials": 3, "seed": 0}
    found = kn.search(small, few, objective=objective, directory=tmp_path, **options)
    assert found.architecture["1/units"] == 4, "each further unit costs .0068"
    assert objective.name in found.leaderboard()


def test_a_limit_of_flops_costs_no_training(small, few, tmp_path):
    options = {"strategy": "random", "evaluator": kn.evaluators.Training(epochs=1), "max_trials": 9, "seed": 0}
    found = kn.search(small, few, directory=tmp_path, max_flops=20_000, **options)
    assert {t.proposal.architecture["1/units"] for t in found.trials} == {4, 64} and found.reason == "space exhausted"
    with pytest.raises(ArgumentError, match="some model of the space keeps to. Received: max_flops=9"):
        kn.search(small, few, directory=tmp_path, max_flops=9, **options)


def test_an_objective_that_nothing_measures_is_found_at_once(classifier, few):
    with pytest.raises(ArgumentError, match="Expected `objective` to be something that is measured"):
        classifier(objective=["val_accuracy", kn.Objective("val_speed", "max")]).fit(*few, verbose=0)
