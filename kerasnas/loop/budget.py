"""How much a search may spend."""

import math
import numbers
from dataclasses import dataclass, fields

from kerasnas.errors import ArgumentError

RESERVE = 8.0  # seconds that reading, averaging and writing a few models take
FAILURES = 20  # trials that fail before any succeeds, after which others are not expected to fare better
NO_LIMITS = ("refit", "remeasure", "ensemble")  # what else is said of the end
FIRST = 15.0  # seconds in which most first networks can be traced and trained a little


@dataclass(frozen=True)
class Budget:
    """Limits of a search; None is no limit.

    Args:
        max_trials: Trials, failed ones included.
        time_limit: Seconds for everything: analysis, search and final fit. Without `max_trials`, a search ends sooner
            where its first twenty trials fail.
        max_model_size: Parameters of a model, trainable or not.
        max_epochs: Epochs trained over all trials.
        max_params: The same as `max_model_size`; the lesser of both holds.
        max_flops: FLOPs of a model for one example: two for each multiply-add.
        max_latency: Milliseconds for one example: as the evaluator tells, or else measured with weights at random on
            the machine that searches.
        refit: Whether the final model is trained again on all rows, for which time is kept.
        remeasure: How many of the best trials are measured again with new seeds, for which time is kept.
        ensemble: Whether the final model may be a mean of trials.

    Raises:
        ArgumentError: If a limit is not positive.
    """

    max_trials: int | None = None
    time_limit: float | None = None
    max_model_size: int | None = None
    max_epochs: int | None = None
    max_params: int | None = None
    max_flops: int | None = None
    max_latency: float | None = None
    refit: bool = False
    remeasure: int = 0
    ensemble: bool = True

    def __post_init__(self):
        for name in (limit.name for limit in fields(self) if limit.name not in NO_LIMITS):
            value = getattr(self, name)
            number = isinstance(value, numbers.Real) and not isinstance(value, bool)
            if value is not None and not (number and 0 < value < math.inf):
                raise ArgumentError(f"Expected `{name}` to be a positive number or None. Received: {value!r}.")
            if value is not None and name in ("max_trials", "max_epochs") and value != int(value):
                raise ArgumentError(f"Expected `{name}` to be a whole number or None. Received: {value!r}.")

    def limits(self):
        """What a model may cost: a dict from "params", "flops" and "latency", where limited, to the most of it."""
        sizes = [size for size in (self.max_model_size, self.max_params) if size is not None]
        limits = {"params": min(sizes, default=None), "flops": self.max_flops, "latency": self.max_latency}
        return {name: limit for name, limit in limits.items() if limit is not None}

    def fits(self, trials):
        """Whether a model of all these trials keeps to the limits of what a model may cost."""
        limits = self.limits().items()
        return all(sum(trial.measurement.metrics.get(name, 0) for trial in trials) <= most for name, most in limits)

    def seconds_left(self, elapsed):
        """Seconds that trials may still use, or None without a time limit: the rest is for the final model."""
        if self.time_limit is None:
            return None
        reserve = max(0.06 * self.time_limit, min(RESERVE, 0.25 * self.time_limit))
        return self.time_limit - reserve - elapsed

    def exhausted(self, begun, epochs, elapsed, shortest=0.0, failures=0):
        """The limit that forbids another trial, or None.

        Args:
            begun: Number of trials begun.
            epochs: Epochs trained so far.
            elapsed: Seconds spent so far.
            shortest: Seconds of the shortest trial so far.
            failures: Trials that failed, while none has succeeded.
        """
        if self.max_trials is not None and begun >= self.max_trials:
            return "max_trials"
        if self.max_epochs is not None and epochs >= self.max_epochs:
            return "max_epochs"
        if self.max_trials is None and failures >= FAILURES:
            return "failures"
        left = self.seconds_left(elapsed)
        # A first trial is always made: a model of some kind is owed.
        if left is not None and begun and left < max(0.02 * self.time_limit, 0.5 * shortest):
            return "time_limit"
        return None

    def grant(self, number, elapsed):
        """Seconds for the trial `number`, or None without a time limit.

        The first trial gets a small share, so that there is a model early. Later ones get up to 45 % of the whole, or
        all that is left where that would leave the next one too little.
        """
        left = self.seconds_left(elapsed)
        if left is None:
            return None
        left = max(left, 0.0)
        if number == 0:
            return min(max(0.08 * self.time_limit, FIRST), left)
        share = 0.45 * self.time_limit
        return left if left < 1.2 * share else share
