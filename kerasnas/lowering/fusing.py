"""Which cells can be computed as one layer, and how."""

from kerasnas.layers.fused_plan import Candidate, CellPlan, Core, Stage, Window
from kerasnas.lowering.costing import Symbol
from kerasnas.lowering.mixed import Mixed
from kerasnas.lowering.tracer import Tracer
from kerasnas.operations import Activation, AvgPool, BatchNorm, Conv, DepthwiseConv, FactorizedReduction, MaxPool
from kerasnas.operations.geometry import per_axis
from kerasnas.operations.normalization import without_scale


class _Unknown(Exception):
    """Raised at a candidate that no fused cell knows."""


def fused_plan(cell, shapes, strides=1, affine=False):
    """How a mixed cell is computed in stages, with the order of its edges; None where it cannot be.

    Args:
        cell: A `MixedCell`.
        shapes: Of its input states.
        strides: Steps of the edges that leave input states.
        affine: Whether normalizations have a scale and shift.

    Returns:
        A `CellPlan` and, in the order of its edges, pairs of a node and the place of the edge among those of the node.
    """
    if len(set(shapes)) > 1 or len(shapes[0]) != 3 or None in shapes[0]:
        return None
    try:
        return _Planning(cell, shapes[0], strides, affine).plan()
    except _Unknown:
        return None


