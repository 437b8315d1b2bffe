"""What the network is expected to cost under gates, as a term of the loss."""

import dataclasses
from dataclasses import dataclass

import keras

from kerasnas.errors import ArgumentError
from kerasnas.lowering.alignment import aligned
from kerasnas.lowering.costing import Symbol
from kerasnas.lowering.readings import ThroughGates
from kerasnas.lowering.supernet import Supernet


@dataclass(frozen=True)
class ExpectedCost:
    """A penalty on networks that are expected to cost more than a target.

    Priced is the network that is searched: where cells are searched in a smaller one than they are retrained in
    (`Derive(space=small)`), the target is one for the smaller.

    Args:
        target: The cost up to which nothing is added; see `expected_cost`.
        of: "flops", "params", or a function `(operation, shapes)` that gives a number of one operation on inputs of
            such shapes, without the batch axis: a look-up in a table of measured latencies.
        strength: What is added for each time that the target is exceeded.

    Raises:
        ArgumentError: If `of` is unknown, or the target not positive.

    Reference:
        Cai et al., 2019, "ProxylessNAS"; Wu et al., 2019, "FBNet".
    """

    target: float
    of: object = "flops"
    strength: float = 1.0

    def __post_init__(self):
        if not (self.of in ("flops", "params") or callable(self.of)) or not self.target > 0:
            raise ArgumentError(
                "Expected a positive target of 'flops', 'params' or a function. "
                f"Received: {self.target!r} of {self.of!r}."
            )

    def __repr__(self):
        """Alike in all processes, so that a search that was killed knows itself again."""
        of = getattr(self.of, "__qualname__", self.of)
        return f"ExpectedCost(target={self.target!r}, of={of!r}, strength={self.strength!r})"

    def __call__(self, supernet, gates):
        expected = expected_cost(supernet, gates, self.of)
        return self.strength * keras.ops.relu(expected / self.target - 1.0)


def expected_cost(supernet: Supernet, gates, of="flops"):
    """The cost of an architecture drawn by gates, on average: a tensor.

    Of the edges into a node of a cell so many count as it keeps, each by its share of the edges' gates. Candidates
    count with all channels, also where a part of them passes while searching. An answer "zero" counts for nothing,
    though a node that keeps some edges never derives it; what leads to zeros alone counts too.

    Args:
        supernet: The `Supernet`.
        gates: Tensors by decision.
        of: As of `ExpectedCost`.
    """
    pricing = _Pricing(supernet, gates, of)
    given = supernet.shapes
    symbols = {n: Symbol(shape) for n, shape in given.items()} if isinstance(given, dict) else Symbol(given)
    supernet.opened.node.flow(pricing, symbols, "")
    return pricing.total


class _Pricing(ThroughGates):
    """Sends shapes through a supernet and adds up costs, each times the weight under which it is met."""

    remembers, fuses = False, False

    def __init__(self, supernet, gates, of):
        super().__init__(supernet, gates | _kept(supernet, gates))
        self.of, self.total, self.weights = of, 0.0, [1.0]

    def shape(self, datum):
        return datum.shape

    def primitive(self, operation, inputs, path):
        shapes = self.shapes(inputs)
        cost = self.of(operation, shapes) if callable(self.of) else getattr(operation, self.of)(shapes)
        self.total = self.total + float(cost) * self.weights[-1]
        return Symbol(operation.shape(shapes))

    def cell(self, cell, states, path, strides):
        return super().cell(dataclasses.replace(cell, partial=1), states, path, strides)

    def mix(self, kind, parts, first, path):
        """As while the supernet is made, whose shapes are others where a part of the channels passes."""
        counted = [part for part in parts if kind != "add" or not part.zero]
        if not counted:
            return parts[0].run()
        weights = [
            self.weights[-1] * self.weight(part.factors) if part.factors else self.weights[-1] for part in counted
        ]
        results = [self._at(weight, part.run) for weight, part in zip(weights, counted)]
        places = [parts.index(part) for part in counted]
        ends = []
        for i, weight, result, node in zip(places, weights, results, aligned(kind, [each.shape for each in results])):
            flow = lambda node=node, result=result, i=i: self.projected(result, node, path, i)  # noqa: E731
            ends.append(self._at(weight, flow))
        return self.merge(kind, ends, path) if kind != "add" else ends[0]

    def _at(self, weight, run):
        self.weights.append(weight)
        result = run()
        self.weights.pop()
        return result


def _kept(supernet, gates):
    """How likely each edge into a node of a cell is kept."""
    found = {}
    for path in supernet.opened.ranked:
        share = gates[path] / keras.ops.maximum(keras.ops.sum(gates[path]), 1e-6)
        found[path] = keras.ops.minimum(supernet.opened.domains[path].most * share, 1.0)
    return found
