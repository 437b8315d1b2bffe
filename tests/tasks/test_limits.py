"""Limits of a model's size hold for the model that is handed over."""

import json
from itertools import count
from types import SimpleNamespace

import numpy as np
import pytest

import kerasnas as kn
from kerasnas.contract import Context, Measurement, Objective, Proposal, Trial
from kerasnas.loop import Budget, Keeper, Run
from kerasnas.operations import Dense

LIMIT = 60


@pytest.fixture(scope="module")
def rows():
    x = np.random.default_rng(0).normal(size=(40, 3)).astype("float32")
    return x, x[:, 0] + x[:, 1] ** 2


def drawn(folder, **arguments):
    inputs = kn.Input()
    block = kn.DenseBlock(num_layers=1, num_units=[1, 2, 4, 8, 16], use_batchnorm=False, dropout=0.0)
    outputs = kn.RegressionHead(dropout=0.0)(block(inputs))
    return kn.AutoModel(inputs, outputs, directory=folder, project_name="run", seed=0, epochs=1, **arguments)


def test_a_mean_of_folds_keeps_to_the_size(rows, tmp_path):
    model = drawn(tmp_path, max_model_size=LIMIT, max_trials=2).fit(*rows, validation="cv3", verbose=0)
    sizes = [trial.measurement.metrics["params"] for trial in model.trials_]
    assert max(sizes) <= LIMIT and model.best_architecture_["dense_block/layers/0/dense/units"] < 4
    exported = model.export_model().count_params()
    assert exported in sizes or exported == sum(sizes) <= LIMIT
    for trial in model.trials_:
        assert model.export_model(trial.number).count_params() == trial.measurement.metrics["params"]


def test_a_mean_of_trials_keeps_to_the_size(rows, tmp_path):
    model = drawn(tmp_path, max_trials=2).fit(*rows, verbose=0)
    least = min(trial.measurement.metrics["params"] for trial in model.trials_)
    model = drawn(tmp_path, max_model_size=least, max_trials=2).fit(*rows, verbose=0)
    assert len(model.trials_) == 2 and model.export_model().count_params() == least  # chosen anew, under the limit
    wide = drawn(tmp_path, max_trials=2).fit(*rows, verbose=0)  # and anew again, without it
    fresh = drawn(tmp_path / "fresh", max_trials=2).fit(*rows, verbose=0)
    assert wide.export_model().count_params() == fresh.export_model().count_params()


def test_what_is_trained_again_is_the_model_that_was_chosen(rows, tmp_path):
    model = drawn(tmp_path, max_trials=2).fit(*rows, refit=True, verbose=0)
    least = min(trial.measurement.metrics["params"] for trial in model.trials_)
    small = drawn(tmp_path, max_trials=2, max_model_size=least).fit(*rows, refit=True, verbose=0)
    facts = [json.loads(line) for line in (small.folder_ / "journal.jsonl").read_text().splitlines()]
    assert [fact["name"] for fact in facts if fact["event"] == "fact"][-2:] == ["final", "refit"]
    assert small.export_model().count_params() == least


def test_models_over_a_limit_that_came_later_go_first(tmp_path):
    trials = [trial(number, score, params) for number, (score, params) in enumerate([(0.9, 50), (0.8, 50), (0.5, 5)])]
    (tmp_path / "trials").mkdir()
    for number in range(3):
        (tmp_path / "trials" / f"{number:04d}.keras").touch()
    context = Context(None, objective=Objective("val_accuracy"), folder=tmp_path)
    journal = SimpleNamespace(facts=lambda name: [])
    strategy = SimpleNamespace(needs=lambda: ())
    run = Run(context, strategy, None, journal, Budget(max_params=10))
    run.trials = trials
    Keeper(context, keep=1).ended(trials[-1], run)
    assert [file.name for file in (tmp_path / "trials").iterdir()] == ["0002.keras"]


def trial(number, score, params):
    return Trial(Proposal(None, number), "completed", Measurement({"val_accuracy": score, "params": params}))


def test_latency_is_measured_once_and_holds_for_the_model(rows, monkeypatch, tmp_path):
    """The figure by which a network is let in is the one that its trial bears, so that a mean can be told too slow."""
    asked, slower = [], count(1)
    monkeypatch.setattr("kerasnas.lowering.latency", lambda *args, **more: asked.append(args[1]) or float(next(slower)))
    space = kn.Space(kn.Sequential(Dense(kn.Choice(1, 2, 3)), Dense(1)))
    evaluator = kn.evaluators.Training(epochs=1)
    found = kn.search(
        space, rows, "random", evaluator, "val_loss", max_trials=3, max_latency=2.5, seed=0, directory=tmp_path
    )
    assert len(asked) == 3 and [trial.status for trial in found.trials] == ["completed", "completed", "failed"]
    assert [t.measurement.metrics["latency"] for t in found.trials[:2]] == [1.0, 2.0]


def test_one_network_where_one_is_asked_for(rows, tmp_path):
    """Of a run that is done a mean may be made, or not, trained again on all rows or not."""
    made = [
        drawn(tmp_path, max_trials=3).fit(*rows, verbose=0, refit=refit, ensemble=ensemble).export_model()
        for refit in (False, True)
        for ensemble in (True, False, True)
    ]
    sizes = [model.count_params() for model in made]
    alone = [trial.measurement.metrics["params"] for trial in drawn(tmp_path, max_trials=3).fit(*rows).trials_]
    assert sizes[1] in alone and sizes[4] == sizes[1]
    assert sizes[0] == sizes[2] == sizes[3] == sizes[5] > max(alone)
