"""Successive halving, and Hyperband, which runs it from several starts."""

import math

from kerasnas.errors import ArgumentError
from kerasnas.strategies.fidelities import Fidelities
from kerasnas.strategies.rungs import Rung, levels


class Bracket:
    """One run of successive halving: rungs of which only a part goes on to the next.

    Args:
        sizes: Candidates on each rung, at most.
        epochs: Epochs of each rung.
    """

    def __init__(self, sizes, epochs):
        self.rungs = [Rung(*level) for level in zip(epochs, sizes)]

    @property
    def room(self):
        """How many new candidates it still takes."""
        return self.rungs[0].size - len(self.rungs[0].entries)

    def climbing(self, score, closed=False):
        """The entry to promote and the epochs it goes on to, or None; `closed` if no new candidates will come."""
        expected = len(self.rungs[0].entries) if closed else self.rungs[0].size
        for rung, above in zip(self.rungs, self.rungs[1:]):
            if len(rung.entries) < expected or not rung.ended:
                return None
            ranked = rung.ranked(score)
            expected = min(max(1, above.size * len(rung.entries) // rung.size), len(ranked))
            waiting = [entry for entry in ranked[:expected] if not entry.promoted]
            if waiting:
                return waiting[0], above.epochs
        return None

    def needs(self, score):
        return {
            entry.proposal.number
            for rung, above in zip(self.rungs, self.rungs[1:])
            for entry in rung.ranked(score)[: above.size]
            if not entry.promoted
        }


class SuccessiveHalving(Fidelities):
    """Successive halving: many are trained a little, the best part of them longer, and so on; then anew.

    A promoted candidate continues from its checkpoint. A rung waits until all on it have ended; meanwhile, with several
    trials at once, the next bracket begins.

    Args:
        min_epochs: Epochs of the first rung.
        max_epochs: Epochs of the last.
        factor: How many times more epochs a rung has than the one before; one in `factor` goes on.
        sampler: Name of a strategy, or one; random if None.

    Raises:
        ArgumentError: If the epochs are no range.
        StrategyError: If the sampler asks for epochs of its own.

    Reference:
        Jamieson & Talwalkar, "Non-stochastic Best Arm Identification and Hyperparameter Optimization", AISTATS 2016.
    """

    def __init__(self, min_epochs=1, max_epochs=27, factor=3, sampler=None):
        super().__init__(min_epochs, max_epochs, factor, sampler)

    def setup(self, context):
        super().setup(context)
        self.plans, self.brackets = self.planned(), []

    def planned(self):
        """(sizes, epochs) of the brackets, which are run in turn."""
        epochs = levels(self.min_epochs, self.max_epochs, self.factor)
        return [([self.factor**step for step in range(len(epochs) - 1, -1, -1)], epochs)]

    def _next_bracket(self):
        return Bracket(*self.plans[len(self.brackets) % len(self.plans)])

    def ask(self, rng):
        for bracket in self.brackets:
            climbing = bracket.climbing(self.score)
            if climbing:
                return self.promotion(*climbing)
        with_room = next((bracket for bracket in self.brackets if bracket.room > 0), None) or self._next_bracket()
        fresh = self.sampled(rng, with_room.rungs[0].epochs)
        if fresh is not None:
            return fresh
        climbs = (bracket.climbing(self.score, closed=True) for bracket in self.brackets)
        return next((self.promotion(*climbing) for climbing in climbs if climbing), None)

    def began(self, proposal):
        if proposal.parent is None:
            if not any(bracket.room > 0 for bracket in self.brackets):
                self.brackets.append(self._next_bracket())
            rung = next(bracket for bracket in self.brackets if bracket.room > 0).rungs[0]
        else:
            rung = self._above(proposal)
        rung.begin(proposal)
        super().began(proposal)

    def _above(self, proposal):
        """The rung a proposal is promoted to."""
        for bracket in self.brackets:
            for rung, above in zip(bracket.rungs, bracket.rungs[1:]):
                if proposal.parent in rung.entries:
                    rung.entries[proposal.parent].promoted = True
                    return above
        raise ArgumentError(f"Expected a parent that was proposed here. Received: {proposal.parent}.")

    def tell(self, trial):
        super().tell(trial)
        for bracket in self.brackets:
            for rung in bracket.rungs:
                if trial.number in rung.entries:
                    rung.entries[trial.number].trial = trial

    def needs(self):
        """Numbers of trials that may go on."""
        return set().union(*(bracket.needs(self.score) for bracket in self.brackets))


class Hyperband(SuccessiveHalving):
    """Hyperband: successive halving from several starts, from many candidates and few epochs to few and all.

    Any strategy of whole architectures may propose the candidates (`sampler="bayesian"`, `"evolution"`): there is one
    for each start, told of the first rung alone, so that it compares what is alike in training.

    Args:
        min_epochs: Epochs of the first rung of the first bracket.
        max_epochs: Epochs of the last rungs.
        factor: How many times more epochs a rung has than the one before; one in `factor` goes on.
        sampler: Name of a strategy, or one; random if None.

    Raises:
        ArgumentError: If the epochs are no range.
        StrategyError: If the sampler asks for epochs of its own.

    Reference:
        Li et al., "Hyperband: A Novel Bandit-Based Approach to Hyperparameter Optimization", JMLR 2018; with a model as
        sampler: Falkner et al., "BOHB", ICML 2018.
    """

    def planned(self):
        epochs = levels(self.min_epochs, self.max_epochs, self.factor)
        most = len(epochs) - 1
        plans = []
        for start in range(most, -1, -1):
            first = math.ceil((most + 1) * self.factor**start / (start + 1))
            sizes = [max(1, first // self.factor**step) for step in range(start + 1)]
            plans.append((sizes, epochs[most - start :]))
        return plans
