"""The bilevel step: what moves when, and the gradients of both orders."""

import keras
import numpy as np
import pytest

from kerasnas import backend
from kerasnas.operations import Dense, Flatten
from kerasnas.space import Choice, Sequential, Space
from kerasnas.supernets import DARTS, GDAS, PCDARTS, SNAS, BetaDARTS, DrNAS, ExpectedCost
from tests.supernets.searched import batch, bilevel, rows, smooth

RULES = [DARTS(), DARTS(order=2), SNAS(), GDAS(), PCDARTS(warmup=0, share=2), DrNAS(), BetaDARTS()]


def values(variables):
    return [np.array(keras.ops.convert_to_numpy(variable)) for variable in variables]


def momenta(model):
    """Of the weights, each of its shape."""
    (vector,) = values(model.optimizer.momentums)
    ends = np.cumsum([int(np.prod(weight.shape)) for weight in model.shared])
    return [part.reshape(weight.shape) for part, weight in zip(np.split(vector, ends[:-1]), model.shared)]


def same(left, right):
    return all(np.array_equal(one, other) for one, other in zip(left, right))


@pytest.mark.backend
@pytest.mark.parametrize("rule", RULES, ids=str)
def test_each_step_moves_what_is_its_own(rule):
    model = bilevel(rule)
    alphas, weights, statistics = (values(v) for v in (model.alphas, model.shared, model.statistics))
    model.alpha_step((*rows(), None), (*rows(seed=1), None))
    moved = dict(zip(model.supernet.alphas, zip(alphas, values(model.alphas))))
    pairs = [moved[path] for path in rule.weighed(model.supernet)]
    # Decay alone would move every one of them towards zero.
    assert any((np.sign(after - before) == np.sign(before)).any() for before, after in pairs)
    assert same(weights, values(model.shared)) and same(statistics, values(model.statistics))
    alphas = values(model.alphas)
    model.weight_step((*rows(seed=1), None))
    assert same(alphas, values(model.alphas))
    assert not same(weights, values(model.shared)) and not same(statistics, values(model.statistics))


def test_architecture_weights_step_before_weights():
    model, order = bilevel(DARTS()), []
    for name in ("alpha_step", "weight_step"):
        setattr(model, name, _noting(getattr(model, name), name, order))
    model.train_step(batch())
    assert order == ["alpha_step", "weight_step"]
    model.searching = False  # as during a warm-up
    model.train_step(batch())
    assert order[2:] == ["weight_step"]


def _noting(step, name, order):
    def noting(*args):
        order.append(name)
        return step(*args)

    return noting


# ---------------------------------------------------------------- gradients
def exact(model, rows_of_alphas, rows_of_weights, momenta):
    """The second order by autodiff through the step ahead."""
    import tensorflow as tf

    rate, momentum, decay = float(model.optimizer.learning_rate), 0.9, model.rule.weight_decay
    alphas = [alpha.value for alpha in model.alphas]
    with tf.GradientTape() as outer:
        outer.watch(alphas)
        with tf.GradientTape() as inner:
            weights = [weight.value for weight in model.shared]
            inner.watch(weights)
            loss, _ = model._loss(rows_of_weights)
        ahead = inner.gradient(loss, weights)
        moved = [w + momentum * v - rate * (g + decay * w) for w, g, v in zip(weights, ahead, momenta)]
        with keras.StatelessScope(state_mapping=list(zip(model.shared, moved))):
            judged, _ = model._loss(rows_of_alphas)
    return [np.array(gradient) for gradient in outer.gradient(judged, alphas, unconnected_gradients="zero")]


@pytest.mark.skipif(keras.backend.backend() != "tensorflow", reason="compares with TensorFlow's autodiff")
def test_the_second_order_is_that_of_autodiff():
    keras.utils.set_random_seed(0)
    model = bilevel(DARTS(order=2, learning_rate=0.5), space=smooth())
    for _ in range(2):  # so that there is momentum
        model.weight_step((*rows(seed=7), None))
    mine, others = (*rows(seed=1), None), (*rows(seed=2), None)
    reference = np.concatenate(exact(model, mine, others, momenta(model)))
    start = values(model.shared)
    found = np.concatenate(values(model.unrolled(mine, others)))
    assert same(start, values(model.shared))
    assert np.linalg.norm(found - reference) <= 1e-2 * np.linalg.norm(reference)
    first = np.concatenate(values(model.direct(mine)))
    assert np.linalg.norm(first - reference) > 5e-2 * np.linalg.norm(reference)  # the orders do differ


