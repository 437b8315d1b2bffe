"""One strategy after another."""

from kerasnas.arguments import check_whole
from kerasnas.contract import Strategy
from kerasnas.errors import ArgumentError
from kerasnas.strategies.fidelities import refuse_fidelities
from kerasnas.strategies.registry import get


class Relay(Strategy):
    """A strategy for the first trials, another for the rest; both see everything.

    By default a predictor finds a good region with few trials, and evolution, which knows no model that could be wrong,
    goes on from there.

    Args:
        first: Name of a strategy, or one.
        then: Likewise.
        after: Proposals of the first.

    Raises:
        ArgumentError: If `after` is not positive, or a name unknown.
        StrategyError: If one of them decides about epochs itself.

    Reference:
        Liu et al., "A Survey on Evolutionary Neural Architecture Search", 2021, section on surrogate-assisted search.
    """

    def __init__(self, first="predictor", then="evolution", after=50):
        check_whole(after=after)
        if after < 1:
            raise ArgumentError(f"Expected after >= 1. Received: {after}.")
        self.first, self.then, self.after = get(first), get(then), after
        refuse_fidelities(self.first, self.then)
        self.requires = self.first.requires | self.then.requires

    def setup(self, context):
        super().setup(context)
        self.begun = 0
        for part in (self.first, self.then):
            part.setup(context)

    def ask(self, rng):
        return (self.first if self.begun < self.after else self.then).ask(rng)

    def began(self, proposal):
        self.begun += 1
        self.first.began(proposal)
        self.then.began(proposal)

    def tell(self, trial):
        self.first.tell(trial)
        self.then.tell(trial)

    def needs(self):
        return {*self.first.needs(), *self.then.needs()}
