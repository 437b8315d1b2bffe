"""What the block and the head of forecasts span: decisions, recipes, portfolios, and values by hand."""

import random

import keras
import numpy as np
import pytest
from sklearn.linear_model import Ridge

import kerasnas as kn
from kerasnas.blocks import Drawing, Signal
from kerasnas.blocks.forecast import ForecastBlock, ForecastHead
from kerasnas.data import ForecastTarget
from kerasnas.errors import ArgumentError, DataError
from kerasnas.lowering import build, cost, output_shape
from kerasnas.operations import SolvedForecast
from kerasnas.space import Space

RNG = np.random.default_rng(22)
WINDOW = (16, 2)
TYPES = ForecastBlock.TYPES
USUAL = {"learning_rate", "weight_decay", "batch_size", "epochs", "label_smoothing"}


def signal(rows=500, shape=WINDOW):
    return Signal("series", shape, rows)


def block(block_type=None, horizon=5, channels=(1,), **named):
    return ForecastBlock(horizon, channels, season=4, block_type=block_type, name="forecast", **named)


def drawn(made, rows=500, targets=1):
    inputs = kn.TimeseriesInput(name="series")
    drawing = Drawing(inputs, ForecastHead(name="ahead")(made(inputs)))
    y = RNG.normal(size=(12, made.horizon, targets))
    return drawing.space({"series": WINDOW}, rows, {"ahead": ForecastTarget.fit(y)})


# ---------------------------------------------------------------------- space
@pytest.mark.parametrize("shape", [(16, 2), (1, 2), (7, 5)])
@pytest.mark.parametrize("kind", TYPES)
def test_every_network_gives_a_forecast(kind, shape):
    made = block(kind)
    space = Space(made.node([signal(shape=shape)]))
    for architecture in (space.default(), space.sample(random.Random(1))):
        assert output_shape(space.resolve(architecture).network, shape) == (5, 1)
        assert cost(space, architecture, shape).params >= 0
    given = made.gives([signal(shape=shape)])
    assert (given.kind, given.shape, given.rows, given.answered) == ("array", (5, 1), 500, None)


@pytest.mark.parametrize("channels, targets, width", [
    ((0,), None, 1), ((1, 0), None, 2), ((0, 1), 7, 2), (None, 3, 3), (None, None, 1),
])  # fmt: skip
def test_targets_are_channels_or_so_many(channels, targets, width):
    made = ForecastBlock(4, channels, targets)
    assert made.targets == width and made.gives([signal()]).shape == (4, width)


def test_targets_that_are_no_channels_leave_two_networks_out():
    assert ForecastBlock(4, None, 2).types == ["linear", "dense", "convolution", "recurrent"]
    assert ForecastBlock(4).types == list(TYPES)


@pytest.mark.parametrize("wrong, channels, near", [
    ("linaer", (0,), "'linear'"), ("naive", None, "Received: 'naive'"), (["dense", "tree"], (0,), "Received: 'tree'"),
    ("decomposition", None, "Received: 'decomposition'"),
])  # fmt: skip
def test_networks_that_are_not_there_are_refused(wrong, channels, near):
    with pytest.raises(ArgumentError, match=f"Expected `block_type` among .*{near}"):
        ForecastBlock(4, channels, block_type=wrong)


def test_an_unknown_argument_is_answered_with_the_nearest():
    with pytest.raises(ArgumentError, match="ForecastBlock knows.*'horizon'.*Received: 'horizont'"):
        ForecastBlock(horizont=3)


def test_what_a_single_channel_leaves_to_decide():
    paths = {decision.path for decision in Space(block("linear").node([signal()])).decisions()}
    assert paths == {"network/steps/part", "network/map/seen", "network/map/strength"}
    alone = Space(block("linear", channels=(0, 1)).node([signal()]))
    assert {decision.path for decision in alone.decisions()} == {"network/steps/part", "network/map/strength"}
    assert not Space(block("naive").node([signal()])).decisions()


@pytest.mark.parametrize("kind, parts", [("linear", (1.0, 0.5, 0.25))])
def test_lookbacks_are_parts_of_the_window(kind, parts):
    space = Space(block(kind).node([signal()]))
    weighed = [cost(space, space.complete({"network/steps/part": part}), WINDOW).params for part in parts]
    assert weighed == [(16 * part + 1) * 5 for part in parts]
    every = [
        cost(space, space.complete({"network/steps/part": part, "network/map/seen": "all"}), WINDOW).params
        for part in parts
    ]
    assert every == [(32 * part + 1) * 5 for part in parts]


