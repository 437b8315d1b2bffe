"""What a network costs, without building it and without keras."""

import math
from dataclasses import dataclass

from kerasnas.errors import SpaceError
from kerasnas.lowering.concrete import concrete, named_shapes
from kerasnas.lowering.tracer import Tracer, plain_value

FLOAT32 = 4


@dataclass(frozen=True)
class Cost:
    """The price of a network for one example.

    Attributes:
        params: Weights, trainable or not, as Keras's `count_params()`.
        flops: Two for each multiply-add of convolutions and matrix products.
        activations: Bytes in float32 of what all operations put out.
    """

    params: int
    flops: int
    activations: int

    def __add__(self, other):
        return Cost(self.params + other.params, self.flops + other.flops, self.activations + other.activations)


@dataclass(frozen=True, eq=False)
class Symbol:
    """A datum of which only the shape is known, what the operation that made it costs, and what that one read."""

    shape: tuple
    cost: Cost = Cost(0, 0, 0)
    sources: tuple = ()


class CostTracer(Tracer):
    """Sends shapes through a network."""

    def shape(self, datum):
        return datum.shape

    def primitive(self, operation, inputs, path):
        shapes = self.shapes(inputs)
        result = operation.shape(shapes)
        if any(axis is None or axis < 1 for axis in result):
            raise SpaceError(f"Expected '{path}' to put out at least one value. Received: {result} from {shapes}.")
        spent = Cost(operation.params(shapes), operation.flops(shapes), FLOAT32 * math.prod(result))
        return Symbol(result, spent, inputs if isinstance(inputs, tuple) else (inputs,))


def total(symbols):
    """The cost of all operations from which `symbols` follow; others are not part of a model either."""
    waiting, seen, spent = list(symbols), set(), Cost(0, 0, 0)
    while waiting:
        symbol = waiting.pop()
        if symbol not in seen:
            seen.add(symbol)
            spent += symbol.cost
            waiting += symbol.sources
    return spent


def cost_of(node, shapes):
    """The cost of a concrete node.

    Args:
        node: A node without open decisions.
        shapes: The input's shape without the batch axis; a dict of shapes by input name for a graph; a list of shapes
            for a node that reads several.
    """
    return total(_outputs(_flow(node, shapes)))


def output_shape(node, shapes):
    """The shape that a concrete node puts out, or a dict of them; arguments as of `cost_of`."""
    result = _flow(node, shapes)
    return {name: datum.shape for name, datum in result.items()} if isinstance(result, dict) else result.shape


def _flow(node, shapes):
    return node.flow(CostTracer(), symbols(shapes), "")


def _outputs(result):
    return result.values() if isinstance(result, dict) else result if isinstance(result, tuple) else (result,)


def symbols(shapes):
    """What a flow of shapes starts from; arguments as of `cost_of`."""
    if isinstance(shapes, dict):
        return {name: Symbol(plain_value(shape)) for name, shape in shapes.items()}
    shapes = plain_value(shapes)
    several = bool(shapes) and isinstance(shapes[0], tuple)
    return tuple(Symbol(shape) for shape in shapes) if several else Symbol(shapes)


def cost(space, architecture=None, input_shape=None):
    """What one architecture of a space costs.

    Args:
        space: A `Space` or node.
        architecture: Answers to its decisions; the default ones if None.
        input_shape: Shape without the batch axis, or a dict of shapes by input name.

    Returns:
        A `Cost`.
    """
    node = concrete(space, architecture)
    return cost_of(node, named_shapes(node, input_shape))
