"""The final mixture is chosen by rows that it was not fitted to."""

import numpy as np
import pytest

from kerasnas.loop.selection import DISTINCT, greedy, select, single, uniform

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
    """Candidates that differ by noise alone on a handful of rows: the greedy choice must not beat the guard often."""
    wins = []
    for seed in range(20):
        own = np.random.default_rng(seed)
        truth, first = own.normal(size=12), own.normal(size=12)
        answers = [{"y": first[:, None]}, *({"y": (first + 1.5 * own.normal(size=12))[:, None]} for _ in range(7))]
        wins.append(select(squared(truth), answers, seed).how)
    assert wins.count("single") >= 10


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
