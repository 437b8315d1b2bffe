"""Windows over long series: what has been seen, and what is to be forecast."""

from dataclasses import dataclass

import numpy as np

from kerasnas.errors import DataError

LONGEST = 512  # steps of a window that is found, not given
SEASONS = 14  # of which a window holds this many, where there are enough steps


@dataclass(frozen=True)
class Span:
    """A window and what comes after it.

    Args:
        lookback: Steps of the window.
        horizon: Steps of the forecast.
        gap: Steps between the two.
    """

    lookback: int
    horizon: int
    gap: int = 0

    @property
    def steps(self):
        """Steps from the first of the window to the last of the forecast."""
        return self.lookback + self.gap + self.horizon

    def windows(self, inputs, targets):
        """All windows of a series `(steps, channels)` with what follows them: views that take no memory.

        Args:
            inputs: `(steps, channels)`.
            targets: `(steps, targets)`.

        Returns:
            `(n, lookback, channels)` and `(n, horizon, targets)`.
        """
        count = len(inputs) - self.steps + 1
        after = self.lookback + self.gap
        seen = np.lib.stride_tricks.sliding_window_view(inputs, self.lookback, axis=0)[:count]
        wanted = np.lib.stride_tricks.sliding_window_view(targets[after:], self.horizon, axis=0)[:count]
        return np.moveaxis(seen, 2, 1), np.moveaxis(wanted, 2, 1)

    def split(self, steps, fraction):
        """Numbers of windows for training and validation, as two slices.

        Nothing that is forecast for validation is forecast, or seen, in training: the last `fraction` of the steps are
        forecast by windows of the second slice alone, and those between are left out.

        Raises:
            DataError: If there are too few steps for a window on each side.
        """
        first = min(round(steps * (1 - fraction)), steps - self.horizon)  # step from which validation forecasts
        train = first - self.steps + 1
        if train < 1:
            raise too_short(steps, self, self.steps + self.horizon)
        return slice(0, train), slice(first - self.lookback - self.gap, steps - self.steps + 1)


def too_short(steps, span, least):
    """The DataError about a series that is too short for its windows."""
    return DataError(
        f"Expected at least {least} steps for windows of {span.lookback} steps and forecasts of {span.horizon}"
        f"{f' after a gap of {span.gap}' if span.gap else ''}, one to train on and one to validate by. "
        f"Received: {steps}; a smaller lookback or horizon needs fewer."
    )


def season_of(values, longest=None):
    """Steps after which a series repeats itself best; 1 if it does not.

    The highest peak of the autocorrelation of its changes, where that stands out from chance.

    Args:
        values: Numbers `(steps,)`.
        longest: The longest season to look for; a third of the series if None.
    """
    from scipy.signal import find_peaks

    changes = np.diff(np.asarray(values, "float64"))
    count = len(changes)
    longest = min(longest or count // 3, count // 3)
    if longest < 2 or changes.std() == 0:
        return 1
    spectrum = np.abs(np.fft.rfft(changes - changes.mean(), 2 * count)) ** 2
    related = np.fft.irfft(spectrum)[: longest + 2]
    related = related / related[0]
    # What is random from step to step sets neighbouring changes against each other: the first lag tells nothing.
    chance = 1 / np.sqrt(count)
    peaks = find_peaks(related[2:], height=max(0.1, 3 * chance), prominence=max(0.1, 4 * chance))[0] + 2
    if not len(peaks):
        return 1
    best = max(related[lag] for lag in peaks)
    # Multiples of a season peak alike: the first that is nearly as high is the season itself.
    return int(next(lag for lag in peaks if related[lag] >= 0.9 * best))


def usual_lookback(steps, horizon, season):
    """Steps of a window where the user does not say: two weeks of days, or as much as a sixth of the series."""
    wanted = max(SEASONS * season, 4 * horizon, 16)
    return int(max(1, min(wanted, LONGEST, (steps - horizon) // 6)))
