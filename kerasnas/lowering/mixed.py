"""The nodes of an opened space: concrete, but holding all candidates of a decision at once."""

from dataclasses import dataclass

from kerasnas.operations import MaxPool, Take
from kerasnas.space import Node, Operation, join


@dataclass(frozen=True)
class Factor:
    """A share of a branch's weight: the sum of a decision's gates over some answers, or (`other`) over the rest."""

    path: str
    values: tuple
    other: bool = False


@dataclass(frozen=True, eq=False)
class Branch:
    """One candidate: what its weight is the product of, the network, and its name."""

    factors: tuple
    node: Node
    label: str


@dataclass(eq=False)
class Deferred(Node):
    """A child that several candidates of one mixed node have in common: on one input it is computed once.

    Args:
        node: The opened child.
        below: Where it stands under that mixed node, whichever candidate reads it.
    """

    node: Node
    below: str
    owner: object = None

    def flow(self, tracer, inputs, path):
        at, known = tracer.places[self.owner]
        key = (id(self), *map(id, inputs if isinstance(inputs, tuple) else (inputs,)))
        if not tracer.remembers:
            return self.node.flow(tracer, inputs, join(at, self.below))
        if key not in known:
            known[key] = inputs, self.node.flow(tracer, inputs, join(at, self.below))
        return known[key][1]

    def strided(self, strides):
        return self.node.strided(strides)

    @property
    def zero(self):
        return getattr(self.node, "zero", False)

    @property
    def identity(self):
        return getattr(self.node, "identity", False)


@dataclass(frozen=True, eq=False)
class Mixed(Node):
    """Candidates whose results are weighed by gates, then added or put side by side."""

    path: str
    branches: tuple
    merge: str = "add"

    def flow(self, tracer, inputs, path):
        before = tracer.places.get(self)
        tracer.places[self] = (path, {})
        first = inputs[0] if isinstance(inputs, tuple) else inputs
        parts = [
            Part(branch.factors, _run(branch.node, tracer, inputs, join(path, branch.label)), _is_zero(branch.node))
            for branch in self.branches
        ]
        result = tracer.mix(self.merge, parts, first, path)
        tracer.places[self] = before
        return result

    def strided(self, strides):
        changed = (Branch(b.factors, b.node.strided(strides), b.label) for b in self.branches)
        return Mixed(self.path, tuple(changed), self.merge)


@dataclass(frozen=True, eq=False)
class Part:
    """A candidate at one place: its weight's factors, a function that computes it, and whether that is zero."""

    factors: tuple
    run: object
    zero: bool = False


@dataclass(frozen=True, eq=False)
class Edge:
    """An edge of a mixed cell: the state it leaves, the factors of its weight, its operations, its name."""

    source: int
    factors: tuple
    operations: Node
    name: str


@dataclass(frozen=True, eq=False)
class MixedCell(Node):
    """A cell with all its edges.

    Args:
        inputs: Number of input states.
        nodes: For each node its edges.
        output: As of `Cell`. In a "loose" output the nodes that feed others are zeros; which do, the gates say.
        partial: Only one of so many channels passes the operations; the others go on as they are.
    """

    inputs: int
    nodes: tuple
    output: str = "concatenate"
    partial: int = 1

    def flow(self, tracer, inputs, path, strides=1):
        states = list(inputs) if isinstance(inputs, (tuple, list)) else [inputs]
        states = tracer.cell(self, states, path, strides)
        made = states[self.inputs :]
        if self.output != "loose":
            return tracer.merge(self.output, made, join(path, "output"))
        parts = [Part(self._unread(self.inputs + i), lambda state=state: state) for i, state in enumerate(made)]
        return tracer.mix("concatenate", parts, states[0], join(path, "output"))

    def states(self, tracer, states, path, strides):
        """The states of a cell, those of its nodes too, candidate by candidate."""
        states = list(states)
        for i, edges in enumerate(self.nodes):
            at = join(path, f"node_{i}")
            parts = [self._part(tracer, states[edge.source], edge, at, strides) for edge in edges]
            states.append(tracer.mix("add", parts, states[0], join(at, "sum")))
        return states

    def _part(self, tracer, state, edge, path, strides):
        stepped = strides if edge.source < self.inputs else 1
        node = edge.operations if stepped == 1 else edge.operations.strided(stepped)
        node = node if self.partial == 1 else Partial(node, self.partial, stepped)
        return Part(edge.factors, _run(node, tracer, state, join(path, edge.name)), _is_zero(node))

    def _unread(self, state):
        """The weight of a state in a loose output: that no edge leaves it."""
        read = (factor for edges in self.nodes for edge in edges if edge.source == state for factor in edge.factors)
        return tuple(Factor(factor.path, factor.values, True) for factor in read)


@dataclass(frozen=True)
class Partial(Node):
    """A node on one of `share` channels; the others pass by, and all are shuffled.

    Reference:
        Xu et al., 2020, "PC-DARTS: Partial Channel Connections for Memory-Efficient Architecture Search".
    """

    node: Node
    share: int
    strides: int = 1

    def flow(self, tracer, inputs, path):
        count = max(1, tracer.shape(inputs)[-1] // self.share)
        front = Take(0, count).flow(tracer, inputs, join(path, "front"))
        rest = Take(count).flow(tracer, inputs, join(path, "rest"))
        if self.strides > 1:
            rest = MaxPool(self.strides, self.strides, "same").flow(tracer, rest, join(path, "pool"))
        passed = self.node.flow(tracer, front, path)
        joined = tracer.merge("concatenate", [passed, rest], join(path, "joined"))
        return Shuffle(self.share).flow(tracer, joined, join(path, "shuffle"))


@dataclass(frozen=True)
class Shuffle(Operation):
    """Channels of several groups dealt out in turn; as they are where the groups do not divide them."""

    groups: int

    def shape(self, shape):
        return shape

    def layer(self, shape, name):
        import keras

        channels = shape[-1]
        if channels % self.groups:
            return lambda x: x
        order = [g * (channels // self.groups) + i for i in range(channels // self.groups) for g in range(self.groups)]
        return lambda x: keras.ops.take(x, order, axis=-1)


def _run(node, tracer, inputs, path):
    return lambda: node.flow(tracer, inputs, path)


def _is_zero(node):
    return getattr(node, "zero", False) is True
