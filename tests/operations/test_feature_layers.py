"""Operations on single features and on members compute what a loop over features and members computes."""

import math

import keras
import numpy as np
import pytest

from kerasnas import operations as ops
from kerasnas.errors import SpaceError
from kerasnas.lowering import build, cost

RNG = np.random.default_rng(11)
SHAPES = [(4,), (1,), (3, 4)]


def randomized(operation, shape):
    """A model of one operation with random weights, biases too, and those weights."""
    model = build(operation, None, shape)
    weights = [RNG.normal(size=weight.shape).astype("float32") for weight in model.get_weights()]
    model.set_weights(weights)
    return model, weights


def rows_of(shape, n=5):
    return RNG.normal(size=(n, *shape)).astype("float32")


def answers(model, rows):
    return keras.ops.convert_to_numpy(model(rows))


@pytest.mark.parametrize("start, stop", [(0, None), (1, None), (0, 1), (1, 3), (3, 4)])
@pytest.mark.parametrize("shape", [(4,), (2, 4), (2, 3, 4)])
def test_take_is_a_slice_of_the_last_axis(start, stop, shape):
    operation = ops.Take(start, stop)
    rows = rows_of(shape)
    expected = rows[..., start:stop]
    assert operation.shape(shape) == expected.shape[1:]
    np.testing.assert_array_equal(answers(build(operation, None, shape), rows), expected)


@pytest.mark.parametrize("start, stop", [(0, 5), (2, 2), (3, 1), (-1, 2), (4, None), (9, None)])
def test_take_refuses_features_that_are_not_there(start, stop):
    with pytest.raises(SpaceError, match=f"Expected some of 4 features. Received: {start} to {stop or 4}"):
        ops.Take(start, stop).shape((4,))


@pytest.mark.parametrize("bias", [False, True])
@pytest.mark.parametrize("shape", [(4,), (3, 4), (2, 3, 4)])
def test_every_feature_has_a_scale_of_its_own(shape, bias):
    model, weights = randomized(ops.Scale(bias=bias), shape)
    rows = rows_of(shape)
    assert [weight.shape for weight in weights] == [shape] * (1 + bias)
    expected = rows * weights[0] + (weights[1] if bias else 0)
    np.testing.assert_allclose(answers(model, rows), expected, rtol=1e-5, atol=1e-6)


def test_scales_begin_with_ones_and_change_nothing_or_differ():
    rows = rows_of((6,))
    np.testing.assert_allclose(answers(build(ops.Scale(bias=True), None, (6,)), rows), rows, rtol=1e-6)
    (drawn,) = build(ops.Scale("normal"), None, (50, 40)).get_weights()
    assert abs(drawn.mean()) < 0.1 and 0.9 < drawn.std() < 1.1


@pytest.mark.parametrize("count", [1, 5])
@pytest.mark.parametrize("shape", SHAPES)
def test_waves_by_a_loop(shape, count):
    model, (frequencies, phases) = randomized(ops.Waves(count), shape)
    rows = rows_of(shape)
    expected = np.zeros((*rows.shape, count))
    for place in np.ndindex(*rows.shape):
        for wave in range(count):
            angle = rows[place] * frequencies[(*place[1:], wave)] + phases[(*place[1:], wave)]
            expected[(*place, wave)] = math.cos(angle)
    np.testing.assert_allclose(answers(model, rows), expected, atol=2e-5)


@pytest.mark.parametrize("sigma", [0.01, 0.1, 1.0])
def test_frequencies_spread_as_asked_and_phases_fill_the_circle(sigma):
    frequencies, phases = build(ops.Waves(64, sigma), None, (60,)).get_weights()
    assert frequencies.std() == pytest.approx(2 * math.pi * sigma, rel=0.1)
    assert -math.pi <= phases.min() < -3 and 3 < phases.max() <= math.pi
    assert phases.std() == pytest.approx(2 * math.pi / math.sqrt(12), rel=0.1)


@pytest.mark.parametrize("count", [1, 3, 24])
def test_bins_by_a_loop(count):
    ranks = np.concatenate([np.linspace(0, 1, 9), RNG.random(7)]).astype("float32").reshape(-1, 2)
    expected = np.zeros((*ranks.shape, count))
    for place in np.ndindex(*ranks.shape):
        for part in range(count):
            low, high = part / count, (part + 1) / count
            expected[(*place, part)] = min(max((ranks[place] - low) / (high - low), 0), 1)
    found = answers(build(ops.Bins(count), None, (2,)), ranks)
    np.testing.assert_allclose(found, expected, atol=1e-5)
    # What the parts hold together is the rank itself, and a part is filled before the next one is.
    np.testing.assert_allclose(found.mean(axis=-1), ranks, atol=1e-5)
    assert (np.diff(found, axis=-1) <= 0).all()