class _Planning:
    def __init__(self, cell, shape, strides, affine):
        self.cell, self.strides, self.affine = cell, strides, affine
        self.channels = max(1, shape[-1] // cell.partial)
        self.shape, self.norms, self.order = (*shape[:-1], self.channels), set(), []

    def plan(self):
        groups = [range(self.cell.inputs), *([self.cell.inputs + i] for i in range(len(self.cell.nodes)))]
        stages, shape = [], self.shape
        for states, step in zip(groups, [self.strides] + [1] * len(self.cell.nodes)):
            stage = self._stage(tuple(states), shape, step)
            stages += [stage] if stage else []
            shape = (*(-(-axis // (self.strides)) for axis in self.shape[:-1]), self.channels)
        if len(self.norms) > 1:
            raise _Unknown
        momentum, epsilon = next(iter(self.norms), (0.9, 1e-3))
        sizes = self.cell.inputs, len(self.cell.nodes), self.channels
        plan = CellPlan(*sizes, tuple(stages), self.affine, self.cell.partial, momentum, epsilon)
        return plan, tuple(self.order)

    def _stage(self, states, shape, strides):
        """The stage of the edges that leave some states; None without any."""
        edges = {
            state: [
                (i, at) for i, node in enumerate(self.cell.nodes) for at, e in enumerate(node) if e.source == state
            ]
            for state in states
        }  # fmt: skip
        self.order += [edge for state in states for edge in edges[state]]
        targets = {tuple(node for node, _ in edges[state]) for state in states}
        if targets == {()}:
            return None
        operations = [self.cell.nodes[node][at].operations for state in states for node, at in edges[state]]
        found = {self._candidates(each, shape, strides) for each in {id(o): o for o in operations}.values()}
        if len(targets) > 1 or len(found) > 1 or not any(found):
            raise _Unknown
        return Stage(states, targets.pop(), found.pop(), strides)

    def _candidates(self, operations, shape, strides):
        if not isinstance(operations, Mixed) or operations.merge != "add":
            raise _Unknown
        steps = _Steps(self.affine)
        (operations if strides == 1 else operations.strided(strides)).flow(steps, Symbol(shape), "")
        whole = (*(-(-axis // strides) for axis in shape[:-1]), shape[-1])
        if any(end.shape != whole for end, chain in zip(steps.ends, steps.chains) if chain is not None):
            raise _Unknown
        self.norms |= {(o.momentum, o.epsilon) for c in steps.chains for o, *_ in c or () if isinstance(o, BatchNorm)}
        chains = [(i, list(chain)) for i, chain in enumerate(steps.chains) if chain is not None]
        return tuple(_candidate(i, chain, shape, whole, self.affine) for i, chain in chains)


class _Steps(Tracer):
    """Notes the primitive operations of each candidate of a mixed node.

    Attributes:
        chains: For each candidate a list of (operation, name), None for a zero.
        ends: For each what it puts out.
    """

    remembers = False

    def __init__(self, affine):
        self.affine, self.places = affine, {}
        self.chains, self.ends, self.chain = [], [], None

    def shape(self, datum):
        return datum.shape

    def operation(self, operation, inputs, path):
        if not isinstance(operation, FactorizedReduction):
            return super().operation(operation, inputs, path)
        outside, self.chain = self.chain, _Halves()
        end = super().operation(operation, inputs, path)
        inside, self.chain = self.chain, outside
        relu, norm = inside[0], inside[-1]
        names = " ".join(name for step, name, _ in inside if isinstance(step, Conv))
        self.chain += [relu, (operation, names, inputs.shape), norm]
        return end

    def merge(self, kind, results, path):
        if not isinstance(self.chain, _Halves):
            raise _Unknown
        return Symbol((*results[0].shape[:-1], sum(result.shape[-1] for result in results)))

    def primitive(self, operation, inputs, path):
        if self.chain is None or isinstance(inputs, tuple):
            raise _Unknown
        operation = operation if self.affine else without_scale(operation)
        self.chain.append((operation, f"{path}:{type(operation).__name__}", inputs.shape))
        return Symbol(operation.shape(inputs.shape))

    def mix(self, kind, parts, first, path):
        if self.chain is not None:
            raise _Unknown
        for part in parts:
            self.chain = []
            self.ends.append(None if part.zero else part.run())
            self.chains.append(None if part.zero else self.chain)
        return first


class _Halves(list):
    """The steps inside a factorized reduction."""


def _candidate(index, chain, shape, whole, affine):
    kinds = [type(operation) for operation, *_ in chain]
    if kinds and kinds[0] in (MaxPool, AvgPool) and kinds[1:] in ([], [BatchNorm]):
        (pool, _, shape), *norm = chain
        if pool.padding != "same" or (norm and norm[0][0].affine):
            raise _Unknown
        kind = "max" if kinds[0] is MaxPool else "average"
        return Candidate(index, (), kind, *pool.settings(shape), norm[0][1] if norm else "")
    cores = []
    while chain:
        cores.append(_core(chain, whole, affine))
    return Candidate(index, tuple(cores))


def _core(chain, whole, affine):
    first = chain.pop(0)[0]
    windows = []
    while chain and not isinstance(chain[0][0], (BatchNorm, Activation)):
        windows.append(_window(*chain.pop(0), whole[-1]))
    learnt = [window for window in windows if window.kind != "thin"]
    if first != Activation("relu") or not learnt or not chain:
        raise _Unknown
    norm, name, shape = chain.pop(0)
    # The first core takes all steps: what several candidates put out on one level is normalized together.
    if not isinstance(norm, BatchNorm) or norm.affine != affine or shape != whole:
        raise _Unknown
    return Core(tuple(windows), name)


def _window(operation, name, shape, channels):
    kind = type(operation)
    if kind is MaxPool and operation.size == 1:
        return Window("thin", strides=per_axis(operation.strides, shape))
    if kind is FactorizedReduction and operation.strides == 2 and channels > 1:
        return Window("halves", name, (2, 2), (2, 2))
    plain = kind in (Conv, DepthwiseConv) and not operation.use_bias and operation.activation is None
    if not plain or operation.padding != "same" or operation.shape(shape)[-1] != channels:
        raise _Unknown
    if (operation.groups if kind is Conv else operation.multiplier) != 1:
        raise _Unknown
    steps = per_axis(operation.strides, shape), per_axis(operation.dilation, shape)
    return Window("full" if kind is Conv else "depthwise", name, operation.window(shape), *steps)
