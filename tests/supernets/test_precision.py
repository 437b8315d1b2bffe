"""The bilevel step in half precision, and with layers that draw."""

import keras
import numpy as np
import pytest

from kerasnas.errors import StrategyError
from kerasnas.operations import Dense, Dropout, Flatten, Identity
from kerasnas.space import Choice, Sequential, Space
from kerasnas.supernets import DARTS
from kerasnas.supernets.curvature import Curvature
from tests.supernets.searched import batch, bilevel, rows
from tests.supernets.test_bilevel import same, values


@pytest.fixture
def policy():
    before = keras.config.dtype_policy()
    yield keras.config.set_dtype_policy
    keras.config.set_dtype_policy(before)


def moved(policy, name):
    """How far one step moves weights and architecture weights."""
    policy(name)
    keras.utils.set_random_seed(0)
    model = bilevel(DARTS(alpha_decay=0.0))
    model.compile(loss="categorical_crossentropy", run_eagerly=True)
    before = [values(group) for group in (model.shared, model.alphas)]
    model.train_on_batch(*batch())
    after = [values(group) for group in (model.shared, model.alphas)]
    return [np.concatenate([(a - b).ravel() for a, b in zip(*pair)]) for pair in zip(after, before)], model


@pytest.mark.backend
@pytest.mark.parametrize("name", ["mixed_float16", "mixed_bfloat16"])
def test_a_step_in_half_precision_is_about_that_of_float32(policy, name):
    whole, _ = moved(policy, "float32")
    half, model = moved(policy, name)
    for one, other, alike in zip(whole, half, (0.9, 0.7)):  # Adam's first step is a sign, which may turn
        assert np.dot(one, other) > alike * np.linalg.norm(one) * np.linalg.norm(other)
        assert np.linalg.norm(other) == pytest.approx(np.linalg.norm(one), rel=0.1)
    assert (model.scale is not None) == (name == "mixed_float16")


def test_a_scale_that_is_too_much_is_halved_and_nothing_is_broken(policy):
    policy("mixed_float16")
    model = bilevel(DARTS(weight_decay=0.0))
    model.scale.assign(2.0**60)
    before = values(model.shared)
    model.weight_step((*rows(), None))
    assert float(model.scale) == 2.0**59 and same(before, values(model.shared))
    model.scale.assign(2.0**10)
    model.weight_step((*rows(), None))
    assert float(model.scale) > 2.0**10 and not same(before, values(model.shared))


def test_differences_of_gradients_are_refused_in_half_precision(policy):
    policy("mixed_bfloat16")
    for rule in (DARTS(order=2), DARTS(stop_curvature=0.75)):
        with pytest.raises(StrategyError, match="Received: bfloat16"):
            bilevel(rule)


# ---------------------------------------------------------------------- dropout
def dropping():
    layer = Choice(tanh=Dense(6, "tanh"), sigmoid=Dense(6, "sigmoid"), skip=Identity())
    steps = {"flatten": Flatten(), "first": Dense(6, "tanh"), "drop": Dropout(0.5)}
    return Space(Sequential({**steps, "a": layer, "b": layer, "classes": Dense(3, "softmax")}), name="dropping")


@pytest.mark.backend
def test_what_dropout_draws_is_the_same_at_both_ends_of_a_difference():
    keras.utils.set_random_seed(0)
    model, others = bilevel(DARTS(order=2, learning_rate=0.5), space=dropping()), (*rows(seed=2), None)
    assert len(model.seeds) == 1 and any(each is model.seeds[0] for each in model.state())
    at, seen = model._at, []

    def noting(rows):
        seen.append(values(model.seeds))
        return at(rows)

    model._at = noting
    before = values(model.seeds)
    model.unrolled((*rows(seed=1), None), others)
    assert same(seen[0], before) and same(seen[1], before) and not same(values(model.seeds), before)


def test_the_curvature_does_not_jump_with_dropout():
    keras.utils.set_random_seed(0)
    model = bilevel(DARTS(), space=dropping())
    before = values(model.seeds)
    measure = Curvature(model, (*rows(), None))
    assert measure() == pytest.approx(measure(), rel=1e-3) and same(before, values(model.seeds))
