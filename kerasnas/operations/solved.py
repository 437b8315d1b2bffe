"""A linear layer that is solved for, not trained."""

from dataclasses import dataclass

import numpy as np

from kerasnas.errors import SpaceError
from kerasnas.space import Operation

STRENGTHS = np.logspace(-3, 4, 15)
SHARPNESS = np.logspace(-1, 2, 61)


@dataclass(frozen=True)
class SolvedDense(Operation):
    """A ridge regression on the training rows, its strength chosen by leave-one-out errors, as a linear layer.

    Classes are regressed as 1 and -1; the answers are then scaled so that their softmax (or sigmoid) has the greatest
    likelihood over the rows, each left out in turn. With folds there is a solution for each, without the fold's rows.

    Args:
        units: Length of the output.
        kind: "classes" (softmax), "labels" (sigmoid) or "numbers".
        mean: Of the targets, for numbers: the layer answers in standard units.
        scale: Likewise.
        logs: Whether these are of log(1 + target), which is what is then answered.
        folds: Number of folds; 0 for one solution from all rows.

    Reference:
        Hoerl & Kennard, "Ridge Regression", 1970; Platt, "Probabilistic Outputs for Support Vector Machines", 1999.
    """

    units: int
    kind: str = "classes"
    mean: tuple = (0.0,)
    scale: tuple = (1.0,)
    folds: int = 0
    logs: bool = False

    def shape(self, shape):
        if len(shape) != 1:
            raise SpaceError(f"Expected vectors for a layer that is solved for. Received: the shape {tuple(shape)}.")
        return (self.folds, self.units) if self.folds else (self.units,)

    def params(self, shape):
        return (shape[0] + 1) * self.units * max(1, self.folds)

    def flops(self, shape):
        return 2 * shape[0] * self.units * max(1, self.folds)

    def layer(self, shape, name):
        import keras

        if not self.folds:
            return keras.layers.Dense(self.units, trainable=False, name=name)
        return keras.layers.EinsumDense("bi,kio->bko", self.shape(shape), bias_axes="ko", trainable=False, name=name)

    def solve(self, rows, targets, weight=None):
        """The layer's weights.

        Args:
            rows: What the layer reads `(n, features)`.
            targets: Encoded targets `(n, units)`, or class indices `(n,)`.
            weight: Weights of rows `(n,)`, or `(n, folds)` for each solution; None for equal ones.
        """
        wanted = self._wanted(targets)
        if not self.folds:
            return self._one(rows, wanted, weight)
        if weight is None or weight.ndim == 1:
            weight = np.repeat((np.ones(len(rows)) if weight is None else weight)[:, None], self.folds, axis=1)
        solutions = [self._one(rows, wanted, column) for column in weight.T]
        return [np.stack(part) for part in zip(*solutions)]

    def _wanted(self, targets):
        """Targets `(n, units)` as the regression takes them."""
        if targets.ndim == 1:
            targets = np.eye(self.units)[targets.astype(int)]
        if self.kind != "numbers":
            return 2.0 * targets - 1.0
        return ((np.log1p(targets) if self.logs else targets) - np.asarray(self.mean)) / np.asarray(self.scale)

    def _one(self, rows, wanted, weight):
        weight = np.ones(len(rows)) if weight is None else np.asarray(weight, "float64")
        used = weight > 0
        kernel, bias, left_out = ridge(rows[used], wanted[used], weight[used])
        if self.kind != "numbers":
            sharp = sharpness(left_out, wanted[used] > 0, weight[used], self.kind)
            kernel, bias = kernel * sharp, bias * sharp
        return [kernel.astype("float32"), bias.astype("float32")]


def ridge(rows, wanted, weight, strengths=None):
    """Weighted ridge regression with an intercept, its strength of the least squared leave-one-out error.

    Args:
        rows: `(n, features)`.
        wanted: `(n, outputs)`.
        weight: Positive weights `(n,)`.
        strengths: From which to choose; `STRENGTHS` if None.

    Returns:
        Kernel `(features, outputs)`, bias `(outputs,)` and answers `(n, outputs)`, each for a row that is left out.
    """
    root = np.sqrt(weight / weight.mean())[:, None]
    share = weight[:, None] / weight.sum()
    centre, level = (rows * share).sum(0, dtype="float64"), (wanted * share).sum(0)
    centred, target = root * (rows - centre), root * (wanted - level)
    scores, back, spectrum = _components(centred)
    projected, strengths = scores.T @ target, np.asarray(STRENGTHS if strengths is None else strengths)
    # What a row adds to its own answer under each strength: by its components, and by the intercept.
    owned = np.square(scores) @ (1 / (spectrum[:, None] + strengths)) + share
    found = None
    for strength, own in zip(strengths, owned.T):
        shrunk = projected / (spectrum + strength)[:, None]
        errors = (target - scores @ shrunk) / np.maximum(1 - own[:, None], 1e-9) / root
        loss = float((share * np.square(errors)).sum())
        if found is None or loss < found[0]:
            found = loss, shrunk, errors
    _, shrunk, errors = found
    kernel = back @ shrunk
    return kernel, level - centre @ kernel, wanted - errors


def _components(centred):
    """Scores `(n, r)` of rows on principal axes `(features, r)`, and the axes' squared lengths."""
    if len(centred) <= centred.shape[1]:
        spectrum, left = np.linalg.eigh(centred @ centred.T)
        kept = spectrum > 1e-10 * max(spectrum.max(), 1e-30)
        spectrum, left = spectrum[kept], left[:, kept]
        return left * np.sqrt(spectrum), centred.T @ (left / np.sqrt(spectrum)), spectrum
    spectrum, axes = np.linalg.eigh(centred.T @ centred)
    kept = spectrum > 1e-10 * max(spectrum.max(), 1e-30)
    return centred @ axes[:, kept], axes[:, kept], spectrum[kept]


def sharpness(scores, hits, weight, kind):
    """The factor for scores under which the targets are likeliest.

    Targets are a little softened, as a row more of each outcome would, so that few rows without a mistake do not make
    answers certain.

    Args:
        scores: `(n, outputs)`.
        hits: Which outputs are wanted `(n, outputs)`.
        weight: Weights of rows `(n,)`.
        kind: "classes" or "labels".
    """
    soft = 1 / (len(scores) + 2)
    if kind == "classes":
        wanted = np.where(hits, 1 - soft, soft / max(hits.shape[1] - 1, 1))
    else:
        wanted = np.where(hits, 1 - soft, soft)

    def loss(factor):
        logits = factor * scores
        if kind == "classes":
            logits = logits - logits.max(1, keepdims=True)
            each = -(wanted * (logits - np.log(np.exp(logits).sum(1, keepdims=True)))).sum(1)
        else:
            each = (np.logaddexp(0, logits) - wanted * logits).sum(1)
        return float((weight * each).sum())

    return float(min(SHARPNESS, key=loss))
