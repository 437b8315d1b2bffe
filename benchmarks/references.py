"""What time series are usually compared with, in NumPy, scikit-learn and plain Keras."""

import math

import numpy as np


def filled(x):
    """Series `(n, steps, channels)` whose missing values are the last ones before."""
    x = x.copy()
    for step in range(1, x.shape[1]):
        missing = np.isnan(x[:, step])
        x[:, step][missing] = x[:, step - 1][missing]
    return x


# ------------------------------------------------------------- classification
def dtw(one, other, window):
    """Distances `(n, m)` of dynamic time warping, channels warped together.

    Args:
        one, other: `(n, steps, channels)`, `(m, steps, channels)`.
        window: Steps by which two series may be shifted against each other.
    """
    steps, pairs = one.shape[1], (len(one), len(other))
    above = np.full((steps + 1, *pairs), np.inf, "float32")
    above[0] = 0
    for i in range(steps):
        row = np.full_like(above, np.inf)
        for j in range(max(0, i - window), min(steps, i + window + 1)):
            gap = np.square(one[:, None, i] - other[None, :, j]).sum(-1)
            row[j + 1] = gap + np.minimum(np.minimum(above[j], above[j + 1]), row[j])
        above = row
    return above[steps]


def nearest_by_dtw(x, y, seed):
    """1-nearest neighbour; the window (0, 3 or 10 % of the steps) has the most hits among the training rows."""
    x = filled(x)

    def hits(window):
        distances = dtw(x, x, window)
        np.fill_diagonal(distances, np.inf)
        return np.mean(y[distances.argmin(1)] == y)

    windows = dict.fromkeys(round(part * x.shape[1]) for part in (0.0, 0.03, 0.1))
    best = max(windows, key=hits)
    return lambda rows: y[dtw(filled(rows), x, best).argmin(1)]


def rocket(x, y, seed, kernels=10_000):
    """Random kernels, the share of positive responses and the greatest, and ridge regression.

    Reference:
        Dempster, Petitjean & Webb, "ROCKET: Exceptionally Fast and Accurate Time Series Classification", 2020.
    """
    from sklearn.linear_model import RidgeClassifierCV
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    x = filled(x)
    mean, spread = x.mean((0, 1)), x.std((0, 1)) + 1e-8
    drawn = list(_kernels(np.random.default_rng(seed), x.shape[1], x.shape[2], kernels))

    def features(rows):
        return _responses((filled(rows) - mean) / spread, drawn)

    model = make_pipeline(StandardScaler(), RidgeClassifierCV(np.logspace(-3, 3, 10))).fit(features(x), y)
    return lambda rows: model.predict(features(rows))


def _kernels(rng, steps, channels, count):
    """(kernels (taps, channels, m), biases, dilation, padding) of all that share a length, dilation and padding."""
    groups = {}
    for _ in range(count):
        taps = int(rng.choice([7, 9, 11]))
        dilation = int(2 ** rng.uniform(0, max(math.log2((steps - 1) / (taps - 1)), 0)))
        kernel = np.zeros((taps, channels), "float32")
        seen = rng.choice(channels, int(2 ** rng.uniform(0, math.log2(min(channels, taps) + 1))), replace=False)
        weights = rng.normal(size=(taps, len(seen)))
        kernel[:, seen] = weights - weights.mean(0)
        key = taps, dilation, bool(rng.integers(2))
        groups.setdefault(key, []).append((kernel, rng.uniform(-1, 1)))
    for (taps, dilation, padded), members in groups.items():
        margin = (taps - 1) * dilation // 2 if padded else 0
        yield np.stack([kernel for kernel, _ in members], 2), np.array([bias for _, bias in members]), dilation, margin


def _responses(x, kernels, batch=32):
    parts = []
    for start in range(0, len(x), batch):
        features = []
        for kernel, bias, dilation, margin in kernels:
            rows = np.pad(x[start : start + batch], ((0, 0), (margin, margin), (0, 0)))
            count = max(1, rows.shape[1] - (len(kernel) - 1) * dilation)
            rows = np.pad(rows, ((0, 0), (0, max(0, (len(kernel) - 1) * dilation + count - rows.shape[1])), (0, 0)))
            responses = sum(rows[:, t * dilation : t * dilation + count] @ kernel[t] for t in range(len(kernel))) + bias
            features += [(responses > 0).mean(1), responses.max(1)]
        parts.append(np.concatenate(features, axis=1))
    return np.concatenate(parts)


# ----------------------------------------------------------------- forecasting
def last_season(values, first, horizon, season, seed):
    """The last season again; arguments as of `dlinear`."""
    return lambda series, places: np.stack([series[p - season + np.arange(horizon) % season] for p in places])


def dlinear(values, first, horizon, season, seed, lookback=336, trend=25):
    """Linear maps of a window's moving mean and of the rest; the epoch is the best on the validation part.

    Args:
        values: Training and validation part of the series.
        first: Where the validation part begins.
        horizon: Steps to forecast.
        season: Not used.
        seed: Of the order of the windows.

    Reference:
        Zeng et al., "Are Transformers Effective for Time Series Forecasting?", AAAI 2023: lookback 336, mean over 25.
    """
    import keras

    keras.utils.set_random_seed(seed)
    mean, scale = values[:first].mean(), values[:first].std()
    unit = ((values - mean) / scale).astype("float32")

    def windows(places):
        return np.stack([unit[p - lookback : p] for p in places]), np.stack([unit[p : p + horizon] for p in places])

    inputs = keras.Input((lookback,))
    wide = keras.ops.concatenate(
        [keras.ops.repeat(inputs[:, :1], trend // 2, 1), inputs, keras.ops.repeat(inputs[:, -1:], trend // 2, 1)], 1
    )
    smooth = keras.layers.AveragePooling1D(trend, 1)(wide[..., None])[..., 0]
    answer = keras.layers.Dense(horizon)(smooth) + keras.layers.Dense(horizon)(inputs - smooth)
    model = keras.Model(inputs, answer)
    model.compile(keras.optimizers.Adam(1e-3), "mse", jit_compile=False)
    train = windows(np.arange(lookback, first - horizon + 1))
    held = windows(np.arange(first, len(values) - horizon + 1))
    stop = keras.callbacks.EarlyStopping("val_loss", patience=5, restore_best_weights=True)
    model.fit(*train, 32, 50, 0, [stop], validation_data=held)

    def predict(series, places):
        rows = np.stack([(series[p - lookback : p] - mean) / scale for p in places])
        return model.predict(rows, verbose=0) * scale + mean

    return predict
