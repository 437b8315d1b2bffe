"""How far a search has come: what every way of showing it needs to know."""

import contextlib
import time
from dataclasses import dataclass, field

from kerasnas.contract import Proposal
from kerasnas.errors import KerasnasError
from kerasnas.loop import Observer
from kerasnas.report.words import differing, duration, parted, short

MANY = 10  # trials from which on an estimate of the whole search is worth a line
FEW = 4  # answers that may differ for a trial to be told by its difference from the best


@dataclass
class Running:
    """A trial under way: how many epochs it is to have, and how far it is."""

    proposal: Proposal
    total: int | None
    began_at: float
    step: int = 0
    metrics: dict = field(default_factory=dict)


class Progress(Observer):
    """Follows a run's events and answers questions about them.

    Args:
        context: The search's context.
        budget: The search's budget.
        journal: The run's journal, which knows how much time was used before.
    """

    def __init__(self, context, budget, journal):
        self.context, self.budget, self.journal = context, budget, journal
        self.objective = context.objective
        self.trials, self.fresh = [], 0
        self.running = {}  # by number

    # ------------------------------------------------------------------ events
    def replayed(self, trials):
        self.trials = list(trials)

    def began(self, proposal):
        self.running[proposal.number] = Running(proposal, self.epochs(proposal), time.monotonic())

    def reported(self, proposal, step, metrics):
        at = self.running[proposal.number]
        at.step, at.metrics = step, {**at.metrics, **metrics}

    def ended(self, trial, run):
        self.trials.append(trial)
        self.fresh += 1
        self.running.pop(trial.number, None)

    def close(self):
        """Nothing is kept open."""

    # --------------------------------------------------------------- questions
    @property
    def failed(self):
        return [trial for trial in self.trials if trial.status == "failed"]

    @property
    def best(self):
        completed = [trial for trial in self.trials if trial.measurement is not None]
        return max(completed, key=self.objective.rank, default=None)

    def what(self, proposal):
        """What is tried, in short: as the best so far but for a few answers, or the network."""
        architecture, best = dict(proposal.architecture), self.best
        if best is not None:
            changed = set(differing([architecture, dict(best.proposal.architecture)]))
            if len(changed) <= FEW:
                told = short(architecture, changed)
                return f"as trial {best.number}" + (f", but {told}" if told else "")
        return short(parted(architecture)[0])

    def epochs(self, proposal):
        """Epochs the trial is to be trained for, or None where that is not known."""
        known = proposal.fidelity.get("epochs")
        if known is None:
            with contextlib.suppress(KerasnasError):  # an answer that is not allowed: the trial itself will say so
                known = self.context.space.resolve(proposal.architecture).training.get("epochs")
        return known if isinstance(known, int) else None

    def value(self, metrics):
        """The objective among metrics, as text."""
        value = metrics.get(self.objective.name)
        return "" if value is None else f"{self.objective.name} {value:.4f}"

    def so_far(self):
        """The best trial, as text."""
        best = self.best
        return "none yet" if best is None else f"{self.value(best.measurement.metrics)} in trial {best.number}"

    def time_left(self):
        """Seconds that the search is likely to go on, or None where nothing is known."""
        used = self.journal.elapsed()
        limits = [] if self.budget.time_limit is None else [self.budget.time_limit - used]
        ended = [trial.measurement.seconds for trial in self.trials if trial.measurement is not None]
        if self.budget.max_trials is not None and ended:
            work = (self.budget.max_trials - len(self.trials)) * sum(ended) / len(ended)
            done = sum(time.monotonic() - at.began_at for at in self.running.values())
            limits.append((work - done) / max(len(self.running), 1))
        return max(min(limits), 0.0) if limits else None

    def estimate(self):
        """After a run's first success, where a large number of trials is the only limit: how long all will take."""
        completed = [trial for trial in self.trials if trial.measurement is not None]
        anew = len(completed) == 1 and self.fresh == len(self.trials) and self.trials[-1] is completed[0]
        if not anew or self.budget.time_limit is not None or (self.budget.max_trials or 0) < MANY:
            return None
        seconds = completed[0].measurement.seconds
        return (
            f"trial {completed[0].number} took {duration(seconds)}; {self.budget.max_trials} trials will take about "
            f"{duration(seconds * self.budget.max_trials)} or more, "
            "as the first is often the cheapest; shorten with time_limit=, max_trials= or epochs="
        )

    # ------------------------------------------------------------------- lines
    def going_on(self):
        return f"going on after {len(self.trials)} trials from {self.context.folder}"

    def outcome(self, trial):
        """How a trial ended, as text."""
        if trial.measurement is None:
            return f"failed: {trial.error}"
        best = self.best is not None and self.best.number == trial.number and len(self.trials) > 1
        told = f"{self.value(trial.measurement.metrics)} in {duration(trial.measurement.seconds)}"
        return told + (", the best so far" if best else "")

    def end(self, run):
        """Why the search ended, what it found, and where that lies."""
        words = {
            "max_trials": f"all {self.budget.max_trials} trials are done",
            "max_epochs": f"all {self.budget.max_epochs} epochs are used up",
            "time_limit": f"the time for trials is used up ({duration(self.budget.time_limit or 0)} in all)",
            "space exhausted": "there is nothing more to try",
            "interrupted": "interrupted; the same call goes on from here",
        }
        failed = f", {len(self.failed)} of them failed" if self.failed else ""
        where = f"; {self.context.folder}" if self.context.folder is not None else ""
        reason = words.get(run.reason, run.reason)
        return f"{reason}: best {self.so_far()}, of {len(self.trials)} trials{failed}{where}"
