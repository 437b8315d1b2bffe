"""The default strategy: what is known to be strong first, then small moves around the best."""

from kerasnas.arguments import check_whole
from kerasnas.errors import ArgumentError
from kerasnas.strategies.memory import Remembering, mutants


class Greedy(Remembering):
    """The space's portfolio in its order, its default, then local moves around the best trials.

    A move changes one answer of one of the `elite` best, the better the likelier; every `explore`-th proposal is
    drawn at random instead, so that no part of the space is out of reach.

    Args:
        elite: From how many of the best trials moves start.
        explore: After how many moves a random architecture is tried; 0 for never.

    Reference:
        White et al., "Exploring the Loss Landscape in Neural Architecture Search", UAI 2021 (local search);
        Feurer et al., "Auto-sklearn 2.0", JMLR 2022 (portfolios).
    """

    def __init__(self, elite=3, explore=8):
        check_whole(elite=elite, explore=explore)
        if elite < 1 or explore < 0:
            raise ArgumentError(f"Expected elite >= 1 and explore >= 0. Received: elite={elite}, explore={explore}.")
        self.elite, self.explore = elite, explore

    def setup(self, context):
        super().setup(context)
        self.start = self._portfolio(context.space)

    @staticmethod
    def _portfolio(space):
        entries = [*(space.complete(entry) for entry in space.portfolio), space.default()]
        return [entry for entry in dict.fromkeys(entries) if entry in space]

    def ask(self, rng):
        found = self.fresh(self.start)
        if found is None:
            exploring = self.explore and self.begun % self.explore == self.explore - 1
            found = (None if exploring else self._moved(rng)) or self.drawn(rng)
        return self.proposal(found)

    def _moved(self, rng):
        best = self.best(self.elite)
        if not best:
            return None
        weights = [2.0**-place for place in range(len(best))]

        def parent():
            return rng.choices(best, weights)[0].proposal.architecture

        return self.fresh(mutants(self.context.space, parent, rng))
