"""A supernet along a path that is data: one graph for all paths, of which only the path is computed."""

import contextlib
import functools

import keras

from kerasnas import backend
from kerasnas.errors import ArgumentError
from kerasnas.layers.weighing import zeros_for
from kerasnas.lowering.costing import Symbol
from kerasnas.lowering.readings import Reading, key_of

OWN, GATHERED, KEPT = "own", "gathered", "kept"


def path_of(supernet, architecture):
    """The path of an architecture as arrays by decision.

    Returns:
        For a decision of one answer the number of that answer, −1 where it is not asked; for one whose answers are
        sets, a 1 for each label that was taken and a 0 for each other.

    Raises:
        ArgumentError: At an answer that the supernet does not know.
    """
    path = {}
    for decision, labels in supernet.labels.items():
        answer = architecture.get(decision)
        taken = answer if isinstance(answer, tuple) and not supernet.exclusive[decision] else (answer,)
        if decision in architecture and not set(taken) <= set(labels):
            raise ArgumentError(f"Expected an answer to '{decision}' among {list(labels)}. Received: {answer!r}.")
        if supernet.exclusive[decision]:
            path[decision] = labels.index(answer) if decision in architecture else -1
        else:
            path[decision] = [int(label in (answer or ())) for label in labels]
    return path


class Switching(Reading):
    """Computes along a path of tensors, with a switch where a decision stands.

    Args:
        supernet: The `Supernet`.
        path: int32 tensors by decision, as of `path_of`.
        training: Of layers other than batch normalizations.
        statistics: Batch normalizations normalize by those of the batch (`OWN`) and leave no trace, join them to the
            mean of `seen` batches before (`GATHERED`), or by what was gathered (`KEPT`).
        seen: Batches gathered before, a number or tensor.
    """

    def __init__(self, supernet, path, training=None, statistics=OWN, seen=0):
        super().__init__(supernet)
        self.path, self.training, self.statistics, self.seen = path, training, statistics, seen

    def primitive(self, operation, inputs, path):
        layer = self.supernet.made[key_of(operation, path)]
        if not isinstance(layer, keras.layers.BatchNormalization):
            return super().primitive(operation, inputs, path)
        if self.statistics == KEPT:
            return layer(inputs, training=False)
        if self.statistics == GATHERED:
            self._gather(layer, inputs)
        return backend.batch_normalized(inputs, layer.gamma, layer.beta, layer.epsilon)[0]

    def _gather(self, layer, inputs):
        axes = tuple(range(len(inputs.shape) - 1))
        share = 1.0 / (keras.ops.cast(self.seen, "float32") + 1.0)
        found = keras.ops.moments(keras.ops.cast(inputs, "float32"), axes)
        for weight, value in zip((layer.moving_mean, layer.moving_variance), found):
            weight.assign(weight + share * (keras.ops.cast(value, weight.dtype) - weight))

    def mix(self, kind, parts, first, path):
        how = self.supernet.joins[path]
        if kind == "add" and alternatives(parts, self.supernet.exclusive):
            holds = [holding(part.factors, self.path, self.supernet) for part in parts]
            chosen = keras.ops.argmax(keras.ops.cast(keras.ops.stack(holds), "int32"))
            branches = [self._branch(part, how, first, path, i, how.shape) for i, part in enumerate(parts)]
            return keras.ops.switch(chosen, branches)
        shapes = [how.shape] * len(parts) if kind == "add" else how.shapes
        ends = [self._end(part, how, first, path, i, shapes[i]) for i, part in enumerate(parts)]
        return functools.reduce(keras.ops.add, ends) if kind == "add" else self.merge(kind, ends, path)

    def _end(self, part, how, first, path, i, shape):
        """A candidate that does not exclude the others: itself where it is chosen, else zeros."""
        branch = self._branch(part, how, first, path, i, shape)
        if not part.factors:
            return branch()
        return keras.ops.cond(
            holding(part.factors, self.path, self.supernet), branch, lambda: zeros_for(first, shape)
        )  # fmt: skip

    def _branch(self, part, how, first, path, i, shape):
        def branch():
            if part.zero:
                return zeros_for(first, shape)
            with self.apart():  # what is computed in a branch exists in no other
                return self.projected(part.run(), how.projections[i], path, i)

        return branch


def alternatives(parts, exclusive):
    """Whether of candidates exactly one is chosen, whatever the path."""
    if len(parts) < 2 or not all(exclusive[factor.path] for part in parts for factor in part.factors):
        return False
    return all(_apart(one.factors, other.factors) for i, one in enumerate(parts) for other in parts[:i])


def _apart(ones, others):
    """Whether two conjunctions of factors never hold together."""
    for one in ones:
        for other in others:
            if one.path == other.path and one.other == other.other and not set(one.values) & set(other.values):
                return not one.other
            if one.path == other.path and one.other != other.other and one.values == other.values:
                return True
    return False


def holding(factors, path, supernet):
    """Whether all factors of a candidate hold on a path, a boolean tensor."""
    found = [_holds(factor, path[factor.path], supernet) for factor in factors]
    return functools.reduce(keras.ops.logical_and, found)


def _holds(factor, answer, supernet):
    labels = supernet.labels[factor.path]
    numbers = [labels.index(value) for value in factor.values]
    if supernet.exclusive[factor.path]:
        chosen = functools.reduce(keras.ops.logical_or, [keras.ops.equal(answer, number) for number in numbers])
    else:
        chosen = functools.reduce(keras.ops.logical_or, [keras.ops.equal(answer[number], 1) for number in numbers])
    return keras.ops.logical_not(chosen) if factor.other else chosen


class Uses(Reading):
    """Sends shapes through a supernet, and notes when the layers are computed.

    Attributes:
        found: By the key of a layer, a set of conditions any of which makes it part of a path; a condition is a
            frozen set of factors that all hold. An empty one always holds.
    """

    remembers = False  # what candidates have in common is computed under any of them

    def __init__(self, supernet):
        super().__init__(supernet)
        self.here, self.found = frozenset(), {}

    def shape(self, datum):
        return datum.shape

    def primitive(self, operation, inputs, path):
        self.found.setdefault(key_of(operation, path), set()).add(self.here)
        return Symbol(operation.shape(self.shapes(inputs)))

    def mix(self, kind, parts, first, path):
        how = self.supernet.joins[path]
        for i, part in enumerate(parts):
            if not (part.zero and kind == "add"):
                with self._under(part.factors):
                    self.projected(part.run(), how.projections[i], path, i)
        return Symbol(how.shape) if kind == "add" else self.merge(kind, [Symbol(s) for s in how.shapes], path)

    @contextlib.contextmanager
    def _under(self, factors):
        before, self.here = self.here, self.here | frozenset(factors)
        yield
        self.here = before


def uses(supernet):
    """The conditions under which the layers of a supernet are part of a path (see `Uses`), and the outputs by name."""
    reading, shapes = Uses(supernet), supernet.shapes
    several = isinstance(shapes, dict)
    given = {name: Symbol(shape) for name, shape in shapes.items()} if several else Symbol(shapes)
    ends = supernet.opened.node.flow(reading, given, "")
    return reading.found, ends if isinstance(ends, dict) else {"output": ends}
