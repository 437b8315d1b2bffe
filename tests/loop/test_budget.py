"""What a search may spend."""

import math

import numpy as np
import pytest

from kerasnas.errors import ArgumentError
from kerasnas.loop import Budget

LIMITS = ("max_trials", "time_limit", "max_model_size", "max_epochs", "max_params", "max_flops", "max_latency")


@pytest.mark.parametrize("name", LIMITS)
@pytest.mark.parametrize("value", [0, -1, -0.5, math.nan, "ten", True, [3], -math.inf, math.inf])
def test_limits_are_positive_numbers(name, value):
    with pytest.raises(ArgumentError, match=f"Expected `{name}` to be a positive number or None. Received: "):
        Budget(**{name: value})


@pytest.mark.parametrize("name", ["max_trials", "max_epochs"])
def test_what_is_counted_is_whole(name):
    with pytest.raises(ArgumentError, match=f"Expected `{name}` to be a whole number or None. Received: 2.5"):
        Budget(**{name: 2.5})
    assert getattr(Budget(**{name: 3.0}), name) == 3


@pytest.mark.parametrize("name", [limit for limit in LIMITS if limit not in ("max_trials", "max_epochs")])
@pytest.mark.parametrize("value", [1, 2.5, np.int64(3), np.float32(0.5), None])
def test_numbers_of_all_kinds(name, value):
    assert getattr(Budget(**{name: value}), name) == value


def test_no_limit_is_never_exhausted():
    assert Budget().exhausted(10**9, 10**9, 1e9) is None
    assert Budget().grant(0, 5) is None and Budget().seconds_left(5) is None


def test_trials_and_epochs():
    budget = Budget(max_trials=3, max_epochs=10)
    assert budget.exhausted(2, 9, 0) is None
    assert budget.exhausted(3, 0, 0) == "max_trials"
    assert budget.exhausted(0, 10, 0) == "max_epochs"


def test_a_first_trial_is_always_made():
    budget = Budget(time_limit=10)
    assert budget.exhausted(0, 0, 100) is None
    assert budget.exhausted(1, 0, 100) == "time_limit"
    assert budget.grant(0, 100) == 0


@pytest.mark.parametrize("limit", [1, 10, 60, 600, 7200, 1e5])
def test_grants_leave_time_for_the_final_model(limit):
    """However a search goes, its grants never add up to more than the time limit, and end short of it."""
    budget, elapsed, number = Budget(time_limit=limit), 0.0, 0
    while budget.exhausted(number, 0, elapsed) is None:
        grant = budget.grant(number, elapsed)
        assert grant > 0 and elapsed + grant <= limit
        elapsed, number = elapsed + grant, number + 1
        assert number < 20
    assert 0.7 * limit <= elapsed < limit
    assert budget.exhausted(number, 0, elapsed) == "time_limit"


@pytest.mark.parametrize("limit", [60, 600])
def test_the_first_trial_gets_a_small_share(limit):
    budget = Budget(time_limit=limit)
    assert 0 < budget.grant(0, 0) <= limit / 3
    assert budget.grant(1, limit * 0.1) > budget.grant(0, 0)


def test_a_trial_too_short_to_use_is_not_begun():
    budget = Budget(time_limit=100)
    left = 10
    elapsed = budget.seconds_left(0) - left
    assert budget.exhausted(5, 0, elapsed, shortest=5) is None
    assert budget.exhausted(5, 0, elapsed, shortest=50) == "time_limit"