@pytest.mark.backend
def test_the_second_order_is_the_slope_of_the_loss_after_the_step_ahead():
    """Likewise on all backends: by differences of that loss."""
    keras.utils.set_random_seed(0)
    model = bilevel(DARTS(order=2, learning_rate=0.5), space=smooth())
    model.weight_step((*rows(seed=7), None))  # so that there is momentum
    mine, others = (*rows(seed=1), None), (*rows(seed=2), None)
    found = np.concatenate(values(model.unrolled(mine, others)))
    alphas, weights, pasts = values(model.alphas), values(model.shared), momenta(model)
    rate, decay = float(model.optimizer.learning_rate), model.rule.weight_decay

    def after_the_step(at):
        assign(model.alphas, np.split(at, np.cumsum([alpha.size for alpha in alphas])[:-1]))
        _, ahead = backend.value_and_gradients(lambda: model._loss(others), model.shared)
        steps = zip(weights, values(ahead), pasts)
        assign(model.shared, [w + 0.9 * past - rate * (g + decay * w) for w, g, past in steps])
        loss, _ = model._loss(mine)
        assign(model.shared, weights)
        return float(loss)

    start, step = np.concatenate(alphas), 0.1
    shifts = step * np.eye(len(start), dtype="float32")
    slopes = [(after_the_step(start + shift) - after_the_step(start - shift)) / (2 * step) for shift in shifts]
    assert np.linalg.norm(found - slopes) <= 3e-2 * np.linalg.norm(slopes)
    assign(model.alphas, alphas)
    first = np.concatenate(values(model.direct(mine)))
    assert np.linalg.norm(first - slopes) > 1e-1 * np.linalg.norm(slopes)


def assign(variables, arrays):
    for variable, array in zip(variables, arrays):
        variable.assign(array)


def test_decay_joins_the_gradient_of_architecture_weights():
    """Adam's first steps with the gradient decay · α, in plain numbers."""
    model = bilevel(DARTS(alpha_learning_rate=0.1, alpha_decay=0.5))
    model.direct = lambda rows, others: [keras.ops.zeros(alpha.shape) for alpha in model.alphas]
    alpha = np.array([0.5, -1.0, 2.0, 0.1], "float32")
    model.alphas[0].assign(alpha)
    mean, square = np.zeros(4), np.zeros(4)
    for step in (1, 2, 3):
        model.alpha_step((*rows(), None), None)
        gradient = 0.5 * alpha
        mean, square = 0.5 * mean + 0.5 * gradient, 0.999 * square + 0.001 * gradient**2
        alpha = alpha - 0.1 * (mean / (1 - 0.5**step)) / (np.sqrt(square / (1 - 0.999**step)) + 1e-7)
    np.testing.assert_allclose(values(model.alphas)[0], alpha, rtol=1e-3)


def test_weights_step_by_momentum_decay_and_clipped_gradients():
    model = bilevel(DARTS(clip=0.01, weight_decay=0.1))
    before, data = values(model.shared), (*rows(), None)
    _, gradients = backend.value_and_gradients(lambda: model._loss(data), model.shared)
    gradients = values(gradients)
    norm = np.sqrt(sum(np.square(gradient).sum() for gradient in gradients))
    assert norm > 0.01
    model.weight_step(data)
    for weight, gradient, after in zip(before, gradients, values(model.shared)):
        np.testing.assert_allclose(after, weight - 0.025 * (gradient * 0.01 / norm + 0.1 * weight), atol=1e-6)


def test_the_learning_rate_falls_along_a_cosine_to_a_twenty_fifth():
    model = bilevel(DARTS())
    rates = []
    for done in (0, 5, 10):
        model.done.assign(done)
        rates.append(float(model.optimizer.learning_rate))
    assert rates == pytest.approx([0.025, 0.013, 0.001])


def test_a_price_moves_architecture_weights_towards_what_is_cheap():
    free, priced = (bilevel(DARTS(price=price)) for price in (None, ExpectedCost(1.0, "params", strength=1.0)))
    cheap = []
    for model in (free, priced):
        gradients = model.direct((*rows(), None))
        edge = model.supernet.labels["cell/node_0/edge_0"]
        gradient = np.array(gradients[list(model.supernet.labels).index("cell/node_0/edge_0")])
        cheap.append(gradient[edge.index("wide")] - gradient[edge.index("skip")])
    assert cheap[1] > cheap[0] + 0.1  # descent lowers the wide convolution


# ----------------------------------------------------------------- mechanics
def test_fit_learns_and_seeds_repeat():
    histories = []
    for seed in (0, 0, 1):
        keras.utils.set_random_seed(seed)
        model = bilevel(DARTS(learning_rate=0.1, alpha_learning_rate=0.05), seed)
        model.run_eagerly = True
        x, y = batch()
        losses = [float(model.train_step((x, y))["loss"]) for _ in range(6)]
        histories.append((losses, values(model.alphas)))
    assert histories[0][0] == histories[1][0] and same(histories[0][1], histories[1][1])
    assert histories[0][0] != histories[2][0]


@pytest.mark.backend
def test_a_step_in_a_graph_is_a_step_in_eager_mode():
    found = []
    for eager in (True, False):
        keras.utils.set_random_seed(0)
        model = bilevel(GDAS())
        model.compile(loss="categorical_crossentropy", run_eagerly=eager)
        x, y = batch()
        model.train_on_batch(x, y)
        found.append(values(model.alphas) + values(model.shared))
    for eager, graph in zip(*found):
        np.testing.assert_allclose(eager, graph, atol=1e-5)


@pytest.mark.backend
def test_a_space_of_one_decision():
    steps = {"flatten": Flatten(), "units": Dense(Choice(4, 6)), "classes": Dense(3, "softmax")}
    model = bilevel(DARTS(), space=Space(Sequential(steps)))
    before = values(model.alphas)
    model.train_step(batch())
    assert len(before) == 1 and not same(before, values(model.alphas))
