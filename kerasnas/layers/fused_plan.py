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

    def kernels(self):
        """Name, shape for one edge, and the sum of fan in and fan out of every kernel; some may come twice."""
        c = self.channels
        for window in self._windows(self.stages):
            area = window.kernel[0] * window.kernel[1]
            if window.kind == "depthwise":
                yield window.name, (*window.kernel, 1, c), area * (c + 1)
            elif window.kind == "full":
                yield window.name, (*window.kernel, c, c), area * 2 * c
            elif window.kind == "halves":
                for name, width in _halves(window, c):
                    yield name, (1, 1, c, width), c + width

    def norms(self):
        """Each normalization by name, and whether it is one of a core."""
        found = {}
        for stage in self.stages:
            for candidate in stage.candidates:
                found |= {core.norm: True for core in candidate.cores}
                found |= {candidate.norm: False} if candidate.norm else {}
        return list(found.items())

    def shared(self, stage):
        """Name, width for one edge, and number of edges (of a pool's normalization: states) of a stage's weights."""
        for window in self._windows([stage]):
            pairs = _halves(window, self.channels) if window.kind == "halves" else [(window.name, self.channels)]
            yield from ((name, width, stage.edges) for name, width in pairs if name)
        for candidate in stage.candidates:
            yield from ((core.norm, self.channels, stage.edges) for core in candidate.cores)
            if candidate.norm:
                yield candidate.norm, self.channels, len(stage.states)

    def _windows(self, stages):
        cores = (core for stage in stages for candidate in stage.candidates for core in candidate.cores)
        return (window for core in cores for window in core.windows)

    def config(self):
        return dataclasses.asdict(self)


def _halves(window, channels):
    even, odd = window.name.split()
    return [(even, channels - channels // 2), (odd, channels // 2)]


def _read(kind, config, kinds):
    values = {}
    for name, value in config.items():
        if name in kinds:
            value = tuple(_read(kinds[name], each, kinds) for each in value)
        values[name] = tuple(value) if isinstance(value, list) else value
    return kind(**values)
