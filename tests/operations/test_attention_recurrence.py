"""Attention and recurrence, step by step and head by head, and what they weigh and cost for many shapes."""

import math

import keras
import numpy as np
import pytest

from kerasnas import operations as ops
from kerasnas.errors import SpaceError
from kerasnas.lowering import build, cost, output_shape

RNG = np.random.default_rng(12)


def randomized(operation, shape, spread=0.5):
    model = build(operation, None, shape)
    model.set_weights([RNG.normal(0, spread, weight.shape).astype("float32") for weight in model.get_weights()])
    return model


def rows_of(shape, n=3):
    return RNG.normal(size=(n, *shape)).astype("float32")


def answers(model, rows):
    return keras.ops.convert_to_numpy(model(rows, training=False))


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def attended(row, weights, heads, size):
    """Multi-head attention of one sequence, a pair of steps at a time."""
    query, query_bias, key, key_bias, value, value_bias, output, output_bias = (w.astype("float64") for w in weights)
    result = np.tile(output_bias, (len(row), 1))
    for head in range(heads):
        q = row @ query[:, head] + query_bias[head]
        k = row @ key[:, head] + key_bias[head]
        v = row @ value[:, head] + value_bias[head]
        for step in range(len(row)):
            scores = [math.exp(q[step] @ k[other] / math.sqrt(size)) for other in range(len(row))]
            mean = sum(score * v[other] for other, score in enumerate(scores)) / sum(scores)
            result[step] += mean @ output[head]
    return result


