"""A cell of mixed operations as a Keras layer."""

import keras
import numpy as np

from kerasnas.arguments import is_whole
from kerasnas.errors import ArgumentError
from kerasnas.layers.candidate import Candidate
from kerasnas.layers.mixed_operation import MixedOperation
from kerasnas.space import Operation


@keras.saving.register_keras_serializable(package="kerasnas")
class Cell(keras.Layer):
    """Nodes that each add up mixed operations on the inputs and on all nodes before; concatenated, they are the output.

    The plain form of DARTS's cell, a layer for each candidate, for networks of one's own. The supernets of spaces
    compute the same in one fused layer a cell.

    Args:
        candidates: Resolved operations of `kerasnas.operations`, all of one output shape on the inputs.
        nodes: Nodes between the inputs and the output.
        reduction: Whether operations on the inputs take every second position.
        **kwargs: As of `keras.Layer`.

    Attributes:
        edges: The `MixedOperation`s in order: into the first node by state, the inputs first; into the next.

    Raises:
        ArgumentError: Where a candidate is no operation, or there are no nodes.

    Reference:
        Liu et al., 2019, "DARTS: Differentiable Architecture Search".
    """

    def __init__(self, candidates, nodes=4, reduction=False, **kwargs):
        super().__init__(**kwargs)
        if not is_whole(nodes) or nodes < 1:
            raise ArgumentError(f"Expected `nodes` to be a positive whole number. Received: {nodes!r}.")
        if not isinstance(candidates, (list, tuple)) or not all(isinstance(each, Operation) for each in candidates):
            raise ArgumentError(f"Expected a list of operations as `candidates`. Received: {candidates!r}.")
        self.candidates, self.nodes, self.reduction = tuple(candidates), nodes, bool(reduction)
        self.edges = []

    def build(self, input_shape):
        shapes = self._states(input_shape)
        self.inputs_number = len(shapes)
        for _ in range(self.nodes):
            ends = []
            for state, shape in enumerate(shapes):
                strides = 2 if self.reduction and state < self.inputs_number else 1
                edge = MixedOperation([each.strided(strides) if strides > 1 else each for each in self.candidates])
                edge.build(shape)
                self.edges.append(edge)
                ends.append(tuple(edge.compute_output_shape(shape)))
            if len(set(ends)) > 1:
                raise ArgumentError(f"Expected inputs of one shape. Received: edges that end in {sorted(set(ends))}.")
            shapes.append(ends[0])

    def _states(self, input_shape):
        several = input_shape and isinstance(input_shape[0], (list, tuple))
        return [tuple(shape) for shape in input_shape] if several else [tuple(input_shape)]

    def call(self, inputs, gates=None, training=None):
        """Mix along all edges.

        Args:
            inputs: A tensor, or a list of tensors of one shape.
            gates: For each edge, in the order of `edges`, a number for each candidate; the softmax of each edge's own
                `alpha` if None.
            training: Passed on to the candidates that take it.
        """
        states = list(inputs) if isinstance(inputs, (list, tuple)) else [inputs]
        edges = iter(zip(self.edges, gates if gates is not None else [None] * len(self.edges), strict=True))
        for _ in range(self.nodes):
            ends = [edge(state, gates=gate, training=training) for state, (edge, gate) in zip(list(states), edges)]
            states.append(sum(ends[1:], ends[0]))
        made = states[-self.nodes :]
        return keras.ops.concatenate(made, axis=-1) if len(made) > 1 else made[0]

    def compute_output_shape(self, input_shape):
        shape = self._states(input_shape)[0]
        strides = 2 if self.reduction else 1
        first = self.candidates[0]
        end = MixedOperation([first.strided(strides) if strides > 1 else first]).compute_output_shape(shape)
        return (*end[:-1], self.nodes * end[-1])

    def strongest(self, keep=2):
        """The edges to derive: for each node the `keep` whose strongest candidate weighs most.

        Returns:
            A list with a dict for each node, from the number of a state, inputs first, to the number of a candidate.
        """
        found, at = [], 0
        for node in range(self.nodes):
            edges = self.edges[at : at + self.inputs_number + node]
            gates = [keras.ops.convert_to_numpy(keras.ops.softmax(edge.alpha)) for edge in edges]
            kept = sorted(np.argsort([-gate.max() for gate in gates], kind="stable")[:keep].tolist())
            found.append({state: int(np.argmax(gates[state])) for state in kept})
            at += len(edges)
        return found

    def get_config(self):
        held = [Candidate(each).get_config()["operation"] for each in self.candidates]
        return {**super().get_config(), "candidates": held, "nodes": self.nodes, "reduction": self.reduction}

    @classmethod
    def from_config(cls, config):
        return cls([Candidate(each).operation for each in config.pop("candidates")], **config)
