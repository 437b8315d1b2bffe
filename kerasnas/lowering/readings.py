"""How an opened space is read: once to make its layers, then with gates, along a path, or as a plain model."""

import contextlib
import math
from dataclasses import dataclass

import keras

from kerasnas import backend
from kerasnas.errors import SpaceError
from kerasnas.layers.fused_cell import FusedCell
from kerasnas.layers.weighing import weighted_sum, zeros_for
from kerasnas.lowering.alignment import aligned
from kerasnas.lowering.costing import Cost, Symbol
from kerasnas.lowering.fusing import fused_plan
from kerasnas.lowering.model import KerasTracer
from kerasnas.lowering.statistics import is_plain, normalized
from kerasnas.lowering.tracer import Tracer
from kerasnas.lowering.views import View
from kerasnas.operations.normalization import without_scale
from kerasnas.space import join


@dataclass(frozen=True)
class Join:
    """How candidates come together at one place.

    Attributes:
        projections: For each candidate the node that brings it to the common shape, or None.
        shapes: For each candidate its shape thereafter.
        shape: The shape of the whole.
    """

    projections: tuple
    shapes: tuple
    shape: tuple


class Making(Tracer):
    """Sends shapes through an opened space and makes the layer of every primitive operation, with its weights.

    Args:
        affine: Whether batch normalizations have a learnt scale and shift.
        fused: Whether cells are one layer each where they can be.

    Attributes:
        made: Layers, functions, or `View`s of a fused cell, by key.
        cells: `FusedCell`s by path.
        orders: For each the order of its edges.
        held: For each, numbers that its edges put out for one row.
        operations: The primitive operation of each and the shapes it reads, by key.
        joins: `Join`s by path.
    """

    remembers = True

    def __init__(self, affine, fused=False):
        self.affine, self.fused = affine, fused
        self.places, self.made, self.operations, self.joins = {}, {}, {}, {}
        self.cells, self.orders, self.held, self.edges, self.stateless = {}, {}, {}, {}, {}

    def shape(self, datum):
        return datum.shape

    def primitive(self, operation, inputs, path):
        operation = self.learnt(operation)
        shapes, key = self.shapes(inputs), key_of(operation, path)
        if self.operations.setdefault(key, (operation, shapes)) != (operation, shapes):
            raise SpaceError(f"Expected '{path}' to read one shape wherever it stands. Received: {shapes} and another.")
        if key not in self.made:
            self.made[key] = self._made(operation, shapes, path, key)
        sources = inputs if isinstance(inputs, tuple) else (inputs,)
        return Symbol(operation.shape(shapes), Cost(operation.params(shapes), operation.flops(shapes), 0), sources)

    def learnt(self, operation):
        """The operation, without a scale and shift where none are learnt."""
        return operation if self.affine else without_scale(operation)

    def _made(self, operation, shapes, path, key):
        at = next((at for at in self.edges if path.startswith(f"{at}/")), None)
        if at is None:
            return _built(operation.layer(shapes, None), shapes)
        if not operation.params(shapes):  # one does for all edges
            if (operation, shapes) not in self.stateless:
                self.stateless[operation, shapes] = _built(operation.layer(shapes, None), shapes)
            return self.stateless[operation, shapes]
        return View(operation, shapes, *self.edges[at][:1], key[len(at) + 1 :], self.edges[at][1])

    def cell(self, cell, states, path, strides):
        plan = self.fused and fused_plan(cell, [state.shape for state in states], strides, self.affine)
        if plan:
            layer = FusedCell(plan[0], name=path.replace("/", "_"))
            shapes = [(None, *state.shape) for state in states]
            layer.build(shapes)
            self.cells[path], self.orders[path] = layer, plan[1]
            self.held[path] = len(plan[1]) * math.prod(layer.compute_output_shape(shapes)[0][1:])
            names = (join(path, f"node_{node}/{cell.nodes[node][at].name}") for node, at in plan[1])
            self.edges = {name: (layer, i) for i, name in enumerate(names)}
        made = super().cell(cell, states, path, strides)
        self.edges = {}
        return made

    def mix(self, kind, parts, first, path):
        results = [part.run() for part in parts]
        every = list(range(len(parts)))
        # In a sum a zero counts for nothing, nor does its shape; side by side it has its place.
        counted = every if kind != "add" else [i for i in every if not parts[i].zero] or every
        projections, shapes, ends = [None] * len(parts), [None] * len(parts), []
        for i, node in zip(counted, aligned(kind, [results[i].shape for i in counted])):
            end = results[i] if node is None else node.flow(self, results[i], join(path, f"align_{i}"))
            projections[i], shapes[i] = node, end.shape
            ends.append(end)
        whole = Symbol(ends[0].shape, sources=tuple(ends)) if kind == "add" else self.merge(kind, ends, path)
        self.joins[path] = Join(tuple(projections), tuple(shapes), whole.shape)
        return whole


