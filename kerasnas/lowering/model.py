"""The Keras model of one architecture: stock layers only."""

import math
import re

import numpy as np

from kerasnas.errors import SpaceError
from kerasnas.lowering.concrete import concrete, named_shapes
from kerasnas.lowering.tracer import Tracer

SOLVED_CELLS = 50_000_000  # numbers from which a layer is solved for, at most


class KerasTracer(Tracer):
    """Sends Keras tensors through a network and puts a layer where an operation stands."""

    def __init__(self):
        self.names = set()
        self.from_data = []  # (operation, layer, input tensor): what is to be set from training rows, not learnt
        self.solved = []  # (path, operation, layer, input tensor): what is solved for from rows and their targets

    def shape(self, datum):
        return tuple(datum.shape[1:])

    def primitive(self, operation, inputs, path):
        layer = self.layer(operation, self.shapes(inputs), self.name(operation, path))
        if hasattr(operation, "weights_from"):
            self.from_data.append((operation, layer, inputs))
        if hasattr(operation, "solve"):
            self.solved.append((path, operation, layer, inputs))
        return layer(list(inputs) if isinstance(inputs, tuple) else inputs)

    def layer(self, operation, shapes, name):
        """The layer of an operation, or a function."""
        return operation.layer(shapes, name)

    def name(self, operation, path):
        """A layer name that tells where the operation stands and what it is; Keras allows no slash in it."""
        kind = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", type(operation).__name__).lower()
        told = re.sub(r"_\d+$", "", path.rsplit("/", 1)[-1]) == kind
        wanted = re.sub(r"\W+", "_", path if told else f"{path}/{kind}").strip("_")
        name, count = wanted, 1
        while name in self.names:
            name, count = f"{wanted}_{count}", count + 1
        self.names.add(name)
        return name


def network(node, tensors, path=""):
    """What a concrete node makes of Keras tensors.

    Args:
        node: A node without open decisions.
        tensors: A tensor; a dict of tensors by input name for a graph; a tuple for a node that reads several.
        path: Put before the names of all layers.

    Returns:
        A tensor, or a dict of them by output name for a graph.
    """
    return node.flow(KerasTracer(), tuple(tensors) if isinstance(tensors, list) else tensors, path)


def set_from_data(tracer, inputs, rows):
    """Give the layers whose weights come from data their weights.

    Args:
        tracer: The `KerasTracer` that built them.
        inputs: The Keras inputs it started from, by name.
        rows: Some training rows, by input name.
    """
    import keras

    for operation, layer, tensor in tracer.from_data:
        values = keras.Model(inputs, {"values": tensor}).predict(rows, verbose=0)["values"]
        layer.set_weights(operation.weights_from(values))


def solve(tracer, inputs, rows):
    """Give the layers that are solved for, in a head or before the only one, their weights.

    Args:
        tracer: The `KerasTracer` that built them.
        inputs: The Keras inputs it started from, by name.
        rows: The training rows, a `Dataset`, as the graph takes them.
    """
    import keras

    for path, operation, layer, tensor in tracer.solved:
        most = max(1, getattr(operation, "most_cells", SOLVED_CELLS) // math.prod(tensor.shape[1:]))
        if len(rows) > most:
            rows = rows.take(np.linspace(0, len(rows) - 1, most).astype(int))
        values = keras.Model(inputs, {"values": tensor}).predict(rows.with_y(None).batches(256), verbose=0)["values"]
        head = path.split("/")[0]
        (only, *others) = rows.y
        if head not in rows.y and others:
            raise SpaceError(f"Expected a single head where '{head}' is solved for. Received: {list(rows.y)}.")
        layer.set_weights(operation.solve(values, rows.y[head if head in rows.y else only], rows.weight))


def build(space, architecture=None, input_shape=None, name=None):
    """The plain Keras model of one architecture, not compiled.

    Args:
        space: A `Space` or node.
        architecture: Answers to its decisions; the default ones if None.
        input_shape: Shape without the batch axis, or a dict of shapes by input name for a graph.
        name: The model's name.

    Returns:
        A functional `keras.Model` of stock layers. Several inputs, and several outputs, are dicts by name.
    """
    import keras

    node = concrete(space, architecture)
    shapes = named_shapes(node, input_shape)
    if not isinstance(shapes, dict):
        inputs = keras.Input(shapes, name="input")
        return keras.Model(inputs, network(node, inputs), name=name)
    inputs = {each: keras.Input(shape, name=each) for each, shape in shapes.items()}
    outputs = network(node, inputs)
    alone = [next(iter(data.values())) if len(data) == 1 else data for data in (inputs, outputs)]
    return keras.Model(*alone, name=name)
