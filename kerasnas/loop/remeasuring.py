"""The best few measured again with new seeds: which of them is best without the luck of one measurement."""

import copy
import dataclasses
import math
import statistics

from kerasnas.contract import Proposal
from kerasnas.loop.executors import attempt

TIMES = 3  # new measurements of each
APART = 1_000_000  # by which numbers of new measurements, from which their seeds follow, differ from those of trials


def remeasure(run, context, journal):
    """Measure the best few again, as many as the budget's `remeasure` says, and note which of them is chosen.

    What was measured again before is read from the journal. Under a time limit, new measurements end with it: what all
    candidates have is compared. No model is kept of them.

    Args:
        run: The finished `Run`.
        context: The search's `Context`.
        journal: Its open journal.

    Returns:
        The chosen `Trial`; None where nothing could be compared, and on Ctrl-C: the same call goes on from there.
    """
    few = candidates(run, context, journal)
    if len(few) < 2 or run.reason == "interrupted":
        return None
    try:
        scores = _scores(run, few, journal)
    except KeyboardInterrupt:
        run.reason = "interrupted"
        return None
    rounds = min(map(len, scores.values()))
    if rounds < 2:
        return None
    scores = {number: found[:rounds] for number, found in scores.items()}
    number, reason = settled(few[0].number, scores)
    sign = 1 if context.objective.direction == "max" else -1
    earlier = (journal.facts("choice") or [{}])[-1]
    expected = {str(each): sign * statistics.fmean(found) for each, found in scores.items()}
    made = {"trial": number, "expected": expected, "noise": earlier.get("noise"), "reason": reason}
    made |= {"told": len(run.completed), "rounds": rounds}
    if made != earlier:
        journal.fact("choice", made)
    return next(trial for trial in few if trial.number == number)


def candidates(run, context, journal):
    """The best measured trial, then the others by what is expected of them, or else by what was measured."""
    best = run.best
    if best is None:
        return []
    models = [fact for fact in journal.facts("choice") if "rounds" not in fact]
    expected = models[-1]["expected"] if models else {}
    sign = 1 if context.objective.direction == "max" else -1

    def promise(trial):
        return sign * expected[str(trial.number)], context.objective.rank(trial)

    alike = [trial for trial in run.completed if trial.proposal.fidelity == best.proposal.fidelity]
    modelled = expected and all(str(trial.number) in expected for trial in alike)
    ranked = sorted(alike, key=promise if modelled else context.objective.rank, reverse=True)
    return [best, *(trial for trial in ranked if trial is not best)][: run.budget.remeasure]


def _scores(run, few, journal):
    """New scores by the number of a trial, more is better; measured round by round, as far as time allows."""
    known = {(fact["trial"], fact["time"]): fact["score"] for fact in journal.facts("again")}
    evaluator = None
    for time in range(TIMES):
        for trial in few:
            if (trial.number, time) in known:
                continue
            left = run.budget.seconds_left(journal.elapsed())
            if left is not None and left < 1.2 * trial.measurement.seconds:
                return _whole(known, few)
            if evaluator is None:
                evaluator = copy.copy(run.evaluator)
                evaluator.setup(dataclasses.replace(run.measured(), folder=None))
            score = _again(run, evaluator, trial, time)
            known[trial.number, time] = score
            journal.fact("again", {"trial": trial.number, "time": time, "score": score})
    return _whole(known, few)


def _whole(known, few):
    """The scores of each trial, up to the first that failed."""
    found = {}
    for trial in few:
        scores = [known.get((trial.number, time)) for time in range(TIMES)]
        found[trial.number] = scores[: scores.index(None)] if None in scores else scores
    failed = {number for (number, _), score in known.items() if score is None} - {few[0].number}
    return {number: scores for number, scores in found.items() if number not in failed}


def _again(run, evaluator, trial, time):
    """The score of one new measurement; None if it failed."""
    number = APART * (time + 1) + trial.number
    proposal = Proposal(trial.proposal.architecture, number, trial.proposal.fidelity)
    ended = run.checked(attempt(evaluator, proposal, lambda step, metrics: None))
    if ended.status == "interrupted":
        raise KeyboardInterrupt
    return run.context.objective.score(ended.measurement.metrics) if ended.completed else None


def settled(best, scores):
    """The trial whose new scores are best, if they are better than the best measured one's by more than their error.

    The standard error of a difference is that of all candidates' scores around their means: so without noise, and
    where noise hides who is better, the best measured stays.

    Args:
        best: The number of the best measured trial.
        scores: Dict from trials' numbers to their new scores, two or more, as many for each; more is better.

    Returns:
        Its number, and one sentence that says why.
    """
    means = {number: statistics.fmean(found) for number, found in scores.items()}
    rounds = len(scores[best])
    error = math.sqrt(2 * statistics.fmean(map(statistics.variance, scores.values())) / rounds)
    top = max(means, key=means.get)
    gain = means[top] - means[best]
    if gain > error and top != best:
        return top, f"Better by {gain:.4g} in {rounds} new measurements (standard error {error:.2g})."
    return best, f"The best measured: in {rounds} new measurements none is better by more than the error, {error:.2g}."
