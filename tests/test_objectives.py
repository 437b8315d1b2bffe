"""What is improved: directions, sums, and what is left of a sum when the price of the network is taken away."""

import math

import pytest

from kerasnas.contract import Context, Measurement, Proposal, Trial
from kerasnas.errors import ArgumentError
from kerasnas.objectives import Objective
from kerasnas.space import Architecture

ACCURACY, PARAMS = Objective("val_accuracy"), Objective("params")
LIGHT = ACCURACY - 0.001 * PARAMS / 1e6


def test_a_weighted_sum():
    assert LIGHT.name == "val_accuracy - 1e-09*params" and LIGHT.direction == "max"
    assert LIGHT.metrics == ("val_accuracy", "params")
    assert LIGHT.value({"val_accuracy": 0.9, "params": 2_000_000}) == pytest.approx(0.898)
    assert LIGHT.score({"val_accuracy": 0.9, "params": 2_000_000}) == pytest.approx(0.898)
    assert LIGHT.terms == (("val_accuracy", 1.0), ("params", pytest.approx(-1e-9)))


def test_a_sum_of_losses_is_the_less_the_better():
    both = Objective("val_loss") + Objective("flops") / 1e9 + Objective("val_loss")
    assert both.direction == "min" and both.name == "2*val_loss + 1e-09*flops"
    assert both.score({"val_loss": 1.0, "flops": 1e9}) == -3.0
    assert (-both).direction == "max" and (-both).score({"val_loss": 1.0, "flops": 1e9}) == -3.0


@pytest.mark.parametrize("metrics", [{}, {"val_accuracy": 0.5}, {"val_accuracy": "high", "params": 3}])
def test_what_is_missing_has_no_value(metrics):
    assert math.isnan(LIGHT.value(metrics)) and math.isnan(LIGHT.score(metrics))


def test_a_metric_by_itself_stays_one():
    assert 1 * ACCURACY == ACCURACY and ACCURACY.terms == () and ACCURACY.metrics == ("val_accuracy",)
    assert (2 * ACCURACY).name == "2*val_accuracy" and (2 * ACCURACY) / 2 == ACCURACY


def test_a_wrong_sign_is_found():
    with pytest.raises(ArgumentError, match="'val_accuracy', of which more is better, and 'params', of which less is"):
        ACCURACY + PARAMS
    with pytest.raises(ArgumentError, match="a sign is wrong"):
        Objective("val_loss") - PARAMS


@pytest.mark.parametrize("weight", [0, math.nan, math.inf, "much", None])
def test_weights_are_numbers(weight):
    with pytest.raises(ArgumentError, match="weighted with numbers other than 0"):
        PARAMS * weight


def test_only_objectives_are_added():
    with pytest.raises(ArgumentError, match="Expected objectives to be added to objectives. Received: 1"):
        ACCURACY + 1


def test_what_training_can_better():
    assert LIGHT.learnt == ACCURACY and ACCURACY.learnt is ACCURACY and PARAMS.learnt is PARAMS
    both = ACCURACY - 0.1 * Objective("val_loss") - PARAMS / 1e9
    assert both.learnt.metrics == ("val_accuracy", "val_loss") and both.learnt.direction == "max"
    assert both.learnt.score({"val_accuracy": 0.9, "val_loss": 1.0}) == pytest.approx(0.8)


def test_directions_of_prices():
    assert all(Objective(name).direction == "min" for name in ("params", "flops", "latency", "seconds"))


def test_a_journal_gives_it_back():
    assert ACCURACY.describe() == ["val_accuracy", "max"]
    assert Objective(*LIGHT.describe()) == LIGHT and hash(Objective(*LIGHT.describe())) == hash(LIGHT)


def test_several():
    assert Objective.several("val_accuracy") == (ACCURACY,) == Objective.several(ACCURACY)
    assert Objective.several(["val_accuracy", "params"]) == (ACCURACY, PARAMS)
    for wrong in ([], ["params", "params"], ("params", PARAMS)):
        with pytest.raises(ArgumentError, match="one or several different objectives"):
            Objective.several(wrong)
    assert Context(None, objective=ACCURACY).objectives == (ACCURACY,)


def test_ranks_by_the_sum():
    trials = [
        Trial(Proposal(Architecture(), i), "completed", Measurement({"val_accuracy": accuracy, "params": params}))
        for i, (accuracy, params) in enumerate([(0.90, 1e6), (0.91, 50e6), (0.90, 1e6)])
    ]
    assert max(trials, key=LIGHT.rank).number == 0 and max(trials, key=ACCURACY.rank).number == 1
    assert LIGHT.better(trials[0], trials[2])


def test_of_the_scores_of_scikit_learn_none_is_taken_for_a_loss():
    from sklearn.metrics import get_scorer_names

    told = {}
    for name in get_scorer_names():
        try:
            told[name] = Objective(f"val_{name}").direction
        except ArgumentError:  # the name does not tell: then the user does
            continue
    assert set(told.values()) == {"max"} and {"neg_log_loss", "neg_mean_squared_error", "roc_auc"} <= set(told)
    assert Objective("val_price_neg_mean_absolute_error").direction == "max", "of the head `price`"
    assert Objective("val_neg_loss").direction == "min", "the loss of a head that is called neg"
