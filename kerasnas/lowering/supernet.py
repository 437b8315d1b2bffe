"""The supernet of a space: one network that holds all of its architectures."""

import keras
import numpy as np

from kerasnas.errors import ArgumentError, SpaceError
from kerasnas.lowering.concrete import named_shapes
from kerasnas.lowering.costing import Symbol
from kerasnas.lowering.memory import largest
from kerasnas.lowering.opening import Opened, open_space
from kerasnas.lowering.readings import AlongPath, Inheriting, Making, ThroughGates
from kerasnas.lowering.statistics import recompute_statistics
from kerasnas.lowering.views import View
from kerasnas.space.domain import Subsets


class Supernet(keras.Model):
    """All architectures of a space in one network, read through gates or along a path.

    Under one-hot gates, along that path and as the inherited plain model it computes the same. Where candidates of one
    decision put out unequal shapes, projections bring them to one: `describe()` says where, and an inherited model has
    them too.

    Args:
        space: A `Space`, a node, or what `open_space` made of one.
        input_shape: Shape without the batch axis, or a dict of shapes by input name for a graph.
        affine: Whether batch normalizations have a learnt scale and shift. DARTS searches without, for a scale could
            undo a gate.
        normalized_pools: Whether pools that can be chosen are followed by such a normalization.
        partial: Only one of so many channels passes a cell's operations; nothing can be inherited then.
        seed: Of the first architecture weights.
        fused: Whether each cell whose candidates are of the known kinds is one layer: equal in result, and faster.
        recompute: The share of what such cells hold that the backward pass computes anew, the largest cells first:
            less memory for more time. True for all; 0.6 saves most at the least cost, for early cells hold the most.

    Attributes:
        alphas: By decision, the architecture weights: one for each answer, drawn from 1e-3 · N(0, 1). Those of the
            question which states enter a node of a cell are there for rules that weigh edges.
        made: The layers, by the path where they stand and what they are; `View`s of the weights of fused cells.
        cells: The fused cells by path.

    Raises:
        SpaceError: At a decision that cannot be mixed, with its path and the reason.

    Reference:
        Liu et al., 2019, "DARTS: Differentiable Architecture Search".
    """

    def __init__(
        self, space, input_shape, affine=False, normalized_pools=False, partial=1, seed=0, name="supernet",
        fused=True, recompute=False,
    ):  # fmt: skip
        super().__init__(name=name)
        self.opened = space if isinstance(space, Opened) else open_space(space, normalized_pools, partial)
        self.partial = partial
        self.shapes = named_shapes(self.opened.node, input_shape)
        making = Making(affine, fused)
        several = isinstance(self.shapes, dict)
        given = {n: Symbol(shape) for n, shape in self.shapes.items()} if several else Symbol(self.shapes)
        self.opened.node.flow(making, given, "")
        self.made, self.joins, self.operations = making.made, making.joins, making.operations
        self.cells, self.orders = making.cells, making.orders
        for path in largest(making.held, _share(recompute)):
            self.cells[path].recompute = True
        domains = self.opened.domains
        self.labels = {path: tuple(d.labels if hasattr(d, "labels") else d.values()) for path, d in domains.items()}
        self.exclusive = {path: not isinstance(domain, Subsets) for path, domain in domains.items()}
        self.alphas = self._first_alphas(seed)
        self._chosen = None
        self.built = True

    def _first_alphas(self, seed):
        rng = np.random.default_rng(seed)
        return {
            path: self.add_weight(
                shape=(len(labels),), name=f"alpha_{path.replace('/', '_')}",
                initializer=_constant(1e-3 * rng.normal(size=len(labels))),
            )
            for path, labels in self.labels.items()
        }  # fmt: skip

    # ------------------------------------------------------------------ weights
    @property
    def architecture_weights(self):
        return list(self.alphas.values())

    @property
    def network_weights(self):
        """The trainable weights that are no architecture weights."""
        apart = {id(weight) for weight in self.architecture_weights}
        return [weight for weight in self.trainable_weights if id(weight) not in apart]

    # -------------------------------------------------------------------- gates
    def softmax_gates(self, edges=False):
        """Gates by decision: the softmax of its architecture weights.

        Args:
            edges: Whether the edges into a node of a cell are weighed too; else all of them count in full.
        """
        gates, alike = {}, {}  # those of one length are computed together
        for path, labels in self.labels.items():
            gates[path] = keras.ops.ones((len(labels),), self.alphas[path].dtype)
            if len(labels) > 1 and (edges or self.exclusive[path]):
                alike.setdefault(len(labels), []).append(path)
        for paths in alike.values():
            found = keras.ops.softmax(keras.ops.stack([self.alphas[path].value for path in paths]))
            gates |= dict(zip(paths, keras.ops.unstack(found)))
        return gates

    def gates_of(self, architecture):
        """Gates that are one where an architecture has chosen, and zero elsewhere."""
        gates = {}
        for path, labels in self.labels.items():
            answer = architecture.get(path)
            chosen = (answer,) if self.exclusive[path] else answer or ()
            hot = [float(path in architecture and label in chosen) for label in labels]
            gates[path] = keras.ops.convert_to_tensor(np.array(hot, "float32"))
        return gates

    # ------------------------------------------------------------------ reading
    def call(self, inputs, training=None, gates=None, architecture=None, sampled=False):
        """Compute through gates (the softmax ones if None), or along the path of an architecture.

        Args:
            inputs: A tensor `(batch, *input_shape)`, or a dict of them.
            training: Whether batches normalize themselves.
            gates: Tensors by decision, one number for each answer.
            architecture: What to compute alone; that of `set_path` if None.
            sampled: Whether the gates are one-hot, so that only chosen candidates need be computed.
        """
        if gates is not None and architecture is not None:
            raise ArgumentError("Expected gates or an architecture. Received: both.")
        architecture = self._chosen if architecture is None and gates is None else architecture
        if architecture is not None:
            reading = AlongPath(self, architecture, training)
        else:
            reading = ThroughGates(self, self.softmax_gates() if gates is None else gates, training, sampled)
        return self.opened.node.flow(reading, inputs, "")

    def set_path(self, architecture=None):
        """From now on compute along the path of an architecture where neither gates nor another is given."""
        self._chosen = architecture

    # ------------------------------------------------------------------ results
    def inherit(self, architecture, batches=None):
        """The plain model of an architecture, with copies of the weights.

        Args:
            architecture: An `Architecture` of the space.
            batches: Rows as the supernet takes them, by batch, from which the statistics of batch normalizations are
                computed anew: those of the supernet are of all paths together.

        Returns:
            A functional `keras.Model` of stock layers.

        Raises:
            SpaceError: If the supernet has partial channels, whose weights fit no whole candidate.
        """
        if self.partial > 1:
            raise SpaceError("Expected a supernet with whole channels to inherit from. Received: partial ones.")
        inputs = _inputs(self.shapes)
        tracer = Inheriting(self, architecture)
        outputs = self.opened.node.flow(tracer, inputs, "")
        alone = [next(iter(d.values())) if isinstance(d, dict) and len(d) == 1 else d for d in (inputs, outputs)]
        model = keras.Model(*alone)
        for key, layer in tracer.copies:
            _copy(self.made[key], layer)
        if batches is not None:
            recompute_statistics(model, batches)
        return model

    def describe(self):
        """The mixed decisions with their answers, and where candidates are brought to one shape, as text."""
        lines = [f"{path}: {', '.join(map(str, labels))}" for path, labels in self.labels.items()]
        for path, join in self.joins.items():
            projected = sum(node is not None for node in join.projections)
            if projected:
                lines.append(f"{path}: {projected} of {len(join.projections)} candidates projected to {join.shape}")
        return "\n".join(lines)


