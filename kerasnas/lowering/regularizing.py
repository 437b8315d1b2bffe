"""A network traced a second time, as it is trained: with dropped paths and an auxiliary head, and the same layers."""

import re

from kerasnas.lowering.model import KerasTracer
from kerasnas.operations import Activation, AvgPool, BatchNorm, Conv, Dense, GlobalAvgPool
from kerasnas.space import Sequential

AUXILIARY = "auxiliary"
SUM = re.compile(r"(node_\d+/)sum$")


class Sharing(KerasTracer):
    """Uses the layers of an earlier trace of the same network, by their names.

    Args:
        layers: Layers by name; filled where there are none yet.
        drop: A function that makes a layer for each result of an operation on an edge of a cell; None to drop none.
            What passes a cell unchanged is never dropped.

    Attributes:
        cells: What cells put out, in order.
    """

    def __init__(self, layers, drop=None):
        super().__init__()
        self.layers, self.drop = layers, drop
        self.made, self.cells = {}, []

    def layer(self, operation, shapes, name):
        if name not in self.layers:
            self.layers[name] = super().layer(operation, shapes, name)
        return self.layers[name]

    def primitive(self, operation, inputs, path):
        result = super().primitive(operation, inputs, path)
        self.made[id(result)] = path, operation, result  # the result too: an id counts while its owner lives
        return result

    def merge(self, kind, results, path):
        node = SUM.search(path)
        if node and self.drop is not None:
            edges = f"{path.removesuffix('sum')}edge_"
            results = [self.drop()(each) if self._path(each).startswith(edges) else each for each in results]
        merged = super().merge(kind, results, path)
        if path.endswith("/output"):
            self.cells.append(merged)
        return merged

    def _path(self, result):
        return self.made[id(result)][0] if id(result) in self.made else ""

    def auxiliary(self, output):
        """A second answer, from the cell at two thirds of the depth; None where there is no such place.

        Args:
            output: The network's answer, which a `Dense` operation gave.

        Reference:
            Szegedy et al., 2015, "Going Deeper with Convolutions"; Liu et al., 2019, "DARTS" (its form).
        """
        _, last, _ = self.made.get(id(output), (None, None, None))
        if not isinstance(last, Dense) or len(self.cells) < 2:
            return None
        tapped = self.cells[min(2 * len(self.cells) // 3, len(self.cells) - 2)]
        if len(self.shape(tapped)) < 2:
            return None
        head = {
            "activation_a": Activation("relu"), "pool": AvgPool(5, 3, "valid"),
            "conv_b": Conv(128, 1, use_bias=False), "batch_norm_b": BatchNorm(), "activation_b": Activation("relu"),
            "conv_c": Conv(768, 2, padding="valid", use_bias=False), "batch_norm_c": BatchNorm(),
            "activation_c": Activation("relu"), "pool_c": GlobalAvgPool(), "answer": last,
        }  # fmt: skip
        return Sequential(head).flow(self, tapped, AUXILIARY)