def test_ranks_outside_fill_nothing_or_everything():
    found = answers(build(ops.Bins(4), None, (2,)), np.array([[-0.5, 1.5]], "float32"))
    np.testing.assert_array_equal(found, [[[0] * 4, [1] * 4]])


@pytest.mark.parametrize("use_bias", [False, True])
@pytest.mark.parametrize("shape", [(4, 6), (1, 2), (3, 4, 6)])
def test_each_feature_has_a_matrix_of_its_own(shape, use_bias):
    model, weights = randomized(ops.FeatureDense(3, use_bias), shape)
    rows = rows_of(shape)
    expected = np.zeros((len(rows), *shape[:-1], 3))
    for place in np.ndindex(*shape[:-1]):
        expected[(slice(None), *place)] = rows[(slice(None), *place)] @ weights[0][place]
        if use_bias:
            expected[(slice(None), *place)] += weights[1][place]
    np.testing.assert_allclose(answers(model, rows), expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("length", [4, 100])
def test_the_matrices_of_features_start_by_the_length_of_a_vector(length):
    kernel, bias = build(ops.FeatureDense(20), None, (30, length)).get_weights()
    limit = 1 / math.sqrt(length)
    assert 0.9 * limit < np.abs(kernel).max() <= limit and not bias.any()


@pytest.mark.parametrize("shape, members, expected", [
    ((4,), False, (4,)), ((4, 6), False, (24,)), ((3, 4, 6), False, (72,)), ((3, 4, 6), True, (3, 24)),
    ((3, 4), True, (3, 4)),
])  # fmt: skip
def test_features_are_put_one_behind_the_other(shape, members, expected):
    operation, rows = ops.JoinFeatures(members), rows_of(shape)
    assert operation.shape(shape) == expected
    found = answers(build(operation, None, shape), rows)
    np.testing.assert_array_equal(found, rows.reshape(len(rows), *expected))


def test_members_look_up_vectors_of_their_own():
    model, (vectors,) = randomized(ops.Lookup(5, 3), (4, 1))
    rows = RNG.integers(0, 5, (7, 4, 1)).astype("float32")
    assert vectors.shape == (20, 3)
    expected = [[vectors[5 * member + int(row[member, 0])] for member in range(4)] for row in rows]
    np.testing.assert_array_equal(answers(model, rows), expected)


def test_a_single_network_looks_up_the_value_itself():
    model, (vectors,) = randomized(ops.Lookup(5, 3), (1,))
    np.testing.assert_array_equal(answers(model, np.arange(5, dtype="float32")[:, None]), vectors)


@pytest.mark.parametrize("shape", [(2,), (3, 2), (3, 4, 1), ()])
def test_a_lookup_needs_one_number(shape):
    with pytest.raises(SpaceError, match="Expected one number of a value"):
        ops.Lookup(5).shape(shape)


# -------------------------------------------------------------------- members
@pytest.mark.parametrize("count", [1, 4])
def test_members_are_given_the_same_vector(count):
    rows = rows_of((3,))
    found = answers(build(ops.Members(count), None, (3,)), rows)
    np.testing.assert_array_equal(found, np.stack([rows] * count, axis=1))


@pytest.mark.parametrize("shape", [(), (3, 4), (8, 8, 3)])
def test_members_are_given_vectors_only(shape):
    with pytest.raises(SpaceError, match="Expected a vector to give to members"):
        ops.Members(2).shape(shape)


@pytest.mark.parametrize("units", [None, 1, 6])
def test_a_dense_layer_of_each_member_by_a_loop(units):
    model, (kernel, bias) = randomized(ops.MemberDense(units), (3, 5))
    rows = rows_of((3, 5))
    expected = np.stack([rows[:, member] @ kernel[member] + bias[member] for member in range(3)], axis=1)
    assert expected.shape[2] == (units or 5)
    np.testing.assert_allclose(answers(model, rows), expected, rtol=1e-4, atol=1e-5)


def test_members_start_as_single_networks_would():
    kernel, bias = build(ops.MemberDense(60), None, (16, 40)).get_weights()
    limit = math.sqrt(6 / 100)
    assert 0.95 * limit < np.abs(kernel).max() <= limit and not bias.any()
    assert all(not np.allclose(kernel[0], kernel[member]) for member in range(1, 16))


@pytest.mark.parametrize("shape, folds, wanted", [
    ((5,), 0, "members"), ((2, 3, 4), 0, "members"), ((3, 5), 4, "4"), ((5,), 4, "4"),
])  # fmt: skip
def test_a_dense_layer_of_members_refuses_other_shapes(shape, folds, wanted):
    with pytest.raises(SpaceError, match=rf"Expected data of shape \({wanted}, units\)"):
        ops.MemberDense(2, folds).shape(shape)


def test_members_share_a_matrix_between_scales_of_their_own():
    model, (before, matrix, after, shift) = randomized(ops.SharedDense(4), (3, 5))
    assert [w.shape for w in (before, matrix, after, shift)] == [(3, 5), (5, 4), (3, 4), (3, 4)]
    rows = rows_of((3, 5))
    expected = np.stack([(rows[:, m] * before[m]) @ matrix * after[m] + shift[m] for m in range(3)], axis=1)
    np.testing.assert_allclose(answers(model, rows), expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("shape", [(5,), (2, 3, 4)])
def test_a_shared_matrix_needs_members(shape):
    with pytest.raises(SpaceError, match=r"Expected data of shape \(members, units\)"):
        cost(ops.SharedDense(4), None, shape)


# ----------------------------------------------------------------- embeddings
@pytest.mark.parametrize("shape", [(), (6,), (2, 3)])
def test_numbers_of_any_shape_are_embedded(shape):
    model, (vectors,) = randomized(ops.Embedding(4, 3), shape)
    rows = RNG.integers(0, 4, (5, *shape)).astype("float32")
    np.testing.assert_array_equal(answers(model, rows), vectors[rows.astype(int)])


def test_numbers_below_zero_are_taken_for_the_first():
    model, (vectors,) = randomized(ops.Embedding(4, 3), (2,))
    np.testing.assert_array_equal(answers(model, np.array([[-3.0, 0.0]], "float32"))[0], vectors[[0, 0]])


@pytest.mark.parametrize("length, terms, units", [(1, 2, 1), (6, 9, 4), (30, 5, 3)])
def test_a_bag_sums_by_a_loop(length, terms, units):
    model, (vectors,) = randomized(ops.Bag(terms, units), (length, 2))
    rows = np.stack([RNG.integers(0, terms, (4, length)), RNG.normal(size=(4, length))], axis=-1).astype("float32")
    expected = np.zeros((4, units))
    for row, total in zip(rows, expected):
        for number, weight in row:
            total += weight * vectors[int(number)]
    np.testing.assert_allclose(answers(model, rows), expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("steps, channels", [(1, 1), (5, 3)])
def test_positions_start_small_and_count_from_zero(steps, channels):
    model, (vectors,) = randomized(ops.Positions(), (steps, channels))
    assert vectors.shape == (steps, channels)
    np.testing.assert_allclose(answers(model, np.zeros((2, steps, channels), "float32")), [vectors, vectors])


@pytest.mark.parametrize("shape", [(5,), (2, 3, 2), (5, 3)])
def test_bags_need_terms_and_weights(shape):
    with pytest.raises(SpaceError, match=r"Expected terms and weights \(length, 2\) for Bag"):
        ops.Bag(9).shape(shape)


# ------------------------------------------------------------------ reckoning
def worked_out(features, members, vector, units):
    """(operation, shape, params, FLOPs of one row) by formulas of the field."""
    each = features * members
    lead = (members,) if members > 1 else ()
    return [
        (ops.Waves(units), (*lead, features), 2 * each * units, 2 * each * units),
        (ops.FeatureDense(units), (*lead, features, vector), each * (vector + 1) * units, 2 * each * vector * units),
        (ops.FeatureDense(units, False), (*lead, features, vector), each * vector * units, 2 * each * vector * units),
        (ops.MemberDense(units), (members, vector), members * (vector + 1) * units, 2 * members * vector * units),
        (ops.SharedDense(units), (members, vector),
         vector * units + members * (vector + 2 * units), 2 * members * vector * units),
        (ops.Lookup(features, units), (members, 1), members * features * units, 0),
        (ops.Bag(features, units), (vector, 2), features * units, 2 * vector * units),
        (ops.Positions(), (vector, units), vector * units, 0),
        (ops.Bins(units), (*lead, features), 0, 0),
    ]  # fmt: skip


@pytest.mark.parametrize("sizes", [(1, 1, 1, 1), (4, 1, 6, 3), (4, 3, 6, 2), (7, 2, 1, 5)], ids=str)
def test_costs_by_formula_and_by_keras(sizes):
    for operation, shape, params, flops in worked_out(*sizes):
        reckoned = cost(operation, None, shape)
        assert reckoned.params == params == build(operation, None, shape).count_params(), operation
        assert reckoned.flops == flops, operation
