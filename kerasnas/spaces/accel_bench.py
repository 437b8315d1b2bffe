"""The space of Accel-NASBench."""

from dataclasses import dataclass

from kerasnas.operations import ConvBN, MBConv
from kerasnas.space import Choice, Int, Operation, Sequential, Space
from kerasnas.spaces.head import classifier

# Channels, step and most layers of the seven stages, the first two as in EfficientNet-B0.
STAGES = ((16, 1, 3), (24, 2, 3), (40, 2, 3), (80, 2, 3), (112, 1, 3), (192, 2, 4), (320, 1, 3))
# The decisions of a stage, and what the benchmark calls them.
ACCEL_COLUMNS = (("expansion", "e"), ("kernel_size", "k"), ("layers", "l"), ("squeeze", "se"))


@dataclass(frozen=True)
class Stage(Operation):
    """Some inverted residuals alike, of which the first takes the step."""

    filters: int
    strides: int = 1
    expansion: int = 6
    kernel_size: int = 3
    layers: int = 1
    squeeze: int = 0

    def expand(self, shape):
        shared = {"expansion": self.expansion, "se_ratio": 0.25 * self.squeeze, "activation": "silu"}
        return Sequential(
            *(
                MBConv(self.filters, self.kernel_size, 1 if layer else self.strides, **shared)
                for layer in range(self.layers)
            )
        )


def accel_nasbench(num_classes=1000, filters=32, features=1280):
    """Accel-NASBench: seven stages of inverted residuals, each with an expansion, a kernel, a depth, squeezing or not.

    Decisions have paths like `block_0/expansion`, `block_3/kernel_size`, `block_6/layers` and `block_6/squeeze`;
    104 billion networks.

    Args:
        num_classes: Classes; None for a network that ends in features.
        filters: Channels of the stem.
        features: Channels of the last convolution.

    Reference:
        Ahmad et al., 2024, "Accel-NASBench: Sustainable Benchmarking for Accelerator-Aware NAS".
    """
    options = {"expansion": Choice(1, 4, 6, default=4), "kernel_size": Choice(3, 5), "squeeze": Choice(0, 1)}
    steps = {"stem": ConvBN(filters, 3, 2, activation="silu")}
    for i, (width, step, deepest) in enumerate(STAGES):
        steps[f"block_{i}"] = Stage(width, step, layers=Int(1, deepest), **options)
    steps["last"] = ConvBN(features, 1, activation="silu")
    return Space(Sequential({**steps, **classifier(num_classes)}), name="accel_nasbench")
