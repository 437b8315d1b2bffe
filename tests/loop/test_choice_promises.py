"""The final choice and the mixtures: laws over many seeds, without training."""

import random
import subprocess
import sys

import numpy as np
import pytest

from kerasnas.contract import Measurement, Objective, Proposal, Trial
from kerasnas.errors import ArgumentError
from kerasnas.loop import selection
from kerasnas.loop.choosing import FEWEST, choose, posterior
from kerasnas.loop.placement import place
from kerasnas.operations import Dense
from kerasnas.space import Choice, Sequential, Space

SPACE = Space(Sequential({f"d{i}": Dense(Choice(0, 1, 2, 3)) for i in range(5)}))
MORE, LESS = Objective("val_accuracy"), Objective("val_loss")


def measured(count, seed, noise=0.0, fidelity=None):
    """Trials of a smooth function of their answers, with noise."""
    rng, luck = random.Random(seed), np.random.default_rng(seed)
    for number in range(count):
        architecture = SPACE.sample(rng)
        value = sum(architecture.values()) / 15 + noise * float(luck.normal())
        metrics = {"val_accuracy": value, "val_loss": -value}
        yield Trial(Proposal(architecture, number, fidelity or {}), "completed", Measurement(metrics))


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("objective", [MORE, LESS], ids=lambda objective: objective.name)
def test_with_few_trials_the_best_measured_is_chosen(seed, objective):
    trials = list(measured(FEWEST - 1, seed, noise=0.3))
    made = choose(trials, SPACE, objective)
    assert made.trial == max(trials, key=objective.rank) and made.expected == {} and made.noise is None
    assert "Too few" in made.reason


@pytest.mark.parametrize("seed", range(3))
def test_without_noise_the_best_measured_is_chosen(seed):
    trials = list(measured(60, seed))
    made = choose(trials, SPACE, MORE)
    assert made.trial.measurement.metrics == max(trials, key=MORE.rank).measurement.metrics


@pytest.mark.parametrize("seed", range(3))
def test_more_of_one_is_less_of_the_other(seed):
    """A loss that is the negative of a score leads to the same choice, and to negative expectations."""
    trials = list(measured(60, seed, noise=0.04))
    more, less = choose(trials, SPACE, MORE), choose(trials, SPACE, LESS)
    assert more.trial == less.trial and more.noise == pytest.approx(less.noise)
    assert {number: -value for number, value in more.expected.items()} == pytest.approx(less.expected)


def test_equal_scores_are_no_reason_to_model():
    trials = [
        Trial(each.proposal, "completed", Measurement({"val_accuracy": 0.5})) for each in measured(2 * FEWEST, seed=0)
    ]
    assert choose(trials, SPACE, MORE).trial.number == 0


def test_trials_of_less_training_have_no_say():
    long, short = list(measured(30, 0, 0.05, {"epochs": 9})), list(measured(30, 1, 0.05, {"epochs": 1}))
    short = [
        Trial(Proposal(t.proposal.architecture, 100 + t.number, {"epochs": 1}), t.status, t.measurement) for t in short
    ]
    lead = Trial(long[0].proposal, "completed", Measurement({"val_accuracy": 9.0}))
    made = choose([lead, *long[1:], *short], SPACE, MORE)
    assert made.trial.number < 100 and all(number < 100 for number in made.expected)


@pytest.mark.parametrize("seed", range(3))
def test_the_posterior_stays_within_what_was_measured_and_shrinks_luck(seed):
    trials = list(measured(60, seed, noise=0.1))
    scores = np.array([trial.measurement.metrics["val_accuracy"] for trial in trials])
    means, noise = posterior(SPACE, [trial.proposal.architecture for trial in trials], scores)
    assert scores.min() <= means.min() and means.max() <= scores.max() and 0 < noise < 1
    truth = np.array([sum(trial.proposal.architecture.values()) / 15 for trial in trials])
    assert np.abs(means - truth).mean() < np.abs(scores - truth).mean()


# ------------------------------------------------------------------ mixtures
def losses(truth):
    return lambda answers, rows: (answers["y"][:, 0] - truth[rows]) ** 2


@pytest.mark.parametrize("seed", range(6))
def test_weights_are_parts_of_one_and_the_mean_is_theirs(seed):
    rng = np.random.default_rng(seed)
    truth = rng.normal(size=150)
    answers = [{"y": (truth + rng.normal(size=150))[:, None]} for _ in range(6)]
    found = selection.select(losses(truth), answers, seed)
    assert sum(found.weights.values()) == pytest.approx(1) and min(found.weights.values()) > 0
    expected = sum(weight * answers[place]["y"] for place, weight in found.weights.items())
    np.testing.assert_allclose(found.of(answers)["y"], expected)


@pytest.mark.parametrize("seed", range(6))
def test_the_greedy_mixture_is_never_worse_than_the_best_alone_where_it_is_chosen(seed):
    rng = np.random.default_rng(seed)
    truth, rows = rng.normal(size=80), np.arange(80)
    answers = [{"y": (truth + scale * rng.normal(size=80))[:, None]} for scale in (1, 1.2, 2, 4)]
    found = selection.greedy(losses(truth), answers, rows)
    alone = min(losses(truth)(each, rows).mean() for each in answers)
    assert losses(truth)(found.of(answers), rows).mean() <= alone + 1e-12


# ----------------------------------------------------------------- placement
@pytest.mark.parametrize(
    "arguments", [{"executor": "process"}, {"executor": 3}, {"workers": 0}, {"workers": 1.5}, {"workers": True},
                  {"trial_timeout": 0}, {"trial_timeout": "long"}, {"executor": "inline", "isolate": True}],
)  # fmt: skip
def test_places_that_are_none(arguments):
    with pytest.raises(ArgumentError, match="Expected .* Received: "):
        place(**arguments)


def test_the_command_line_lists_every_strategy():
    from kerasnas.strategies import STRATEGIES

    told = subprocess.run(
        [sys.executable, "-m", "kerasnas", "strategies"], capture_output=True, text=True, timeout=60, check=True
    )
    assert all(name in told.stdout for name in STRATEGIES)
