"""What strategies that train candidates for different numbers of epochs share."""

import copy
import dataclasses

from kerasnas.arguments import check_whole
from kerasnas.contract import Proposal, Strategy
from kerasnas.errors import StrategyError
from kerasnas.strategies.random_search import RandomSearch
from kerasnas.strategies.registry import get
from kerasnas.strategies.rungs import levels


class Fidelities(Strategy):
    """A strategy whose proposals say for how many epochs, and whose promotions go on from a checkpoint.

    `needs()` gives the numbers of the trials whose checkpoints it may still go on from.
    """

    requires = frozenset({"epochs"})

    def __init__(self, min_epochs, max_epochs, factor, sampler):
        check_whole(min_epochs=min_epochs, max_epochs=max_epochs, factor=factor)
        levels(min_epochs, max_epochs, factor)
        self.min_epochs, self.max_epochs, self.factor = min_epochs, max_epochs, factor
        self.sampler = RandomSearch(unique="network") if sampler is None else get(sampler)
        refuse_fidelities(self.sampler, what="a sampler")
        self.requires = self.requires | self.sampler.requires

    def setup(self, context):
        super().setup(context)
        self.samplers, self._fresh = {}, []

    def _sampler(self, epochs):
        """The sampler of candidates that start with so many epochs."""
        if epochs not in self.samplers:
            made = copy.deepcopy(self.sampler)
            made.setup(self.context)
            for proposal in self._fresh:
                made.began(proposal)
            self.samplers[epochs] = made
        return self.samplers[epochs]

    def sampled(self, rng, epochs):
        """A new candidate for so many epochs, or None where there is none."""
        wish = self._sampler(epochs).ask(rng)
        if wish is not None and wish.fidelity:
            raise StrategyError(f"Expected a sampler of whole architectures. Received: a wish for {wish.fidelity}.")
        return None if wish is None else Proposal(wish.architecture, fidelity={"epochs": epochs})

    def promotion(self, entry, epochs):
        """The proposal to go on with an entry up to so many epochs."""
        return Proposal(entry.proposal.architecture, fidelity={"epochs": epochs}, parent=entry.proposal.number)

    def began(self, proposal):
        if proposal.parent is None:
            self._sampler(proposal.fidelity["epochs"])
            self._fresh.append(proposal)
            for sampler in self.samplers.values():
                sampler.began(dataclasses.replace(proposal, fidelity={}))

    def tell(self, trial):
        if trial.proposal.parent is None:
            self._sampler(trial.proposal.fidelity["epochs"]).tell(trial)

    def score(self, trial):
        return self.context.objective.score(trial.measurement.metrics)

    def needs(self):
        """Numbers of the trials whose checkpoints it may still go on from."""
        raise NotImplementedError(f"{type(self).__name__}.needs")


def refuse_fidelities(*strategies, what="a strategy"):
    """Refuses strategies that decide about epochs where proposals of another one come to them, which say nothing of it.

    Raises:
        StrategyError: If there is one.
    """
    for strategy in strategies:
        if "epochs" in strategy.requires:
            raise StrategyError(
                f"Expected {what} of whole architectures. Received: {type(strategy).__name__}, which decides about "
                "epochs itself."
            )