def _share(recompute):
    if not isinstance(recompute, (bool, int, float)) or not 0 <= recompute <= 1:
        raise ArgumentError(f"Expected `recompute` to be a share, from 0 to 1. Received: {recompute!r}.")
    return recompute


def _constant(values):
    values = np.asarray(values, "float32")
    return lambda shape, dtype=None: keras.ops.cast(keras.ops.convert_to_tensor(values), dtype or "float32")


def _inputs(shapes):
    if isinstance(shapes, dict):
        return {name: keras.Input(shape, name=name) for name, shape in shapes.items()}
    return keras.Input(shapes, name="input")


def _copy(source, target):
    """Give a layer the weights of the supernet's; a scale and shift that were not learnt stay one and zero."""
    if not isinstance(target, keras.Layer):
        return
    if isinstance(source, View):
        for weight in target.weights:
            if (kind := weight.path.rsplit("/", 1)[-1]) in source.kinds:
                weight.assign(source.value(kind))
        return
    values = {weight.path.rsplit("/", 1)[-1]: weight for weight in source.weights}
    if len(values) != len(source.weights):  # a layer of layers: names alone do not tell them apart
        target.set_weights(source.get_weights())
        return
    for weight in target.weights:
        name = weight.path.rsplit("/", 1)[-1]
        if name in values:
            weight.assign(values[name])