class Reading(Tracer):
    """Sends tensors through an opened space.

    Args:
        supernet: What `Making` made.
    """

    remembers = True  # whether what several candidates have in common is computed once

    def __init__(self, supernet):
        super().__init__()
        self.supernet, self.places = supernet, {}

    def shape(self, datum):
        return tuple(datum.shape[1:])

    def primitive(self, operation, inputs, path):
        layer = self.supernet.made[key_of(operation, path)]
        inputs = list(inputs) if isinstance(inputs, tuple) else inputs
        if self.training and is_plain(layer, inputs):
            return normalized(layer, inputs)
        trained = isinstance(layer, (keras.Layer, View))
        return layer(inputs, training=self.training) if trained else layer(inputs)

    def weight(self, factors):
        """The weight of a candidate: a tensor, None for one, 0 for a candidate that is not computed at all."""
        raise NotImplementedError(f"{type(self).__name__}.weight")

    def mix(self, kind, parts, first, path):
        how = self.supernet.joins[path]
        weights = [0 if part.zero and kind == "add" else self.weight(part.factors) for part in parts]
        kept = [i for i, weight in enumerate(weights) if not isinstance(weight, int)]
        results = {i: self.projected(parts[i].run(), how.projections[i], path, i) for i in kept}
        if kind == "add":
            taken = [weights[i] for i in kept], [results[i] for i in kept]
            return weighted_sum(*taken) if kept else zeros_for(first, how.shape)
        ends = [
            weighted_sum([weights[i]], [results[i]]) if i in results else zeros_for(first, how.shapes[i])
            for i in range(len(parts))
        ]
        return self.merge("concatenate", ends, path)

    def projected(self, result, node, path, i):
        return result if node is None else node.flow(self, result, join(path, f"align_{i}"))

    @contextlib.contextmanager
    def apart(self):
        """Around a branch: what it computes is forgotten at its end, for it exists in that branch alone."""
        before = {owner: (place[0], dict(place[1])) for owner, place in self.places.items() if place}
        yield
        self.places.update(before)


class AlongPath(Reading):
    """Computes what one architecture has chosen, and nothing else."""

    def __init__(self, supernet, architecture, training=None):
        super().__init__(supernet)
        self.architecture, self.training = architecture, training

    def weight(self, factors):
        return None if all(holds(factor, self.architecture) for factor in factors) else 0


