"""Memory stays flat: of an ended trial no model, no graph, no registered gradient is left."""

import gc
import os
import subprocess
import sys
from pathlib import Path

import keras
import pytest

from kerasnas import backend
from kerasnas.lowering.passing import passing
from tests.evaluators.test_training import blobs, context_of, trained

ROOT = Path(__file__).parent.parent.parent
on_tensorflow = pytest.mark.skipif(keras.backend.backend() != "tensorflow", reason="what TensorFlow alone keeps")

SEARCH = """
import sys, tempfile
import kerasnas as kn
from benchmarks.overhead import resident
from sklearn.datasets import load_digits

class Watch(kn.evaluators.Training):
    def evaluate(self, proposal, report):
        try:
            return super().evaluate(proposal, report)
        finally:
            print("resident", resident())

x, y = load_digits(return_X_y=True)
space, trials = kn.spaces.mlp(num_classes=10, depth=(1, 2)), int(sys.argv[1])
kn.search(space, (x[:300], y[:300]), "random", Watch(epochs=1, batch_size=128), max_trials=trials, seed=0,
          directory=tempfile.mkdtemp())
"""


def alive(*kinds):
    gc.collect()
    return sum(isinstance(found, kinds) for found in gc.get_objects())


def graph():
    """The class of TensorFlow's graphs, where there are any."""
    return [type(backend.tf().Graph())] if keras.backend.backend() == "tensorflow" else []


class Broken(keras.callbacks.Callback):
    def on_epoch_end(self, epoch, logs=None):
        raise RuntimeError("broken on purpose")


@on_tensorflow
def test_the_registry_is_found():
    assert "MatMul" in backend.gradients._registered_gradients()


@on_tensorflow
def test_gradients_pass_and_earlier_ones_stay():
    tf = backend.tf()

    def gradient():
        weight = tf.Variable(2.0)

        @tf.function
        def squared(x):
            with tf.GradientTape() as tape:
                y = tf.nn.silu(x * weight)
            return tape.gradient(y, weight)

        return squared

    mine = gradient()
    expected = float(mine(tf.constant(1.0)))
    registered = set(backend.gradients._registered_gradients())
    with backend.passing_gradients():
        assert float(gradient()(tf.constant(1.0))) == expected
        assert set(backend.gradients._registered_gradients()) > registered
    assert set(backend.gradients._registered_gradients()) == registered
    assert float(mine(tf.constant(1.0))) == expected
    with tf.GradientTape() as tape:  # a gradient of the gradient: what is registered is looked up again
        x = tf.Variable(1.0)
        y = mine(x)
    assert tape.gradient(y, x) is not None


def test_nothing_is_left_of_a_trial(tmp_path):
    context = context_of(*blobs(), tmp_path)
    trained(context)
    kinds = [keras.Model, keras.optimizers.Optimizer, *graph()]
    before = alive(*kinds)
    for number in (1, 2):
        trained(context, number)
    assert alive(*kinds) == before


def test_nothing_is_left_of_a_failed_trial(tmp_path):
    context = context_of(*blobs(), tmp_path)
    trained(context)
    before = alive(keras.Model)
    with pytest.raises(RuntimeError, match="on purpose") as caught:
        trained(context, 1, callbacks=[Broken()])
    assert alive(keras.Model) == before
    assert caught.traceback[-1].name == "on_epoch_end"  # where it happened can still be told


def test_what_the_caller_froze_stays_frozen():
    with passing():
        assert gc.get_freeze_count() > 0
    assert gc.get_freeze_count() == 0
    gc.freeze()
    try:
        with passing():
            pass
        assert gc.get_freeze_count() > 0
    finally:
        gc.unfreeze()


def residents(trials):
    """MB resident after each trial of a search in a process of its own."""
    path = os.pathsep.join([str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])])
    command = [sys.executable, "-c", SEARCH, str(trials)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, env={**os.environ, "PYTHONPATH": path})
    return [float(line.split()[1]) for line in done.stdout.splitlines() if line.startswith("resident")]


@on_tensorflow
@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="resident memory is read from /proc")
def test_memory_stays_flat():
    seen = residents(12)
    assert len(seen) == 12
    # Trials differ in size by some MB; graphs kept for ever make it 45 MB and more.
    assert sum(seen[9:]) / 3 - sum(seen[3:6]) / 3 < 25


@pytest.mark.slow
@on_tensorflow
@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="resident memory is read from /proc")
def test_memory_stays_flat_over_hundreds_of_trials():
    seen = residents(200)
    assert sum(seen[190:]) <= 1.1 * sum(seen[10:20])
