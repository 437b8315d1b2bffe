"""`search` on networks that do not end as what is learnt needs it."""

import keras
import numpy as np
import pytest

import kerasnas as kn
from kerasnas.errors import SpaceError
from kerasnas.operations import Activation, Dense
from kerasnas.space import Choice, Sequential, Space

RNG = np.random.default_rng(0)
X = RNG.normal(size=(120, 4)).astype("float32")
Y = (X[:, 0] > 0).astype(int) + (X[:, 1] > 0)
HIDDEN = Dense(Choice(8, 16), activation="relu")


def found(space, y, folder, **options):
    evaluator = kn.evaluators.Training(epochs=2, batch_size=32)
    return kn.search(space, (X, y), "random", evaluator, max_trials=1, seed=0, directory=folder, **options)


def test_numbers_become_probabilities_as_if_the_space_had_said_so(tmp_path):
    bare, ended = (
        found(Space(Sequential(HIDDEN, Dense(3, **last))), Y, tmp_path / str(len(last)))
        for last in ({}, {"activation": "softmax"})
    )
    assert bare.best.measurement.metrics == ended.best.measurement.metrics
    answers = bare.model.predict(X, verbose=0)
    np.testing.assert_allclose(answers.sum(axis=1), 1, rtol=1e-5)
    np.testing.assert_allclose(answers, ended.model.predict(X, verbose=0), rtol=1e-5)


def test_independent_labels_become_probabilities_one_by_one(tmp_path):
    labels = np.stack([X[:, 0] > 0, X[:, 1] > 0], axis=1).astype(int)
    one = found(Space(Sequential(HIDDEN, Dense(2))), labels, tmp_path, head=kn.ClassificationHead(multi_label=True))
    answers = one.model.predict(X, verbose=0)
    assert 0 <= answers.min() < answers.max() <= 1 and np.ptp(answers.sum(axis=1)) > 0.01


def test_a_loss_of_logits_is_left_its_logits(tmp_path):
    head = kn.ClassificationHead(loss=keras.losses.CategoricalCrossentropy(from_logits=True))
    one = found(Space(Sequential(HIDDEN, Dense(3))), Y, tmp_path, head=head)
    answers = one.model.predict(X, verbose=0)
    assert answers.min() < 0 and np.isfinite(one.best.measurement.metrics["val_loss"])


@pytest.mark.parametrize(
    "last, y, message",
    [
        (Dense(5), Y, r"put out 3 numbers for a row, one for each class; .*`num_classes=3`. Received: shape \(5,\)"),
        (Activation("relu"), X[:, 0], r"put out 1 number for a row, as many as `y` has"),
    ],
)
def test_what_does_not_fit_the_targets_is_refused_before_training(last, y, message, tmp_path):
    with pytest.raises(SpaceError, match=message):
        found(Space(Sequential(HIDDEN, last)), y, tmp_path)
