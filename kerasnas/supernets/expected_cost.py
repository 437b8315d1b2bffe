"""What the network is expected to cost under gates, as a term of the loss."""

from dataclasses import dataclass

import keras

from kerasnas.errors import ArgumentError
from kerasnas.lowering.costing import Symbol
from kerasnas.lowering.readings import ThroughGates
from kerasnas.lowering.supernet import Supernet


@dataclass(frozen=True)
class ExpectedCost:
    """A penalty on networks that are expected to cost more than a target.

    Args:
        target: The cost up to which nothing is added.
        of: "flops" or "params".
        strength: What is added for each time that the target is exceeded.

    Raises:
        ArgumentError: If `of` is unknown, or the target not positive.

    Reference:
        Cai et al., 2019, "ProxylessNAS"; Wu et al., 2019, "FBNet".
    """

    target: float
    of: str = "flops"
    strength: float = 1.0

    def __post_init__(self):
        if self.of not in ("flops", "params") or not self.target > 0:
            raise ArgumentError(
                f"Expected a positive target of 'flops' or 'params'. Received: {self.target!r} of {self.of!r}."
            )

    def __call__(self, supernet, gates):
        expected = expected_cost(supernet, gates, self.of)
        return self.strength * keras.ops.relu(expected / self.target - 1.0)


def expected_cost(supernet: Supernet, gates, of="flops"):
    """The cost of an architecture drawn by gates, on average: a tensor. What leads to zeros alone counts too.

    Args:
        supernet: The `Supernet`.
        gates: Tensors by decision.
        of: "flops" or "params".
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
        super().__init__(supernet, gates)
        self.of, self.total, self.weights = of, 0.0, [1.0]

    def shape(self, datum):
        return datum.shape

    def primitive(self, operation, inputs, path):
        shapes = self.shapes(inputs)
        self.total = self.total + float(getattr(operation, self.of)(shapes)) * self.weights[-1]
        return Symbol(operation.shape(shapes))

    def mix(self, kind, parts, first, path):
        how, ends = self.supernet.joins[path], []
        for i, part in enumerate(parts):
            if part.zero and kind == "add":
                continue
            weight = self.weight(part.factors)
            self.weights.append(self.weights[-1] if weight is None else self.weights[-1] * weight)
            ends.append(self.projected(part.run(), how.projections[i], path, i))
            self.weights.pop()
        return self.merge(kind, ends, path) if kind != "add" else Symbol(how.shape)
