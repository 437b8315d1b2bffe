"""What keeps a search from collapsing: the curvature of the loss, and skip connections counted."""

import keras
import numpy as np
import pytest

from kerasnas.errors import ArgumentError
from kerasnas.report.gates import read_history
from kerasnas.supernets import DARTS, DrNAS, ExpectedCost
from kerasnas.supernets.curvature import Curvature, rising
from kerasnas.supernets.differentiable import run
from kerasnas.supernets.history import FILE
from kerasnas.supernets.pairs import Pairs, classes
from kerasnas.supernets.watching import accuracy, skips_in_a_cell
from tests.supernets.searched import bilevel, rows, smooth, tiny
from tests.supernets.test_differentiable import RULE, task

tensorflow_only = pytest.mark.skipif(keras.backend.backend() != "tensorflow", reason="compares with TensorFlow's")


def hessian(model, data):
    """All second derivatives of the loss by the architecture weights, by autodiff twice."""
    import tensorflow as tf

    alphas = [alpha.value for alpha in model.alphas]
    with tf.GradientTape(persistent=True) as outer:
        with tf.GradientTape() as inner:
            inner.watch(alphas)
            outer.watch(alphas)
            outputs = model.supernet(data[0], gates=model.rule.means(model.supernet), training=True)
            loss = model.compute_loss(x=data[0], y=data[1], y_pred=outputs)
        flat = tf.unstack(tf.concat(inner.gradient(loss, alphas), 0))
    return np.stack([np.concatenate([np.array(g) for g in outer.gradient(each, alphas)]) for each in flat])


@tensorflow_only
@pytest.mark.parametrize("seed", range(3))
def test_the_eigenvalue_is_that_of_the_whole_hessian(seed):
    keras.utils.set_random_seed(seed)
    model, data = bilevel(DARTS(), seed, smooth()), (*rows(seed=seed), None)
    rng = np.random.default_rng(seed)
    for alpha in model.alphas:
        alpha.assign(rng.normal(size=alpha.shape))
    for weight in model.shared:
        weight.assign(3 * weight)  # so that the gates matter
    values = np.linalg.eigvalsh(hessian(model, data))
    found = Curvature(model, data, steps=60, tolerance=1e-4)()
    assert found == pytest.approx(values[np.abs(values).argmax()], rel=2e-2)


@pytest.mark.parametrize("rule", [pytest.param(DARTS(), marks=pytest.mark.backend), DrNAS()], ids=str)
def test_measuring_moves_nothing(rule):
    model, data = bilevel(rule), (*rows(), None)
    before = [np.array(keras.ops.convert_to_numpy(each)) for each in model.supernet.weights]
    measure = Curvature(model, data)
    first = measure()
    assert first != 0 and first == pytest.approx(measure(), rel=1e-3)
    for weight, value in zip(model.supernet.weights, before):
        np.testing.assert_array_equal(keras.ops.convert_to_numpy(weight), value)


def test_eigenvalues_that_rise_end_a_search():
    flat, steep = [1.0] * 10, [1.0] * 5 + [1.4] * 5
    assert rising(flat, 0.75, 5) is None
    assert rising(steep[:9], 0.75, 5) is None  # too early to tell
    assert rising(steep, 0.75, 5) == 5
    assert rising([-1.0, 2.0], 0.75, 1) == 1  # magnitudes count
    assert rising([1.0, 1.3], 0.75, 1) is None  # by less than a third
    assert rising([2.0, 1.0], 0.75, 1) is None  # a fall is no collapse


def test_a_search_goes_back_to_before_the_rise(monkeypatch, tmp_path):
    values = iter([1.0, 1.0, 9.0, 9.0, 9.0])
    monkeypatch.setattr(Curvature, "__call__", lambda self: next(values))
    rule = DARTS(**{**RULE, "epochs": 6}, stop_curvature=0.75, curvature_window=1)
    found = run(rule, tiny(10), task(), folder=tmp_path / "supernet")
    assert len(found.history) == 3 and found.kept == 2
    assert found.stopped == "curvature of the loss has risen since epoch 2"
    assert found.architectures[0] == type(found.architectures[0])(found.history[1]["architecture"])
    told = read_history(tmp_path)
    assert told.kept == 2 and [entry["curvature"] for entry in told.epochs] == [1.0, 1.0, 9.0]
    resumed = run(rule, tiny(10), task(), folder=tmp_path / "supernet")
    assert (tmp_path / "supernet" / FILE).exists() and resumed.architectures == found.architectures


