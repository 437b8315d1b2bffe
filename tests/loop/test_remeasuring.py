"""The best few measured again: what is chosen with noise, without it, and when something goes wrong."""

import math

import numpy as np
import pytest

import kerasnas as kn
from kerasnas.contract import Evaluator, Measurement, Objective
from kerasnas.errors import ArgumentError
from kerasnas.loop import Journal
from kerasnas.loop.remeasuring import APART, TIMES, settled
from kerasnas.operations import Dense
from kerasnas.space import Choice, Sequential, Space

SPACE = Space(Sequential(*(Dense(Choice(*range(5))) for _ in range(2))))


def truth(architecture):
    return sum(architecture.values()) / 10


class Noisy(Evaluator):
    """A truth and luck that follows from the number of a proposal."""

    calls = []

    def __init__(self, noise=0.1, seed=0, sign=1, failing=()):
        self.noise, self.seed, self.sign, self.failing = noise, seed, sign, failing

    def evaluate(self, proposal, report):
        Noisy.calls.append(proposal.number)
        if proposal.number in self.failing:
            raise ValueError("broke down")
        luck = np.random.default_rng([self.seed, proposal.number]).normal()
        return Measurement({"score": self.sign * (truth(proposal.architecture) + self.noise * luck)}, seconds=0.01)


def found(folder, evaluator, direction="max", trials=15, **options):
    Noisy.calls = []
    return kn.search(
        SPACE, evaluator=evaluator, strategy="random", objective=Objective("score", direction), max_trials=trials,
        seed=evaluator.seed, directory=folder, project_name="run", **options,
    )  # fmt: skip


# ------------------------------------------------------------------ the rule
def test_another_is_chosen_only_if_better_by_more_than_the_error():
    error = math.sqrt(2 * 0.01 / 3)  # each three scores have a variance of 0.01
    for gain, chosen in ((0.5 * error, 7), (0.99 * error, 7), (1.01 * error, 8)):
        scores = {7: [0.4, 0.5, 0.6], 8: [0.4 + gain, 0.5 + gain, 0.6 + gain]}
        number, reason = settled(7, scores)
        assert number == chosen and ("Better by" in reason) == (chosen == 8)


def test_equal_scores_leave_the_best_measured():
    assert settled(3, {1: [0.5, 0.5], 3: [0.5, 0.5], 2: [0.5, 0.5]})[0] == 3
    assert settled(3, {3: [0.5, 0.5], 1: [0.6, 0.6]})[0] == 1, "without noise any gain is more than chance"


# ---------------------------------------------------------------- searches
def test_without_noise_the_best_measured_stays(tmp_path):
    one = found(tmp_path, Noisy(0.0), remeasure=4)
    assert one.chosen is one.best and sum(number >= APART for number in Noisy.calls) == 4 * TIMES


@pytest.mark.parametrize("direction, sign", [("max", 1), ("min", -1)])
def test_with_noise_what_is_chosen_is_better_and_hardly_ever_much_worse(direction, sign, tmp_path):
    gains = []
    for seed in range(40):
        one = found(tmp_path / str(seed), Noisy(0.25, seed, sign), direction, remeasure=5)
        gains.append(truth(one.chosen.proposal.architecture) - truth(one.best.proposal.architecture))
    error = np.std(gains, ddof=1) / math.sqrt(len(gains))
    assert np.mean(gains) > 2 * error and any(gain == 0 for gain in gains)


def test_a_resumed_search_measures_nothing_again_and_chooses_alike(tmp_path):
    first = found(tmp_path, Noisy(0.3), remeasure=4)
    before = (tmp_path / "run" / "journal.jsonl").read_text()
    again = found(tmp_path, Noisy(0.3), remeasure=4)
    assert Noisy.calls == [] and again.chosen.number == first.chosen.number
    assert (tmp_path / "run" / "journal.jsonl").read_text() == before
    more = found(tmp_path, Noisy(0.3), remeasure=5)
    assert len(Noisy.calls) == TIMES and len(more.trials) == 15, "only the fifth is new"


def test_the_leaderboard_has_the_new_means(tmp_path):
    one = found(tmp_path, Noisy(0.3), remeasure=4)
    board = one.leaderboard()
    assert board["expected"].notna().sum() == 4 and one.best.number in set(
        board.loc[board["expected"].notna(), "trial"]
    )


def test_what_fails_when_measured_again_is_not_chosen(tmp_path):
    one = found(tmp_path / "a", Noisy(0.3), remeasure=4)
    ranked = [number - APART for number in Noisy.calls if APART <= number < 2 * APART]
    broken = tuple(APART + number for number in ranked[1:])
    other = found(tmp_path / "b", Noisy(0.3, failing=broken), remeasure=4)
    assert other.chosen is other.best and other.best.number == one.best.number == ranked[0]
    best_broken = found(tmp_path / "c", Noisy(0.3, failing=(APART + ranked[0],)), remeasure=4)
    assert best_broken.chosen is best_broken.best, "there is nothing to compare with"


def test_it_must_be_a_number(tmp_path):
    with pytest.raises(ArgumentError, match="`remeasure` to be a whole number from 0 on or None. Received: -1"):
        found(tmp_path, Noisy(), remeasure=-1)
    assert found(tmp_path, Noisy(0.3)).chosen.number == found(tmp_path, Noisy(0.3), remeasure=1).chosen.number


def test_the_model_handed_over_is_that_of_what_was_chosen(tmp_path, monkeypatch):
    rng = np.random.default_rng(0)
    x = rng.normal(size=(150, 3)).astype("float32")
    space = Space(Sequential(Dense(Choice(4, 8, 16), activation="relu"), Dense(2)))
    options = {"max_trials": 3, "seed": 0, "directory": tmp_path, "project_name": "run"}
    evaluator = kn.evaluators.Training(epochs=1)
    plain = kn.search(space, (x, (x[:, 0] > 0).astype(int)), "random", evaluator, **options)
    other = next(trial.number for trial in plain.trials if trial is not plain.best)
    monkeypatch.setattr("kerasnas.loop.remeasuring.settled", lambda best, scores: (other, "because"))
    one = kn.search(space, (x, (x[:, 0] > 0).astype(int)), "random", evaluator, remeasure=3, **options)
    assert one.chosen.number == other and one.best.number == plain.best.number
    with Journal(one.folder) as journal:
        facts = journal.facts("final")
    assert [fact.get("settled") for fact in facts] == [None, other] and other in facts[1]["members"]
    kept = {int(path.stem) for path in (one.folder / "trials").iterdir()}
    assert kept == {0, 1, 2}, "new measurements keep no models"


def test_ctrl_c_leaves_the_best_measured_and_the_same_call_goes_on(tmp_path, monkeypatch):
    whole, evaluate = found(tmp_path / "whole", Noisy(0.3), remeasure=4), Noisy.evaluate

    def stopped(self, proposal, report):
        if sum(number >= APART for number in Noisy.calls) == 5:
            raise KeyboardInterrupt
        return evaluate(self, proposal, report)

    monkeypatch.setattr(Noisy, "evaluate", stopped)
    cut = found(tmp_path / "cut", Noisy(0.3), remeasure=4)
    assert cut.reason == "interrupted" and cut.chosen is cut.best
    monkeypatch.setattr(Noisy, "evaluate", evaluate)
    again = found(tmp_path / "cut", Noisy(0.3), remeasure=4)
    assert len(Noisy.calls) == 4 * TIMES - 5 and again.chosen.number == whole.chosen.number