class ThroughGates(Reading):
    """Computes all candidates and weighs them.

    Args:
        gates: Tensors by decision, one number for each of its answers.
        sampled: Whether gates are one-hot, so that of each choice only the chosen candidate need be computed, and its
            gate alone has a gradient. Choices inside a candidate are computed in full: TensorFlow does not
            differentiate such switches within switches. Where switches are slow all candidates are computed.
    """

    fuses = True  # whether cells that are one layer are computed as such

    def __init__(self, supernet, gates, training=None, sampled=False):
        super().__init__(supernet)
        self.gates, self.training, self.sampled = gates, training, sampled and backend.switches()
        if sampled:
            self.gates = {path: _alone(gate) if supernet.exclusive[path] else gate for path, gate in gates.items()}
        self.inside = False
        self.numbers = {}  # gates by decision, apart
        self.matrices = {}  # gates of a cell's edges, which cells of a kind have in common

    def cell(self, cell, states, path, strides):
        fused = self.supernet.cells.get(path)
        if fused is None or not self.fuses:
            return super().cell(cell, states, path, strides)
        if cell not in self.matrices:
            edges = [cell.nodes[node][at] for node, at in self.supernet.orders[path]]
            weights = [self.weight(edge.factors) for edge in edges]
            gates = [self._gates(edge.operations) for edge in edges]
            weighed = [g if w is None else g * w for g, w in zip(gates, weights)]
            ones = keras.ops.ones((), "float32")
            alone = keras.ops.stack([ones if w is None else w for w in weights]) if cell.partial > 1 else None
            chosen = keras.ops.argmax(keras.ops.stack(gates), axis=-1) if self.sampled else None
            self.matrices[cell] = keras.ops.stack(weighed), alone, chosen
        gates, edges, chosen = self.matrices[cell]
        return [*states, *fused(states, gates, edges, training=self.training, chosen=chosen)]

    def _gates(self, mixed):
        """The weights of a mixed node's candidates, as one tensor."""
        pairs = [branch.factors[0] for branch in mixed.branches if len(branch.factors) == 1]
        (path, *others) = {factor.path for branch in mixed.branches for factor in branch.factors}
        if not others and tuple(factor.values for factor in pairs) == tuple((v,) for v in self.supernet.labels[path]):
            return self.gates[path]
        return keras.ops.stack([self.weight(branch.factors) for branch in mixed.branches])

    def weight(self, factors):
        product = None
        for factor in factors:
            total = self._total(factor)
            product = total if product is None else product * total
        return product

    def _total(self, factor):
        gate, labels = self.gates[factor.path], self.supernet.labels[factor.path]
        if factor.path not in self.numbers:
            self.numbers[factor.path] = keras.ops.unstack(gate, len(labels))
        numbers = [self.numbers[factor.path][labels.index(value)] for value in factor.values]
        total = sum(numbers[1:], numbers[0])
        return 1.0 - total if factor.other else total

    def mix(self, kind, parts, first, path):
        paths = {factor.path for part in parts for factor in part.factors}
        alone = all(len(part.factors) == 1 and len(part.factors[0].values) == 1 for part in parts)
        if not self.sampled or self.inside or kind != "add" or len(paths) != 1 or not alone or len(parts) < 2:
            return super().mix(kind, parts, first, path)
        (decision,) = paths
        labels = self.supernet.labels[decision]
        if [part.factors[0].values[0] for part in parts] != list(labels) or not self.supernet.exclusive[decision]:
            return super().mix(kind, parts, first, path)
        gate, how = self.gates[decision], self.supernet.joins[path]
        chosen = keras.ops.argmax(gate)
        branches = [self._branch(part, how, first, path, i) for i, part in enumerate(parts)]
        return keras.ops.switch(chosen, branches) * keras.ops.take(gate, chosen)

    def _branch(self, part, how, first, path, i):
        """A function that computes one candidate and leaves no tensor of its own behind."""

        def branch():
            if part.zero:
                return zeros_for(first, how.shape)
            outside = dict(self.numbers)
            with self.apart():
                self.inside = True
                result = self.projected(part.run(), how.projections[i], path, i)
                self.inside, self.numbers = False, outside
                return result

        return branch


class Inheriting(KerasTracer):
    """Builds the plain model of a path with the supernet's shapes.

    Attributes:
        copies: Pairs of a key of the supernet and the new layer that takes its weights.
    """

    remembers = True
    projected = Reading.projected
    mix = Reading.mix
    weight = AlongPath.weight

    def __init__(self, supernet, architecture):
        super().__init__()
        self.supernet, self.architecture = supernet, architecture
        self.places, self.copies = {}, []

    def primitive(self, operation, inputs, path):
        layer = operation.layer(self.shapes(inputs), self.name(operation, path))
        self.copies.append((key_of(operation, path), layer))
        return layer(list(inputs) if isinstance(inputs, tuple) else inputs)


def _alone(gate):
    """The gate of the chosen answer, zeros for the others."""
    return gate * keras.ops.one_hot(keras.ops.argmax(gate), gate.shape[0], dtype=gate.dtype)


def key_of(operation, path):
    """By what a layer is known: where its operation stands, and what it is."""
    return f"{path}:{type(operation).__name__}"


def holds(factor, architecture):
    """Whether a candidate with this factor is chosen by an architecture."""
    chosen = factor.path in architecture and any(_is(value, architecture[factor.path]) for value in factor.values)
    return chosen != factor.other


def _is(value, answer):
    """Whether an answer, or one of a chosen set, is this value."""
    if isinstance(answer, tuple) and not isinstance(value, tuple):
        return any(_is(value, each) for each in answer)
    return value == answer and type(value) is type(answer)


def _built(layer, shapes):
    if isinstance(layer, keras.Layer):
        layer = _seeded(layer)
        several = bool(shapes) and isinstance(shapes[0], tuple)
        layer.build([(None, *shape) for shape in shapes] if several else (None, *shapes))
    return layer


def _seeded(layer):
    """A layer that draws by its own seed alone: Keras's dropout on PyTorch heeds only one that was given."""
    generator = getattr(layer, "seed_generator", None)
    config = {} if generator is None else layer.get_config()
    if "seed" not in config or config["seed"] is not None:
        return layer
    return type(layer).from_config({**config, "seed": int(keras.ops.convert_to_numpy(generator.state)[0])})
