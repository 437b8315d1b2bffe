"""A space of which only some architectures count: those of a table."""

import numpy as np

from kerasnas.errors import SpaceError
from kerasnas.space import Space

NEAREST = 10


class Listed(Space):
    """Listed architectures of a larger space.

    A random one is any of them; a mutant is one of those that differ least; the child of two is the one most like
    what crossing them over gives. So strategies search a table that is a sample of a space too large to list.

    Args:
        space: The `Space` that the architectures are of.
        architectures: The listed ones.

    Raises:
        SpaceError: If there are none, or one is not of the space.
    """

    def __init__(self, space, architectures):
        super().__init__(space.network, space.training, space.name, space.portfolio)
        self.whole = space
        self._list(architectures)

    def _list(self, architectures):
        self.listed = list(dict.fromkeys(architectures))
        foreign = next((each for each in self.listed if each not in self.whole), None)
        if foreign is not None or not self.listed:
            raise SpaceError(f"Expected architectures of {self.whole!r}. Received: {foreign or 'none'}.")
        self.places = {each: place for place, each in enumerate(self.listed)}
        self.encode = self.whole.one_hot()
        self.vectors = np.stack([self.encode(each) for each in self.listed])

    def where(self, *constraints):
        kept = [each for each in self.listed if all(constraint(each) for constraint in constraints)]
        return Listed(self.whole, kept)

    def size(self):
        return len(self.listed)

    def contains(self, architecture):
        return architecture in self.places

    __contains__ = contains

    def enumerate(self, points=None):
        yield from self.listed

    def sample(self, rng):
        return rng.choice(self.listed)

    def default(self):
        return self.admitted(super().default())

    def admitted(self, architecture):
        """The listed architecture that is most like this one."""
        return architecture if architecture in self.places else self._nearest(architecture, 1)[0]

    def _nearest(self, architecture, count):
        """Some listed architectures, the most alike first; of equals the earlier listed."""
        apart = np.square(self.vectors - self.encode(architecture)).sum(axis=1)
        own = self.places.get(architecture)
        if own is not None:
            apart[own] = np.inf
        order = np.argsort(apart, kind="stable")[: min(count, len(self.listed) - (own is not None))]
        return [self.listed[place] for place in order]

    def mutate(self, architecture, rng):
        near = self._nearest(architecture, NEAREST)
        if not near:
            raise SpaceError("Expected a space with something to change. Received: a single architecture.")
        return rng.choice(near)

    def crossover(self, left, right, rng):
        return self.admitted(self.whole.crossover(left, right, rng))

    def neighbors(self, architecture):
        return self._nearest(architecture, NEAREST)
