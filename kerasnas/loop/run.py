"""The loop: ask, journal, evaluate, journal, tell."""

import dataclasses
import math
import numbers
import random

from kerasnas.contract import Trial
from kerasnas.errors import SearchError
from kerasnas.loop.executors import Inline
from kerasnas.loop.journal import history
from kerasnas.loop.remeasuring import TIMES

AGAIN = 1.15  # times as long as in its trial a network takes to train on all rows


class Observer:
    """Watches a run; every method may be left out. A true answer of `reported` stops the trial at hand."""

    def replayed(self, trials):
        """The run goes on after these trials."""

    def began(self, proposal):
        """A trial starts."""

    def reported(self, proposal, step, metrics):
        """A trial got on: after epoch `step`."""

    def ended(self, trial, run):
        """A trial ended."""

    def finished(self, run):
        """The search ended; `run.reason` says why."""


class Run:
    """One search at work.

    Args:
        context: The `Context` strategy and evaluator are set up with.
        strategy: What decides.
        evaluator: What measures.
        journal: The open `Journal`; what it holds is replayed first.
        budget: The `Budget`.
        executor: A function from (evaluator, context, report) to what runs trials; see `place`.
        observers: `Observer`s.
        price: A function from an architecture to a dict of what it costs, which joins its metrics; see `Price`.
        refuse: A function from an architecture to why it is not tried, or None; its trial has failed then.

    Attributes:
        trials: The trials told, in that order.
        reason: Why the search ended: a limit's name, "space exhausted" or "interrupted".
    """

    def __init__(
        self, context, strategy, evaluator, journal, budget, executor=Inline, observers=(), price=None, refuse=None
    ):
        self.context, self.strategy, self.evaluator = context, strategy, evaluator
        self.journal, self.budget, self.open_executor = journal, budget, executor
        self.observers, self.price, self.refuse = list(observers), price, refuse
        self.trials, self.reason = [], None
        self._open = {}
        self._begun = self._replayed = 0

    # ---------------------------------------------------------------- results
    @property
    def completed(self):
        return [trial for trial in self.trials if trial.status != "failed"]

    @property
    def best(self):
        """The best completed trial, or None."""
        return max(self.completed, key=self.context.objective.rank, default=None)

    @property
    def chosen(self):
        """The trial that the last choice under noise fell on, or the best one."""
        choices = self.journal.facts("choice")
        numbers = {trial.number: trial for trial in self.completed}
        return numbers.get(choices[-1]["trial"], self.best) if choices else self.best

    @property
    def epochs(self):
        return sum(trial.measurement.extra.get("epochs", 0) for trial in self.completed)

    # ------------------------------------------------------------------- life
    def search(self):
        """Run until the budget is spent, the strategy has nothing more to propose, or Ctrl-C.

        Returns:
            This run.

        Raises:
            SearchError: If every trial failed; the message gives the first reason.
        """
        self._replay()
        limit = self._limit()
        if limit and not self._open:
            return self._end(limit)
        executor = self.open_executor(self.evaluator, self.measured(), self._report)
        try:
            return self._end(self._loop(executor))
        except KeyboardInterrupt:
            return self._end("interrupted")
        finally:
            executor.close()

    def _replay(self):
        self.strategy.setup(self.context)
        for kind, item in history(self.journal.events):
            if kind == "began":
                self._note_began(item)
            else:
                self._note_told(item)
        self._replayed = len(self.trials)  # the cause of earlier failures may be gone
        if self.trials:
            self._tell_observers("replayed", self.trials)

    def measured(self):
        """The context of the evaluator, to whom the price of a network is nothing that training could better."""
        # The clock stays here: it cannot travel to workers.
        return dataclasses.replace(self.context, objective=self.context.objective.learnt, seconds_left=None)

    def _loop(self, executor):
        waiting = list(self._open.values())  # begun before a kill, never finished: run again, as they were
        running = 0
        while True:
            limit = None
            while running < executor.capacity:
                limit = None if waiting else self._limit()
                proposal = waiting.pop(0) if waiting else None if limit else self._next()
                if proposal is None:
                    break
                self._tell_observers("began", proposal)
                fresh = self.refuse is not None and proposal.parent is None  # what goes on was let in before
                reason = self.refuse(proposal.architecture) if fresh else None
                if reason is not None:
                    self._end_trial(Trial(proposal, "failed", error=reason))
                    continue
                executor.submit(proposal)
                running += 1
            if not running:
                return limit or "space exhausted"
            ended = executor.wait()
            trial = self.checked(ended)
            running -= 1
            if ended.status == "interrupted":
                if trial.status == "interrupted":  # what there is of it can be used
                    self._note_told(trial)
                return "interrupted"
            self._end_trial(trial)

    def _end_trial(self, trial):
        trial = self.journal.told(trial)
        self._note_told(trial)
        self._tell_observers("ended", trial, self)

    def _limit(self):
        """The limit that forbids another trial, or None."""
        shortest = min((trial.measurement.seconds for trial in self.completed), default=0.0)
        failures = 0 if self.completed else len(self.trials) - self._replayed
        return self.budget.exhausted(self._begun, self.epochs, self._spoken_for(), shortest, failures)

    def _spoken_for(self):
        """Seconds that are spent, or kept for training the best network, or networks, again."""
        times = self.budget.refit + self.budget.remeasure * TIMES
        kept = AGAIN * times * self.best.measurement.seconds if times and self.best else 0.0
        return self.journal.elapsed() + kept

    def _next(self):
        number = self._begun
        wish = self.strategy.ask(random.Random(f"{self.context.seed}/{number}"))
        if wish is None:
            return None
        grant = self.budget.grant(number, self._spoken_for())
        proposal = dataclasses.replace(wish, number=number, seconds=grant)
        self.journal.began(proposal)
        self._note_began(proposal)
        return proposal

    def _note_began(self, proposal):
        self._begun = max(self._begun, proposal.number + 1)
        self._open[proposal.number] = proposal
        self.strategy.began(proposal)

    def _note_told(self, trial):
        self._open.pop(trial.number, None)
        self.trials.append(trial)
        if trial.status != "interrupted":
            self.strategy.tell(trial)

    def checked(self, trial):
        """The trial with its price, and failed if an objective of a completed one is not a finite number."""
        if trial.status == "failed":
            return trial
        metrics = trial.measurement.metrics
        if self.price is not None:
            metrics = {**self.price(trial.proposal.architecture), **metrics}
        for objective in self.context.objectives:
            value = objective.value(metrics)
            if not (isinstance(value, numbers.Real) and math.isfinite(value)):
                return dataclasses.replace(trial, status="failed", error=_unusable(objective, metrics))
            if objective.terms:
                metrics = {**metrics, objective.name: value}
        return dataclasses.replace(trial, measurement=dataclasses.replace(trial.measurement, metrics=metrics))

    def _report(self, proposal, step, metrics):
        answers = [observer.reported(proposal, step, metrics) for observer in self.observers]
        return "stop" if any(answers) else None

    def _tell_observers(self, event, *content):
        for observer in self.observers:
            getattr(observer, event)(*content)

    def _end(self, reason):
        self.reason = reason
        self._tell_observers("finished", self)
        if self.trials and not self.completed:
            first = min(self.trials, key=lambda trial: trial.number)
            raise SearchError(
                f"Expected at least one trial to succeed. Received: {len(self.trials)} failed trials, the first with: "
                f"{first.error}"
            )
        return self


def _unusable(objective, metrics):
    """Why an objective has no value among metrics."""
    missing = [name for name in objective.metrics if name not in metrics]
    if not missing:
        return f"the objective '{objective.name}' is {metrics.get(objective.name, 'no number')}"
    known = ", ".join(sorted(metrics)) or "nothing"
    return f"no '{missing[0]}' among: {known}"
