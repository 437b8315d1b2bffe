"""Data that come batch by batch or row by row: tf.data, keras.utils.PyDataset, generators."""

import math
from collections.abc import Mapping
from functools import partial
from itertools import chain, islice

import numpy as np

from kerasnas.backend import is_keras_dataset, is_tf_dataset
from kerasnas.data.elements import element_is_batched, unpack
from kerasnas.data.gathering import Gathered, too_large
from kerasnas.data.inputs import as_input
from kerasnas.data.labels import as_labels
from kerasnas.data.naming import by_name, title
from kerasnas.data.tensors import Tensors, finite
from kerasnas.errors import DataError

CHUNK = 256  # rows that are stacked at a time where they come one by one
_AT_ONCE = (list, tuple, set, frozenset, str, bytes, range, Mapping)


def is_flow(value):
    """Whether `value` gives its rows one after another rather than all at once."""
    if is_tf_dataset(value) or is_keras_dataset(value):
        return True
    at_once = isinstance(value, _AT_ONCE) or hasattr(value, "__array__") or hasattr(value, "toarray")
    return hasattr(value, "__iter__") and not at_once


def read_flow(flow, inputs, targets, shapes, limit):
    """The rows of `flow`: a Dataset, or a Stream for a tf.data.Dataset of more than `limit` bytes.

    Args:
        flow: tf.data.Dataset, keras.utils.PyDataset or iterable of x, (x,), (x, y) or (x, y, weights).
        inputs: kind of each input, by name.
        targets: names of the heads; empty to read x alone.
        shapes: shape of one row of each input, by name, or None.
        limit: bytes of inputs to hold in memory.

    Raises:
        DataError: if the rows cannot be learnt from, or are too many for memory and no tf.data.Dataset.
    """
    batched = True
    if is_tf_dataset(flow):
        flow = Tensors(flow, inputs, shapes, CHUNK)
    elif is_keras_dataset(flow):
        flow = _batches_of(flow)
    else:
        flow, batched = _with_first_seen(iter(flow), inputs, targets, shapes)
    open_pass = partial(_chunks, flow, batched, inputs, targets)
    gathered = Gathered(limit, can_stream=isinstance(flow, Tensors))
    for chunk in open_pass():
        gathered.add(*chunk)
    if gathered.length == 0:
        raise DataError("Expected `x` to have at least one row. Received: no rows.")
    return gathered.dataset() if gathered.size <= limit else flow.stream(gathered, open_pass)


def at_once(flow, inputs, limit=math.inf):
    """x, y and weights of a whole flow as arrays, for tables, which are not read batch by batch.

    Args:
        flow: As of `read_flow`; rows of tables are dicts of columns or arrays; an array of one axis is a row.
        inputs: Kind of each input, by name.
        limit: Bytes at most.

    Raises:
        DataError: If the flow is endless, too large or empty, or its elements differ in form.
    """
    single = False
    if is_tf_dataset(flow):
        flow = finite(flow)
        flow = (flow.batch(CHUNK) if _is_row(flow.element_spec, inputs) else flow).as_numpy_iterator()
    else:
        flow = iter(_batches_of(flow) if is_keras_dataset(flow) else flow)
        first = list(islice(flow, 1))
        single = bool(first) and _is_row(first[0], inputs)
        flow = chain(first, flow)
    parts, size = [], 0
    for element in flow:
        parts.append(unpack(element))
        size += sum(np.asarray(leaf).nbytes for part in parts[-1] for leaf in _leaves(part))
        if size > limit:
            raise too_large(limit, "a table is read at once")
    if not parts:
        raise DataError("Expected `x` to have at least one row. Received: no rows.")
    try:
        return tuple(_joined(values, np.stack if single else np.concatenate) for values in zip(*parts))
    except (ValueError, KeyError, TypeError) as error:
        raise DataError(f"Expected elements of one form in `x`. Received: {error}.") from error


def _is_row(element, inputs):
    """Whether an element, of arrays or tensor specs, is a row rather than a batch of rows."""
    x, y, weight = unpack(element)
    parts = {next(iter(inputs)): x} if len(inputs) == 1 else by_name(x, inputs, "`x`")
    tables = [part for name, part in parts.items() if inputs[name] == "table" and not isinstance(part, Mapping)]
    if any(_rank(table) == 1 for table in tables):
        return True
    return 0 in map(_rank, [leaf for part in (x, y, weight) for leaf in _leaves(part)])


def _rank(leaf):
    return leaf.shape.rank if hasattr(leaf, "shape") and hasattr(leaf.shape, "rank") else np.ndim(leaf)


def _leaves(part):
    if isinstance(part, Mapping):
        return [leaf for value in part.values() for leaf in _leaves(value)]
    return [] if part is None else [part]


def _joined(values, join):
    first = values[0]
    if first is None:
        return None
    if isinstance(first, Mapping):
        return {name: _joined([value[name] for value in values], join) for name in first}
    if isinstance(first, (tuple, list)) and any(np.ndim(part) for part in first):
        return [_joined(part, join) for part in zip(*values)]
    if hasattr(first, "iloc") and first.ndim == 1 and join is np.stack:  # a row of a data frame
        return _joined([value.to_dict() for value in values], join)
    if hasattr(first, "iloc"):  # a data frame keeps its columns' names and types
        import pandas

        return pandas.concat(values, ignore_index=True)
    arrays = [np.asarray(value, object if isinstance(value, (tuple, list)) else None) for value in values]
    if len({array.dtype.kind in "OUS" for array in arrays}) > 1:  # a missing one among strings stays what it is
        arrays = [array.astype(object) for array in arrays]
    rows = join(arrays)
    return _texts(rows) if rows.dtype == object else rows


_texts = np.vectorize(lambda value: value.decode("utf-8", "replace") if isinstance(value, bytes) else value, ["O"])


def _with_first_seen(iterator, inputs, targets, shapes):
    """The same elements, and whether they are batches, as the first one shows."""
    first = list(islice(iterator, 1))
    batched = bool(first) and element_is_batched(first[0], inputs, len(targets) > 1, np.shape, shapes)
    return chain(first, iterator), batched


def _batches_of(flow):
    if flow.num_batches is None:
        raise DataError("Expected a finite keras.utils.PyDataset. Received: one without an end (num_batches is None).")
    return (flow[index] for index in range(flow.num_batches))


def _chunks(elements, batched, inputs, targets):
    """Checked (x dict, y dict or None, weights or None) of some rows at a time."""
    named = (_named(element, inputs, targets) for element in elements)
    for x, y, weight in named if batched else _stacked(named):
        x = {name: as_input(value, inputs[name], title("`x`", name, inputs)) for name, value in x.items()}
        if y is not None:
            y = {name: as_labels(value, title("`y`", name, targets)) for name, value in y.items()}
        yield x, y, None if weight is None else np.ravel(weight)


def _named(element, inputs, targets):
    x, y, weight = unpack(element)
    if targets and y is None:
        raise DataError("Expected elements (x, y), for a head needs targets to learn from. Received: x alone.")
    return by_name(x, inputs, "`x`"), by_name(y, targets, "`y`") if targets else None, weight


def _stacked(rows):
    """Rows that come one by one as lists of rows, `CHUNK` at a time."""
    while chunk := list(islice(rows, CHUNK)):
        x, y, weight = zip(*chunk)
        yield _listed(x), None if y[0] is None else _listed(y), None if weight[0] is None else list(weight)


def _listed(rows):
    return {name: [row[name] for row in rows] for name in rows[0]}
