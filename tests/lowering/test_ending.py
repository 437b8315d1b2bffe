"""What networks end in."""

from dataclasses import dataclass

import pytest

from kerasnas import spaces
from kerasnas.lowering import output_shape
from kerasnas.lowering.concrete import concrete
from kerasnas.lowering.ending import ending
from kerasnas.operations import Activation, Dense, Dropout, Flatten, GlobalAvgPool, Identity, LayerNorm
from kerasnas.space import Operation, Sequential


@dataclass(frozen=True)
class Own(Operation):
    def shape(self, shape):
        return shape


SOFTMAX = Dense(3, activation="softmax")


@pytest.mark.parametrize(
    "steps, probable",
    [
        ((Dense(3),), False),
        ((SOFTMAX,), True),
        ((Dense(3), Activation("softmax")), True),
        ((Dense(3), Activation("sigmoid"), Dropout(0.5), Flatten()), True),
        ((SOFTMAX, Identity()), True),
        ((SOFTMAX, Dense(3)), False),
        ((SOFTMAX, Activation("relu")), False),
        ((SOFTMAX, LayerNorm()), False),
        ((Flatten(),), False),
        ((Dense(3), Own()), True),
    ],
    ids=repr,
)
def test_the_last_activation_tells(steps, probable):
    node = Sequential(*steps)
    assert ending(node, (5,)) == (output_shape(node, (5,)), probable)


def test_means_of_probabilities_are_probabilities():
    assert ending(Sequential(SOFTMAX, GlobalAvgPool()), (4, 4, 2)) == ((3,), True)


@pytest.mark.parametrize("name", ["darts", "macro", "nasbench201", "mlp"])
def test_ready_spaces_end_in_probabilities_where_they_know_the_classes(name):
    shape = (20,) if name == "mlp" else (16, 16, 3)
    make = getattr(spaces, name)
    assert ending(concrete(make(num_classes=7)), shape) == ((7,), True)
    (width,), probable = ending(concrete(make(num_classes=None)), shape)
    assert width > 7 and not probable
