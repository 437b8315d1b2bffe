"""Collecting the chunks of one pass over a flow."""

import numpy as np

from kerasnas.data.dataset import Dataset
from kerasnas.data.labels import as_labels, as_weight
from kerasnas.data.naming import check_lengths, title
from kerasnas.errors import DataError


class Gathered:
    """What a pass has met so far: labels and weights, and the inputs while they fit in `limit` bytes.

    Args:
        limit: bytes of inputs to keep.
        can_stream: whether to go on without the inputs beyond that; else it is an error.
    """

    def __init__(self, limit, can_stream):
        self.limit, self.can_stream = limit, can_stream
        self.length, self.size = 0, 0
        self.shapes, self.dtypes = {}, {}
        self._x, self._y, self._weight = {}, {}, []

    def add(self, x, y, weight):
        """Adds a chunk: dicts of arrays by name (y may be None) and an array of weights or None."""
        count = check_lengths(x, y, weight)
        for name, array in x.items():
            self._add_input(name, array, len(x) > 1)
        for name, array in (y or {}).items():
            self._y.setdefault(name, []).append(array)
        self._weight += [] if weight is None else [weight]
        self.length += count
        if self.size > self.limit:
            self._x = {}
            if not self.can_stream:
                raise too_large(
                    self.limit, "an endless or larger source must come as a tf.data.Dataset, which is read in passes"
                )

    def _add_input(self, name, array, several):
        shape = self.shapes.setdefault(name, array.shape[1:])
        if array.shape[1:] != shape:
            what = f"`x['{name}']`" if several else "`x`"
            raise DataError(
                f"Expected the rows of {what} to have one shape. Received: rows of shape {shape} and, after row "
                f"{self.length - 1}, of shape {array.shape[1:]}; pad, crop or resize them first."
            )
        self.dtypes[name] = np.promote_types(self.dtypes.get(name, array.dtype), array.dtype).name
        self.size += array.nbytes
        self._x.setdefault(name, []).append(array)

    def labels(self):
        """The labels so far: a dict of arrays by head name, or None."""
        named = {name: _joined(parts, title("`y`", name, self._y)) for name, parts in self._y.items()}
        return {name: as_labels(array, title("`y`", name, named)) for name, array in named.items()} or None

    def weights(self):
        """The weights so far, or None."""
        return as_weight(np.concatenate(self._weight)) if self._weight else None

    def dataset(self):
        """Everything, as a Dataset."""
        return Dataset({name: np.concatenate(parts) for name, parts in self._x.items()}, self.labels(), self.weights())


def too_large(limit, why):
    """The error for data that do not fit in memory."""
    return DataError(f"Expected the data to fit in `memory_limit`, {limit:,.0f} bytes. Received: more; {why}.")


def _joined(parts, what):
    if len({part.shape[1:] for part in parts}) > 1:
        shapes = sorted({part.shape[1:] for part in parts})
        raise DataError(f"Expected the rows of {what} to have one shape. Received: {shapes[0]} and {shapes[1]}.")
    if len({part.dtype.kind == "U" for part in parts}) > 1:
        raise DataError(f"Expected the labels in {what} to be of one type. Received: strings and numbers.")
    return np.concatenate(parts)
