"""The leaf of a space: an operation with its arguments, any of which may be a decision."""

import dataclasses
import re

from kerasnas.errors import SpaceError
from kerasnas.space.node import Node, join


class Operation(Node):
    """One thing done to a tensor.

    Subclasses are frozen dataclasses whose fields are the arguments; a field may hold a node (`Int(16, 512)`,
    `Choice(3, 5)`), which resolving replaces by its answer. An operation either expands into others (`expand`), or
    is primitive and states its output shape, its parameters, its FLOPs and its Keras layer.
    Shapes are tuples without the batch axis.
    """

    zero = False
    identity = False
    preprocessing = False  # whether it can be computed once, where it reads raw rows; then it has `transform(rows)`

    def branches(self, path):
        for field in dataclasses.fields(self):
            value = getattr(self, field.name)
            if isinstance(value, Node):
                yield None, join(path, field.name), value

    def resolve(self, walk, path):
        open_fields = {at: node for _, at, node in self.branches(path)}
        if not open_fields:
            return self
        answers = {at.rsplit("/", 1)[-1]: walk.resolve(node, at) for at, node in open_fields.items()}
        return dataclasses.replace(self, **answers)

    def flow(self, tracer, inputs, path):
        return tracer.operation(self, inputs, path)

    def strided(self, strides):
        if "strides" not in {field.name for field in dataclasses.fields(self)}:
            raise SpaceError(f"Expected an operation that can take strides. Received: {self.label}.")
        return dataclasses.replace(self, strides=strides)

    def arguments(self):
        """The arguments that differ from their defaults."""
        fields = dataclasses.fields(self)
        return {f.name: getattr(self, f.name) for f in fields if getattr(self, f.name) != f.default}

    @property
    def label(self):
        name = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", type(self).__name__).lower()
        given = ",".join(f"{k}={v}" for k, v in self.arguments().items() if not isinstance(v, Node))
        return f"{name}({given})" if given else name

    def expand(self, shape):
        """The concrete node of other operations that this one stands for, or None if it is primitive."""
        return None

    def shape(self, shape):
        raise NotImplementedError(f"{type(self).__name__}.shape")

    def params(self, shape):
        """Number of weights, trainable or not, as Keras's `count_params()`."""
        return 0

    def flops(self, shape):
        """Two for each multiply-add of convolutions and matrix products; the rest counts nothing, as in papers."""
        return 0

    def layer(self, shape, name):
        """A stock Keras layer, or a function of a tensor made of `keras.ops`."""
        raise NotImplementedError(f"{type(self).__name__}.layer")
