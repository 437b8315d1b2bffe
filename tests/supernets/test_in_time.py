"""A search by gradients within a time limit, and in the memory there is."""

import gc
import time
import warnings
import weakref

import keras
import numpy as np
import pytest

import kerasnas as kn
from kerasnas import backend
from kerasnas.contract import Context
from kerasnas.errors import ArgumentError, StrategyError
from kerasnas.evaluators import Training
from kerasnas.lowering import memory
from kerasnas.lowering.costing import Symbol
from kerasnas.lowering.opening import open_space
from kerasnas.lowering.supernet import Supernet
from kerasnas.strategies import Derive
from kerasnas.supernets import DARTS, PCDARTS, differentiable, in_time
from kerasnas.supernets.differentiable import run
from kerasnas.supernets.history import read_history
from tests.lowering.supernets import PICTURE, small_cells
from tests.supernets.searched import bilevel, digits, tiny
from tests.supernets.test_differentiable import task

RULE = {"epochs": 40, "batch_size": 16, "alpha_learning_rate": 0.05}  # two steps an epoch


class Clock:
    """A clock that each step sets forward."""

    def __init__(self, monkeypatch, step):
        self.now, self.step = 0.0, step
        for module in (in_time, differentiable):
            monkeypatch.setattr(module, "time", self)

    def monotonic(self):
        return self.now

    def follow(self, monkeypatch):
        begin = keras.callbacks.Callback.on_train_batch_end
        clock = self

        def ticking(callback, batch, logs=None):
            clock.now += clock.step
            begin(callback, batch, logs)

        monkeypatch.setattr(differentiable.Watching, "on_train_batch_begin", ticking, raising=False)
        return self


def test_epochs_are_cut_to_those_that_fit_and_schedules_with_them(monkeypatch, tmp_path):
    Clock(monkeypatch, step=1.0).follow(monkeypatch)
    found = run(DARTS(**RULE), tiny(10), task(), folder=tmp_path, seconds=14.0)
    # After the first epoch of two steps 12 s are left, in which epochs of 2.2 s fit five times.
    assert len(found.history) == 6 and found.stopped is None
    assert found.model.steps() == 12 == int(found.model.done.value)
    assert float(found.model.learning_rate()) == pytest.approx(0.04 * found.model.rule.learning_rate)
    assert run(DARTS(**RULE), tiny(10), task(), folder=tmp_path, seconds=100.0).history == found.history
    assert run(DARTS(**RULE), tiny(10), task(), folder=tmp_path).history == found.history


def test_an_epoch_that_takes_too_long_is_broken_off(monkeypatch, tmp_path):
    Clock(monkeypatch, step=10.0).follow(monkeypatch)
    found = run(DARTS(**RULE), tiny(10), task(), folder=tmp_path, seconds=5.0)
    assert len(found.history) == 1 and int(found.model.done.value) == 1
    assert run(DARTS(**RULE), tiny(10), task(), folder=tmp_path, seconds=500.0).history == found.history


def test_with_time_enough_nothing_changes():
    rule = DARTS(**{**RULE, "epochs": 2})
    free, timed = (run(rule, tiny(10), task(), seconds=seconds).history for seconds in (None, 1000.0))
    assert [entry["loss"] for entry in free] == pytest.approx([entry["loss"] for entry in timed], rel=1e-4)


def test_rates_fall_as_they_do_in_keras():
    model = bilevel(DARTS(learning_rate=0.2))
    theirs = keras.optimizers.schedules.CosineDecay(0.2, 10, alpha=0.04)
    for done in (0, 3, 10):
        model.done.assign(done)
        assert float(model.optimizer.learning_rate) == pytest.approx(float(theirs(done)), rel=1e-5)


def test_a_search_keeps_to_its_time_limit(tmp_path):
    x, y = digits()
    rule = DARTS(epochs=100000, batch_size=32)
    started = time.monotonic()
    found = kn.search(
        tiny(10), (x, y), Derive(rule), Training(epochs=2), time_limit=12, max_trials=1, seed=0, directory=tmp_path
    )
    assert time.monotonic() - started < 25  # half is the supernet's; the rest is slack for a busy machine
    assert found.model is not None
    assert 1 <= len(read_history(found.folder).epochs) < 100000


# ----------------------------------------------------------------------- memory
def test_what_a_search_made_is_let_go_of(monkeypatch):
    held = []

    def watched(*args, **kwargs):
        found = run(*args, **kwargs)
        held.append(weakref.ref(found.model))
        return found

    monkeypatch.setattr(differentiable, "run", watched)
    registered = set(backend.gradients._registered_gradients())
    strategy = Derive(DARTS(epochs=1, batch_size=16))
    strategy.setup(Context(tiny(10), task()))
    assert strategy.ask(None) is not None and len(strategy.history) == 1
    gc.collect()
    assert held and held[0]() is None
    assert set(backend.gradients._registered_gradients()) == registered


