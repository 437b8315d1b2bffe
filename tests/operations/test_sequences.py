"""Operations over tokens and sequences compute what their equations say, written out in NumPy."""

import keras
import numpy as np
import pytest

from kerasnas import operations as ops
from kerasnas.errors import SpaceError
from kerasnas.lowering import build

RNG = np.random.default_rng(0)


def randomized(model):
    """A model with random weights, biases too."""
    model.set_weights([RNG.normal(size=weight.shape).astype("float32") for weight in model.get_weights()])
    return model


def answers(model, rows, training=False):
    return keras.ops.convert_to_numpy(model(rows, training=training))


def softmax(x):
    x = np.exp(x - x.max(axis=-1, keepdims=True))
    return x / x.sum(axis=-1, keepdims=True)


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def test_a_bag_is_a_dense_layer_on_sparse_rows():
    table = np.zeros((3, 4, 2), "float32")
    table[0, :3] = [[1, 0.5], [7, 2.0], [3, -1.0]]
    table[1, 0] = [8, 3.0]
    dense = np.zeros((3, 9), "float32")
    for row, terms in zip(dense, table):
        np.add.at(row, terms[:, 0].astype(int), terms[:, 1])
    model = randomized(build(ops.Bag(9, 5), None, (4, 2)))
    (vectors,) = model.get_weights()
    np.testing.assert_allclose(answers(model, table), dense @ vectors, rtol=1e-5, atol=1e-6)
    assert not answers(model, table)[2].any()


def test_a_bag_drops_whole_terms_while_training():
    table = np.tile(np.array([[1.0, 1.0]], "float32"), (2, 400, 1))
    model = build(ops.Bag(2, 3, dropout=0.5), None, (400, 2))
    kept = answers(model, table)
    dropped = answers(model, table, training=True)
    assert np.abs(dropped - kept).max() > 0
    # Each term is left out as a whole, so all units see the same terms.
    ratio = dropped / kept
    np.testing.assert_allclose(ratio, ratio[:, :1].repeat(3, axis=1), rtol=1e-4)
    assert 0.7 < ratio.mean() < 1.3


def test_an_embedding_looks_up_and_takes_what_is_too_great_for_the_last():
    model = randomized(build(ops.Embedding(5, 3), None, (4,)))
    (vectors,) = model.get_weights()
    found = answers(model, np.array([[0, 4, 9, -1]], "float32"))
    np.testing.assert_allclose(found[0], vectors[[0, 4, 4, 0]])


def test_positions_are_added_to_every_row():
    model = randomized(build(ops.Positions(), None, (6, 3)))
    (places,) = model.get_weights()
    rows = RNG.normal(size=(4, 6, 3)).astype("float32")
    np.testing.assert_allclose(answers(model, rows), rows + places, rtol=1e-6)


def test_attention_by_its_equation():
    heads, size, (steps, channels) = 2, 3, (5, 4)
    model = randomized(build(ops.SelfAttention(heads, size), None, (steps, channels)))
    rows = RNG.normal(size=(2, steps, channels)).astype("float32")
    wq, bq, wk, bk, wv, bv, wo, bo = model.get_weights()
    query, key, value = (np.einsum("bsc,chd->bhsd", rows, w) + b[:, None] for w, b in ((wq, bq), (wk, bk), (wv, bv)))
    scores = softmax(np.einsum("bhsd,bhtd->bhst", query, key) / np.sqrt(size))
    wanted = np.einsum("bhst,bhtd,hdc->bsc", scores, value, wo) + bo
    np.testing.assert_allclose(answers(model, rows), wanted, rtol=1e-3, atol=1e-4)


def test_a_transformer_layer_adds_to_what_comes_in():
    model = build(ops.TransformerLayer(2, 2.0), None, (5, 4))
    # With nothing in its two last projections, nothing is added.
    weights = {weight.path: weight for weight in model.weights}
    for path, weight in weights.items():
        if "attention_output" in path or "outer" in path:
            weight.assign(np.zeros(weight.shape))
    rows = RNG.normal(size=(2, 5, 4)).astype("float32")
    np.testing.assert_allclose(answers(model, rows), rows, atol=1e-6)
    assert sum("attention_output" in path or "outer" in path for path in weights) == 4


def test_an_lstm_by_its_equation():
    units, (steps, channels) = 3, (4, 2)
    model = randomized(build(ops.Recurrent(units, "lstm"), None, (steps, channels)))
    kernel, recurrent, bias = model.get_weights()
    rows = RNG.normal(size=(2, steps, channels)).astype("float32")
    state = memory = np.zeros((2, units))
    for step in range(steps):
        gates = rows[:, step] @ kernel + state @ recurrent + bias
        into, forget, new, out = np.split(gates, 4, axis=1)
        memory = sigmoid(forget) * memory + sigmoid(into) * np.tanh(new)
        state = sigmoid(out) * np.tanh(memory)
    np.testing.assert_allclose(answers(model, rows), state, rtol=1e-3, atol=1e-5)


def test_a_bidirectional_layer_reads_backwards_too():
    model = randomized(build(ops.Recurrent(3, "gru", bidirectional=True), None, (5, 2)))
    rows = RNG.normal(size=(2, 5, 2)).astype("float32")
    weights = model.get_weights()
    swapped = [*weights[3:], *weights[:3]]
    forward = answers(model, rows)
    model.set_weights(swapped)
    backward = answers(model, rows[:, ::-1])
    np.testing.assert_allclose(backward, np.concatenate([forward[:, 3:], forward[:, :3]], axis=1), rtol=1e-4, atol=1e-5)


def test_states_of_all_steps_end_with_the_last():
    every = randomized(build(ops.Recurrent(3, "gru", sequences=True), None, (5, 2)))
    last = build(ops.Recurrent(3, "gru"), None, (5, 2))
    last.set_weights(every.get_weights())
    rows = RNG.normal(size=(2, 5, 2)).astype("float32")
    np.testing.assert_allclose(answers(every, rows)[:, -1], answers(last, rows), rtol=1e-5)


@pytest.mark.parametrize(
    "operation, shape",
    [
        (ops.Bag(5), (4,)),
        (ops.Bag(5), (4, 3)),
        (ops.Positions(), (4,)),
        (ops.Recurrent(4), (4,)),
        (ops.Recurrent(4), (4, 4, 3)),
        (ops.SelfAttention(2), (4,)),
    ],
)
def test_shapes_that_are_no_sequence(operation, shape):
    with pytest.raises(SpaceError, match="Expected (a sequence|terms and weights)"):
        operation.shape(shape)


def test_kinds_of_recurrence():
    with pytest.raises(SpaceError, match="lstm.*'rnn'"):
        ops.Recurrent(4, "rnn").params((4, 2))
