"""Words and figures of reports: what docstrings promise, at and around every border."""

import itertools
import random

import pytest

from kerasnas.contract import Measurement, Objective, Proposal, Trial
from kerasnas.report.variety import _differing, _entropy
from kerasnas.report.words import count, differing, duration, parted, short
from kerasnas.space import Architecture


@pytest.mark.parametrize(
    "seconds, words",
    [(0, "0.0 s"), (9.94, "9.9 s"), (9.96, "10 s"), (59.4, "59 s"), (59.6, "1 min"), (200, "3 min 20 s"),
     (3599.6, "1 h 00 min"), (3900, "1 h 05 min"), (90_000, "25 h 00 min")],
)  # fmt: skip
def test_durations(seconds, words):
    assert duration(seconds) == words


@pytest.mark.parametrize(
    "number, words",
    [(0, "0"), (812, "812"), (999, "999"), (1000, "1 k"), (263_400, "263 k"), (999_499, "999 k"), (999_500, "1.0 M"),
     (1_234_567, "1.2 M")],
)  # fmt: skip
def test_counts(number, words):
    assert count(number) == words


@pytest.mark.parametrize("seed", range(5))
def test_pairs_that_differ_are_counted(seed):
    given = random.Random(seed).choices("abcd", k=12)
    pairs = list(itertools.combinations(given, 2))
    counts = [given.count(answer) for answer in set(given)]
    assert _differing(counts) == pytest.approx(sum(a != b for a, b in pairs) / len(pairs))
    assert _entropy([3]) == 0 and _entropy([1, 1, 1, 1]) == pytest.approx(_entropy([5, 5, 5, 5]))


def test_answers_are_told_apart():
    one, other = Architecture({"a/units": 4, "training/rate": 0.1}), Architecture({"a/units": 8, "training/rate": 0.1})
    assert parted(one) == ({"a/units": 4}, {"rate": 0.1})
    assert differing([one, other]) == ["a/units"] and differing([one, one]) == []
    assert short(one) != short(other) and "0.1" in short(one) and "rate" not in short(one, among=["a/units"])


def test_the_better_trial_ranks_last_and_the_earlier_of_equals():
    objective = Objective("val_accuracy")
    trials = [
        Trial(Proposal(Architecture(), number), "completed", Measurement({"val_accuracy": score, "val_loss": loss}))
        for number, (score, loss) in enumerate([(0.5, 1.0), (0.7, 2.0), (0.7, 1.0), (0.7, 1.0), (0.7, float("nan"))])
    ]
    assert [trial.number for trial in sorted(trials, key=objective.rank, reverse=True)] == [2, 3, 1, 4, 0]
