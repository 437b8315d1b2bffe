"""A primitive or compound operation as one Keras layer."""

import dataclasses

import keras

from kerasnas import operations
from kerasnas.errors import ArgumentError
from kerasnas.space import Operation


@keras.saving.register_keras_serializable(package="kerasnas")
class Candidate(keras.Layer):
    """An operation of `kerasnas.operations` as a layer, with all the layers that it stands for.

    Args:
        operation: A resolved operation, or its name and arguments as a dict `{"name": ..., "arguments": {...}}`.
        **kwargs: As of `keras.Layer`.

    Raises:
        ArgumentError: If it is none.
    """

    def __init__(self, operation, **kwargs):
        super().__init__(**kwargs)
        if isinstance(operation, dict):
            operation = getattr(operations, operation["name"])(**operation["arguments"])
        if not isinstance(operation, Operation) or any(operation.branches("")):
            raise ArgumentError(f"Expected a Keras layer or a resolved operation. Received: {operation!r}.")
        self.operation = operation
        self.inner = {}

    def build(self, input_shape):
        making = _Making()
        self.operation.flow(making, _Shape(tuple(input_shape[1:])), "operation")
        self.inner = making.made

    def call(self, inputs, training=None):
        return self.operation.flow(_Running(self.inner, training), inputs, "operation")

    def compute_output_shape(self, input_shape):
        return (input_shape[0], *self.operation.flow(_Making(), _Shape(tuple(input_shape[1:])), "operation").shape)

    def get_config(self):
        told = {"name": type(self.operation).__name__, "arguments": dataclasses.asdict(self.operation)}
        return {**super().get_config(), "operation": told}


@dataclasses.dataclass(frozen=True)
class _Shape:
    shape: tuple


class _Flowing:
    """What reads of operations have in common: compound ones are taken apart, and merges need equal shapes."""

    merges = {"add": operations.Add, "concatenate": operations.Concatenate}

    def shapes(self, inputs):
        return tuple(map(self.shape, inputs)) if isinstance(inputs, tuple) else self.shape(inputs)

    def operation(self, operation, inputs, path):
        if operation.identity:
            return inputs
        node = operation.expand(self.shapes(inputs))
        return self.primitive(operation, inputs, path) if node is None else node.flow(self, inputs, path)

    def merge(self, kind, results, path):
        return results[0] if len(results) == 1 else self.operation(self.merges[kind](), tuple(results), path)


class _Making(_Flowing):
    def __init__(self):
        self.made = {}

    def shape(self, datum):
        return datum.shape

    def primitive(self, operation, inputs, path):
        shapes = self.shapes(inputs)
        layer = self.made[path] = operation.layer(shapes, None)
        if isinstance(layer, keras.Layer):
            layer.build([(None, *shape) for shape in shapes] if isinstance(inputs, tuple) else (None, *shapes))
        return _Shape(operation.shape(shapes))


class _Running(_Flowing):
    def __init__(self, made, training):
        self.made, self.training = made, training

    def shape(self, datum):
        return tuple(datum.shape[1:])

    def primitive(self, operation, inputs, path):
        layer = self.made[path]
        inputs = list(inputs) if isinstance(inputs, tuple) else inputs
        return layer(inputs, training=self.training) if isinstance(layer, keras.Layer) else layer(inputs)
