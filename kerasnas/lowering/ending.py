"""What a network ends in: which numbers it puts out, and whether they are probabilities."""

from kerasnas.lowering.costing import CostTracer, symbols
from kerasnas.operations import Activation

PROBABILITIES = ("softmax", "sigmoid", "hard_sigmoid")


class _Makers(CostTracer):
    """Sends shapes through a network and remembers which operation made which."""

    def __init__(self):
        self.makers = {}

    def primitive(self, operation, inputs, path):
        result = super().primitive(operation, inputs, path)
        self.makers[result] = operation
        return result


def ending(node, shape):
    """The shape that a concrete node puts out, and whether it ends in probabilities.

    The last activation, or layer with weights, tells; what comes after it (reshaping, dropout, means) keeps what it is.
    Of an operation of the user's own it is taken on trust.

    Args:
        node: A node without open decisions.
        shape: The input's shape without the batch axis.
    """
    tracer = _Makers()
    last = node.flow(tracer, symbols(shape), "")
    symbol = last
    while symbol in tracer.makers:
        maker = tracer.makers[symbol]
        if not type(maker).__module__.startswith("kerasnas."):
            return last.shape, True
        if isinstance(maker, Activation) or symbol.cost.params:
            named = maker.name if isinstance(maker, Activation) else getattr(maker, "activation", None)
            return last.shape, named in PROBABILITIES
        symbol = symbol.sources[0]
    return last.shape, False
