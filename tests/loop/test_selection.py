"""The final mixture is chosen by rows that it was not fitted to."""

import math

import numpy as np
import pytest

from kerasnas.contract import Measurement, Proposal, Trial
from kerasnas.loop.selection import DISTINCT, greedy, mixed, select, single, uniform
from kerasnas.space import Architecture

rng = np.random.default_rng(0)
TRUTH = rng.normal(size=400)


def squared(truth):
    return lambda answers, rows: (answers["y"][:, 0] - truth[rows]) ** 2


def candidates(*errors):
    return [{"y": (TRUTH + error)[:, None]} for error in errors]


def noise(scale=1.0):
    return scale * rng.normal(size=len(TRUTH))


def test_opposite_errors_cancel():
    error = noise()
    mixture = select(squared(TRUTH), candidates(error, -error, noise(3)), seed=0)
    assert set(mixture.weights) == {0, 1}
    assert mixture.of(candidates(error, -error, noise(3)))["y"][:, 0] == pytest.approx(TRUTH)


def test_a_bad_candidate_is_left_out():
    mixture = select(squared(TRUTH), candidates(noise(0.1), noise(5), noise(5)), seed=0)
    assert mixture.weights.get(0, 0) > 0.9


def test_independent_errors_of_one_size_are_averaged():
    answers = candidates(*(noise() for _ in range(4)))
    mixture = select(squared(TRUTH), answers, seed=0)
    rows = np.arange(len(TRUTH))
    assert len(mixture.weights) == 4
    assert sum(mixture.weights.values()) == pytest.approx(1)
    assert squared(TRUTH)(mixture.of(answers), rows).mean() < 0.6 * squared(TRUTH)(answers[0], rows).mean()


def test_the_luck_of_few_rows_is_no_reason():
    """Candidates that differ by noise alone on a handful of rows: what chooses must not beat the plain mean often."""
    ways = []
    for seed in range(20):
        own = np.random.default_rng(seed)
        truth, first = own.normal(size=12), own.normal(size=12)
        answers = [{"y": first[:, None]}, *({"y": (first + 1.5 * own.normal(size=12))[:, None]} for _ in range(7))]
        ways.append(select(squared(truth), answers, seed).how)
    assert ways.count("greedy") <= 5


def test_of_equal_candidates_a_few_are_averaged_although_one_looks_best():
    """Twenty models of the same worth: the first is first by luck, and a plain mean is better on other rows."""
    gains = []
    for seed in range(10):
        own = np.random.default_rng(seed)
        truth, errors = own.normal(size=200), own.normal(size=(20, 200))
        seen, other = slice(0, 100), np.arange(100, 200)
        order = np.argsort((errors[:, seen] ** 2).mean(axis=1))
        answers = [{"y": (truth + errors[place])[:, None]} for place in order]
        mixture = select(squared(truth[seen]), [{"y": each["y"][seen]} for each in answers], seed)
        assert len(mixture.weights) == DISTINCT
        losses = squared(truth)
        mixed, first = {"y": mixture.of(answers)["y"][other]}, {"y": answers[0]["y"][other]}
        gains.append((losses(first, other) - losses(mixed, other)).mean())
    assert min(gains) > 0


def trial(number, accuracy, **metrics):
    return Trial(Proposal(Architecture({}), number), "completed", Measurement({"val_accuracy": accuracy, **metrics}))


def test_candidates_are_the_best_by_objective_and_by_loss_in_turn():
    ranked = [trial(3, 0.9, val_loss=0.5), trial(1, 0.8, val_loss=math.nan), trial(0, 0.7, val_loss=0.1), trial(2, 0.6)]
    assert [each.number for each in mixed(ranked)] == [3, 0, 1, 2]
    assert [each.number for each in mixed([trial(5, 0.9), trial(4, 0.8)])] == [5, 4]


def test_the_greedy_choice_is_caruanas():
    """Golden: a naive loop over candidates, with replacement."""
    answers = candidates(noise(1.0), noise(1.3), noise(2.0))
    stacked = np.stack([each["y"][:, 0] for each in answers])
    picks, best = [], (np.inf, None)
    for _ in range(10):
        scores = [np.mean((stacked[[*picks, i]].mean(axis=0) - TRUTH) ** 2) for i in range(3)]
        picks.append(int(np.argmin(scores)))
        if min(scores) < best[0]:
            best = min(scores), list(picks)
    found = greedy(squared(TRUTH), answers, np.arange(len(TRUTH)))
    assert found.weights == pytest.approx({i: best[1].count(i) / len(best[1]) for i in set(best[1])})


def test_a_mixture_has_few_different_members():
    answers = candidates(*(noise() for _ in range(8)))
    assert len(greedy(squared(TRUTH), answers, np.arange(len(TRUTH))).weights) <= DISTINCT
    assert len(uniform(squared(TRUTH), answers, np.arange(len(TRUTH))).weights) <= DISTINCT


def test_one_candidate_or_one_row_is_no_choice():
    assert select(squared(TRUTH), candidates(noise()), 0).how == "single"
    assert select(squared(TRUTH[:1]), [{"y": np.ones((1, 1))}] * 2, 0) == single(None, None, None)


def test_the_same_seed_chooses_alike():
    answers = candidates(*(noise() for _ in range(3)))
    assert select(squared(TRUTH), answers, 3) == select(squared(TRUTH), answers, 3)


def test_no_more_candidates_are_mixed_than_fit():
    error = noise()
    answers = candidates(error, -error, noise(), noise())
    rows = np.arange(len(TRUTH))
    for most in (1, 2):

        def fits(places, most=most):
            return len(set(places)) <= most

        assert len(uniform(squared(TRUTH), answers, rows, fits).weights) == most
        assert len(greedy(squared(TRUTH), answers, rows, fits).weights) == most
        assert len(select(squared(TRUTH), answers, 0, fits=fits).weights) == most
