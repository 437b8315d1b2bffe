"""Probabilities that mean what they say: one temperature for a head, fitted on validation answers."""

from dataclasses import dataclass

import numpy as np

from kerasnas.data.targets import ClassTarget, MultiLabelTarget

BINS = 15
TINY = 1e-12
CLEAR = 2.0  # standard errors by which the log loss must fall
WIDEST = np.log(20.0)  # of the temperature, either way


@dataclass(frozen=True)
class Calibration:
    """How far a head's probabilities were off, and what was done about it.

    Args:
        temperature: What log-odds are divided by; 1 where nothing is changed.
        ece: Expected calibration error on the validation rows before and after.
        log_loss: Log loss on them before and after, in nats.
        rows: Number of these rows.
    """

    temperature: float
    ece: tuple
    log_loss: tuple
    rows: int

    def undone(self):
        """The same with nothing changed."""
        return Calibration(1.0, self.ece[:1] * 2, self.log_loss[:1] * 2, self.rows)

    def to_json(self):
        """A dict of plain JSON values."""
        return {
            "temperature": self.temperature, "ece": list(self.ece), "log_loss": list(self.log_loss), "rows": self.rows,
        }  # fmt: skip


def calibrate(target, y, answers, weight=None):
    """The `Calibration` of a head; None where it gives no probabilities.

    A temperature other than 1 is chosen only where the log loss falls by more than chance. Targets are a little
    softened, as a row more of each outcome would, so that few rows without a mistake do not make answers certain.

    Args:
        target: The fitted target of the head.
        y: Encoded targets `(n,)` or `(n, width)`.
        answers: Probabilities `(n, width)`.
        weight: Sample weights `(n,)`, or None.

    Reference:
        Guo et al., "On Calibration of Modern Neural Networks", ICML 2017; Platt, "Probabilistic Outputs for Support
        Vector Machines", 1999 (softened targets).
    """
    if not isinstance(target, (ClassTarget, MultiLabelTarget)) or not _probable(target, answers):
        return None
    if weight is not None and not weight.any():
        return None
    from scipy.optimize import minimize_scalar

    y = np.eye(target.width)[y] if y.ndim == 1 else np.asarray(y)
    answers, weight = answers.astype("float64"), np.ones(len(y)) if weight is None else weight
    before = _losses(target, y, answers)
    wanted = _softened(target, y, np.count_nonzero(weight))

    def mean(losses):
        return float(np.average(losses, weights=weight))

    found = minimize_scalar(
        lambda log: mean(_losses(target, wanted, scaled(target, answers, np.exp(log)))),
        bounds=(-WIDEST, WIDEST), method="bounded", options={"xatol": 1e-3},
    )  # fmt: skip
    temperature = float(np.exp(found.x))
    gain = before - _losses(target, y, scaled(target, answers, temperature))
    if mean(gain) <= CLEAR * float(gain.std()) / np.sqrt(len(gain)):
        temperature = 1.0
    after = answers if temperature == 1 else scaled(target, answers, temperature)
    errors = tuple(expected_calibration_error(target, y, each, weight) for each in (answers, after))
    return Calibration(temperature, errors, (mean(before), mean(_losses(target, y, after))), len(y))


def _softened(target, y, rows):
    """Targets `(n, width)` of 0 and 1, as a row more of each outcome beside `rows` would soften them."""
    soft, others = 1 / (rows + 2), 1 if isinstance(target, MultiLabelTarget) else max(target.width - 1, 1)
    return y * (1 - soft) + (1 - y) * soft / others


def scaled(target, answers, temperature):
    """Probabilities whose log-odds are divided by `temperature`; the likeliest stays the likeliest."""
    if isinstance(target, MultiLabelTarget):
        safe = answers.clip(1e-7, 1 - 1e-7)
        return 1 / (1 + np.exp(-(np.log(safe) - np.log1p(-safe)) / temperature))
    logs = np.log(np.maximum(answers, TINY)) / temperature
    raised = np.exp(logs - logs.max(axis=1, keepdims=True))
    return raised / raised.sum(axis=1, keepdims=True)


def expected_calibration_error(target, y, answers, weight=None):
    """The mean gap between confidence and accuracy, over bins of confidence: of the likeliest class, or of each label.

    Args:
        target, y, answers, weight: As of `calibrate`; `y` is `(n, width)`.

    Reference:
        Naeini et al., "Obtaining Well Calibrated Probabilities Using Bayesian Binning", AAAI 2015.
    """
    weight = np.ones(len(y)) if weight is None else weight
    if isinstance(target, MultiLabelTarget):
        sure, right, weight = answers.ravel(), y.ravel(), np.repeat(weight, y.shape[1])
    else:
        sure, right = answers.max(axis=1), y[np.arange(len(y)), answers.argmax(axis=1)]
    bins = np.minimum((sure * BINS).astype(int), BINS - 1)
    gaps = np.bincount(bins, weight * (sure - right), BINS)
    return float(np.abs(gaps).sum() / weight.sum())


def _losses(target, y, answers):
    """Log loss of each row, in nats."""
    if isinstance(target, MultiLabelTarget):
        safe = answers.clip(1e-7, 1 - 1e-7)
        return -(y * np.log(safe) + (1 - y) * np.log1p(-safe)).mean(axis=1)
    return -(y * np.log(np.maximum(answers, TINY))).sum(axis=1)


def _probable(target, answers):
    """Whether answers are probabilities at all: a head of the user's may answer otherwise."""
    if answers.ndim != 2 or answers.min() < -1e-3 or answers.max() > 1 + 1e-3 or len(answers) < 2:
        return False
    return isinstance(target, MultiLabelTarget) or bool(np.allclose(answers.sum(axis=1), 1, atol=1e-2))
