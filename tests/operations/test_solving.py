"""Layers that are solved for, against scikit-learn; fixed convolutions and what is done to series, against loops."""

import math

import keras
import numpy as np
import pytest
from sklearn.linear_model import LinearRegression, Ridge, RidgeCV

from kerasnas import operations as ops
from kerasnas.errors import SpaceError
from kerasnas.lowering import build, cost, output_shape
from kerasnas.operations.random_convolution import TAPS, dilations_of
from kerasnas.operations.solved import SHARPNESS, STRENGTHS, ridge, sharpness

RNG = np.random.default_rng(13)


def problem(n, d, outputs=2, noise=1.0, seed=0):
    rng = np.random.default_rng(seed)
    rows = rng.normal(size=(n, d)) + rng.normal(size=d)
    return rows, rows @ rng.normal(size=(d, outputs)) + noise * rng.normal(size=(n, outputs)) + 3


def run(operation, weights, rows):
    model = build(operation, None, rows.shape[1:])
    model.set_weights(weights)
    return keras.ops.convert_to_numpy(model(rows.astype("float32")))


# ---------------------------------------------------------------------- ridge
@pytest.mark.parametrize("strength", [1e-3, 1.0, 100.0, 1e4])
@pytest.mark.parametrize("n, d", [(40, 5), (12, 30), (20, 20), (9, 1)])
def test_a_ridge_of_one_strength_is_scikit_learns(n, d, strength):
    rows, wanted = problem(n, d)
    kernel, bias, _ = ridge(rows, wanted, np.ones(n), [strength])
    known = Ridge(strength).fit(rows, wanted)
    np.testing.assert_allclose(kernel, known.coef_.T, rtol=1e-5, atol=1e-8)
    np.testing.assert_allclose(bias, known.intercept_, rtol=1e-5, atol=1e-7)


@pytest.mark.parametrize("strength", [0.1, 10.0])
@pytest.mark.parametrize("n, d", [(15, 4), (8, 12)])
def test_answers_of_rows_left_out_are_those_of_as_many_fits(n, d, strength):
    rows, wanted = problem(n, d)
    _, _, left_out = ridge(rows, wanted, np.ones(n), [strength])
    for row in range(n):
        kept = np.arange(n) != row
        expected = Ridge(strength).fit(rows[kept], wanted[kept]).predict(rows[[row]])[0]
        np.testing.assert_allclose(left_out[row], expected, rtol=1e-6, atol=1e-7)


@pytest.mark.parametrize("noise", [0.01, 1.0, 30.0])
@pytest.mark.parametrize("n, d", [(60, 4), (25, 40)])
def test_the_strength_is_that_of_the_least_left_out_error(n, d, noise):
    rows, wanted = problem(n, d, noise=noise, seed=3)
    kernel, _, left_out = ridge(rows, wanted, np.ones(n))
    losses = [np.square(ridge(rows, wanted, np.ones(n), [each])[2] - wanted).mean() for each in STRENGTHS]
    assert np.square(left_out - wanted).mean() == pytest.approx(min(losses))
    known = RidgeCV(STRENGTHS).fit(rows, wanted)
    assert known.alpha_ == STRENGTHS[int(np.argmin(losses))]
    np.testing.assert_allclose(kernel, known.coef_.T, rtol=1e-6, atol=1e-8)


@pytest.mark.parametrize("factor", [0.01, 7.0, 1e4])
def test_weights_count_by_their_proportions_alone(factor):
    rows, wanted = problem(30, 5)
    weight = RNG.uniform(0.1, 3, 30)
    for one, other in zip(ridge(rows, wanted, weight), ridge(rows, wanted, factor * weight)):
        np.testing.assert_allclose(one, other, rtol=1e-8, atol=1e-9)


def test_a_row_of_twice_the_weight_is_the_row_twice():
    rows, wanted = problem(20, 4)
    weight = np.where(np.arange(20) < 5, 2.0, 1.0)
    kernel, bias, _ = ridge(rows, wanted, weight, [5.0])
    # The strength goes with the mean weight, which scikit-learn's does not.
    twice = [np.concatenate([part, part[:5]]) for part in (rows, wanted)]
    known = Ridge(5.0 * weight.mean()).fit(*twice)
    np.testing.assert_allclose(kernel, known.coef_.T, rtol=1e-7)
    np.testing.assert_allclose(bias, known.intercept_, rtol=1e-7)


