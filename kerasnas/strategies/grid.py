"""Grid search: everything, in order."""

from kerasnas.arguments import check_whole
from kerasnas.errors import ArgumentError
from kerasnas.strategies.memory import Remembering


class Grid(Remembering):
    """Every architecture once, the last decision varying first; isomorphic ones too, for whole runs of a grid may be.

    Args:
        points: Values of a real decision, evenly spaced in its scale, both ends included.

    Raises:
        ArgumentError: If there are fewer than two.

    Reference:
        The textbook method; for what is wrong with it: Bergstra & Bengio, "Random Search for Hyper-Parameter
        Optimization", JMLR 2012.
    """

    def __init__(self, points=5):
        check_whole(points=points)
        if points < 2:
            raise ArgumentError(f"Expected points >= 2. Received: {points}.")
        self.points = points

    def setup(self, context):
        super().setup(context)
        self.identity = lambda architecture: architecture.key
        self.listed, self.rest = [], context.space.enumerate(points=self.points)
        self.place = 0  # everything before it was proposed

    def ask(self, rng):
        found = self.fresh(self._from(self.place))
        return self.proposal(found)

    def began(self, proposal):
        super().began(proposal)
        while self.place < len(self.listed) and self.identity(self.listed[self.place]) in self.seen:
            self.place += 1

    def _from(self, place):
        yield from self.listed[place:]
        for architecture in self.rest:
            self.listed.append(architecture)
            yield architecture