@pytest.mark.parametrize("heads, size, shape", [
    (1, None, (1, 1)), (1, None, (4, 3)), (2, None, (5, 6)), (3, 2, (4, 5)), (4, None, (3, 2)), (2, 5, (6, 1)),
])  # fmt: skip
def test_attention_by_a_loop(heads, size, shape):
    operation = ops.SelfAttention(heads, size)
    model, rows = randomized(operation, shape), rows_of(shape)
    size = size or max(1, shape[1] // heads)
    expected = [attended(row.astype("float64"), model.get_weights(), heads, size) for row in rows]
    np.testing.assert_allclose(answers(model, rows), expected, rtol=1e-4, atol=1e-4)


def test_attention_without_positions_does_not_see_the_order():
    model, rows, order = randomized(ops.SelfAttention(2), (6, 4)), rows_of((6, 4)), RNG.permutation(6)
    np.testing.assert_allclose(answers(model, rows[:, order]), answers(model, rows)[:, order], rtol=1e-4, atol=1e-5)


def test_attention_to_a_single_step_is_its_value():
    model, rows = randomized(ops.SelfAttention(2), (1, 4)), rows_of((1, 4))
    *_, value, value_bias, output, output_bias = model.get_weights()
    values = np.einsum("bsc,chd->bshd", rows, value) + value_bias
    expected = np.einsum("bshd,hdc->bsc", values, output) + output_bias
    np.testing.assert_allclose(answers(model, rows), expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("steps", [1, 7])
@pytest.mark.parametrize("channels", [1, 3, 8])
@pytest.mark.parametrize("heads, size", [(1, None), (4, None), (2, 3)])
def test_what_attention_weighs_and_costs(steps, channels, heads, size):
    operation, shape = ops.SelfAttention(heads, size), (steps, channels)
    width = heads * (size or max(1, channels // heads))
    reckoned = cost(operation, None, shape)
    assert (
        reckoned.params == 4 * width * channels + 3 * width + channels == build(operation, None, shape).count_params()
    )
    assert reckoned.flops == 2 * (4 * steps * channels * width + 2 * steps * steps * width)


@pytest.mark.parametrize("widening, inner", [(2.0, 12), (0.5, 3), (0.01, 1), (1.25, 8)])
def test_the_inner_layer_of_a_transformer_is_wider_by_a_factor(widening, inner):
    operation = ops.TransformerLayer(2, widening, 0.0)
    attention = cost(ops.SelfAttention(2), None, (4, 6)).params
    expected = attention + 2 * 12 + (6 + 1) * inner + (inner + 1) * 6
    assert cost(operation, None, (4, 6)).params == expected == build(operation, None, (4, 6)).count_params()


def test_a_transformer_layer_of_no_weights_leaves_its_input():
    model, rows = build(ops.TransformerLayer(2), None, (4, 6)), rows_of((4, 6))
    model.set_weights([np.zeros_like(weight) for weight in model.get_weights()])
    np.testing.assert_allclose(answers(model, rows), rows)


# ----------------------------------------------------------------- recurrence
def simple(row, kernel, recurrent, bias):
    state, states = np.zeros(len(recurrent)), []
    for step in row:
        state = np.tanh(step @ kernel + state @ recurrent + bias)
        states.append(state)
    return states


def lstm(row, kernel, recurrent, bias):
    units = len(recurrent)
    state, memory, states = np.zeros(units), np.zeros(units), []
    for step in row:
        enter, forget, new, leave = np.split(step @ kernel + state @ recurrent + bias, 4)
        memory = sigmoid(forget) * memory + sigmoid(enter) * np.tanh(new)
        state = sigmoid(leave) * np.tanh(memory)
        states.append(state)
    return states


def gru(row, kernel, recurrent, bias):
    """With a reset gate that is put on after the product with the state."""
    state, states = np.zeros(len(recurrent)), []
    for step in row:
        update, reset, new = np.split(step @ kernel + bias[0], 3)
        old_update, old_reset, old_new = np.split(state @ recurrent + bias[1], 3)
        gate = sigmoid(update + old_update)
        state = gate * state + (1 - gate) * np.tanh(new + sigmoid(reset + old_reset) * old_new)
        states.append(state)
    return states


KINDS = {"simple": simple, "lstm": lstm, "gru": gru}


@pytest.mark.parametrize("bidirectional", [False, True])
@pytest.mark.parametrize("kind", KINDS)
def test_all_states_by_a_loop(kind, bidirectional):
    operation = ops.Recurrent(3, kind, bidirectional, sequences=True)
    model, rows = randomized(operation, (5, 2)), rows_of((5, 2))
    weights = [weight.astype("float64") for weight in model.get_weights()]
    expected = np.array([KINDS[kind](row, *weights[:3]) for row in rows])
    if bidirectional:
        back = np.array([KINDS[kind](row[::-1], *weights[3:])[::-1] for row in rows])
        expected = np.concatenate([expected, back], axis=-1)
    np.testing.assert_allclose(answers(model, rows), expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("kind", KINDS)
def test_both_directions_end_where_they_have_read_everything(kind):
    model, rows = randomized(ops.Recurrent(3, kind, bidirectional=True), (5, 2)), rows_of((5, 2))
    weights = [weight.astype("float64") for weight in model.get_weights()]
    expected = [[*KINDS[kind](row, *weights[:3])[-1], *KINDS[kind](row[::-1], *weights[3:])[-1]] for row in rows]
    np.testing.assert_allclose(answers(model, rows), expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("shape, units", [((1, 1), 1), ((6, 2), 3), ((2, 5), 4)])
@pytest.mark.parametrize("bidirectional", [False, True])
@pytest.mark.parametrize("kind", KINDS)
def test_what_recurrence_weighs_and_costs(kind, bidirectional, shape, units):
    steps, channels = shape
    gates, biases, directions = {"simple": 1, "lstm": 4, "gru": 3}[kind], 2 if kind == "gru" else 1, 1 + bidirectional
    for sequences in (False, True):
        operation = ops.Recurrent(units, kind, bidirectional, sequences)
        reckoned = cost(operation, None, shape)
        assert reckoned.params == directions * gates * (channels * units + units * units + biases * units)
        assert reckoned.flops == directions * gates * steps * 2 * (channels * units + units * units)
        assert output_shape(operation, shape) == ((steps,) if sequences else ()) + (directions * units,)
    model = build(ops.Recurrent(units, kind, bidirectional), None, shape)
    assert model.count_params() == cost(ops.Recurrent(units, kind, bidirectional), None, shape).params


@pytest.mark.parametrize("kind", ["LSTM", "rnn", ""])
def test_other_recurrences_are_refused_before_anything_is_built(kind):
    with pytest.raises(SpaceError, match=f"Expected `kind` of Recurrent among .* Received: {kind!r}"):
        cost(ops.Recurrent(4, kind), None, (3, 2))


@pytest.mark.parametrize("operation", [ops.SelfAttention(), ops.Recurrent(), ops.Positions()], ids=lambda o: o.label)
@pytest.mark.parametrize("shape", [(), (3,), (3, 4, 5)])
def test_what_is_no_sequence_is_said(operation, shape):
    with pytest.raises(SpaceError, match=rf"Expected a sequence \(steps, channels\) for {type(operation).__name__}"):
        operation.shape(shape)
