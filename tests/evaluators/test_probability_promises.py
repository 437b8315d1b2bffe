"""Calibration and scores: laws over many seeds."""

import json

import numpy as np
import pytest

from kerasnas.data import ClassTarget, MultiLabelTarget, RegressionTarget
from kerasnas.data.scores import Score, scores_of
from kerasnas.errors import ArgumentError
from kerasnas.evaluators.calibration import calibrate, expected_calibration_error, scaled


def answered(seed, rows=120, classes=4):
    rng = np.random.default_rng(seed)
    return rng.integers(0, classes, rows), rng.dirichlet(np.full(classes, 0.5), rows), rng.random(rows)


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("temperature", [0.1, 1.0, 7.0])
def test_a_temperature_keeps_order_and_sums(seed, temperature):
    _, answers, _ = answered(seed)
    after = scaled(ClassTarget(np.arange(4)), answers, temperature)
    np.testing.assert_allclose(after.sum(axis=1), 1)
    np.testing.assert_array_equal(after.argmax(axis=1), answers.argmax(axis=1))
    labels = scaled(MultiLabelTarget(4), answers, temperature)
    np.testing.assert_array_equal(labels > 0.5, answers > 0.5)
    if temperature == 1:
        np.testing.assert_allclose(after, answers, atol=1e-9)


@pytest.mark.parametrize("seed", range(6))
def test_calibration_never_raises_the_log_loss_and_tells_json(seed):
    y, answers, weight = answered(seed)
    for target, truth in ((ClassTarget(np.arange(4)), y), (MultiLabelTarget(4), np.eye(4)[y])):
        found = calibrate(target, truth, answers, weight)
        assert found.log_loss[1] <= found.log_loss[0] and 0 <= min(found.ece) <= max(found.ece) <= 1
        assert json.loads(json.dumps(found.to_json(), allow_nan=False))["temperature"] == found.temperature
        assert found.undone().temperature == 1 and found.undone().ece == (found.ece[0],) * 2


@pytest.mark.parametrize("seed", range(6))
def test_the_calibration_error_is_that_of_a_loop_over_bins(seed):
    y, answers, weight = answered(seed)
    sure, right = answers.max(axis=1), answers.argmax(axis=1) == y
    expected = 0.0
    for low in range(15):
        inside = (sure * 15 >= low) & ((sure * 15 < low + 1) | (low == 14))
        if inside.any():
            part = weight[inside]
            gap = np.average(sure[inside], weights=part) - np.average(right[inside], weights=part)
            expected += part.sum() / weight.sum() * abs(gap)
    found = expected_calibration_error(ClassTarget(np.arange(4)), np.eye(4)[y], answers, weight)
    assert found == pytest.approx(expected)


# -------------------------------------------------------------------- scores
@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("name", ["accuracy", "f1_macro", "balanced_accuracy", "neg_log_loss", "roc_auc_ovr"])
def test_rows_may_come_in_any_order(seed, name):
    y, answers, weight = answered(seed)
    target, order = ClassTarget(np.arange(4)), np.random.default_rng(seed).permutation(len(y))
    assert Score(name)(target, y, answers, weight) == pytest.approx(
        Score(name)(target, y[order], answers[order], weight[order])
    )


def test_functions_see_what_predict_gives():
    seen = {}

    def share(y_true, y_pred):
        seen.update(true=list(y_true), predicted=list(y_pred))
        return np.mean(y_true == y_pred)

    target = ClassTarget.fit(np.array(["no", "yes"] * 2))
    found = scores_of({"y": target}, {"y": [Score(share)]}, {"y": np.array([0, 1])}, {"y": np.eye(2)[[0, 0]]})
    assert found == {"share": 0.5} and seen == {"true": ["no", "yes"], "predicted": ["no", "no"]}
    assert Score(lambda y_true, y_pred: 0).name == "lambda"


@pytest.mark.parametrize("result", [None, "much", [1.0, 2.0]])
def test_functions_that_give_no_number(result):
    def odd(y_true, y_pred):
        return result

    with pytest.raises(ArgumentError, match="Expected the score 'odd' to fit the targets"):
        Score(odd)(RegressionTarget.fit([1.0, 2.0]), np.ones((2, 1)), np.ones((2, 1)))


@pytest.mark.parametrize("arguments", [("no_such_score",), (3,), (None,), ("r2", None, "up")])
def test_what_is_no_score(arguments):
    with pytest.raises(ArgumentError, match="Expected .* Received: "):
        Score(*arguments)
