"""The pieces that networks over tables, texts, series and forecasts are made of: values by NumPy, costs by Keras."""

import random

import keras
import numpy as np
import pytest

from kerasnas.blocks.forecast import ConvolutionalWindow, Decomposition, Outlook, ResidualPerceptron
from kerasnas.blocks.series_networks import (
    ConvolutionalSeries,
    InceptionSeries,
    RandomFeatures,
    ResidualSeries,
    Shortening,
)
from kerasnas.blocks.table_networks import FeatureEmbedding, Gate, TableNetwork, Trunk, embedded
from kerasnas.blocks.text_networks import (
    BagNetwork,
    ConvolutionalText,
    RecurrentStack,
    RecurrentText,
    TransformerStack,
    TransformerText,
)
from kerasnas.lowering import build, cost, output_shape
from kerasnas.operations import CompetingKernels, RandomConvolutions
from kerasnas.space import Choice, Space

RNG = np.random.default_rng(21)


def randomized(node, shape):
    model = build(node, None, shape)
    model.set_weights([RNG.normal(0, 0.5, weight.shape).astype("float32") for weight in model.get_weights()])
    return model


def rows_of(shape, n=3):
    return RNG.normal(size=(n, *shape)).astype("float32")


def answers(model, rows):
    return keras.ops.convert_to_numpy(model(rows, training=False))


def weights_of(model):
    return {layer.name: layer.get_weights() for layer in model.layers if layer.weights}


