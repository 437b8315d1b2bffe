"""What most strategies remember: the networks proposed, and how those that ended did."""

import heapq
import math
import weakref

from kerasnas.contract import Proposal, Strategy
from kerasnas.errors import SpaceError
from kerasnas.strategies.random_search import draw

TRIES = 50
_IDENTITIES = weakref.WeakKeyDictionary()


class Identity:
    """A function from architectures to what they are paid for once by: canonical form and training decisions.

    Args:
        space: The space; where it has no canonical form, architectures are told apart by their answers.
    """

    def __init__(self, space):
        self.space, self.known = space, {}

    def __call__(self, architecture):
        key = architecture.key
        if key not in self.known:  # it takes a while to find, and never changes
            self.known[key] = self._found(architecture)
        return self.known[key]

    def _found(self, architecture):
        try:
            form = self.space.canonical(architecture)
        except SpaceError:
            return architecture.key
        return form, *sorted((path, value) for path, value in architecture.items() if path.startswith("training/"))


def identity_of(space):
    """The `Identity` of a space, with what was found by it before."""
    if space not in _IDENTITIES:
        _IDENTITIES[space] = Identity(weakref.proxy(space))
    return _IDENTITIES[space]


class Remembering(Strategy):
    """A strategy that knows which networks it proposed, so that isomorphic ones are paid for once.

    Attributes:
        trials: The trials that completed with a finite objective, in the order told.
        failed: The others.
        leader: The best of `trials`, or None.
        begun: How many proposals were begun.
    """

    def setup(self, context):
        super().setup(context)
        self.identity = identity_of(context.space)
        self.seen, self.trials, self.failed, self.begun = set(), [], [], 0
        self.leader = None

    def began(self, proposal):
        self.begun += 1
        self.seen.add(self.identity(proposal.architecture))

    def tell(self, trial):
        usable = trial.completed and math.isfinite(self.score(trial))
        (self.trials if usable else self.failed).append(trial)
        if usable and (self.leader is None or self.context.objective.better(trial, self.leader)):
            self.leader = trial

    @property
    def out(self):
        """How many proposals have not ended."""
        return self.begun - len(self.trials) - len(self.failed)

    def score(self, trial):
        return self.context.objective.score(trial.measurement.metrics)

    def best(self, count=1):
        """The best completed trials, the best first."""
        return heapq.nlargest(count, self.trials, key=self.context.objective.rank)

    # -------------------------------------------------------------- proposals
    def fresh(self, candidates):
        """The first of some architectures that was not proposed, or None."""
        return next((each for each in candidates if self.identity(each) not in self.seen), None)

    @staticmethod
    def proposal(architecture):
        """A wish for an architecture; None for none."""
        return None if architecture is None else Proposal(architecture)

    def drawn(self, rng):
        """A random architecture that was not proposed, or None where all were."""
        return draw(self.context.space, rng, self.seen, self.identity)

    def moved(self, parent, rng):
        """A fresh mutant of an architecture; two steps away where single ones are used up; random where those are."""
        return self.fresh(mutants(self.context.space, lambda: parent, rng)) or self.drawn(rng)


def mutants(space, parent, rng, tries=TRIES):
    """Yield mutants of what `parent()` gives, in the second half of the tries with a second step."""
    for attempt in range(tries):
        try:
            child = space.mutate(parent(), rng)
            yield space.mutate(child, rng) if attempt > tries // 2 else child
        except SpaceError:  # nothing to change, or nothing allowed nearby
            return