def test_layers_are_sized_as_they_are_made():
    space = small_cells()
    sizing, supernet = memory.Sizing(), Supernet(space, PICTURE, fused=False)
    open_space(space).node.flow(sizing, Symbol(PICTURE), "")
    made = sum(
        int(np.prod(weight.shape)) for layer in supernet.made.values() for weight in getattr(layer, "weights", ())
    )
    assert sizing.params == made


def test_more_rows_take_more_and_sampling_less():
    opened = open_space(small_cells())
    one, two = (memory.training_bytes(memory.sized(opened, PICTURE), rows) for rows in (1000, 2000))
    assert one < two < 2 * one + 1
    assert memory.training_bytes(memory.sized(opened, PICTURE, sampled=True), 2000) < two
    deep = memory.sized(open_space(small_cells(cells=6)), PICTURE)
    anew = [memory.training_bytes(deep, 2000, share) for share in (0, 0.6, True)]
    assert memory.training_bytes(deep, 2000) == anew[0] > anew[1] > anew[2]
    assert two - one > 1000 * 4 * 8 * 8 * 4 * 10  # ten tensors at the least


def test_what_does_not_fit_is_refused_before_it_is_built(monkeypatch):
    monkeypatch.setattr(differentiable, "free_bytes", lambda: 1e8)
    monkeypatch.setattr(differentiable, "Supernet", lambda *args, **kwargs: pytest.fail("built"))
    with pytest.raises(StrategyError, match=r"some 0\.\d GB .*0\.1 GB are free; try fewer channels.*pc_darts.*gdas"):
        run(DARTS(batch_size=16), tiny(10), task())
    assert memory.free_bytes() is None or memory.free_bytes() > 1e6


def test_that_one_channel_alone_passes_is_said():
    with pytest.warns(UserWarning, match="at least two channels.*Received: one, for one in 4 passes"):
        run(PCDARTS(epochs=1, warmup=0, batch_size=16), tiny(10), task())
    with warnings.catch_warnings():
        warnings.filterwarnings("error", message=".*two channels")
        run(PCDARTS(epochs=1, warmup=0, batch_size=16, share=2), tiny(10), task())
        run(DARTS(epochs=1, batch_size=16), tiny(10), task())


# ---------------------------------------------------------------------- warm-up
def test_the_warm_up_keeps_its_share_of_a_plan_that_is_cut(monkeypatch):
    Clock(monkeypatch, step=1.0).follow(monkeypatch)
    rule = PCDARTS(epochs=40, batch_size=16, alpha_learning_rate=0.05)
    assert rule.warmup == 12
    found = run(rule, tiny(10), task(), seconds=14.0)
    assert ["warmup" in entry for entry in found.history] == [True, True, False, False, False, False]
    assert found.history[-1]["entropy"] < found.history[1]["entropy"] - 1e-4


def test_an_end_within_the_warm_up_is_said(monkeypatch):
    Clock(monkeypatch, step=10.0).follow(monkeypatch)
    with pytest.warns(UserWarning, match="as good as random"):
        run(PCDARTS(epochs=40, batch_size=16), tiny(10), task(), seconds=5.0)


def test_a_warm_up_is_shorter_than_the_search():
    assert [PCDARTS(epochs=epochs).warmup for epochs in (50, 10, 2, 1)] == [15, 3, 1, 0]
    for rule in (DARTS, PCDARTS):
        with pytest.raises(ArgumentError, match="`warmup` below `epochs`"):
            rule(epochs=10, warmup=10)


def test_a_search_goes_on_after_epochs_of_which_nothing_was_derived(monkeypatch, tmp_path):
    from kerasnas.supernets import watching

    derive, epochs = watching.derive, iter(range(9))
    monkeypatch.setattr(watching, "derive", lambda *args: None if next(epochs) == 0 else derive(*args))
    begin, begun = watching.Watching.on_epoch_begin, []

    def dying(self, epoch, logs=None):
        begun.append(epoch)
        if begun == [0, 1, 2]:
            raise KeyboardInterrupt
        begin(self, epoch, logs)

    monkeypatch.setattr(watching.Watching, "on_epoch_begin", dying)
    rule = DARTS(**{**RULE, "epochs": 3, "batch_size": 32})
    with pytest.raises(KeyboardInterrupt):
        run(rule, tiny(10), task(), folder=tmp_path)
    found = run(rule, tiny(10), task(), folder=tmp_path)
    assert begun == [0, 1, 2, 2] and len(found.history) == 2
    assert found.model.done.value == found.model.total.value
