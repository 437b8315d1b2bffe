"""What operations over series compute, against plain NumPy, pandas and scikit-learn."""

import math

import keras
import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import Ridge, RidgeCV

from kerasnas import operations as ops
from kerasnas.errors import SpaceError
from kerasnas.operations.random_convolution import dilations_of
from kerasnas.operations.solved import STRENGTHS, ridge

RNG = np.random.default_rng(0)
ROWS = RNG.normal(size=(6, 40, 2)).astype("float32")


def run(operation, rows):
    """What the layers of an operation make of rows, in a model."""
    inputs = keras.Input(rows.shape[1:])
    return keras.Model(inputs, operation.layer(rows.shape[1:], "layer")(inputs)).predict(rows, verbose=0)


def convolved(series, kernel, dilation):
    """A series `(steps, channels)` under one kernel `(taps, channels)`, padded with zeros to its own length."""
    margin = (len(kernel) - 1) * dilation // 2
    padded = np.pad(series, ((margin, margin), (0, 0)))
    return np.array(
        [sum(padded[t + dilation * tap] @ kernel[tap] for tap in range(len(kernel))) for t in range(len(series))]
    )


@pytest.mark.parametrize(
    "operation",
    [
        ops.RandomConvolutions(400), ops.RandomConvolutions(400, True), ops.CompetingKernels(3),
        ops.CompetingKernels(3, True), ops.FillMissing(), ops.StandardizeEach(),
    ],
    ids=lambda operation: operation.label,
)  # fmt: skip
def test_what_is_computed_once_is_what_the_export_computes(operation):
    rows = ROWS.copy()
    if isinstance(operation, ops.FillMissing):
        rows[0, 3:9] = rows[1, :5, 0] = rows[2, -4:, 1] = rows[3, :, 0] = np.nan
    fitted = operation.fit(rows) if hasattr(operation, "fit") else operation
    np.testing.assert_allclose(run(fitted, rows), fitted.transform(rows), rtol=1e-5, atol=1e-5)


def test_shares_of_steps_above_thresholds():
    operation = ops.RandomConvolutions(84 * 6, dilations=3, seed=4).fit(ROWS)
    features = operation.transform(ROWS)
    assert features.shape == (6, 84 * 2 * 3)
    place = 0
    for (dilation, _), (kernel, thresholds) in zip(operation.groups((40, 2)), operation.fitted):
        for level in thresholds:
            for number in (0, 41, 83):
                expected = np.mean(convolved(ROWS[2], kernel[..., number], dilation) > level[number])
                assert features[2, place + number] == pytest.approx(expected, abs=1e-6)
            place += 84


def test_the_kernels_are_all_that_weigh_three_taps_double():
    patterns = ops.RandomConvolutions.patterns()
    assert len({tuple(kernel) for kernel in patterns.tolist()}) == math.comb(9, 3) == len(patterns)
    assert (patterns.sum(axis=1) == 0).all()


def test_competing_kernels():
    operation = ops.CompetingKernels(2, dilations=2, seed=1).fit(ROWS)
    features, filters = operation.transform(ROWS), 16
    for place, ((dilation, _), (kernel,)) in enumerate(zip(operation.groups((40, 2)), operation.fitted)):
        for group in range(2):
            rivals = np.stack([convolved(ROWS[1], kernel[..., 8 * group + i], dilation) for i in range(8)], 1)
            wins = np.array([np.maximum(rivals[rivals.argmax(1) == i, i], 0).sum() for i in range(8)])
            lasts = np.array([(rivals.argmin(1) == i).sum() for i in range(8)])
            start = 2 * filters * place + 8 * group
            np.testing.assert_allclose(features[1, start : start + 8], np.sqrt(wins), rtol=1e-4, atol=1e-5)
            np.testing.assert_allclose(features[1, start + filters : start + filters + 8], np.sqrt(lasts), atol=1e-6)


def test_seeds_decide_the_kernels_and_differences_are_differences():
    first, again, other = (ops.CompetingKernels(2, seed=seed).fit(ROWS).transform(ROWS) for seed in (0, 0, 1))
    np.testing.assert_array_equal(first, again)
    assert not np.allclose(first, other)
    changes = ops.RandomConvolutions(400, True, seed=2).fit(ROWS).transform(ROWS)
    raw = ops.RandomConvolutions(400, False, seed=2).fit(np.diff(ROWS, axis=1)).transform(np.diff(ROWS, axis=1))
    np.testing.assert_array_equal(changes, raw)


@pytest.mark.parametrize("steps", [1, 2, 9, 10, 150, 1460])
def test_dilated_kernels_fit(steps):
    found = dilations_of(steps, 16)
    assert found[0] == 1 and len(found) <= 16 and (8 * found[-1] < steps or steps <= 9)


def test_missing_values_are_filled_as_pandas_does():
    rows = ROWS.copy()
    rows[RNG.random(rows.shape) < 0.4] = np.nan
    rows[3, :, 1] = np.nan
    operation = ops.FillMissing().fit(rows)
    found = operation.transform(rows)
    for row, filled in zip(rows, found):
        expected = pd.DataFrame(row).ffill().bfill().fillna(pd.Series(operation.means)).to_numpy()
        np.testing.assert_allclose(filled, expected, rtol=1e-6)
    assert operation.transform(ROWS) is ROWS
    np.testing.assert_allclose(operation.means, np.nanmean(rows, axis=(0, 1)), rtol=1e-5)


