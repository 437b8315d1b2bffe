"""The search space as a value: what may be asked of it, whichever strategy asks."""

import copy
import itertools
import math
from dataclasses import dataclass
from functools import cached_property, partial

from kerasnas.errors import SpaceError, nearest
from kerasnas.space import counting, encoding, traversal
from kerasnas.space.architecture import Architecture
from kerasnas.space.canonical import canonical
from kerasnas.space.marks import mark
from kerasnas.space.node import Node, Walk

TRIES = 1000
ENUMERABLE = 1_000_000


@dataclass(frozen=True)
class Resolved:
    """A space with every decision answered: the concrete network, and how to train it."""

    network: object
    training: dict


class Space:
    """A tree of nodes with, beside it, decisions about training.

    Args:
        network: The root node.
        training: Dict of decisions (nodes) or values about how a network is trained: learning rate, epochs.
        name: What to call the space.
        portfolio: Configurations known to be strong, as dicts from path to value; what they leave out is default.

    Raises:
        SpaceError: If the root is not a node, or a condition is on a decision that is not asked before.
    """

    def __init__(self, network, training=None, name="space", portfolio=()):
        if not isinstance(network, Node):
            raise SpaceError(f"Expected the root of a space to be a node. Received: {type(network).__name__}.")
        self.network, self.training, self.name = network, dict(training or {}), name
        self.portfolio = [dict(entry) for entry in portfolio]
        self.constraints = []
        self.decisions()  # says so if a condition names no decision

    # ------------------------------------------------------------ traversal
    def _walk(self, choose):
        walk = Walk(choose)
        network = walk.resolve(self.network, "")
        training = {name: walk.resolve(node, f"training/{name}") for name, node in self.training.items()}
        return Resolved(network, training), Architecture(walk.answers)

    def record(self, choose):
        """The architecture whose decisions are answered by `choose(decision) -> value`."""
        if self._flat is None:
            return self._walk(choose)[1]
        walk = Walk(choose)
        for decision in self._flat:
            walk.ask(decision)
        return Architecture(walk.answers)

    @cached_property
    def _flat(self):
        """The decisions, where every architecture answers them all: then they can be asked without a walk."""
        nodes = [self.network, *(node for node in self.training.values() if isinstance(node, Node))]
        if any(traversal.conditional(node) for node in nodes):
            return None
        decisions = self.decisions()
        asked = list(self._walk(lambda decision: decision.domain.default)[1])
        return decisions if asked == [decision.path for decision in decisions] else None

    def resolve(self, architecture):
        """The concrete network and training values of `architecture`.

        Raises:
            SpaceError: If it lacks an answer, has one that is not allowed, or answers what is not asked.
        """
        resolved, used = self._walk(lambda decision: self._answer(architecture, decision))
        spare = [path for path in architecture if path not in used]
        if spare:
            raise SpaceError(
                f"Expected answers to this space's decisions only.{nearest(spare[0], used)} Received: {spare[:3]}."
            )
        return resolved

    @staticmethod
    def _answer(architecture, decision):
        if decision.path not in architecture:
            raise SpaceError(f"Expected an answer to '{decision.path}' in {decision.domain}. Received: none.")
        return architecture[decision.path]

    # ------------------------------------------------------------ questions
    def decisions(self):
        """Every decision of the space, with the conditions under which it is asked."""
        seen = set()
        found = list(traversal.decisions(self.network, seen=seen))
        for name, node in self.training.items():
            if isinstance(node, Node):
                found += traversal.decisions(node, f"training/{name}", seen=seen)
        return found

    def asked(self, architecture):
        """The decisions that `architecture` answers, in the order in which they are asked."""
        asked = []

        def choose(decision):
            asked.append(decision)
            return self._answer(architecture, decision)

        self.record(choose)
        return asked

    def size(self):
        """Number of architectures, training decisions included: exact; `math.inf` with real-valued decisions.

        Raises:
            SpaceError: If constraints or conditions make counting need an enumeration of over a million.
        """
        try:
            nodes = [node for node in self.training.values() if isinstance(node, Node)]
            free = counting.count(self.network)
            for node in nodes:
                free *= counting.count(node)
        except counting.Uncountable:
            free = None if all(decision.domain.finite for decision in self.decisions()) else math.inf
        if free is not None and not self.constraints:
            return free
        if free is not None and free > ENUMERABLE:
            raise SpaceError(
                f"Expected at most {ENUMERABLE:,} to count under constraints. Received: {free:,} without them."
            )
        found = sum(1 for _ in itertools.islice(self.enumerate(), ENUMERABLE + 1))
        if found > ENUMERABLE:
            raise SpaceError(f"Expected at most {ENUMERABLE:,} to count under conditions. Received: more.")
        return found

    def contains(self, architecture):
        """Whether `architecture` answers exactly this space's questions, and obeys its constraints."""
        try:
            self.resolve(architecture)
        except SpaceError:
            return False
        return self._allowed(architecture)

    __contains__ = contains

    def where(self, *constraints):
        """A copy of this space with only the architectures for which each function answers true."""
        narrower = copy.copy(self)
        narrower.constraints = [*self.constraints, *constraints]
        return narrower

    def _allowed(self, architecture):
        return all(constraint(architecture) for constraint in self.constraints)

    def _first_allowed(self, candidates, doing):
        for candidate in candidates:
            if self._allowed(candidate):
                return candidate
        raise SpaceError(f"Expected constraints that leave something when {doing}. Received: none in {TRIES} tries.")

    # --------------------------------------------------------------- points
    def sample(self, rng):
        """A random architecture: each decision uniform over its options. `rng` is a `random.Random`."""
        draws = (self.record(lambda decision: decision.domain.sample(rng)) for _ in range(TRIES))
        return self._first_allowed(draws, "sampling")

    def default(self):
        """The architecture of all defaults."""
        return self.complete({})

    def complete(self, answers):
        """The architecture with these answers, and defaults for what they leave open; what is not asked is dropped."""
        return self.record(lambda decision: answers.get(decision.path, decision.domain.default))

    def admitted(self, architecture):
        """`architecture` if it obeys the constraints, else None."""
        return architecture if self._allowed(architecture) else None

    def mutate(self, architecture, rng):
        """Another architecture with one answer changed; decisions that appear because of it are sampled."""
        movable = [decision for decision in self.asked(architecture) if decision.domain.size > 1]
        if not movable:
            raise SpaceError("Expected a space with something to change. Received: a single architecture.")
        mutants = (self._mutant(architecture, movable, rng) for _ in range(TRIES))
        return self._first_allowed((mutant for mutant in mutants if mutant != architecture), "mutating")

    def _mutant(self, architecture, movable, rng):
        changed = rng.choice(movable)
        fresh = changed.domain.mutate(architecture[changed.path], rng)

        def choose(decision):
            if decision.path == changed.path:
                return fresh
            return self._kept(architecture, decision, lambda: decision.domain.sample(rng))

        return self.record(choose)

    @staticmethod
    def _kept(architecture, decision, otherwise):
        value = architecture.get(decision.path)
        kept = decision.path in architecture and decision.domain.contains(value)
        return value if kept else otherwise()

    def crossover(self, left, right, rng):
        """One-point crossover: answers of `left` up to a random decision, of `right` from there on."""

        def child():
            cut = rng.randrange(1, max(len(left), 2))
            asked = []

            def choose(decision):
                asked.append(decision.path)
                first, second = (left, right) if len(asked) <= cut else (right, left)
                drawn = partial(decision.domain.sample, rng)
                return self._kept(first, decision, lambda: self._kept(second, decision, drawn))

            return self.record(choose)

        return self._first_allowed((child() for _ in range(TRIES)), "crossing over")

    def neighbors(self, architecture):
        """All architectures with one answer changed (by one step where it is ordered); new decisions take defaults."""
        found = {}
        for decision in self.asked(architecture):
            path = decision.path
            for value in decision.domain.neighbors(architecture[path]):
                changed = {**architecture, path: value}
                other = self.record(lambda d, changed=changed: self._kept(changed, d, lambda d=d: d.domain.default))
                if other != architecture and self._allowed(other):
                    found.setdefault(other.key, other)
        return list(found.values())

    def enumerate(self, points=None):
        """Yield every architecture of a finite space once, in a fixed order.

        Args:
            points: How many values of a real decision to take, evenly spaced in its scale; if None, there may be none.
        """
        prefix = []
        while prefix is not None:
            trail = []

            def choose(decision, prefix=prefix, trail=trail):
                endless = points is not None and not decision.domain.finite
                values = decision.domain.spaced(points) if endless else decision.domain.values()
                index = prefix[len(trail)] if len(trail) < len(prefix) else 0
                trail.append((index, len(values)))
                return values[index]

            architecture = self.record(choose)
            if self._allowed(architecture):
                yield architecture
            while trail and trail[-1][0] + 1 == trail[-1][1]:
                trail.pop()
            prefix = [index for index, _ in trail[:-1]] + [trail[-1][0] + 1] if trail else None

    # ---------------------------------------------------------------- forms
    def canonical(self, architecture):
        """A key equal for architectures that compute the same network; training decisions do not count."""
        return canonical(self.resolve(architecture).network)

    def one_hot(self):
        """A function from architectures to vectors of `.width` numbers."""
        return encoding.OneHot(self.decisions())

    def paths(self, architecture):
        """The path encoding: a frozen set of strings."""
        return encoding.paths(self.resolve(architecture).network)

    def adjacency(self, architecture):
        """Dict from a cell's path to its adjacency matrix and labelled edges."""
        network = self.resolve(architecture).network
        return {path: encoding.adjacency(cell) for path, cell in encoding.genotypes(network)}

    def describe(self):
        """The space as an indented tree."""
        lines = [traversal.describe(self.network, self.name)]
        for name, node in self.training.items():
            open_node = isinstance(node, Node)
            lines.append(traversal.describe(node, f"training/{name}") if open_node else f"training/{name}: {node}")
        return "\n".join(lines)

    def mark(self):
        """A short text that two spaces share only if they ask the same and their answers mean the same; see `mark`."""
        return mark(self.name, self.network, self.training, self.portfolio, self.constraints)

    def __repr__(self):
        return f"Space('{self.name}', {len(self.decisions())} decisions)"
