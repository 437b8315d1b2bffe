"""Temperatures: found where there is something to find, never at the cost of the answer."""

import numpy as np
import pytest
from sklearn.metrics import log_loss

from kerasnas.data import ClassTarget, MultiLabelTarget, RegressionTarget
from kerasnas.evaluators.calibration import calibrate, expected_calibration_error, scaled

rng = np.random.default_rng(0)
CLASSES = ClassTarget(np.arange(3))


def softmax(logits):
    raised = np.exp(logits - logits.max(axis=1, keepdims=True))
    return raised / raised.sum(axis=1, keepdims=True)


def drawn(rows, temperature):
    """Probabilities that are right, what came of them, and the same too sure by `temperature`."""
    logits = 2 * rng.normal(size=(rows, 3))
    right = softmax(logits)
    y = (right.cumsum(axis=1) > rng.random((rows, 1))).argmax(axis=1)
    return y, softmax(logits * temperature)


@pytest.mark.parametrize("temperature", [0.3, 3.0])
def test_the_temperature_is_found(temperature):
    y, answers = drawn(4000, temperature)
    found = calibrate(CLASSES, y, answers)
    assert found.temperature == pytest.approx(temperature, rel=0.1)
    assert found.ece[1] < 0.03 < found.ece[0]
    after = scaled(CLASSES, answers, found.temperature)
    assert found.log_loss == pytest.approx((log_loss(y, answers), log_loss(y, after)), rel=1e-4)
    assert (after.argmax(axis=1) == answers.argmax(axis=1)).all()
    assert found.rows == 4000


def test_what_is_right_stays():
    y, answers = drawn(4000, 1.0)
    found = calibrate(CLASSES, y, answers)
    assert found.temperature == 1 and found.ece[0] == found.ece[1] < 0.03


def test_a_few_rows_prove_nothing():
    changed = [calibrate(CLASSES, *drawn(8, 1.0)).temperature != 1 for _ in range(40)]
    assert sum(changed) <= 6


@pytest.mark.parametrize("rows", [12, 60, 600])
def test_few_rows_without_a_mistake_do_not_make_answers_certain(rows):
    """The next row may be one: what was seen allows for a mistake in so many rows, not for none ever."""
    y = np.arange(rows) % 3
    answers = 0.85 * np.eye(3)[y] + 0.05
    found = calibrate(CLASSES, y, answers)
    after = scaled(CLASSES, answers, found.temperature)
    assert found.temperature < 1 and 0.9 < after.max() < 1 - 0.5 / (rows + 2)
    labels = calibrate(MultiLabelTarget(3), np.eye(3)[y], answers)
    after = scaled(MultiLabelTarget(3), answers, labels.temperature)
    assert labels.temperature <= 1 and after.max() < 1 - 0.1 / (rows + 2) and after.min() > 0.1 / (rows + 2)


def test_several_labels():
    odds = 2 * rng.normal(size=(3000, 2))
    y = (rng.random((3000, 2)) < 1 / (1 + np.exp(-odds))).astype("float32")
    answers = 1 / (1 + np.exp(-3 * odds))
    target = MultiLabelTarget(2)
    found = calibrate(target, y, answers)
    assert found.temperature == pytest.approx(3, rel=0.15) and found.ece[1] < found.ece[0]
    after = scaled(target, answers, found.temperature)
    assert ((after >= 0.5) == (answers >= 0.5)).all()


def test_the_error_is_that_of_the_definition():
    answers = np.array([[0.9, 0.1, 0.0], [0.9, 0.1, 0.0], [0.2, 0.5, 0.3], [0.4, 0.3, 0.3]])
    y = np.eye(3)[[0, 1, 1, 2]]
    wanted = (abs((0.9 - 1) + (0.9 - 0)) + abs(0.5 - 1) + abs(0.4 - 0)) / 4
    assert expected_calibration_error(CLASSES, y, answers) == pytest.approx(wanted)
    weight = np.array([1.0, 0.0, 1.0, 0.0])
    assert expected_calibration_error(CLASSES, y, answers, weight) == pytest.approx((0.1 + 0.5) / 2)


def test_weights_count():
    y, answers = drawn(2000, 3.0)
    whole = calibrate(CLASSES, y, answers)
    half = calibrate(CLASSES, np.concatenate([y, 2 - y]), np.concatenate([answers] * 2), np.repeat([1.0, 0.0], 2000))
    assert half.temperature == pytest.approx(whole.temperature, rel=1e-3)


def test_what_has_no_probabilities_is_left_alone():
    assert calibrate(RegressionTarget.fit([1.0, 2.0]), np.ones((2, 1)), np.ones((2, 1))) is None
    assert calibrate(CLASSES, np.array([0, 1]), np.array([[3.0, -1.0, 0.0], [0.0, 2.0, 5.0]])) is None
    sure = np.eye(3)[[0, 1, 2, 0]]
    assert calibrate(CLASSES, np.array([0, 1, 2, 0]), sure).temperature == 1


def test_the_graph_does_what_the_numbers_do():
    import keras

    from kerasnas.lowering.joining import named_model, tempered

    answers = softmax(rng.normal(size=(20, 3))).astype("float32")
    labels = rng.random((20, 2)).astype("float32")
    inputs = {"a": keras.Input((3,), name="a"), "b": keras.Input((2,), name="b")}
    outputs = {"p": inputs["a"], "q": inputs["b"]}
    model = tempered(named_model(inputs, outputs), {"p": (2.5, "softmax"), "q": (0.4, "sigmoid")})
    found = model.predict({"a": answers, "b": labels}, verbose=0)
    assert found["p"] == pytest.approx(scaled(CLASSES, answers, 2.5), abs=1e-6)
    assert found["q"] == pytest.approx(scaled(MultiLabelTarget(2), labels, 0.4), abs=1e-5)