def test_the_warm_up_does_not_count_for_the_curvature(monkeypatch):
    values = iter([1.0, 9.0, 9.0, 30.0])
    monkeypatch.setattr(Curvature, "__call__", lambda self: next(values))
    found = run(DARTS(**{**RULE, "epochs": 4}, warmup=1, stop_curvature=0.75, curvature_window=1), tiny(10), task())
    assert len(found.history) == 4 and found.kept == 3


def test_a_made_collapse_is_stopped_by_the_count_of_skips():
    """A price on parameters drives all edges to skip connections, as weight sharing does in long searches."""
    price = ExpectedCost(1.0, "params", strength=1.0)
    pushed = {**RULE, "epochs": 8, "alpha_learning_rate": 0.3, "price": price}
    collapsed = run(DARTS(**pushed), tiny(10), task())
    most = lambda found: max(found.history[-1]["skips"].values())  # noqa: E731
    assert most(collapsed) == 2
    stopped = run(DARTS(**pushed, stop_skips=2), tiny(10), task())
    assert len(stopped.history) < 8 and most(stopped) < 2 and "2 skip connections" in stopped.stopped
    allowed = run(DARTS(**pushed, most_skips=1), tiny(10), task())
    assert most(allowed) == 1 and allowed.stopped is None


def test_guards_say_what_they_expect():
    for wrong in (0.0, 1.0, 1.3):
        with pytest.raises(ArgumentError, match="stop_curvature"):
            DARTS(stop_curvature=wrong)
    with pytest.raises(ArgumentError, match="curvature_window"):
        DARTS(curvature_window=0)


def test_the_supernets_accuracy_is_that_of_the_path_and_leaves_it_as_it_was():
    found = run(DARTS(**{**RULE, "epochs": 1}), tiny(10), task())
    model, rows_ = found.model, found.learnt
    before = [np.array(keras.ops.convert_to_numpy(each)) for each in model.supernet.weights]
    architecture = found.architectures[0]
    plain = found.supernet.inherit(architecture)
    answers = keras.ops.convert_to_numpy(plain(next(iter(rows_.x.values())), training=True))
    wanted = np.mean(answers.argmax(axis=1) == classes(rows_))
    assert accuracy(model, rows_, architecture) == pytest.approx(wanted, abs=1e-6)
    assert 0 < found.history[0]["accuracy"] < 1
    for weight, value in zip(model.supernet.weights, before):
        np.testing.assert_array_equal(keras.ops.convert_to_numpy(weight), value)


def test_a_search_that_begins_with_skips_waits_for_a_derivation_to_go_back_to(monkeypatch):
    from kerasnas.supernets import watching

    counts = iter([3, 1, 0, 2])  # the first epoch leans to skips, is derived with fewer, the third is back at many
    monkeypatch.setattr(watching, "skips", lambda opened, architecture: {"cell": next(counts)})
    found = run(DARTS(**{**RULE, "epochs": 5}, stop_skips=2), tiny(10), task())
    assert ["limited" in entry for entry in found.history] == [True, False]
    assert found.stopped == "2 skip connections in a cell"


def test_architecture_weights_that_share_rows_with_the_weights_are_there_to_see_why_not(monkeypatch):
    from kerasnas.supernets import differentiable

    made = []
    monkeypatch.setattr(differentiable, "Pairs", lambda *args: made.append(args) or Pairs(*args))
    for apart in (True, False):
        run(DARTS(**{**RULE, "epochs": 1}, apart=apart), tiny(10), task())
    assert made[0][0] is not made[0][1] and made[1][0] is made[1][1]


def test_skips_of_cells_that_lower_the_resolution_do_not_count():
    assert skips_in_a_cell({"cells/normal": 1, "cells/reduction": 4}) == 1
    assert skips_in_a_cell({"cell": 2}) == 2 == skips_in_a_cell({"reduction": 2})
    assert skips_in_a_cell({}) == 0
