"""What a fused cell computes, as plain data: stages of candidates, those of chains of windows."""

import dataclasses
from dataclasses import dataclass


@dataclass(frozen=True)
class Window:
    """A convolution without bias on padded images, or (`thin`) every n-th position of them.

    Args:
        kind: "depthwise", "full", "halves" (two 1×1 convolutions, the second one position further, side by side; their
            names are in `name`, apart by a space) or "thin".
        name: Of its weights.
        kernel, strides, dilation: By axis.
    """

    kind: str
    name: str = ""
    kernel: tuple = (1, 1)
    strides: tuple = (1, 1)
    dilation: tuple = (1, 1)

    @property
    def pointwise(self):
        return self.kind == "full" and self.kernel == self.strides == (1, 1)


@dataclass(frozen=True)
class Core:
    """A ReLU, windows, and a normalization by name."""

    windows: tuple
    norm: str


@dataclass(frozen=True)
class Candidate:
    """One answer of every edge: cores one after another, or a linear one: a pool, or nothing at all.

    Args:
        index: Its place among the gates of an edge.
        cores: `Core`s; empty for a linear one.
        pool: "max", "average", or "" for none.
        size, strides: Of the pool.
        norm: Name of the pool's normalization, or "" for none.
    """

    index: int
    cores: tuple = ()
    pool: str = ""
    size: tuple = (1, 1)
    strides: tuple = (1, 1)
    norm: str = ""


@dataclass(frozen=True)
class Stage:
    """All edges that leave some states of equal shape; the edges of each lead to the same nodes in the same order.

    Args:
        states: The states.
        targets: For each edge of a state the node that it leads to.
        candidates: `Candidate`s.
        strides: Steps of its edges.
    """

    states: tuple
    targets: tuple
    candidates: tuple
    strides: int = 1

    @property
    def edges(self):
        return len(self.states) * len(self.targets)

    def levels(self):
        """The cores that are computed together, by candidate, those that end in pointwise windows first.

        All candidates end on the last level; those with fewer cores begin on a later one.
        """
        depth = max((len(candidate.cores) for candidate in self.candidates), default=0)
        for level in reversed(range(depth)):
            here = [(each, each.cores[-1 - level]) for each in self.candidates if len(each.cores) > level]
            yield dict(sorted(here, key=lambda item: not item[1].windows[-1].pointwise))


@dataclass(frozen=True)
class Piece:
    """A run of weights of one stage that are used together.

    Args:
        stage: Number of the stage.
        names: Of the operations, in order; each has weights for all edges.
        shape: Of the weight of one operation on one edge; the last axis is the one along which others follow.
        units: Number of edges, or (`of_states`) of states.
        affine: For a normalization, whether it has a scale and shift.
    """

    stage: int
    names: tuple
    shape: tuple
    units: int
    affine: bool = False
    of_states: bool = False

    @property
    def length(self):
        return len(self.names) * self.units * self.shape[-1]

    @property
    def kinds(self):
        """The variables in which it lies, by what they are."""
        if len(self.shape) > 1:
            return {"kernel": "kernel_" + "x".join(map(str, self.shape))}
        learnt = ("gamma", "beta") if self.affine else ()
        return {kind: kind for kind in ("moving_mean", "moving_variance", *learnt)}


@dataclass(frozen=True)
class CellPlan:
    """A cell to be computed in stages.

    Args:
        inputs: Number of input states.
        nodes: Number of nodes.
        channels: Channels that pass the operations.
        stages: `Stage`s; in their order, then by state, then by target, edges are numbered.
        affine: Whether normalizations of cores have a scale and shift.
        share: One of so many channels passes the operations.
        momentum, epsilon: Of the normalizations.
    """

    inputs: int
    nodes: int
    channels: int
    stages: tuple
    affine: bool = False
    share: int = 1
    momentum: float = 0.9
    epsilon: float = 1e-3

    @classmethod
    def read(cls, config):
        """A plan from what `dataclasses.asdict` and JSON made of it."""
        return _read(cls, config, {"stages": Stage, "candidates": Candidate, "cores": Core, "windows": Window})

    def pieces(self):
        """What the weights of a cell are made of, in the order in which it is computed."""
        return [piece for s, stage in enumerate(self.stages) for piece in self._pieces(s, stage)]

    def _pieces(self, s, stage):
        c, count = self.channels, stage.edges
        for cores in stage.levels():
            for core in cores.values():
                for window in core.windows:
                    if window.kind == "depthwise":
                        yield Piece(s, (window.name,), (*window.kernel, 1, c), count)
                    elif window.kind == "full" and not (window.pointwise and window is core.windows[-1]):
                        yield Piece(s, (window.name,), (*window.kernel, c, c), count)
                    elif window.kind == "halves":
                        even, odd = window.name.split()
                        yield Piece(s, (even,), (1, 1, c, c - c // 2), count)
                        yield Piece(s, (odd,), (1, 1, c, c // 2), count)
            last = tuple(core.windows[-1].name for core in cores.values() if core.windows[-1].pointwise)
            if last:
                yield Piece(s, last, (1, 1, c, c), count)
            yield Piece(s, tuple(core.norm for core in cores.values()), (c,), count, affine=self.affine)
        for candidate in stage.candidates:
            if candidate.norm:
                yield Piece(s, (candidate.norm,), (c,), len(stage.states), of_states=True)

    def config(self):
        return dataclasses.asdict(self)


def _read(kind, config, kinds):
    values = {}
    for name, value in config.items():
        if name in kinds:
            value = tuple(_read(kinds[name], each, kinds) for each in value)
        values[name] = tuple(value) if isinstance(value, list) else value
    return kind(**values)
