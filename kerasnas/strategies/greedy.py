"""The default strategy: what is known to be strong first, then small moves around the best."""

from kerasnas.contract import Proposal, Strategy
from kerasnas.errors import ArgumentError, SpaceError
from kerasnas.strategies.counts import check_whole
from kerasnas.strategies.random_search import draw

TRIES = 50


class Greedy(Strategy):
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
        self.seen, self.trials = set(), []
        self.start = self._portfolio(context.space)

    @staticmethod
    def _portfolio(space):
        entries = [*(space.complete(entry) for entry in space.portfolio), space.default()]
        return [entry for entry in dict.fromkeys(entries) if entry in space]

    def ask(self, rng):
        for entry in self.start:
            if entry.key not in self.seen:
                return Proposal(entry)
        exploring = self.explore and len(self.seen) % self.explore == self.explore - 1
        best = sorted(self.trials, key=self.context.objective.rank, reverse=True)[: self.elite]
        moved = self._move(best, rng) if best and not exploring else None
        fresh = moved or draw(self.context.space, rng, self.seen)
        return None if fresh is None else Proposal(fresh)

    def _move(self, best, rng):
        weights = [2.0**-place for place in range(len(best))]
        for attempt in range(TRIES):
            parent = rng.choices(best, weights)[0].proposal.architecture
            try:
                child = self.context.space.mutate(parent, rng)
                # When single moves are used up, go two steps.
                child = self.context.space.mutate(child, rng) if attempt > TRIES // 2 else child
            except SpaceError:
                return None
            if child.key not in self.seen:
                return child
        return None

    def began(self, proposal):
        self.seen.add(proposal.architecture.key)

    def tell(self, trial):
        if trial.completed:
            self.trials.append(trial)