@pytest.mark.parametrize("n, d", [(30, 90), (90, 10)])
@pytest.mark.parametrize("weighted", [False, True])
def test_ridge_is_that_of_scikit_learn(n, d, weighted):
    rows = RNG.normal(size=(n, d))
    wanted = rows[:, :2] + RNG.normal(size=(n, 2))
    weight = RNG.uniform(0.2, 2, n) if weighted else np.ones(n)
    weight /= weight.mean()
    kernel, bias, left_out = ridge(rows, wanted, weight)
    known = RidgeCV(STRENGTHS).fit(rows, wanted, sample_weight=weight)
    np.testing.assert_allclose(kernel, known.coef_.T, atol=1e-9)
    np.testing.assert_allclose(bias, known.intercept_, atol=1e-9)
    for row in (0, n - 1):
        kept = np.arange(n) != row
        without = Ridge(known.alpha_).fit(rows[kept], wanted[kept], sample_weight=weight[kept])
        np.testing.assert_allclose(left_out[row], without.predict(rows[row : row + 1])[0], atol=1e-9)


def classes(n=120):
    labels = np.arange(n) % 3
    return RNG.normal(size=(n, 12)) + 1.2 * np.eye(3)[labels] @ RNG.normal(size=(3, 12)), np.eye(3)[labels]


def test_a_solved_layer_tells_classes_apart_and_knows_how_surely():
    rows, y = classes()
    kernel, bias = ops.SolvedDense(3).solve(rows, y)
    fresh, truth = classes()
    fresh = rows + 0.3 * RNG.normal(size=rows.shape)
    logits = fresh @ kernel + bias
    shares = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
    hits = (shares.argmax(1) == truth.argmax(1)).mean()
    assert hits > 0.8 and abs(shares.max(1).mean() - hits) < 0.12
    np.testing.assert_array_equal(ops.SolvedDense(3).solve(rows, y.argmax(1))[0], kernel)


def test_each_fold_is_solved_without_its_rows():
    rows, y = classes()
    folds = np.arange(120) % 4
    weight = 1.0 - np.eye(4)[folds]
    kernels, biases = ops.SolvedDense(3, folds=4).solve(rows, y, weight)
    assert kernels.shape == (4, 12, 3) and biases.shape == (4, 3)
    kept = folds != 2
    alone, _ = ops.SolvedDense(3).solve(rows[kept], y[kept])
    np.testing.assert_allclose(kernels[2], alone, rtol=1e-4, atol=1e-6)


def test_solved_numbers_and_labels():
    rows = RNG.normal(size=(80, 5))
    y = 100 + 10 * rows[:, :2]
    operation = ops.SolvedDense(2, "numbers", (100.0, 100.0), (10.0, 10.0))
    kernel, bias = operation.solve(rows, y)
    np.testing.assert_allclose(rows @ kernel + bias, rows[:, :2], atol=1e-2)
    labels = (rows[:, :2] > 0).astype("float32")
    kernel, bias = ops.SolvedDense(2, "labels").solve(rows, labels)
    assert ((rows @ kernel + bias > 0) == (labels > 0)).mean() > 0.9


def test_windows_by_hand():
    x = np.arange(20.0, dtype="float32").reshape(1, 10, 2)
    assert run(ops.LastSteps(0.3), x)[0, :, 0].tolist() == [14, 16, 18]
    assert run(ops.TakeChannels((1,)), x)[0, :2, 0].tolist() == [1, 3]
    assert run(ops.Relative(), x)[0, -2:, 0].tolist() == [-2, 0]
    assert run(ops.SeasonalNaive(5, (0,), 3), x)[0, :, 0].tolist() == [14, 16, 18, 14, 16]
    assert run(ops.SeasonalNaive(2, (0,), 3, 2), x)[0, :, 0].tolist() == [18, 14]
    assert run(ops.SeasonalNaive(3, (1,)), x)[0, :, 0].tolist() == [19, 19, 19]
    assert run(ops.Permute(), x).shape == (1, 2, 10)
    smooth = pd.DataFrame(np.pad(x[0], ((1, 1), (0, 0)), "edge")).rolling(3).mean().to_numpy()[2:]
    np.testing.assert_allclose(run(ops.Trend(3), x)[0], smooth, rtol=1e-6)


@pytest.mark.parametrize("channels, seen", [((0,), "targets"), ((0,), "all"), (None, "all")])
def test_a_solved_forecast_finds_a_linear_law(channels, seen):
    rows = RNG.normal(size=(300, 8, 2)).astype("float32")
    ahead = rows[:, -1:, :1] + 0.5 * (rows[:, -2:-1, :1] - rows[:, -1:, :1])
    y = 7.0 + 3.0 * np.concatenate([ahead, ahead], axis=1)
    operation = ops.SolvedForecast(2, channels, (7.0,), (3.0,), seen)
    inputs = keras.Input((8, 2))
    layer = operation.layer((8, 2), "map")
    model = keras.Model(inputs, layer(inputs))
    layer.set_weights(operation.solve(rows, y))
    np.testing.assert_allclose(model.predict(rows, verbose=0) * 3 + 7, y, atol=0.05)
    np.testing.assert_allclose(model(rows[:2]) * 3 + 7, y[:2], atol=0.05)  # as many rows as steps
    assert model.count_params() == operation.params((8, 2))


def test_what_is_no_series_is_refused():
    with pytest.raises(SpaceError, match=r"series \(steps, channels\)"):
        ops.RandomConvolutions().shape((8, 8, 1))
    with pytest.raises(SpaceError, match="vectors"):
        ops.SolvedDense(3).shape((4, 4))
    with pytest.raises(SpaceError, match="fitted first"):
        ops.RandomConvolutions().layer((8, 1), "name")
