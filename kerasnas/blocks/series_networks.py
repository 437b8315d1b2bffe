"""Networks over series `(steps, channels)` as operations, trained from scratch."""

from dataclasses import dataclass

from kerasnas.operations import (
    Activation,
    BatchNorm,
    CompetingKernels,
    Conv,
    ConvBN,
    Identity,
    MaxPool,
    RandomConvolutions,
)
from kerasnas.space import Operation, Parallel, Sequential


@dataclass(frozen=True)
class RandomFeatures(Operation):
    """Features of fixed random convolutions over a series and its differences.

    Args:
        kind: "shares" (of steps above thresholds), "competing" (groups of kernels), or "both".
        features: About how many of shares.
        seed: Of the kernels.

    Reference:
        Dempster et al., "MiniRocket", KDD 2021; "HYDRA", 2023.
    """

    kind: str = "both"
    features: int = 10_000
    seed: int = 0

    preprocessing = True

    def expand(self, shape):
        parts = {}
        for difference in (False, True):
            name = "differences" if difference else "series"
            if self.kind != "competing":
                parts[f"shares_{name}"] = RandomConvolutions(self.features // 2, difference, seed=self.seed)
            if self.kind != "shares":
                parts[f"competing_{name}"] = CompetingKernels(difference=difference, seed=self.seed)
        return Parallel(parts, merge="concatenate")


@dataclass(frozen=True)
class ConvolutionalSeries(Operation):
    """Three convolutions at full length, with ever smaller windows.

    Args:
        width: Channels of the first and last; the middle one has twice as many.

    Reference:
        Wang, Yan & Oates, "Time Series Classification from Scratch with Deep Neural Networks", IJCNN 2017.
    """

    width: int = 64

    def expand(self, shape):
        sizes = ((self.width, 8), (2 * self.width, 5), (self.width, 3))
        return Sequential({f"conv_{i}": ConvBN(filters, size) for i, (filters, size) in enumerate(sizes)})


@dataclass(frozen=True)
class ResidualSeries(Operation):
    """Residual blocks of three convolutions each.

    Args:
        width: Channels of the first block; later ones have twice as many.
        blocks: How many.

    Reference:
        Wang, Yan & Oates, "Time Series Classification from Scratch with Deep Neural Networks", IJCNN 2017.
    """

    width: int = 32
    blocks: int = 3

    def expand(self, shape):
        steps = {}
        for block in range(self.blocks):
            filters = self.width * (2 if block else 1)
            body = {f"conv_{i}": ConvBN(filters, size) for i, size in enumerate((8, 5))}
            body["conv_2"] = ConvBN(filters, 3, activation=None)
            # Where the channels are the same the input is added as it is, else through a projection.
            steps[f"block_{block}"] = Parallel({"body": Sequential(body), "input": Identity()})
            steps[f"activation_{block}"] = Activation("relu")
        return Sequential(steps)


@dataclass(frozen=True)
class InceptionSeries(Operation):
    """Modules of parallel convolutions with windows of very different lengths.

    Args:
        width: Channels of each branch; a module has four.
        modules: How many; every third one is passed by a shortcut.
        longest: The longest window, in steps; the others are a half and a quarter of it.

    Reference:
        Ismail Fawaz et al., "InceptionTime: Finding AlexNet for Time Series Classification", 2020.
    """

    width: int = 16
    modules: int = 3
    longest: int = 40

    def expand(self, shape):
        stacks, left = {}, self.modules
        while left > 0:
            count = min(3, left)
            body = Sequential({f"module_{i}": self._module() for i in range(count)})
            stacks[f"stack_{len(stacks)}"] = Parallel(
                {"body": body, "input": ConvBN(4 * self.width, 1, activation=None)}
            )
            left -= count
        return Sequential(stacks)

    def _module(self):
        sizes = [max(2, self.longest // part) for part in (1, 2, 4)]
        narrow = Conv(self.width, 1, use_bias=False)
        windows = {f"window_{i}": Conv(self.width, size, use_bias=False) for i, size in enumerate(sizes)}
        long = Sequential({"narrow": narrow, "windows": Parallel(windows, merge="concatenate")})
        pooled = Sequential({"pool": MaxPool(3, 1, "same"), "conv": Conv(self.width, 1, use_bias=False)})
        branches = Parallel({"long": long, "pooled": pooled}, merge="concatenate")
        return Sequential({"branches": branches, "batch_norm": BatchNorm(), "activation": Activation("relu")})


@dataclass(frozen=True)
class Shortening(Operation):
    """Patches of neighbouring steps through a linear layer, so that what follows sees a short sequence.

    Args:
        longest: Steps that are left at most.
        width: Channels of a patch.

    Reference:
        Nie et al., "A Time Series is Worth 64 Words: Long-term Forecasting with Transformers", ICLR 2023.
    """

    longest: int = 64
    width: int = 32

    def expand(self, shape):
        size = -(-shape[0] // self.longest)
        return Sequential() if size == 1 else Sequential({"patches": Conv(self.width, size, strides=size)})