# --------------------------------------------------------------------- values
def answers(node, rows):
    return keras.ops.convert_to_numpy(build(Space(node), None, rows.shape[1:])(rows))


def test_the_control_repeats_the_last_season_in_standard_units():
    rows = RNG.normal(size=(3, *WINDOW)).astype("float32")
    made = block("naive", horizon=6, mean=(1.0, 2.0), scale=(5.0, 4.0))
    expected = ((rows[:, 12:, 1:] - 2) / 4)[:, [0, 1, 2, 3, 0, 1]]
    np.testing.assert_allclose(answers(made.node([signal()]), rows), expected, rtol=1e-5, atol=1e-6)


def test_beside_the_linear_map_networks_start_from_nothing():
    rows = RNG.normal(size=(3, *WINDOW)).astype("float32")
    for kind in ("dense", "convolution", "recurrent"):
        model = build(Space(block(kind).node([signal()])), None, WINDOW)
        solved = [layer for layer in model.layers if layer.weights and not layer.trainable]
        assert len(solved) == 1
        solved[0].set_weights([np.zeros_like(weight) for weight in solved[0].get_weights()])
        # No change by the map, nothing by the network: what is left is the last value.
        found = keras.ops.convert_to_numpy(model(rows))
        np.testing.assert_allclose(found, np.repeat(rows[:, -1:, 1:], 5, axis=1), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("seen", ["targets", "all"])
@pytest.mark.parametrize("strength", [0.5, 100.0])
@pytest.mark.parametrize("channels", [(1,), (0, 2), None])
def test_the_linear_map_is_scikit_learns_ridge_of_changes(channels, strength, seen):
    rows = RNG.normal(size=(60, 6, 3))
    width = 2 if channels is None else len(channels)
    y = RNG.normal(size=(60, 4, width)) + 5
    mean, scale = tuple(range(3, 3 + width)), tuple(2.0 for _ in range(width))
    operation = SolvedForecast(4, channels, mean, scale, seen, strength)
    kernel, bias = operation.solve(rows, y)
    wanted = (y - np.array(mean)) / 2
    taken = list(channels) if channels is not None and seen == "targets" else [0, 1, 2]
    changes = rows[..., taken]
    if channels is not None:
        changes, wanted = changes - changes[:, -1:], wanted - rows[:, -1:, list(channels)]
    known = Ridge(strength).fit(changes.reshape(60, -1), wanted.reshape(60, -1))
    np.testing.assert_allclose(kernel, known.coef_.T, rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(bias, known.intercept_, rtol=1e-4, atol=1e-6)
    assert operation.params((6, 3)) == kernel.size + bias.size and operation.flops((6, 3)) == 2 * kernel.size


def test_windows_of_no_weight_are_not_seen():
    rows, y = RNG.normal(size=(40, 6, 1)), RNG.normal(size=(40, 2, 1))
    operation, weight = SolvedForecast(2, strength=1.0), (np.arange(40) < 30).astype("float32")
    for one, other in zip(operation.solve(rows, y, weight), operation.solve(rows[:30], y[:30])):
        np.testing.assert_array_equal(one, other)


# --------------------------------------------------------------------- recipe
@pytest.mark.parametrize("rows, batch, usual", [
    (30, 32, 60), (500, 32, 60), (1999, 32, 24), (2000, 128, 60), (10_000, 128, 19), (10**6, 128, 5),
])  # fmt: skip
def test_passes_follow_the_number_of_windows(rows, batch, usual):
    recipe = block(["dense", "convolution"]).recipe([signal(rows)])
    assert set(recipe) == USUAL
    space = Space(block("dense").node([signal(rows)]), recipe)
    assert space.resolve(space.default()).training == {
        "learning_rate": 5e-4, "weight_decay": 0.02, "batch_size": batch, "epochs": usual, "label_smoothing": 0.0,
    }  # fmt: skip
    epochs = [space.resolve(space.complete({"training/epochs": each})).training["epochs"] for each in ("short", "long")]
    assert epochs == [max(1, usual // 3), 2 * usual]
    assert all(type(value) in (int, float) for value in space.resolve(space.default()).training.values())


@pytest.mark.parametrize("kinds", ["linear", "naive", ["linear", "naive"]])
def test_what_is_solved_for_is_passed_once(kinds):
    recipe = block(kinds).recipe([signal()])
    assert recipe == {
        "learning_rate": 1e-3, "weight_decay": 0.0, "batch_size": 32, "epochs": 1, "label_smoothing": 0.0,
    }  # fmt: skip


def test_only_networks_that_are_trained_are_asked_how():
    space = drawn(block())
    for kind in TYPES:
        architecture = space.complete({"forecast/network": kind})
        asked = {path.split("/")[1] for path in architecture if path.startswith("training/")}
        if kind in ForecastBlock.UNTRAINED:
            assert not asked & USUAL, kind
            assert space.resolve(architecture).training["epochs"] == 1
        else:
            assert {"learning_rate", "weight_decay", "epochs", "batch_size"} <= asked, kind
            assert space.resolve(architecture).training["epochs"] == 60


# ------------------------------------------------------------------ portfolio
@pytest.mark.parametrize("channels, targets", [((1,), 1), ((0, 1), 2), (None, 3)])
@pytest.mark.parametrize("kinds", [None, ["linear", "dense"], ["naive", "convolution"], ["dense", "recurrent"]])
def test_the_portfolio_lies_in_the_space(kinds, channels, targets):
    if channels is None and kinds and "naive" in kinds:
        kinds = ["convolution", "linear"]
    made = ForecastBlock(5, channels, targets, block_type=kinds, name="forecast")
    space = drawn(made, targets=targets)
    completed = [space.complete(entry) for entry in space.portfolio]
    for entry, architecture in zip(space.portfolio, completed):
        assert architecture in space
        assert entry.items() <= dict(architecture).items()
        assert output_shape(space.resolve(architecture).network, {"series": WINDOW}) == {"ahead": (5, targets)}
    assert len(set(completed)) == len(completed) >= 1
    assert {entry["forecast/network"] for entry in space.portfolio} <= set(made.types)


def test_the_portfolio_begins_with_the_linear_map_at_three_lookbacks():
    entries = block().portfolio([signal()])
    assert [entry["network"] for entry in entries[:4]] == ["linear"] * 3 + ["naive"]
    assert [entry["network/linear/steps/part"] for entry in entries[:3]] == [1.0, 0.5, 0.25]
    assert all(block(kind).portfolio([signal()]) == [] for kind in TYPES)


# ----------------------------------------------------------------------- head
@pytest.mark.parametrize("y, steps, width", [
    (np.zeros((9, 3)), 3, 1), (np.zeros((9, 3, 2)), 3, 2), (np.zeros((9, 1, 1)), 1, 1),
])  # fmt: skip
def test_the_head_learns_steps_and_targets(y, steps, width):
    target = ForecastHead().fit_target(y + RNG.normal(size=y.shape))
    assert target.shape == (steps, width) and len(target.mean) == width


@pytest.mark.parametrize("y, output_dim, message", [
    (np.zeros(9), None, "of shape"), (np.zeros((9, 3, 2, 1)), None, "of shape"),
    (np.zeros((9, 3, 2)), 3, "to hold 3 targets. Received: 2"), (np.zeros((9, 3)), 2, "to hold 2 targets. Received: 1"),
])  # fmt: skip
def test_targets_of_other_shapes_are_refused(y, output_dim, message):
    with pytest.raises(DataError, match=message):
        ForecastHead(output_dim).fit_target(y)


def test_forecasts_are_brought_to_the_unit_of_the_targets():
    y = 100 + 5 * RNG.normal(size=(50, 5, 1))
    inputs = kn.TimeseriesInput(name="series")
    drawing = Drawing(inputs, ForecastHead(name="ahead")(block("naive")(inputs)))
    target = ForecastTarget.fit(y)
    space = drawing.space({"series": WINDOW}, 50, {"ahead": target})
    model = build(space, space.default(), {"series": WINDOW})
    rows = RNG.normal(size=(3, *WINDOW)).astype("float32")
    found = model([rows] if isinstance(model.input, list) else rows)
    found = keras.ops.convert_to_numpy(found["ahead"] if isinstance(found, dict) else found)
    expected = rows[:, 12:, 1:][:, [0, 1, 2, 3, 0]] * target.scale[0] + target.mean[0]
    np.testing.assert_allclose(found, expected, rtol=1e-5)
