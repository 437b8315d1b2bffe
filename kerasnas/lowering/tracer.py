"""How a concrete network is read: data flow through its nodes, whatever stands for data."""

import dataclasses
import numbers

from kerasnas.errors import SpaceError
from kerasnas.lowering.alignment import aligned
from kerasnas.operations import Add, Average, Concatenate, Maximum, Multiply

MERGES = {"add": Add, "average": Average, "maximum": Maximum, "multiply": Multiply, "concatenate": Concatenate}


class Tracer:
    """Gives meaning to a network by saying what a primitive operation does to a datum.

    A datum is anything with a shape: subclasses define `shape(datum)`, without the batch axis, and
    `primitive(operation, inputs, path)`. A node that reads several data gets a tuple of them.
    """

    def shape(self, datum):
        raise NotImplementedError(f"{type(self).__name__}.shape")

    def primitive(self, operation, inputs, path):
        raise NotImplementedError(f"{type(self).__name__}.primitive")

    def shapes(self, inputs):
        """The shape of one datum, or the tuple of shapes of several."""
        return tuple(map(self.shape, inputs)) if isinstance(inputs, tuple) else self.shape(inputs)

    def operation(self, operation, inputs, path):
        operation = plain(operation)
        if operation.identity:
            return inputs
        node = operation.expand(self.shapes(inputs))
        return self.primitive(operation, inputs, path) if node is None else node.flow(self, inputs, path)

    def cell(self, cell, states, path, strides):
        """All states of a mixed cell, of its input states: candidate by candidate, unless there is a shorter way."""
        return cell.states(self, states, path, strides)

    def merge(self, kind, results, path):
        """One datum of several: "last", or a key of `MERGES`, for which unequal shapes are brought to one first."""
        if kind == "last" or len(results) == 1:
            return results[-1]
        if kind not in MERGES:
            raise SpaceError(f"Expected a merge among {['last', *MERGES]}. Received: {kind!r}.")
        projections = aligned(kind, [self.shape(result) for result in results])
        results = [
            result if node is None else node.flow(self, result, f"{path}/align_{i}".strip("/"))
            for i, (result, node) in enumerate(zip(results, projections))
        ]
        return self.operation(MERGES[kind](), tuple(results), path)


def plain(operation):
    """`operation` with Python numbers for arguments: Keras refuses NumPy's."""
    fields = {field.name: getattr(operation, field.name) for field in dataclasses.fields(operation)}
    changed = {name: plain_value(value) for name, value in fields.items() if not _is_plain(value)}
    return dataclasses.replace(operation, **changed) if changed else operation


def _is_plain(value):
    return value is None or type(value) in (int, float, bool, str)


def plain_value(value):
    """`value` with Python numbers for NumPy's, also inside tuples."""
    if isinstance(value, (tuple, list)):
        return tuple(plain_value(item) for item in value)
    if hasattr(value, "item") and getattr(value, "shape", None) == ():
        return value.item()
    if isinstance(value, numbers.Integral) and not isinstance(value, bool):
        return int(value)
    return value
