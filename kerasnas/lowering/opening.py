"""A space opened: concrete nodes in which every decision about the network has become a mixed node."""

from dataclasses import dataclass, field

from kerasnas.errors import SpaceError
from kerasnas.lowering.mixed import Branch, Deferred, Edge, Factor, Mixed, MixedCell
from kerasnas.operations import AvgPool, BatchNorm, MaxPool
from kerasnas.space import Cell, Choice, Node, Operation, Sequential, Shared, Space, Subset, When, join
from kerasnas.space.domain import Options, Subsets, Whole
from kerasnas.space.node import Value, Walk

MOST = 64  # branches of one mixed node


@dataclass
class Opened:
    """What a space becomes in a supernet.

    Attributes:
        node: The network, its decisions mixed nodes.
        domains: By path, the domain of every decision that is mixed.
        ranked: By the path of a cell node's question which states enter it, the path of each state's operations.
        zeros: By path, the labels of options that are zero: they take part in the mix, not in what is derived.
        skips: By path, the labels of options that pass their input on.
    """

    node: object = None
    domains: dict = field(default_factory=dict)
    ranked: dict = field(default_factory=dict)
    zeros: dict = field(default_factory=dict)
    skips: dict = field(default_factory=dict)


def open_space(space, normalized_pools=False, partial=1):
    """The network of a space with all decisions mixed.

    Args:
        space: A `Space`, or a node.
        normalized_pools: Whether pools that can be chosen are followed by batch normalization without scale and shift,
            so that no candidate is larger than another by its scale alone.
        partial: Only one of so many channels passes a cell's operations.

    Raises:
        SpaceError: At a decision that cannot be mixed, with its path and the reason.

    Reference:
        Liu et al., 2019, "DARTS" (pools); Xu et al., 2020, "PC-DARTS" (partial channels).
    """
    opening = _Opening(normalized_pools, partial)
    opening.found.node = opening.open(space.network if isinstance(space, Space) else space, "")
    return opening.found


class _Opening:
    def __init__(self, normalized_pools, partial):
        self.normalized_pools, self.partial = normalized_pools, partial
        self.found, self.shared = Opened(), {}

    def open(self, node, path):
        if not isinstance(node, Node):
            return node
        special = {Cell: self._cell, Choice: self._choice, Shared: self._shared, Subset: self._subset, When: self._when}
        return special.get(type(node), self._enumerated)(node, path)

    def note(self, path, domain):
        """Keeps a decision to be mixed.

        Raises:
            SpaceError: If it has no finite number of answers.
        """
        if not isinstance(domain, (Options, Whole, Subsets)):
            raise _refused(path, f"it has endlessly many answers, {domain}; give it a few, as in Choice(0.1, 0.2)")
        self.found.domains[path] = domain

    # ------------------------------------------------------------ kinds of node
    def _shared(self, node, path):
        if node.name not in self.shared:
            self.shared[node.name] = self.open(node.node, node.name)
        return self.shared[node.name]

    def _choice(self, node, path):
        """A choice among what is trained: what is solved for or grown has no gradient to be mixed by."""
        trained = {label: option for label, option in node.options.items() if not is_solved(option)}
        if trained and len(trained) < len(node.options):
            default = node.domain.default if node.domain.default in trained else next(iter(trained))
            node = Choice(**trained, default=default)
        return self._enumerated(node, path)

    def _enumerated(self, node, path):
        """A node with its children opened; a mixed node of all answers to what it asks itself."""
        children, prefix, branches = {}, [], []
        while prefix is not None:
            walk = _Answers(self, prefix, children, path)
            concrete = node.resolve(walk, path)
            if not walk.trail:  # nothing of its own to mix: its children stand for themselves
                return node.resolve(_Answers(self, prefix, children, path, bare=True), path)
            if len(branches) == MOST:
                raise _refused(path, f"its answers make over {MOST} candidates; take some away")
            branches.append(self._branch(walk, concrete))
            prefix = _next(walk.trail)
        mixed = Mixed(path, tuple(branches))
        for child in children.values():
            child.owner = mixed
        if isinstance(node, Choice):
            self._note_roles(path, mixed)
        return mixed

    def _branch(self, walk, concrete):
        factors = tuple(Factor(at, (value,)) for at, value in walk.answers.items())
        if len(factors) == 1:
            label = str(factors[0].values[0])
        else:
            label = "_".join(f"{factor.path.rsplit('/', 1)[-1]}_{factor.values[0]}" for factor in factors)
        inner = concrete.node if isinstance(concrete, Deferred) else concrete
        if self.normalized_pools and isinstance(inner, (MaxPool, AvgPool)):
            concrete = Sequential({"pool": inner, "batch_norm": BatchNorm(affine=False)})
        return Branch(factors, concrete, label)

    def _note_roles(self, path, mixed):
        for roles, role in ((self.found.zeros, "zero"), (self.found.skips, "identity")):
            labels = tuple(b.factors[0].values[0] for b in mixed.branches if getattr(b.node, role, False) is True)
            if labels:
                roles[path] = labels

    def _subset(self, node, path):
        self.note(path, node.domain)
        branches = tuple(
            Branch((Factor(path, (label,)),), self.open(option, join(path, label)), str(label))
            for label, option in node.options.items()
        )
        if not isinstance(node.merge, Node):
            return Mixed(path, branches, node.merge)
        at = join(path, "merge")
        self.note(at, node.merge.domain)
        kinds = node.merge.domain.values()
        return Mixed(path, tuple(Branch((Factor(at, (k,)),), Mixed(path, branches, k), k) for k in kinds))

    def _when(self, node, path):
        if node.path not in self.found.domains:
            raise _refused(path, f"it depends on '{node.path}', which is no mixed decision")
        if not any(value in self.found.domains[node.path].values() for value in node.values):
            return self.open(node.otherwise, join(path, "else"))  # the answers it is for are not mixed
        options = ((node.node, "then", False), (node.otherwise, "else", True))
        if not all(isinstance(option, Node) for option, _, _ in options):
            raise _refused(path, "it depends on another decision and one of its answers is no network")
        return Mixed(
            path,
            tuple(
                Branch((Factor(node.path, node.values, other),), self.open(option, join(path, name)), name)
                for option, name, other in options
            ),
        )

    # -------------------------------------------------------------------- cells
    def _cell(self, cell, path):
        nodes = tuple(tuple(self._edges(node, at)) for _, at, node in cell.branches(path))
        return MixedCell(cell.inputs, nodes, cell.output, self.partial)

    def _edges(self, node, path):
        if not node.distinct:
            yield from self._pairs(node, path)
            return
        question = node.question(path)
        if node.domain:
            self.note(question, node.domain)
            self.found.ranked[question] = {state: join(path, f"edge_{state}") for state in range(node.states)}
        for state in range(node.states):
            factors = (Factor(question, (state,)),) if node.domain else ()
            at = f"edge_{state}"
            yield Edge(state, factors, self.open(node.operations, join(path, at)), at)

    def _pairs(self, node, path):
        for slot in range(node.keep):
            question = join(path, f"input_{slot}")
            self.note(question, Options(tuple(range(node.states)), min(slot, node.states - 1)))
            operations = self.open(node.operations, join(path, f"operation_{slot}"))
            for state in range(node.states):
                yield Edge(state, (Factor(question, (state,)),), operations, f"edge_{slot}_{state}")


