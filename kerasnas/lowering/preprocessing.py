"""The part of a graph that is computed once: cut off, fitted on the training rows, and put back for the export."""

import numpy as np

from kerasnas.lowering.joining import raw_inputs
from kerasnas.lowering.model import KerasTracer
from kerasnas.lowering.tracer import Tracer
from kerasnas.space import Graph, Operation, Parallel, Sequential, Step

BATCH = 256
FITTED_ON = 100_000  # rows,
FITTED_BYTES = 256 * 2**20  # or as many as take this


def parted(graph, early):
    """A concrete graph cut in two.

    A step is computed once if it is among `early`. One that reads nothing but inputs and such steps is cut after the
    preprocessing operations that it begins with.

    Args:
        graph: The graph.
        early: Names of the steps that can be computed once.

    Returns:
        Two graphs: from the inputs to what the rest reads of them, and the rest.
    """
    first, rest, given = [], [], set(graph.inputs)
    for step in graph.steps:
        head, tail = (None, step.node) if set(step.sources) - given else cut(step.node)
        if step.name in early or (head is not None and tail is None):
            first.append(step)
            given.add(step.name)
        elif head is not None:
            prepared = f"{step.name}_prepared"
            first.append(Step(prepared, head, step.sources))
            given.add(prepared)
            rest.append(Step(step.name, tail, (prepared,)))
        else:
            rest.append(step)
    read = dict.fromkeys(source for step in rest for source in step.sources if source in given)
    return Graph(graph.inputs, first, tuple(read)), Graph(tuple(read), rest, graph.outputs)


def cut(node):
    """The preprocessing operations that a concrete node begins with, and what follows them; either may be None."""
    if isinstance(node, Operation):
        return (node, None) if node.preprocessing else (None, node)
    if isinstance(node, Parallel):
        whole = all(cut(child)[1] is None for child in node.nodes.values())
        return (node, None) if whole else (None, node)
    if not isinstance(node, Sequential):
        return None, node
    taken, items = {}, list(node.nodes.items())
    for place, (name, child) in enumerate(items):
        head, tail = cut(child)
        if head is not None:
            taken[name] = head
        if tail is not None:
            left = Sequential({name: tail, **dict(items[place + 1 :])})
            return (Sequential(taken), left) if taken else (None, node)
    return (Sequential(taken), None) if taken else (None, None if not items else node)


def written(node):
    """A concrete node as text: equal for nodes that do the same."""
    if isinstance(node, (Sequential, Parallel)):
        merge = getattr(node, "merge", "")
        return f"{type(node).__name__}{merge}{[(name, written(child)) for name, child in node.nodes.items()]}"
    return repr(node)


class _Rows(Tracer):
    """Data are rows themselves: arrays, on which operations are carried out as they were fitted."""

    def __init__(self, fitted):
        self.fitted = fitted

    def shape(self, datum):
        return datum.shape[1:]

    def operation(self, operation, inputs, path):
        operation = self.fitted.get(path, operation)
        if hasattr(operation, "transform"):
            return operation.transform(inputs)
        return super().operation(operation, inputs, path)

    def primitive(self, operation, inputs, path):
        import keras

        layer = operation.layer(self.shapes(inputs), None)
        several = isinstance(inputs, tuple)
        rows = len(inputs[0] if several else inputs)
        parts = []
        for start in range(0, rows, BATCH):
            batch = [part[start : start + BATCH] for part in inputs] if several else inputs[start : start + BATCH]
            parts.append(keras.ops.convert_to_numpy(layer(batch)))
        return np.concatenate(parts)


class _Fitting(_Rows):
    """Operations that have something to learn from the rows learn it first.

    Args:
        fitted: Dict that takes the fitted operations, by path.
        targets: Encoded targets of the rows, for operations that learn from those too.
    """

    def __init__(self, fitted, targets):
        super().__init__(fitted)
        self.targets = targets

    def operation(self, operation, inputs, path):
        if hasattr(operation, "fit_with"):
            self.fitted[path] = operation.fit_with(inputs, self.targets)
        elif hasattr(operation, "fit"):
            self.fitted[path] = operation.fit(inputs)
        return super().operation(operation, inputs, path)


class _Fitted(KerasTracer):
    """Builds with the operations as they were fitted."""

    def __init__(self, fitted):
        super().__init__()
        self.fitted = fitted

    def operation(self, operation, inputs, path):
        return super().operation(self.fitted.get(path, operation), inputs, path)


def _values(array):
    """Rows as preprocessing takes them: small numbers as float32, texts and large numbers as they are."""
    return array if array.dtype in (object, "float64", "int32", "int64") else array.astype("float32", copy=False)


class Preprocessing:
    """A fitted first part of a graph.

    Args:
        graph: The concrete first part; see `parted`.
        dataset: Training rows, a `Dataset` or a `Stream` (fitted on some of its rows).
    """

    def __init__(self, graph, dataset):
        self.graph, self.fitted = graph, {}
        self.trivial = not graph.steps
        self._made = (None, None)  # rows that all were fitted on, and what was made of them meanwhile
        if not self.trivial:
            sample = _sample(dataset)
            rows = {name: _values(array) for name, array in sample.x.items()}
            made = graph.flow(_Fitting(self.fitted, next(iter((sample.y or {}).values()), None)), rows, "")
            self._made = (sample, made) if sample is dataset else self._made

    def tensors(self, inputs):
        """What this part makes of Keras tensors: both are dicts by name."""
        return self.graph.flow(_Fitted(self.fitted), inputs, "")

    def apply(self, dataset):
        """The preprocessed rows of a `Dataset`, as one whose inputs are this part's outputs."""
        seen, made = self._made
        if dataset is not seen:
            rows = {name: _values(array) for name, array in dataset.x.items()}
            made = self.graph.flow(_Rows(self.fitted), rows, "")
        return type(dataset)(made, dataset.y, dataset.weight)

    def model(self, rows):
        """This part as a Keras model of rows like these."""
        import keras

        inputs = raw_inputs(rows)
        return keras.Model(inputs, self.tensors(inputs))


def _sample(dataset):
    """Training rows to learn from: all, or as many as fit, at equal distances where they are in memory."""
    if not hasattr(dataset, "x"):
        return dataset.head(20_000)
    size = sum(array[:1].nbytes for array in dataset.x.values())
    count = min(FITTED_ON, max(20_000, FITTED_BYTES // max(size, 1)))
    if len(dataset) <= count:
        return dataset
    return dataset.take(np.linspace(0, len(dataset) - 1, count).astype(int))
