"""Scores agree with scikit-learn's own functions on the same answers."""

import numpy as np
import pytest
from sklearn import metrics

from kerasnas.blocks.measures import is_score
from kerasnas.data import ClassTarget, MultiLabelTarget, RegressionTarget
from kerasnas.data.scores import Score, scores_of
from kerasnas.errors import ArgumentError

rng = np.random.default_rng(0)


def classes(labels, rows=60, strings=True):
    names = np.array([f"c{i}" for i in range(labels)]) if strings else np.arange(labels)
    y = np.concatenate([np.arange(labels), rng.integers(labels, size=rows - labels)])
    answers = rng.dirichlet(np.ones(labels), rows)
    target = ClassTarget.fit(names[y])
    return target, target.encode(names[y]), answers, names


def test_probabilities_of_two_classes():
    target, y, answers, _ = classes(2)
    assert Score("roc_auc")(target, y, answers) == pytest.approx(metrics.roc_auc_score(y, answers[:, 1]))
    assert Score("neg_log_loss")(target, y, answers) == pytest.approx(-metrics.log_loss(y, answers))
    assert Score("average_precision")(target, y, answers) == pytest.approx(
        metrics.average_precision_score(y, answers[:, 1])
    )
    assert Score("f1")(target, y, answers) == pytest.approx(metrics.f1_score(y, answers.argmax(axis=1)))


def test_one_hot_targets_and_weights():
    target, y, answers, _ = classes(3)
    weight = rng.random(60)
    found = Score("balanced_accuracy")(target, np.eye(3)[y], answers, weight)
    wanted = metrics.balanced_accuracy_score(y, answers.argmax(axis=1), sample_weight=weight)
    assert found == pytest.approx(wanted)
    plain = Score("roc_auc")(target, y, answers)
    assert plain == pytest.approx(metrics.roc_auc_score(y, answers, multi_class="ovr"))


def test_a_class_that_no_row_has_is_left_out():
    target, y, answers, _ = classes(3)
    kept = y != 1
    found = Score("neg_log_loss")(target, y[kept], answers[kept])
    two = answers[kept][:, [0, 2]] / answers[kept][:, [0, 2]].sum(axis=1, keepdims=True)
    assert found == pytest.approx(-metrics.log_loss(y[kept], two))


def test_several_labels():
    y = rng.integers(2, size=(50, 3))
    answers = rng.random((50, 3))
    target = MultiLabelTarget.fit(y)
    encoded = target.encode(y)
    assert Score("roc_auc")(target, encoded, answers) == pytest.approx(metrics.roc_auc_score(y, answers))
    assert Score("f1_macro")(target, encoded, answers) == pytest.approx(
        metrics.f1_score(y, answers >= 0.5, average="macro")
    )


def test_numbers():
    y = rng.normal(size=40)
    answers = y[:, None] + 0.1 * rng.normal(size=(40, 1))
    target = RegressionTarget.fit(y)
    assert Score("r2")(target, target.encode(y), answers) == pytest.approx(metrics.r2_score(y, answers[:, 0]), abs=1e-6)
    wide = RegressionTarget.fit(np.stack([y, y], 1))
    pairs = np.repeat(answers, 2, axis=1)
    assert Score("r2")(wide, wide.encode(np.stack([y, y], 1)), pairs) == pytest.approx(
        metrics.r2_score(y, answers[:, 0]), abs=1e-6
    )


def test_a_function_gets_what_predict_gives():
    target, y, answers, names = classes(3)
    seen = []

    def cost(y_true, y_pred):
        seen.extend([y_true, y_pred])
        return np.mean(y_true != y_pred)

    score = Score(cost, direction="min")
    assert score.name == "cost"
    assert score(target, np.eye(3, dtype="float32")[y], answers) == pytest.approx(np.mean(y != answers.argmax(axis=1)))
    assert seen[0].tolist() == names[y].tolist() and set(seen[1]) <= set(names)


def test_names_by_head():
    target, y, answers, _ = classes(2)
    one = scores_of({"a": target}, {"a": [Score("f1")]}, {"a": y}, {"a": answers})
    two = scores_of(
        {"a": target, "b": target}, {"a": [Score("f1")], "b": []}, {"a": y, "b": y}, {"a": answers, "b": answers}
    )
    assert list(one) == ["f1"] and list(two) == ["a_f1"]


def test_what_is_keras_own_stays_keras():
    assert not any(map(is_score, ("accuracy", "mae", "precision", "auc", "no such metric")))
    assert all(map(is_score, ("roc_auc", "f1_macro", "r2", Score("f1"))))


def test_what_cannot_be_computed_is_said():
    target, y, answers, _ = classes(3)
    with pytest.raises(ArgumentError, match="more than two classes: 'f1_macro'"):
        Score("f1")(target, y, answers)
    for wrong in ({"function": "no_score"}, {"function": 3}, {"function": "r2", "direction": "up"}):
        with pytest.raises(ArgumentError, match="Expected"):
            Score(**wrong)
