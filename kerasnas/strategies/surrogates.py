"""Models of scores, for strategies that guess before they pay."""

import warnings

import numpy as np

from kerasnas.errors import SpaceError
from kerasnas.threads import one_thread


class Features:
    """Architectures as vectors: one-hot decisions and, if asked for, the path encoding.

    Paths are those of the architectures first given to `fit`; others are not seen, as in the paper of the encoding.

    Args:
        space: The space.
        paths: Whether to add them.
    """

    def __init__(self, space, paths=False):
        self.space, self.one_hot, self.with_paths = space, space.one_hot(), paths
        self.vectors, self.ways, self.slots = {}, {}, {}

    def fit(self, architectures):
        """Number the paths of these architectures."""
        if self.with_paths:
            known = sorted({way for each in architectures for way in self._ways(each)})
            self.slots = {way: slot for slot, way in enumerate(known)}
        return self

    def __call__(self, architectures):
        """A matrix `(architectures, features)`."""
        rows = np.stack([self._vector(each) for each in architectures]).astype("float64")
        return np.hstack([rows, self._marks(architectures)]) if self.slots else rows

    def _vector(self, architecture):
        if architecture.key not in self.vectors:
            self.vectors[architecture.key] = self.one_hot(architecture)
        return self.vectors[architecture.key]

    def _marks(self, architectures):
        marks = np.zeros((len(architectures), len(self.slots)))
        for row, each in enumerate(architectures):
            marks[row, [self.slots[way] for way in self._ways(each) if way in self.slots]] = 1
        return marks

    def _ways(self, architecture):
        if architecture.key not in self.ways:
            self.ways[architecture.key] = self._found(architecture)
        return self.ways[architecture.key]

    def _found(self, architecture):
        try:
            return self.space.paths(architecture)
        except SpaceError:
            return frozenset()


class GaussianProcess:
    """scikit-learn's Gaussian process with a Matérn kernel, a fitted length, amplitude and noise.

    Args:
        kernel: One that was fitted before, which is kept; None to fit it.
        lengths: Length scale that fitting starts from, or one for each column.
        shortest: Of the lengths that may be found.
        nu: Smoothness: 1.5 is rough, 2.5 smooth.

    Reference:
        Rasmussen & Williams, "Gaussian Processes for Machine Learning", 2006.
    """

    def __init__(self, kernel=None, lengths=3.0, shortest=0.3, nu=2.5):
        self.kernel, self.lengths, self.shortest, self.nu = kernel, lengths, shortest, nu

    def fit(self, x, y):
        from sklearn.exceptions import ConvergenceWarning
        from sklearn.gaussian_process import GaussianProcessRegressor
        from sklearn.gaussian_process.kernels import ConstantKernel, Matern, WhiteKernel

        kernel, options = self.kernel, {"optimizer": None}
        if kernel is None:
            kernel = ConstantKernel(1.0, (1e-2, 1e3)) * Matern(self.lengths, (self.shortest, 100.0), self.nu)
            kernel, options = kernel + WhiteKernel(0.1, (1e-6, 10.0)), {}
        self.model = GaussianProcessRegressor(kernel, normalize_y=True, random_state=0, **options)
        with warnings.catch_warnings(), one_thread():
            warnings.simplefilter("ignore", ConvergenceWarning)  # a bound that is reached is an answer
            self.model.fit(x, y)
        self.kernel = self.model.kernel_
        return self

    def predict(self, x):
        """Mean and standard deviation of the scores without their noise, for each row."""
        with one_thread():
            mean, deviation = self.model.predict(x, return_std=True)
        noise = self.kernel.k2.noise_level * self.model._y_train_std**2
        return mean, np.sqrt(np.maximum(deviation**2 - noise, 1e-12))


class GrowingProcess:
    """A Gaussian process of scores that become more: its kernel is fitted anew only every few of them.

    What it says depends on the rows alone, not on what it was asked before.
    """

    FROM, EVERY = 30, 5

    def __init__(self):
        self.known = None, None

    def fit(self, x, y):
        """The `GaussianProcess` of all rows, with a kernel fitted to those of the last whole step."""
        whole = len(y) - len(y) % self.EVERY if len(y) > self.FROM else len(y)
        rows, scores = x[:whole], normal_scores(y[:whole])
        key = hash((rows.tobytes(), scores.tobytes()))
        if self.known[0] != key:
            self.known = key, GaussianProcess().fit(rows, scores).kernel
        return GaussianProcess(self.known[1]).fit(x, y)


def normal_scores(scores):
    """Numbers replaced by the quantiles of a normal distribution at their ranks.

    Scores have units, and outliers far below: what matters of them is their order. Ties get the middle of their ranks.
    """
    from scipy.stats import norm, rankdata

    return norm.ppf((rankdata(scores) - 0.5) / len(scores))
