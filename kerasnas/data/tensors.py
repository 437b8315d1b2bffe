"""A tf.data.Dataset as a flow of batches, and as a Stream where it is larger than memory."""

import re
from itertools import takewhile

import numpy as np

from kerasnas.backend import tf
from kerasnas.data.elements import element_is_batched, unpack
from kerasnas.data.naming import by_name
from kerasnas.data.stream import Stream, TensorRows
from kerasnas.errors import DataError

COMPARED = 1000  # rows whose labels two passes must give in one order


class Tensors:
    """A tf.data.Dataset that iterates as batches of NumPy arrays.

    Args:
        data: tf.data.Dataset of x, (x,), (x, y) or (x, y, weights), batched or not.
        inputs: kind of each input, by name.
        shapes: shape of one row of each input, by name, or None.
        chunk: rows to read at a time where elements are single rows.

    Raises:
        DataError: if it has no end.
    """

    def __init__(self, data, inputs, shapes, chunk):
        self.inputs, self.chunk = inputs, chunk
        self.data = finite(data)
        self.batched = element_is_batched(data.element_spec, inputs, True, _dims, shapes)

    def __iter__(self):
        batches = self.data if self.batched else self.data.batch(self.chunk)
        try:
            yield from batches.as_numpy_iterator()
        except tf().errors.InvalidArgumentError as error:
            if not re.search("cannot (batch|add) tensor", str(error), re.IGNORECASE):
                raise
            raise DataError(
                "Expected the rows of `x` to have one shape. Received: rows of different shapes; pad, crop or resize "
                f"them first. TensorFlow says: {error.message}"
            ) from error

    def stream(self, gathered, open_pass):
        """The rows as a Stream, after a look whether a second pass keeps their order.

        Args:
            gathered: what a pass met.
            open_pass: begins another pass, of (x dict, y dict, weights).

        Raises:
            DataError: if the labels come in another order.
        """
        labels = gathered.labels()
        if labels is not None:
            _refuse_other_order(labels, open_pass())
        row_bytes = max(1, gathered.size // gathered.length)
        rows = self.data.unbatch() if self.batched else self.data
        rows = rows.map(self._inputs_of(gathered.shapes, gathered.dtypes))
        buffer = int(min(10_000, max(1, gathered.limit // (2 * row_bytes))))
        source = TensorRows(rows, gathered.length, buffer)
        order = np.arange(gathered.length)
        return Stream(source, order, gathered.shapes, gathered.dtypes, labels, gathered.weights())

    def _inputs_of(self, shapes, dtypes):
        """A function from an element to a dict of checked inputs of one row."""

        def inputs_of(*element):
            x = by_name(unpack(element)[0], self.inputs, "`x`")
            return {name: _row(x[name], shapes[name], dtypes[name]) for name in self.inputs}

        return inputs_of


def finite(data):
    """A tf.data.Dataset that gives its rows in its own order.

    Raises:
        DataError: If it has no end.
    """
    if data.cardinality() == tf().data.INFINITE_CARDINALITY:
        raise DataError("Expected a finite tf.data.Dataset. Received: an endless one; leave out .repeat().")
    options = tf().data.Options()
    options.deterministic = True
    return data.with_options(options)


def _row(value, shape, dtype):
    value = tf().cast(value, dtype)
    lacks_axis = value.shape.rank is not None and value.shape.rank < len(shape)
    return tf().ensure_shape(value[..., None] if lacks_axis else value, shape)


def _dims(spec):
    if spec.shape.rank is None:
        raise DataError(f"Expected a tf.data.Dataset whose tensors have a known rank. Received: {spec}.")
    return tuple(spec.shape)


def _refuse_other_order(labels, chunks):
    met = dict.fromkeys(labels, 0)
    for _, y, _ in takewhile(lambda chunk: min(met.values()) < COMPARED, chunks):
        for name, again in y.items():
            start = met[name]
            if not np.array_equal(again, labels[name][start : start + len(again)]):
                raise DataError(
                    "Expected a tf.data.Dataset larger than `memory_limit` to give its rows in one order at each pass. "
                    "Received: another order of labels at the second pass; leave out .shuffle(), for kerasnas "
                    "shuffles by itself, or give it reshuffle_each_iteration=False."
                )
            met[name] += len(again)
