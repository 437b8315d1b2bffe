"""Weighted, several and limited objectives through a whole search, without training."""

import numpy as np
import pandas as pd
import pytest

import kerasnas as kn
from kerasnas.contract import Measurement, Objective
from kerasnas.evaluators import Table
from kerasnas.loop import Budget, Journal, Run, folders
from kerasnas.loop.prices import Price, Within
from kerasnas.operations import Dense
from kerasnas.report import show
from kerasnas.report.record import record
from kerasnas.space import Choice, Sequential, Space
from kerasnas.strategies import RandomSearch

LIGHT = Objective("val_accuracy") - 1e-3 * Objective("params")
BOTH = ["val_accuracy", "params"]


def widths():
    return Space(Sequential(Dense(Choice(4, 8, 16, 32, 64)), Dense(10)))


class Wide(kn.Evaluator):
    """The wider the better, with less and less to gain; the price is known to the evaluator."""

    def setup(self, context):
        super().setup(context)
        self.told = context.objective

    def evaluate(self, proposal, report):
        units = proposal.architecture["0/units"]
        return Measurement({"val_accuracy": 1 - 1 / units, "params": 10 * units})


def searched(folder, **arguments):
    evaluator = Wide()
    options = {"strategy": "random", "evaluator": evaluator, "seed": 0, "max_trials": 5, "directory": folder}
    return kn.search(widths(), **{**options, **arguments}), evaluator


def test_a_weighted_sum_decides(tmp_path):
    found, evaluator = searched(tmp_path, objective=LIGHT)
    assert found.architecture["0/units"] == 8  # 1 - 1/8 - .08, above 1 - 1/16 - .16 and 1 - 1/4 - .04
    assert found.best.measurement.metrics[LIGHT.name] == pytest.approx(0.795)
    assert evaluator.told == Objective("val_accuracy")
    board = found.leaderboard()
    assert board[LIGHT.name].iloc[0] == pytest.approx(0.795) and "front" not in board
    assert record(found.folder).objective == LIGHT
    again, _ = searched(tmp_path, objective=LIGHT)
    assert again.folder == found.folder and again.trials == found.trials


def test_several_at_once_give_a_front(tmp_path, capsys):
    found, _ = searched(tmp_path, objective=[*BOTH, Objective("val_flips", "min")], evaluator=Flipping())
    assert [trial.proposal.architecture["0/units"] for trial in found.front] == [64, 32, 8, 4]
    assert found.architecture["0/units"] == 64  # the first objective's
    board = found.leaderboard()
    assert list(board["front"]) == [True] * 4 + [False] and board["trial"].iloc[-1] != found.front[-1].number
    assert {"val_accuracy", "params", "val_flips"} <= set(board.columns) and board.columns.is_unique
    assert record(found.folder).front == found.front
    show(found.folder)
    told = capsys.readouterr().out
    assert "front" in told and told.count("yes") == 4


class Flipping(Wide):
    """A width of 16 is dominated by one of 8."""

    def evaluate(self, proposal, report):
        units = proposal.architecture["0/units"]
        accuracy = {16: 0.7}.get(units, 1 - 1 / units)
        return Measurement({"val_accuracy": accuracy, "params": 10 * units, "val_flips": 1})


def test_an_objective_that_is_not_measured_fails_the_trial(tmp_path):
    with pytest.raises(kn.errors.SearchError, match="no 'flops' among: params, val_accuracy"):
        searched(tmp_path, objective=["val_accuracy", "flops"])
    with pytest.raises(kn.errors.SearchError, match="no 'latency' among"):
        searched(tmp_path, objective=Objective("val_accuracy") - Objective("latency"))


def test_runs_of_other_objectives_are_other_runs():
    parts = widths(), {}, RandomSearch(), Wide(), 0
    space, heads, strategy, evaluator, seed = parts
    marks = [
        str(folders.identity({}, space, heads, Objective.several(o), strategy, evaluator, seed))
        for o in ("val_accuracy", LIGHT, BOTH, BOTH[::-1])
    ]
    assert len(set(marks)) == 4


