"""The final choice under noise: which of many measured architectures is truly best."""

from dataclasses import dataclass, field

import numpy as np

from kerasnas.contract import Trial
from kerasnas.strategies.surrogates import GaussianProcess, normal_scores

FEWEST = 20  # trials from which a model of them is worth asking
NEGLIGIBLE = 0.01  # part of the variance that is noise, below which scores are taken as they are
DOUBTFUL = 0.1  # part that a model leaves unexplained, above which it has no say
GUESSWORK = 0.5  # part that a model cannot foretell from the other scores, above which all of that is noise to it
WIDE = 64  # columns up to which each has a length scale of its own: else there is too little to fit them to
MOST = 300  # trials that are modelled, the best ones


@dataclass(frozen=True)
class Choice:
    """The chosen trial and what was expected of the others.

    Attributes:
        trial: The chosen one.
        expected: Dict from trials' numbers to the objective's expected value, as measured anew; empty where the raw
            scores are taken as they are.
        noise: The part of the scores' variance that the model takes for noise; None without a model.
        reason: One sentence that says why.
    """

    trial: Trial
    expected: dict = field(default_factory=dict)
    noise: float | None = None
    reason: str = ""


def choose(trials, space, objective):
    """The trial with the highest posterior mean, or the best measured one where a model adds nothing.

    The best of many noisy scores is partly luck. A Gaussian process with a fitted noise term, on one-hot decisions and
    the scores' ranks, says what a score would be without its luck. Where its noise is negligible the best measured
    stays, and where it explains the scores badly too: then what it takes for noise may be what it does not understand.

    Args:
        trials: Completed `Trial`s, at least one; of those, the ones trained as thoroughly as the best are compared.
        space: The `Space`.
        objective: The `Objective`.

    Returns:
        A `Choice`.
    """
    best = max(trials, key=objective.rank)
    alike = [trial for trial in trials if trial.proposal.fidelity == best.proposal.fidelity]
    ranked = sorted(alike, key=objective.rank, reverse=True)[:MOST]
    scores = np.array([objective.score(trial.measurement.metrics) for trial in ranked])
    if len(ranked) < FEWEST or np.ptp(scores) == 0:
        return Choice(best, reason=f"Too few different scores to model: {len(set(scores.tolist()))}.")
    means, noise = posterior(space, [trial.proposal.architecture for trial in ranked], scores)
    if not NEGLIGIBLE <= noise <= DOUBTFUL:
        why = "negligible" if noise < NEGLIGIBLE else "more than the model can be trusted with"
        return Choice(best, noise=noise, reason=f"The best measured: noise is {noise:.1%} of the variance, {why}.")
    sign = 1 if objective.direction == "max" else -1
    expected = {trial.number: float(sign * mean) for trial, mean in zip(ranked, means)}
    chosen = ranked[int(np.argmax(means))]
    return Choice(chosen, expected, noise, f"The highest expected score: noise is {noise:.1%} of the variance.")


def note(run, context, journal):
    """Write a run's choice into its journal, once for the same trials; with too few trials there is none to make."""
    if len(run.completed) < FEWEST:
        return
    told = len(run.completed)
    if any(fact["told"] == told for fact in journal.facts("choice")):
        return
    made = choose(run.completed, context.space, context.objective)
    expected = {str(number): value for number, value in made.expected.items()}
    about = {"trial": made.trial.number, "expected": expected, "noise": made.noise, "reason": made.reason}
    journal.fact("choice", {**about, "told": told})


def posterior(space, architectures, scores):
    """The scores without their luck, and the part of their variance that is noise.

    Args:
        space: The space the architectures are of.
        architectures: Architectures.
        scores: Their scores, more is better.
    """
    encode = space.one_hot()
    x = np.stack([encode(each) for each in architectures]).astype("float64")
    x = x[:, np.ptp(x, axis=0) > 0]
    scales = np.full(x.shape[1], 3.0) if x.shape[1] <= WIDE else 3.0
    normal = normal_scores(scores)
    # A rough kernel: a smooth one takes for noise how decisions play together.
    process = GaussianProcess(lengths=scales, shortest=0.6, nu=1.5).fit(x, normal)
    means, noise = process.predict(x)[0], float(process.kernel.k2.noise_level)
    # So rough a model may follow each score, and take none of it for noise: then it foretells none from the others.
    unforeseen = _unforeseen(process.model)
    noise = max(noise, unforeseen) if unforeseen > GUESSWORK else noise
    order = np.argsort(normal, kind="stable")
    return np.interp(means, normal[order], scores[order]), noise


def _unforeseen(process):
    """The part of the variance that is left when each score is foretold from the others."""
    from scipy.linalg import cho_solve

    inverse = np.diag(cho_solve((process.L_, True), np.eye(len(process.L_))))
    return float(np.mean((process.alpha_.ravel() / inverse) ** 2))
