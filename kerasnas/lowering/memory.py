"""What training a supernet will hold in memory, told before it is built."""

import math
from pathlib import Path

import numpy as np

from kerasnas.lowering.concrete import named_shapes
from kerasnas.lowering.costing import FLOAT32, Symbol
from kerasnas.lowering.fusing import fused_plan
from kerasnas.lowering.mixed import Part
from kerasnas.lowering.readings import Making

COPIES = 4  # of weights: themselves, gradients, momenta, updates
GRAPH = 350e6  # bytes that a traced step of some hundred operations holds, whatever the rows


class Sizing(Making):
    """Sends shapes through an opened space and adds up what its layers hold, without making them.

    Args:
        sampled: Whether of each mixed node only one candidate is computed, the largest at worst.

    Attributes:
        held: By the path of a cell that can be one layer, the part of `activations` in it.
        narrowest: Of a cell's channels, how many pass its operations where those are fewest; None without cells.
        params: Weights.
        activations: Numbers that the operations put out for one row.
    """

    def __init__(self, sampled=False):
        super().__init__(affine=False)
        self.sampled, self.params, self.activations, self.narrowest = sampled, 0, 0, None

    def primitive(self, operation, inputs, path):
        operation, shapes = self.learnt(operation), self.shapes(inputs)
        found = operation.shape(shapes)
        self.params += operation.params(shapes)
        self.activations += math.prod(found)
        return Symbol(found, sources=inputs if isinstance(inputs, tuple) else (inputs,))

    def cell(self, cell, states, path, strides):
        before, passing = self.activations, max(1, states[0].shape[-1] // cell.partial)
        self.narrowest = passing if self.narrowest is None else min(passing, self.narrowest)
        made = super().cell(cell, states, path, strides)
        if fused_plan(cell, [state.shape for state in states], strides, self.affine):
            self.held[path] = self.activations - before
        return made

    def mix(self, kind, parts, first, path):
        sizes = []

        def sized(part):
            def run():
                before = self.activations
                result = part.run()
                sizes.append(self.activations - before)
                return result

            return Part(part.factors, run, part.zero)

        result = super().mix(kind, [sized(part) for part in parts], first, path)
        if self.sampled and sizes and kind == "add":
            self.activations -= sum(sizes) - max(sizes)
        return result


def largest(sizes, share):
    """Names of the largest, as many as have together no more than a share of the whole."""
    order = sorted(sizes, key=sizes.get, reverse=True)
    within = np.cumsum([sizes[name] for name in order]) <= share * sum(sizes.values()) * (1 + 1e-9)
    return [name for name, fits in zip(order, within) if fits]


def sized(opened, input_shape, sampled=False):
    """The `Sizing` of a whole space.

    Args:
        opened: What `open_space` gave.
        input_shape: Shape without the batch axis, or a dict of shapes by input name.
        sampled: As of `Sizing`.
    """
    sizing, shapes = Sizing(sampled), named_shapes(opened.node, input_shape)
    given = {name: Symbol(s) for name, s in shapes.items()} if isinstance(shapes, dict) else Symbol(shapes)
    opened.node.flow(sizing, given, "")
    return sizing


def training_bytes(sizing, batch_size, recompute=0.0):
    """Bytes that a training step of a supernet holds, roughly.

    Args:
        sizing: What `sized` gave.
        batch_size: Rows in a step.
        recompute: As of `Supernet`: of the cells that are computed anew, one at a time is held.
    """
    anew = [sizing.held[path] for path in largest(sizing.held, recompute)]
    activations = sizing.activations - sum(anew) + max(anew, default=0)
    return GRAPH + FLOAT32 * (COPIES * sizing.params + batch_size * activations)


def free_bytes():
    """Bytes of memory that are free on this machine, or None where that is not told."""
    told = Path("/proc/meminfo")
    if not told.exists():
        return None
    lines = dict(line.split(":", 1) for line in told.read_text().splitlines())
    return 1024 * int(lines["MemAvailable"].split()[0]) if "MemAvailable" in lines else None
