"""What makes a run this run: a changed call is another, an equal one goes on."""

import numpy as np
import pytest

import kerasnas as kn
from kerasnas.contract import Objective
from kerasnas.data.scores import Score
from kerasnas.loop.folders import identity
from kerasnas.space import Sequential, Space
from kerasnas.strategies import RandomSearch


def huber(delta):
    import keras

    return keras.losses.Huber(delta=delta)


def focal(gamma):
    import keras

    return keras.losses.BinaryFocalCrossentropy(gamma=gamma)


def above(threshold):
    import keras

    return keras.metrics.Precision(thresholds=threshold, name="precision")


HEADS = {
    "weight": lambda n: kn.RegressionHead(weight=n),
    "delta": lambda n: kn.RegressionHead(loss=huber(float(n))),
    "gamma": lambda n: kn.ClassificationHead(loss=focal(float(n))),
    "function": lambda n: kn.RegressionHead(loss=lambda truth, answer: abs(truth - answer) ** n),
    "metric": lambda n: kn.ClassificationHead(metrics=[above(n / 10)]),
    "score": lambda n: kn.RegressionHead(metrics=[Score(lambda truth, answer: np.mean(truth) * n, "mine")]),
    "a score's direction": lambda n: kn.RegressionHead(metrics=[Score(np.vdot, "mine", ["max", "min"][n - 2])]),
}


@pytest.mark.parametrize("make", HEADS.values(), ids=HEADS)
def test_what_is_learnt_is_known_by_its_arguments(make):
    def marks(n):
        space, objectives = Space(Sequential()), Objective.several("val_loss")
        return identity({}, space, {"y": make(n)}, objectives, RandomSearch(), kn.Evaluator(), 0)

    assert marks(2) == marks(2)
    assert [part for part in marks(2) if marks(2)[part] != marks(3)[part]] == ["task"]