def test_features_that_say_nothing_have_no_weight():
    rows, wanted = problem(30, 3)
    constant, twin = np.full((30, 1), 4.0), rows[:, :1]
    kernel, bias, _ = ridge(np.hstack([rows, constant, twin]), wanted, np.ones(30), [1.0])
    assert np.abs(kernel[3]).max() < 1e-9 and np.isfinite(bias).all()
    np.testing.assert_allclose(kernel[0], kernel[4], rtol=1e-6)
    nothing, mean, left_out = ridge(np.ones((10, 4)), wanted[:10], np.ones(10))
    assert np.abs(nothing).max() < 1e-9
    np.testing.assert_allclose(mean, wanted[:10].mean(0))
    others = (wanted[:10].sum(0) - wanted[:10]) / 9
    np.testing.assert_allclose(left_out, others, rtol=1e-9)


def test_hardly_any_strength_gives_least_squares():
    rows, wanted = problem(50, 6)
    kernel, bias, _ = ridge(rows, wanted, np.ones(50), [1e-9])
    known = LinearRegression().fit(rows, wanted)
    np.testing.assert_allclose(kernel, known.coef_.T, rtol=1e-6)
    np.testing.assert_allclose(bias, known.intercept_, rtol=1e-6)


# --------------------------------------------------------------------- layers
@pytest.mark.parametrize("mean, scale", [((0.0, 0.0), (1.0, 1.0)), ((3.0, -2.0), (5.0, 0.1))])
def test_solved_numbers_are_scikit_learns_in_standard_units(mean, scale):
    rows, wanted = problem(40, 5)
    operation = ops.SolvedDense(2, "numbers", mean, scale)
    found = run(operation, operation.solve(rows, wanted), rows)
    standard = (wanted - np.array(mean)) / np.array(scale)
    expected = RidgeCV(STRENGTHS).fit(rows, standard).predict(rows)
    np.testing.assert_allclose(found, expected, rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("kind, outputs", [("classes", 3), ("labels", 4)])
def test_answers_about_classes_are_ridge_answers_times_a_factor(kind, outputs):
    rows, scores = problem(60, 5, outputs)
    scores = scores - scores.mean(0)
    hits = np.eye(outputs)[scores.argmax(1)] if kind == "classes" else (scores > 0).astype("float64")
    operation = ops.SolvedDense(outputs, kind)
    kernel, bias = operation.solve(rows, hits)
    known, level, left_out = ridge(rows, 2 * hits - 1, np.ones(60))
    factor = sharpness(left_out, hits > 0, np.ones(60), kind)
    np.testing.assert_allclose(kernel, factor * known, rtol=1e-5)
    np.testing.assert_allclose(bias, factor * level, rtol=1e-5)
    assert kernel.dtype == bias.dtype == "float32"


def test_classes_may_come_as_their_numbers():
    rows, scores = problem(40, 5, 3)
    labels = (scores - scores.mean(0)).argmax(1)
    operation = ops.SolvedDense(3)
    for one, other in zip(operation.solve(rows, labels), operation.solve(rows, np.eye(3)[labels])):
        np.testing.assert_array_equal(one, other)


def test_rows_of_no_weight_are_not_seen():
    rows, wanted = problem(30, 4)
    strange = [np.concatenate([part, 1e6 * np.ones((5, part.shape[1]))]) for part in (rows, wanted)]
    operation, weight = ops.SolvedDense(2, "numbers", (0.0, 0.0), (1.0, 1.0)), np.r_[np.ones(30), np.zeros(5)]
    for one, other in zip(operation.solve(*strange, weight), operation.solve(rows, wanted)):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("folds", [2, 4])
def test_each_fold_is_the_solution_by_its_weights(folds):
    rows, wanted = problem(40, 4)
    weight = 1.0 - np.eye(folds)[np.arange(40) % folds]
    settings = "numbers", (0.0, 0.0), (1.0, 1.0)
    kernel, bias = ops.SolvedDense(2, *settings, folds=folds).solve(rows, wanted, weight)
    assert kernel.shape == (folds, 4, 2) and bias.shape == (folds, 2)
    for fold in range(folds):
        one = ops.SolvedDense(2, *settings).solve(rows, wanted, weight[:, fold])
        np.testing.assert_array_equal(kernel[fold], one[0])
        np.testing.assert_array_equal(bias[fold], one[1])
    found = run(ops.SolvedDense(2, *settings, folds=folds), [kernel, bias], rows)
    np.testing.assert_allclose(found, np.einsum("bi,kio->bko", rows, kernel) + bias, rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("weight", [None, np.ones(24)])
def test_folds_without_weights_of_their_own_are_alike(weight):
    kernel, _ = ops.SolvedDense(2, "numbers", folds=3).solve(*problem(24, 3), weight)
    np.testing.assert_array_equal(kernel, np.stack([kernel[0]] * 3))


@pytest.mark.parametrize("kind", ["classes", "labels"])
def test_the_factor_is_that_of_the_greatest_likelihood(kind):
    scores = RNG.normal(size=(50, 3))
    hits = np.eye(3)[(scores + RNG.normal(size=(50, 3))).argmax(1)] > 0
    weight, soft = RNG.uniform(0.5, 2, 50), 1 / 52

    def loss(factor):
        total = 0.0
        for row in range(50):
            values = [factor * score for score in scores[row]]
            for output, value in enumerate(values):
                if kind == "classes":
                    wanted = 1 - soft if hits[row, output] else soft / 2
                    total -= weight[row] * wanted * (value - math.log(sum(math.exp(each) for each in values)))
                else:
                    wanted = 1 - soft if hits[row, output] else soft
                    total += weight[row] * (math.log1p(math.exp(value)) - wanted * value)
        return total

    found = sharpness(scores, hits, weight, kind)
    place = int(np.argmin(np.abs(SHARPNESS - found)))
    assert 0 < place < 60 and all(loss(found) <= loss(each) for each in SHARPNESS[[place - 1, place + 1]])


def test_scores_without_a_mistake_do_not_make_answers_certain():
    scores = np.eye(2)[np.arange(20) % 2] * 2 - 1
    for kind in ("classes", "labels"):
        assert 0.1 < sharpness(scores, scores > 0, np.ones(20), kind) < 10
    assert sharpness(-scores, scores > 0, np.ones(20), "classes") == SHARPNESS[0]


@pytest.mark.parametrize("folds", [0, 1, 5])
@pytest.mark.parametrize("features, units", [(1, 1), (7, 3), (100, 2)])
def test_what_a_solved_layer_weighs(features, units, folds):
    operation = ops.SolvedDense(units, folds=folds)
    reckoned, model = cost(operation, None, (features,)), build(operation, None, (features,))
    assert reckoned.params == (features + 1) * units * max(1, folds) == model.count_params()
    assert reckoned.flops == 2 * features * units * max(1, folds)
    assert model.output.shape[1:] == output_shape(operation, (features,)) == ((folds,) if folds else ()) + (units,)
    assert not model.trainable_variables


@pytest.mark.parametrize("shape", [(), (3, 4), (8, 8, 3)])
def test_a_solved_layer_needs_vectors(shape):
    with pytest.raises(SpaceError, match="Expected vectors for a layer that is solved for"):
        ops.SolvedDense(2).shape(shape)


# ----------------------------------------------------------- fixed convolutions
def response(series, kernel, dilation):
    """A dilated window of nine over a series `(steps, channels)`, zeros around it."""
    found = []
    for step in range(len(series)):
        total = 0.0
        for tap in range(TAPS):
            place = step + (tap - TAPS // 2) * dilation
            if 0 <= place < len(series):
                total += float(series[place] @ kernel[tap])
        found.append(total)
    return np.array(found)


@pytest.mark.parametrize("difference", [False, True])
@pytest.mark.parametrize("steps, channels", [(12, 1), (30, 3), (5, 2)])
def test_shares_by_a_loop(steps, channels, difference):
    rows = RNG.normal(size=(4, steps, channels)).astype("float32")
    operation = ops.RandomConvolutions(84 * 4, difference, dilations=2, seed=1).fit(rows)
    features, seen = operation.transform(rows), np.diff(rows, axis=1) if difference else rows
    levels = operation.fitted[0][1].shape[0]
    for group, ((dilation, _), (kernel, thresholds)) in enumerate(
        zip(operation.groups(rows.shape[1:]), operation.fitted)
    ):
        for number in (0, 17, 83):
            responses = response(seen[3], kernel[..., number], dilation)
            for level in range(levels):
                near = np.abs(responses - thresholds[level, number]).min()
                share = (responses > thresholds[level, number]).mean()
                # A threshold may be one of the responses: rounding then decides about one step.
                slack = 1 / len(responses) if near < 1e-5 else 0
                found = features[3, 84 * (levels * group + level) + number]
                assert abs(found - share) <= slack + 1e-6


@pytest.mark.parametrize("difference", [False, True])
@pytest.mark.parametrize("make", [ops.RandomConvolutions, ops.CompetingKernels])
@pytest.mark.parametrize("shape", [(40, 1), (17, 3), (9, 2), (2, 1), (1, 1)])
def test_what_fixed_convolutions_weigh(make, shape, difference):
    size = 500 if make is ops.RandomConvolutions else 2
    rows = RNG.normal(size=(3, *shape)).astype("float32")
    operation = make(size, difference, dilations=3).fit(rows)
    reckoned, model = cost(operation, None, shape), build(operation, None, shape)
    steps = max(1, shape[0] - difference)
    filters = 84 if make is ops.RandomConvolutions else 16
    assert reckoned.params == len(dilations_of(steps, 3)) * TAPS * shape[1] * filters == model.count_params()
    assert reckoned.flops == 2 * steps * reckoned.params
    assert operation.transform(rows).shape == (3, *output_shape(operation, shape))
    assert not model.trainable_variables


@pytest.mark.parametrize("features", [1, 84, 1000, 5000])
@pytest.mark.parametrize("steps", [9, 50, 300])
def test_about_as_many_features_as_asked(features, steps):
    operation = ops.RandomConvolutions(features)
    (found,), groups = operation.shape((steps, 1)), len(operation.groups((steps, 1)))
    assert found % 84 == 0 and found >= 84 * groups
    assert abs(found - features) <= 84 * groups


@pytest.mark.parametrize("channels", [1, 2, 20])
def test_kernels_see_some_channels_and_never_none(channels):
    rows = RNG.normal(size=(3, 20, channels)).astype("float32")
    for kernel, _ in ops.RandomConvolutions(84, dilations=2).fit(rows).fitted:
        seen = (np.abs(kernel).max(axis=0) > 0).sum(axis=0)
        assert seen.shape == (84,) and seen.min() >= 1 and seen.max() <= min(channels, TAPS)
    for (kernel,) in ops.CompetingKernels(4, dilations=2).fit(rows).fitted:
        np.testing.assert_allclose(kernel.mean(axis=0), 0, atol=1e-6)
        np.testing.assert_allclose(np.abs(kernel).sum(axis=(0, 1)), 1, rtol=1e-5)
        apart = (np.abs(kernel).max(axis=0) > 0).reshape(channels, 4, 8)
        assert (apart == apart[..., :1]).all()  # rivals of a group see the same channels


def test_each_step_has_one_winner_and_one_that_is_last():
    rows = RNG.normal(size=(5, 30, 2)).astype("float32")
    operation = ops.CompetingKernels(3, dilations=1).fit(rows)
    wins, lasts = np.split(np.square(operation.transform(rows)), 2, axis=1)
    np.testing.assert_allclose(lasts.reshape(5, 3, 8).sum(axis=2), 30, rtol=1e-4)
    assert (wins >= 0).all() and (wins.reshape(5, 3, 8).max(axis=2) > 0).all()


@pytest.mark.parametrize("make", [ops.RandomConvolutions, ops.CompetingKernels])
def test_kernels_have_to_be_fitted_before_they_are_layers(make):
    with pytest.raises(SpaceError, match=f"Expected {make.__name__} to be fitted first"):
        make().layer((20, 1), None)
    with pytest.raises(SpaceError, match=r"Expected series \(steps, channels\) for"):
        make().shape((20,))


# --------------------------------------------------------------------- series
def test_gaps_are_filled_by_a_loop():
    rows = RNG.normal(size=(6, 11, 2)).astype("float32")
    rows[RNG.random(rows.shape) < 0.5] = np.nan
    rows[2, :, 0] = np.nan
    operation = ops.FillMissing().fit(rows)
    expected = rows.copy()
    for row, channel in np.ndindex(6, 2):
        series = rows[row, :, channel]
        known = [step for step in range(11) if not np.isnan(series[step])]
        for step in range(11):
            before = [place for place in known if place <= step]
            place = before[-1] if before else known[0] if known else None
            expected[row, step, channel] = operation.means[channel] if place is None else series[place]
    np.testing.assert_allclose(operation.transform(rows), expected, rtol=1e-6)
    np.testing.assert_allclose(run(operation, [], rows), expected, rtol=1e-6)


def test_a_channel_that_nobody_knows_is_filled_with_zeros():
    rows = np.full((2, 4, 1), np.nan, "float32")
    assert not ops.FillMissing().fit(rows).transform(rows).any()


@pytest.mark.parametrize("level, spread", [(0.0, 1.0), (1000.0, 0.5), (-3.0, 40.0)])
def test_each_series_is_standardized_by_itself(level, spread):
    rows = (level + spread * RNG.normal(size=(4, 25, 2))).astype("float32")
    found = ops.StandardizeEach().transform(rows)
    np.testing.assert_allclose(found.mean(axis=1), 0, atol=1e-5)
    np.testing.assert_allclose(found.std(axis=1), 1, rtol=1e-4)
    np.testing.assert_allclose(run(ops.StandardizeEach(), [], rows), found, atol=5e-3)


def test_a_series_that_never_changes_becomes_zero():
    rows = np.full((2, 6, 1), 5.0, "float32")
    assert not ops.StandardizeEach().transform(rows).any()
