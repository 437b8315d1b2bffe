"""Asynchronous successive halving."""

from kerasnas.strategies.fidelities import Fidelities
from kerasnas.strategies.rungs import Rung, levels


class ASHA(Fidelities):
    """Asynchronous successive halving: whoever is among the best part of its rung goes on, without waiting for others.

    A promoted candidate continues from its checkpoint. What is new comes from a sampler, any strategy of whole
    architectures, which is told of the first rung alone, where candidates are alike in training.

    Args:
        min_epochs: Epochs of the first rung.
        max_epochs: Epochs of the last.
        factor: How many times more epochs a rung has than the one before; one in `factor` goes on.
        sampler: Name of a strategy, or one; random if None.

    Raises:
        ArgumentError: If the epochs are no range.
        StrategyError: If the sampler asks for epochs of its own.

    Reference:
        Li et al., "A System for Massively Parallel Hyperparameter Tuning", MLSys 2020.
    """

    def __init__(self, min_epochs=1, max_epochs=27, factor=3, sampler=None):
        super().__init__(min_epochs, max_epochs, factor, sampler)

    def setup(self, context):
        super().setup(context)
        self.rungs = [Rung(epochs) for epochs in levels(self.min_epochs, self.max_epochs, self.factor)]

    def ask(self, rng):
        climbing = self._climbing()
        if climbing is not None:
            return climbing
        fresh = self.sampled(rng, self.rungs[0].epochs)
        return self._climbing(last=True) if fresh is None else fresh

    def _climbing(self, last=False):
        """A promotion, from the highest rung possible; with nothing new to come (`last`), one goes on from each."""
        for rung, above in reversed(list(zip(self.rungs, self.rungs[1:]))):
            ranked = rung.ranked(self.score)
            count = len(ranked) // self.factor
            if last and rung.ended and not any(other.entries for other in self.rungs[self.rungs.index(above) :]):
                count = max(count, 1)
            for entry in ranked[:count]:
                if not entry.promoted:
                    return self.promotion(entry, above.epochs)
        return None

    def began(self, proposal):
        place = 0
        if proposal.parent is not None:
            place = 1 + next(i for i, rung in enumerate(self.rungs) if proposal.parent in rung.entries)
            self.rungs[place - 1].entries[proposal.parent].promoted = True
        self.rungs[place].begin(proposal)
        super().began(proposal)

    def tell(self, trial):
        super().tell(trial)
        for rung in self.rungs:
            if trial.number in rung.entries:
                rung.entries[trial.number].trial = trial

    def needs(self):
        """Numbers of trials that may go on: the upper half of each rung."""
        waiting = set()
        for rung in self.rungs[:-1]:
            ranked = rung.ranked(self.score)
            waiting |= {entry.proposal.number for entry in ranked[: 1 + len(ranked) // 2] if not entry.promoted}
        return waiting
