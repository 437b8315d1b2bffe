"""Local search: from the best known architecture to a better neighbour, until there is none."""

from kerasnas.arguments import check_whole
from kerasnas.errors import ArgumentError
from kerasnas.strategies.memory import Remembering


class LocalSearch(Remembering):
    """Hill climbing: the neighbours of the best of a climb, in random order; the first better one is moved to.

    A climb starts at the best of some random architectures. When no neighbour of its top is left to try, another
    begins. Neighbours are all architectures with one answer changed (by one step where it is ordered).

    Args:
        initial: Random architectures at the start of a climb.

    Raises:
        ArgumentError: If it is not positive.

    Reference:
        White et al., "Exploring the Loss Landscape in Neural Architecture Search", UAI 2021; Den Ottelander et al.,
        "Local Search is a Remarkably Strong Baseline for Neural Architecture Search", EMO 2021.
    """

    def __init__(self, initial=10):
        check_whole(initial=initial)
        if initial < 1:
            raise ArgumentError(f"Expected initial >= 1. Received: {initial}.")
        self.initial = initial

    def setup(self, context):
        super().setup(context)
        self.climb, self.started, self.climbs = 0, 0, {}
        self.top, self.around = None, None

    def ask(self, rng):
        found = None if self._starting else self._near(rng)
        found = found or self.drawn(rng)
        return self.proposal(found)

    @property
    def _starting(self):
        return self.started < self.initial or self.top is None

    def _near(self, rng):
        rest = [each for each in self._neighbours() if self.identity(each) not in self.seen]
        return rng.choice(rest) if rest else None

    def _neighbours(self):
        """The neighbours of the top, listed once: some spaces have hundreds."""
        key = self.top.proposal.architecture.key
        if self.around is None or self.around[0] != key:
            self.around = key, self.context.space.neighbors(self.top.proposal.architecture)
        return self.around[1]

    def began(self, proposal):
        if not self._starting and all(self.identity(each) in self.seen for each in self._neighbours()):
            self.climb, self.started, self.top = self.climb + 1, 0, None
        self.started += self._starting
        self.climbs[proposal.number] = self.climb
        super().began(proposal)

    def tell(self, trial):
        known = len(self.trials)
        super().tell(trial)
        if len(self.trials) > known:
            here = self.climbs.get(trial.number) == self.climb and self._higher(trial)
            if here or self.leader is trial:  # a late end of an earlier climb may lead too
                self.top = trial

    def _higher(self, trial):
        return self.top is None or self.score(trial) > self.score(self.top)