# -------------------------------------------------------------------- prices
def test_a_price_is_the_cost():
    price, space = Price(widths(), {"input": (5,)}), widths()
    assert price(space.default()) == {"params": 5 * 4 + 4 + 4 * 10 + 10, "flops": 2 * (5 * 4 + 4 * 10)}
    assert Price(space, {})(space.default()) == {}


def test_limits_are_constraints_of_the_space():
    price, space = Price(widths(), {"input": (5,)}), widths()
    narrow = space.where(Within(price.told, Budget(max_params=300, max_flops=420).limits()))
    assert {a["0/units"] for a in narrow.enumerate()} == {4, 8}
    wider = space.where(Within(price.told, Budget(max_flops=481).limits()))
    assert {a["0/units"] for a in wider.enumerate()} == {4, 8, 16}
    assert Budget(max_params=5, max_model_size=3).limits() == {"params": 3} and Budget().limits() == {}


def test_what_costs_too_much_costs_no_training(tmp_path):
    price, space, tried = Price(widths(), {"input": (5,)}), widths(), []

    class Counting(Wide):
        def evaluate(self, proposal, report):
            tried.append(price(proposal.architecture)["params"])
            return super().evaluate(proposal, report)

    limited = space.where(Within(price.told, {"params": 300}))
    with Journal(tmp_path) as journal:
        journal.header({})
        context = kn.Context(limited, objective=Objective("val_accuracy"))
        Run(context, RandomSearch(), Counting(), journal, Budget(max_trials=9), price=price).search()
    assert sorted(tried) == [74, 138, 266]


def known(column="params"):
    """A table of what each width costs."""
    frame = pd.DataFrame({"units": [4, 8, 16, 32], "score": [0.1, 0.2, 0.3, 0.4], "cost": [1.0, 2.0, 3.0, 4.0]})
    return Table(frame, widths(), {"0/units": "units"}, {"val_accuracy": "score", column: "cost"})


@pytest.mark.parametrize("name", ["params", "flops", "latency"])
def test_what_an_evaluator_knows_to_exceed_a_limit_is_not_proposed(tmp_path, name):
    found, _ = searched(tmp_path, evaluator=known(name), **{f"max_{name}": 2.5})
    assert sorted(trial.proposal.architecture["0/units"] for trial in found.trials) == [4, 8]
    with pytest.raises(kn.errors.ArgumentError, match=f"that some model .* max_{name}=0.5; every model tried exceeds"):
        searched(tmp_path / "none", evaluator=known(name), **{f"max_{name}": 0.5})


def test_limits_that_nobody_can_tell_are_refused(tmp_path):
    for limits, names in ({"max_params": 9}, "params"), ({"max_flops": 9, "max_latency": 9}, "flops and latency"):
        with pytest.raises(kn.errors.ArgumentError, match=f"tells the {names} of a .*: Wide without data"):
            searched(tmp_path, **limits)


def test_what_answers_too_slowly_costs_no_training(tmp_path, monkeypatch):
    tried = []

    class Counting(Wide):
        save = False

        def evaluate(self, proposal, report):
            tried.append(proposal.architecture["0/units"])
            return super().evaluate(proposal, report)

    monkeypatch.setattr(Price, "measured", lambda self, architecture: architecture["0/units"] / 10)
    data = np.zeros((20, 5), "float32"), np.arange(20) % 10
    found, _ = searched(tmp_path, evaluator=Counting(), data=data, max_latency=1.6)
    assert sorted(tried) == [4, 8, 16] and len(found.trials) == 5
    told = {trial.error for trial in found.trials if trial.status == "failed"}
    assert told == {f"a latency of {taken} ms, over max_latency=1.6" for taken in (3.2, 6.4)}


def test_prices_join_the_metrics_that_were_measured(tmp_path):
    class Bare(Wide):
        def evaluate(self, proposal, report):
            return Measurement({"val_accuracy": 0.5, "flops": 7})

    with Journal(tmp_path) as journal:
        journal.header({})
        context = kn.Context(widths(), objective=Objective("val_accuracy"))
        price = Price(widths(), {"input": (5,)})
        found = Run(context, RandomSearch(), Bare(), journal, Budget(max_trials=1), price=price).search()
    metrics = found.best.measurement.metrics
    assert metrics == {"val_accuracy": 0.5, "params": price(found.best.proposal.architecture)["params"], "flops": 7}
