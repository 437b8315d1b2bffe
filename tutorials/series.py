"""Series: which kind is it, and how does it go on?

python tutorials/series.py [seconds]
"""

import sys
import tempfile
from pathlib import Path

import numpy as np

import kerasnas as kn


def waves(rows=200, steps=60):
    """Made-up measurements `(rows, steps)`: a hum, or a hum with a burst somewhere."""
    rng = np.random.default_rng(0)
    time = np.arange(steps)
    x = np.sin(time / 4 + rng.uniform(0, 6, (rows, 1))) + rng.normal(0, 0.3, (rows, steps))
    burst = rng.random(rows) < 0.5
    start = rng.integers(0, steps - 12, rows)
    inside = (time >= start[:, None]) & (time < start[:, None] + 12)
    return x + burst[:, None] * inside * np.sin(time * 1.6), np.where(burst, "burst", "hum")


def sales(days=700):
    """Made-up sales `(days, 1)`: a trend, a week, and noise."""
    rng = np.random.default_rng(1)
    day = np.arange(days)
    return (100 + 0.05 * day + 20 * np.isin(day % 7, (4, 5)) + rng.normal(0, 3, days))[:, None]


def main(seconds=60.0):
    folder = Path(tempfile.mkdtemp())
    x, y = waves()

    # Convolutions, recurrence, attention and random convolutions are compared by cross-validation: rows are few.
    classifier = kn.TimeseriesClassifier(seed=0, directory=folder / "kinds")
    classifier.fit(x[:150], y[:150], time_limit=seconds, verbose=1)
    print("accuracy:", classifier.score(x[150:], y[150:]))

    # A forecast is judged on the last part of the series, which no training has seen.
    series = sales()
    forecaster = kn.TimeseriesForecaster(predict_until=14, seed=0, directory=folder / "forecasts")
    forecaster.fit(series[:-14], time_limit=seconds, verbose=1)
    told = np.ravel(forecaster.predict())
    print("mean error of 14 days:", np.abs(told - series[-14:, 0]).mean())
    print("that of last week again:", np.abs(series[-28:-14, 0] - series[-14:, 0]).mean())


if __name__ == "__main__":
    main(*map(float, sys.argv[1:]))
