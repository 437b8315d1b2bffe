"""Features of time series by fixed random convolutions: nothing is trained, a linear layer does the rest."""

import itertools
import math
from dataclasses import dataclass, field, replace

import numpy as np

from kerasnas.errors import SpaceError
from kerasnas.space import Operation

TAPS = 9  # length of a kernel
COUNTED = 32  # training rows that thresholds are taken from
BATCH_CELLS = 25_000_000  # responses held at a time


def dilations_of(steps, most):
    """At most `most` dilations, from 1 to the widest whose kernel fits into `steps`, spread evenly in powers of two."""
    top = math.log2((steps - 1) / (TAPS - 1)) if steps > TAPS else 0.0
    return sorted({int(2**power) for power in np.linspace(0.0, top, most)})


def _channels(rng, channels, most):
    """Some of the channels, few more likely than many."""
    count = int(2 ** rng.uniform(0, math.log2(min(channels, most) + 1)))
    return rng.choice(channels, count, replace=False)


class _RandomKernels(Operation):
    """What both transforms share: kernels by dilation, over the series or its differences, applied by stock layers."""

    preprocessing = True
    output_dtype = "float32"

    def _steps(self, shape):
        if len(shape) != 2:
            raise SpaceError(f"Expected series (steps, channels) for {self.label}. Received: the shape {tuple(shape)}.")
        return max(1, shape[0] - self.difference), shape[1]

    def _seen(self, rows):
        return np.diff(rows, axis=1) if self.difference and rows.shape[1] > 1 else rows

    def params(self, shape):
        """Fixed weights of the convolutions; thresholds are constants of the graph."""
        _, channels = self._steps(shape)
        return sum(TAPS * channels * filters for _, filters in self.groups(shape))

    def flops(self, shape):
        return 2 * self._steps(shape)[0] * self.params(shape)

    def transform(self, rows):
        """The features `(n, features)` of rows `(n, steps, channels)`."""
        from keras import ops

        shape, groups = rows.shape[1:], self.groups(rows.shape[1:])
        batch = max(1, BATCH_CELLS // (shape[0] * max(filters for _, filters in groups)))
        found = []
        for start in range(0, len(rows), batch):
            seen, features = self._seen(rows[start : start + batch]), []
            for (dilation, _), (kernel, *rest) in zip(groups, self.fitted):
                features += self.pooled(_convolved(seen, kernel, dilation), *rest)
            found.append(ops.convert_to_numpy(ops.concatenate(features, axis=-1)))
        return np.concatenate(found)

    def layer(self, shape, name):
        import keras

        if not self.fitted:
            raise SpaceError(f"Expected {type(self).__name__} to be fitted first. Received: one that is not.")
        groups = self.groups(shape)

        def layers(x):
            if self.difference and shape[0] > 1:
                x = x[:, 1:] - x[:, :-1]
            features = []
            for (dilation, filters), (kernel, *rest) in zip(groups, self.fitted):
                title = None if name is None else f"{name}_{dilation}"
                convolution = keras.layers.Conv1D(
                    filters, TAPS, padding="same", dilation_rate=dilation, use_bias=False, trainable=False, name=title
                )
                responses = convolution(x)
                convolution.set_weights([kernel])
                features += self.pooled(responses, *rest)
            return keras.ops.concatenate(features, axis=-1)

        return layers


@dataclass(frozen=True)
class RandomConvolutions(_RandomKernels):
    """Shares of the steps at which fixed dilated kernels respond above thresholds that the training rows gave.

    The 84 kernels of nine taps of which three weigh 2 and six weigh -1; each at several dilations, with several
    thresholds: quantiles of its responses to some training rows. With several channels each kernel sees a few of them.

    Args:
        features: About how many.
        difference: Whether the differences of neighbouring steps are seen instead of the series.
        dilations: At most how many.
        seed: Of the channels and rows drawn.
        fitted: A kernel and its thresholds for each dilation.

    Reference:
        Dempster, Schmidt & Webb, "MiniRocket", KDD 2021; the differences: Tan et al., "MultiRocket", 2022.
    """

    features: int = 5000
    difference: bool = False
    dilations: int = 16
    seed: int = 0
    fitted: tuple = field(default=(), repr=False, compare=False)

    @staticmethod
    def patterns():
        """The 84 kernels `(84, 9)`."""
        kernels = np.full((84, TAPS), -1.0, "float32")
        for kernel, places in zip(kernels, itertools.combinations(range(TAPS), 3)):
            kernel[list(places)] = 2.0
        return kernels

    def groups(self, shape):
        """(dilation, filters) of each convolution."""
        return [(dilation, 84) for dilation in dilations_of(self._steps(shape)[0], self.dilations)]

    def _levels(self, shape):
        return max(1, round(self.features / 84 / len(self.groups(shape))))

    def shape(self, shape):
        return (84 * self._levels(shape) * len(self.groups(shape)),)

    def fit(self, rows):
        """A fitted copy. `rows` is `(n, steps, channels)`."""
        from keras import ops

        rng, seen, shape = np.random.default_rng(self.seed), self._seen(rows), rows.shape[1:]
        levels, patterns = self._levels(shape), self.patterns()
        # Quantiles that no two kernels share: multiples of the golden ratio fill the unit interval evenly.
        golden = np.arange(1, levels * 84 + 1) * ((math.sqrt(5) + 1) / 2) % 1
        fitted = []
        for dilation, filters in self.groups(shape):
            kernel = np.zeros((TAPS, shape[1], filters), "float32")
            for number, pattern in enumerate(patterns):
                kernel[:, _channels(rng, shape[1], TAPS), number] = pattern[:, None]
            drawn = rng.choice(len(seen), min(len(seen), COUNTED), replace=False)
            responses = ops.convert_to_numpy(_convolved(seen[drawn], kernel, dilation))
            one = responses[rng.integers(len(drawn), size=filters), :, np.arange(filters)]
            wanted = golden.reshape(levels, filters)
            thresholds = [np.quantile(row, wanted[:, number]) for number, row in enumerate(one)]
            fitted.append((kernel, np.stack(thresholds, axis=1).astype("float32")))
        return replace(self, fitted=tuple(fitted))

    @staticmethod
    def pooled(responses, thresholds):
        """Features of responses `(rows, steps, 84)`: for each row of thresholds, the share of steps above it."""
        from keras import ops

        return [ops.mean(ops.cast(ops.greater(responses, level), "float32"), axis=1) for level in thresholds]


@dataclass(frozen=True)
class CompetingKernels(_RandomKernels):
    """Groups of random kernels that compete at each step: how strongly each wins, and how often it is last.

    Args:
        groups_each: Groups for each dilation.
        difference: Whether the differences of neighbouring steps are seen instead of the series.
        dilations: At most how many.
        seed: Of the kernels.
        fitted: The kernel for each dilation.

    Reference:
        Dempster, Schmidt & Webb, "HYDRA: Competing Convolutional Kernels for Fast and Accurate Time Series
        Classification", 2023.
    """

    groups_each: int = 32
    difference: bool = False
    dilations: int = 8
    seed: int = 0
    fitted: tuple = field(default=(), repr=False, compare=False)

    RIVALS = 8  # kernels in a group

    def groups(self, shape):
        """(dilation, filters) of each convolution."""
        filters = self.groups_each * self.RIVALS
        return [(dilation, filters) for dilation in dilations_of(self._steps(shape)[0], self.dilations)]

    def shape(self, shape):
        return (2 * sum(filters for _, filters in self.groups(shape)),)

    def fit(self, rows):
        """A fitted copy: kernels are drawn without a look at the values of `rows` `(n, steps, channels)`."""
        rng, shape = np.random.default_rng(self.seed), rows.shape[1:]
        fitted = []
        for _, filters in self.groups(shape):
            kernel = rng.normal(size=(TAPS, shape[1], filters))
            seen = np.zeros((shape[1], self.groups_each), bool)
            for group in range(self.groups_each):
                seen[_channels(rng, shape[1], TAPS), group] = True
            seen = np.repeat(seen, self.RIVALS, axis=1)
            kernel = (kernel - kernel.mean(axis=0)) * seen
            fitted.append(((kernel / np.abs(kernel).sum(axis=(0, 1))).astype("float32"),))
        return replace(self, fitted=tuple(fitted))

    def pooled(self, responses):
        """Roots of the sums of what wins, and of how often each is last, of responses `(rows, steps, kernels)`."""
        from keras import ops

        steps, filters = responses.shape[1:]
        rivals = ops.reshape(responses, (-1, steps, filters // self.RIVALS, self.RIVALS))
        greatest, least = ops.max(rivals, axis=-1, keepdims=True), ops.min(rivals, axis=-1, keepdims=True)
        wins = ops.cast(ops.equal(rivals, greatest), "float32") * ops.relu(greatest)
        lasts = ops.cast(ops.equal(rivals, least), "float32")
        sums = [ops.reshape(ops.sum(each, axis=1), (-1, filters)) for each in (wins, lasts)]
        return [ops.sqrt(each) for each in sums]


def _convolved(rows, kernel, dilation):
    from keras import ops

    return ops.conv(rows, kernel, padding="same", dilation_rate=dilation, data_format="channels_last")