class _Answers(Walk):
    """Answers what one node asks itself, one combination after another, and opens its children."""

    def __init__(self, opening, prefix, children, path, bare=False):
        super().__init__(None)
        self.opening, self.prefix, self.children, self.path, self.bare = opening, prefix, children, path, bare
        self.trail = []

    def ask(self, decision):
        if isinstance(decision.domain, Subsets):
            raise _refused(decision.path, "its answers are sets of values")
        self.opening.note(decision.path, decision.domain)
        values = list(decision.domain.values())
        index = self.prefix[len(self.trail)] if len(self.trail) < len(self.prefix) else 0
        self.trail.append((index, len(values)))
        self.answers[decision.path] = values[index]
        return values[index]

    def resolve(self, node, path):
        if not isinstance(node, Node):
            return node
        if is_value(node):
            return node.resolve(self, path)
        if isinstance(node, Operation) and not any(node.branches(path)) and (node.zero or node.identity):
            return node
        if path not in self.children:
            self.children[path] = Deferred(self.opening.open(node, path), _below(path, self.path))
        return self.children[path].node if self.bare else self.children[path]


def is_value(node):
    """Whether an open node stands for a plain value, such as a number of filters."""
    if isinstance(node, Value):
        return True
    if isinstance(node, Choice):
        return all(is_value(option) or not isinstance(option, Node) for option in node.options.values())
    if isinstance(node, Subset):
        return node.values_only
    return isinstance(node, Shared) and is_value(node.node)


def is_solved(node):
    """Whether something of a node is solved for or grown, not trained."""
    if hasattr(node, "solve"):
        return True
    return isinstance(node, Node) and any(is_solved(child) for *_, child in node.branches(""))


def _next(trail):
    while trail and trail[-1][0] + 1 == trail[-1][1]:
        trail.pop()
    return [index for index, _ in trail[:-1]] + [trail[-1][0] + 1] if trail else None


def _below(path, parent):
    return path[len(parent) + 1 :] if parent and path.startswith(f"{parent}/") else path


def _refused(path, reason):
    return SpaceError(f"Expected decisions that can be mixed. Received: '{path}'; {reason}.")