# ---------------------------------------------------------- costs and shapes
SERIES = [(1, 1), (9, 2), (30, 3)]
EXPECTED = [
    *((ConvolutionalSeries(width), shape, (shape[0], width)) for width in (3, 8) for shape in SERIES),
    *((ResidualSeries(4, blocks), shape, (shape[0], 4 if blocks == 1 else 8)) for blocks in (1, 3) for shape in SERIES),
    *((InceptionSeries(2, modules), shape, (shape[0], 8)) for modules in (1, 3, 4) for shape in SERIES),
    *((InceptionSeries(2, 1, longest), (9, 2), (9, 8)) for longest in (1, 7, 100)),
    *((Shortening(longest, 5), shape, after) for longest, shape, after in (
        (64, (64, 3), (64, 3)), (64, (65, 3), (33, 5)), (10, (100, 1), (10, 5)), (10, (101, 1), (10, 5)),
        (1, (7, 2), (1, 5)),
    )),
    *((BagNetwork(9, units, activation), (6, 2), (units,)) for units in (1, 4) for activation in ("relu", "linear")),
    *((ConvolutionalText(9, 4, filters), (steps,), (3 * filters,)) for filters in (2, 5) for steps in (1, 6)),
    *((RecurrentText(9, 3, kind), (5,), (6,)) for kind in ("gru", "lstm")),
    *((TransformerText(9, 4, 2, layers), (5,), (8,)) for layers in (1, 2)),
    (TransformerStack(9, 4, 2), (5,), (5, 4)),
    (TransformerStack(0, 4, 2, 1.5, 2), (5, 3), (5, 4)),
    *((RecurrentStack(layers, units, "gru", both, sequences), (5, 3),
       ((5,) if sequences else ()) + ((2 if both else 1) * (units or 3),))
      for layers in (1, 2) for units in (None, 4) for both in (False, True) for sequences in (False, True)),
    (RecurrentStack(2), (5,), (2,)),
    *((Outlook(4, 2), shape, (4, 2)) for shape in [(4, 2), (8,), (3, 2), (4, 2, 1)]),
    *((ResidualPerceptron(6, blocks), (5, 2), (16,)) for blocks in (0, 1, 3)),
    *((Decomposition(4, trend), shape, (4, shape[1])) for trend in (1, 7, 25) for shape in [(1, 1), (8, 2), (9, 3)]),
    *((ConvolutionalWindow(3, layers), (8, 2), (6 + 16,)) for layers in (0, 2, 4)),
    *((Gate(), shape, (*shape[:-1], shape[-1] // 2)) for shape in [(4,), (3, 8)]),
    *((Trunk(kind, 6, depth), (4,), (6,)) for kind in ("plain", "residual", "gated") for depth in (1, 3)),
    *((Trunk(kind, 6, 2, dense=dense), (3, 4), (3, 6))
      for kind in ("plain", "residual", "gated") for dense in ("separate", "shared")),
]  # fmt: skip


@pytest.mark.parametrize("node, shape, after", EXPECTED, ids=lambda value: str(getattr(value, "label", value)))
def test_shapes_and_weights_are_those_of_keras(node, shape, after):
    model, reckoned = build(node, None, shape), cost(node, None, shape)
    assert output_shape(node, shape) == after == model.output.shape[1:]
    assert reckoned.params == model.count_params()
    assert (reckoned.flops > 0) == any(len(weight.shape) > 1 for weight in model.weights)


# --------------------------------------------------------------------- tables
def test_a_gate_by_hand():
    rows = rows_of((2, 6))
    expected = rows[..., :3] / (1 + np.exp(-rows[..., 3:]))
    np.testing.assert_allclose(answers(build(Gate(), None, (2, 6)), rows), expected, rtol=1e-5)


@pytest.mark.parametrize("kind", ["plain", "residual", "gated"])
def test_trunks_weigh_what_their_layers_do(kind):
    inputs, width, depth = 5, 6, 3
    expected = {
        "plain": (inputs + 1) * width + (depth - 1) * (width + 1) * width,
        "gated": (inputs + 1) * 2 * width + (depth - 1) * (width + 1) * 2 * width,
        "residual": (inputs + 1) * width + 2 * width
        + depth * (2 * width + (width + 1) * 2 * width + (2 * width + 1) * width),
    }  # fmt: skip
    assert cost(Trunk(kind, width, depth), None, (inputs,)).params == expected[kind]
    separate = cost(Trunk("plain", width, depth, dense="separate"), None, (4, inputs)).params
    assert separate == 4 * expected["plain"]


def test_a_plain_trunk_is_dense_layers_in_a_row():
    model, rows = randomized(Trunk("plain", 4, 2, "relu"), (3,)), rows_of((3,))
    first, shift, second, end = model.get_weights()
    expected = np.maximum(np.maximum(rows @ first + shift, 0) @ second + end, 0)
    np.testing.assert_allclose(answers(model, rows), expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("settings, width", [
    ({"plain": False, "waves": 4}, 12), ({"plain": False, "bins": 6, "units": 5}, 15), ({"plain": False}, 3),
    ({"waves": 4, "bins": 6, "units": 5}, 3 + 12 + 15), ({"flags": 2}, 5), ({"sizes": (10, 500)}, 3 + 5 + 24),
])  # fmt: skip
@pytest.mark.parametrize("members", [False, True])
def test_the_width_of_embedded_features(settings, width, members):
    node = FeatureEmbedding(3, members=members, **settings)
    raw = 2 * 3 + settings.get("flags", 0) + len(settings.get("sizes", ()))
    shape = (2, raw) if members else (raw,)
    assert output_shape(node, shape) == ((2,) if members else ()) + (width,)
    assert cost(node, None, shape).params == build(node, None, shape).count_params()


def test_cosines_of_numbers_by_hand():
    rows = rows_of((6,))
    model = randomized(FeatureEmbedding(3, waves=2), (6,))
    (frequencies, phases), (kernel, bias) = (weights for weights in weights_of(model).values())
    waves = np.cos(rows[:, :3, None] * frequencies + phases)
    dense = np.einsum("bfw,fwd->bfd", waves, kernel) + bias
    expected = np.concatenate([rows[:, :3], dense.reshape(3, -1)], axis=1)
    np.testing.assert_allclose(answers(model, rows), expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("size", [2, 3, 10, 64, 65, 225, 10_000])
def test_vectors_of_categories_grow_with_the_root_of_their_values(size):
    assert embedded(size) == min(24, max(2, round(1.6 * np.sqrt(size))))
    assert type(embedded(size)) is int


@pytest.mark.parametrize("embedding", ["plain", "cosines", "bins", "both", "bins_alone"])
def test_a_table_without_numbers_is_its_flags(embedding):
    node = TableNetwork(0, flags=4, embedding=embedding, width=3, depth=1)
    assert cost(node, None, (4,)).params == 4 + 5 * 3 == build(node, None, (4,)).count_params()


# ---------------------------------------------------------------------- texts
@pytest.mark.parametrize("steps", [1, 2, 7])
def test_windows_over_texts_by_a_loop(steps):
    model, rows = randomized(ConvolutionalText(6, 3, 2, 0.0), (steps,)), RNG.integers(0, 6, (4, steps))
    (vectors,), *windows = weights_of(model).values()
    expected = []
    for kernel, bias in windows:
        size = len(kernel)
        before = (size - 1) // 2
        padded = np.pad(vectors[rows], ((0, 0), (before, size - 1 - before), (0, 0)))
        responses = [np.einsum("btc,tcf->bf", padded[:, s : s + size], kernel) + bias for s in range(steps)]
        expected.append(np.maximum(np.stack(responses, axis=1), 0).max(axis=1))
    assert [len(kernel) for kernel, _ in windows] == [2, 3, 4]
    np.testing.assert_allclose(answers(model, rows.astype("float32")), np.hstack(expected), rtol=1e-4, atol=1e-5)


def test_a_bag_network_of_a_linear_unit_is_a_linear_model():
    model = randomized(BagNetwork(7, 2, "linear", 0.4, 0.6), (5, 2))
    rows = np.stack([RNG.integers(0, 7, (3, 5)), RNG.normal(size=(3, 5))], axis=-1).astype("float32")
    (vectors,) = model.get_weights()
    expected = np.einsum("bt,btu->bu", rows[..., 1], vectors[rows[..., 0].astype(int)])
    np.testing.assert_allclose(answers(model, rows), expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("node, shape, rates", [
    (ConvolutionalText(6, 3, 2, 0.2), (5,), [0.2, 0.4]), (RecurrentText(6, 3, "gru", 0.4), (5,), [0.4, 0.8]),
    (ConvolutionalText(6, 3, 2, 0.5), (5,), [0.5, 0.8]), (BagNetwork(6, 3, "relu", 0.3, 0.6), (5, 2), [0.3, 0.6]),
])  # fmt: skip
def test_what_is_dropped_at_the_end_is_at_most_four_fifths(node, shape, rates):
    layers = [layer for layer in build(node, None, shape).layers if hasattr(layer, "rate")]
    assert [layer.rate for layer in layers] == pytest.approx(rates)


def test_a_stack_keeps_all_states_but_for_the_last_layer():
    model, rows = randomized(RecurrentStack(2, 3, "simple", False), (4, 2)), rows_of((4, 2))
    states = rows
    for kernel, recurrent, bias in weights_of(model).values():
        state, found = np.zeros((3, 3)), []
        for step in range(4):
            state = np.tanh(states[:, step] @ kernel + state @ recurrent + bias)
            found.append(state)
        states = np.stack(found, axis=1)
    np.testing.assert_allclose(answers(model, rows), states[:, -1], rtol=1e-4, atol=1e-5)


# --------------------------------------------------------------------- series
@pytest.mark.parametrize("kind, parts", [("both", 4), ("shares", 2), ("competing", 2)])
def test_features_over_a_series_and_its_differences(kind, parts):
    shape = (30, 2)
    node = RandomFeatures(kind, 1000, seed=5).expand(shape)
    found = list(node.nodes.values())
    assert len(found) == parts and [each.difference for each in found] == sorted(each.difference for each in found)
    assert {each.seed for each in found} == {5}
    assert {type(each) for each in found} <= {RandomConvolutions, CompetingKernels}
    assert output_shape(RandomFeatures(kind, 1000), shape) == (sum(each.shape(shape)[0] for each in found),)


def test_each_patch_goes_through_one_linear_layer():
    model, rows = randomized(Shortening(4, 3), (12, 2)), rows_of((12, 2))
    kernel, bias = model.get_weights()
    expected = np.einsum("bptc,tcf->bpf", rows.reshape(3, 4, 3, 2), kernel) + bias
    np.testing.assert_allclose(answers(model, rows), expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("longest, windows", [(40, [40, 20, 10]), (8, [8, 4, 2]), (3, [3, 2, 2])])
def test_windows_of_very_different_lengths(longest, windows):
    node = InceptionSeries(2, 1, longest)
    kernels = [weights[0] for weights in weights_of(build(node, None, (9, 5))).values() if weights[0].ndim == 3]
    assert sorted(len(kernel) for kernel in kernels) == sorted([*windows, 1, 1, 1])
    # Bottleneck, windows, convolution after the pool, shortcut; two pairs of batch normalization.
    expected = 5 * 2 + sum(windows) * 4 + 5 * 2 + 5 * 8 + 2 * 4 * 8
    assert cost(node, None, (9, 5)).params == expected


# ------------------------------------------------------------------ forecasts
def test_what_has_the_shape_of_a_forecast_is_left_as_it_is():
    rows = rows_of((4, 2))
    np.testing.assert_array_equal(answers(build(Outlook(4, 2), None, (4, 2)), rows), rows)
    model = randomized(Outlook(4, 2), (3, 2))
    kernel, bias = model.get_weights()
    few = rows_of((3, 2))
    expected = (few.reshape(3, 6) @ kernel + bias).reshape(3, 4, 2)
    np.testing.assert_allclose(answers(model, few), expected, rtol=1e-4, atol=1e-5)


def test_an_outlook_may_start_from_nothing():
    assert not answers(build(Outlook(4, 2, "zeros"), None, (5,)), rows_of((5,))).any()


@pytest.mark.parametrize("trend", [1, 3, 25])
def test_a_decomposition_by_a_loop(trend):
    steps, horizon = 6, 4
    model, rows = randomized(Decomposition(horizon, trend), (steps, 2)), rows_of((steps, 2))
    margin = min(trend, 5) // 2
    smooth = np.zeros_like(rows)
    for step in range(steps):
        places = [min(max(step + shift, 0), steps - 1) for shift in range(-margin, margin + 1)]
        smooth[:, step] = rows[:, places].mean(axis=1)
    whole, low = (weights for name, weights in sorted(weights_of(model).items(), key=lambda item: "trend" in item[0]))
    expected = sum(
        np.einsum("btc,th->bhc", part, kernel) + bias[:, None]
        for part, (kernel, bias) in ((rows, whole), (smooth, low))
    )
    np.testing.assert_allclose(answers(model, rows), expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("node", [ResidualPerceptron(4, 1), ConvolutionalWindow(3, 2)], ids=lambda node: node.label)
def test_the_window_itself_goes_along(node):
    model, rows = randomized(node, (5, 2)), rows_of((5, 2))
    found = answers(model, rows)
    np.testing.assert_array_equal(found[:, -10:], rows.reshape(3, 10))


@pytest.mark.parametrize("node, shape", [
    (ResidualSeries(Choice(2, 4), Choice(1, 2)), (8, 2)), (InceptionSeries(Choice(1, 2), Choice(1, 4)), (8, 2)),
    (ConvolutionalSeries(Choice(2, 3)), (8, 2)), (TransformerText(9, Choice(4, 6), Choice(1, 2), Choice(1, 2)), (5,)),
    (RecurrentStack(Choice(1, 2), Choice(2, 3), Choice("gru", "lstm"), Choice(False, True)), (5, 2)),
    (Trunk(Choice("plain", "residual", "gated"), Choice(3, 4), Choice(1, 2)), (5,)),
    (RandomFeatures(Choice("both", "shares", "competing"), 200, Choice(0, 1)), (12, 2)),
], ids=lambda value: str(getattr(value, "label", value)))  # fmt: skip
def test_arguments_may_be_searched(node, shape):
    space, rng = Space(node), random.Random(0)
    assert space.size() == np.prod([decision.domain.size for decision in space.decisions()])
    for architecture in [space.default(), *(space.sample(rng) for _ in range(2))]:
        assert architecture in space
        reckoned = cost(space, architecture, shape)
        assert reckoned.params > 0 and output_shape(space.resolve(architecture).network, shape)
