"""Derived cells retrained: what is there while training only, and that nothing of it is handed over."""

import subprocess
import sys

import keras
import numpy as np
import pytest

import kerasnas as kn
from kerasnas import spaces
from kerasnas.errors import ArgumentError
from kerasnas.evaluators import Retraining
from kerasnas.evaluators.keeping import bare, checkpoint
from kerasnas.evaluators.regularized import Regularized
from kerasnas.layers import DropPath
from kerasnas.lowering.joining import raw_inputs
from kerasnas.lowering.regularizing import AUXILIARY, Sharing
from kerasnas.operations import ConvBN, Dense, GlobalAvgPool, Identity, ReLUConvBN
from kerasnas.space import Cell, Choice, Graph, Sequential, Shared, Space, Step
from tests.supernets.searched import digits
from tests.supernets.test_differentiable import task


def chain(cells=3, classes=10):
    """Cells whose two nodes have an edge each, and one that passes its input on."""
    candidates = Choice(skip=Identity(), conv=ReLUConvBN(kernel_size=3), default="conv")
    cell = Shared("cell", Cell(candidates, nodes=2, inputs=1, keep=1, output="concatenate"))
    steps = {"stem": ConvBN(4, 1)} | {f"cell_{i}": cell for i in range(cells)}
    return Space(Sequential({**steps, "pool": GlobalAvgPool(), "classes": Dense(classes, "softmax")}), name="chain")


def regularized(cells=3, drop_path=0.5, auxiliary=0.4, **answers):
    space, rows = chain(cells), task().train
    network = space.resolve(space.complete(answers)).network
    graph = Graph(("input",), (Step("output", network, ("input",)),), ("output",))
    inputs, tracer = raw_inputs(rows), Sharing({})
    outputs = graph.flow(tracer, inputs, "")
    model = Regularized.of(graph, inputs, inputs, tracer, outputs, drop_path, auxiliary)
    model.compile("sgd", loss={"output": "categorical_crossentropy"}, metrics={"output": ["accuracy"]})
    return model, rows


def drops(model):
    return [layer for layer in model.noisy.layers if isinstance(layer, DropPath)]


# ----------------------------------------------------------------- drop path
@pytest.mark.backend
def test_examples_are_dropped_as_often_as_said_and_the_mean_stays():
    keras.utils.set_random_seed(0)
    layer, x = DropPath(0.25, seed=1), np.ones((4000, 2, 3), "float32")
    found = keras.ops.convert_to_numpy(layer(x, training=True))
    assert all(len(np.unique(example)) == 1 for example in found)
    assert (found[:, 0, 0] == 0).mean() == pytest.approx(0.25, abs=0.03)
    assert found.mean() == pytest.approx(1.0, abs=0.03)
    np.testing.assert_array_equal(keras.ops.convert_to_numpy(layer(x)), x)
    again = DropPath.from_config(layer.get_config())
    assert again.rate == 0.25 and again.seed == 1


def test_results_of_operations_are_dropped_and_what_passes_unchanged_is_not():
    convs, _ = regularized()
    assert len(drops(convs)) == 3 * 2
    mixed, _ = regularized(**{"cell/node_0/edge_0": "skip"})
    assert len(drops(mixed)) == 3
    none, _ = regularized(drop_path=0.0)
    assert not drops(none)


def test_dropping_grows_in_a_line_from_nothing():
    model, rows = regularized()
    model.total = 4
    rates = []
    for _ in range(6):
        model.train_on_batch(rows.x, rows.y)
        rates.append(float(model.rate))
    np.testing.assert_allclose(rates, [0.0, 0.125, 0.25, 0.375, 0.5, 0.5], atol=1e-6)


@pytest.mark.backend
def test_a_network_is_trained_with_dropped_paths_on_every_backend():
    model, rows = regularized(cells=1)
    model.total = 4
    before = [np.array(keras.ops.convert_to_numpy(weight)) for weight in model.plain.trainable_weights]
    model.fit(rows.x, rows.y, batch_size=32, epochs=2, verbose=0)
    assert float(model.rate) == pytest.approx(0.375) and int(model.done) == 4
    after = [keras.ops.convert_to_numpy(weight) for weight in model.plain.trainable_weights]
    assert all(not np.array_equal(one, other) for one, other in zip(before, after))


# ------------------------------------------------------------ auxiliary head
def test_the_auxiliary_head_stands_at_two_thirds_and_adds_its_share_of_the_loss():
    model, rows = regularized(drop_path=0.0)
    answers = model.noisy(rows.x, training=True)
    assert answers[AUXILIARY].shape == answers["output"].shape
    both = [float(model.compute_loss(rows.x, rows.y, {"output": answers[name]})) for name in ("output", AUXILIARY)]
    whole = float(model.compute_loss(rows.x, rows.y, answers))
    assert whole == pytest.approx(both[0] + 0.4 * both[1], rel=1e-5)
    auxiliary = [layer for layer in model.noisy.layers if layer.name.startswith(AUXILIARY)]
    tapped = auxiliary[0].input
    assert "cell_1" in tapped._keras_history.operation.name  # the second of three


@pytest.mark.parametrize("why", ["one cell", "no share"])
def test_there_is_no_auxiliary_head_where_there_is_no_place_for_it(why):
    model, rows = regularized(cells=1) if why == "one cell" else regularized(auxiliary=0.0)
    assert set(model.noisy(rows.x)) == {"output"}


# ---------------------------------------------------------------- what stays
def test_both_networks_share_all_weights_and_the_plain_one_answers():
    model, rows = regularized()
    mine = {id(weight) for weight in model.plain.weights}
    assert mine < {id(weight) for weight in model.noisy.weights}
    assert model.count_params() == model.plain.count_params() < model.noisy.count_params()
    before = keras.ops.convert_to_numpy(model(rows.x)["output"])
    model.train_on_batch(rows.x, rows.y)
    after = keras.ops.convert_to_numpy(model(rows.x)["output"])
    assert not np.allclose(before, after)
    np.testing.assert_allclose(after, keras.ops.convert_to_numpy(bare(model)(rows.x)["output"]), atol=1e-6)


ALONE = """
import sys
sys.modules["kerasnas"] = None  # as if it were not installed
import keras, numpy as np
model = keras.models.load_model(sys.argv[1])
names = [layer.name for layer in model._flatten_layers()]
print(model(np.load(sys.argv[2])).shape, any("auxiliary" in name or "drop" in name for name in names))
"""


def test_a_derived_cell_is_retrained_and_loads_without_kerasnas(tmp_path):
    x, y = digits(120)
    space = spaces.darts(cells=3, filters=2, nodes=1, stem_multiplier=1)
    evaluator = Retraining(epochs=2, batch_size=32)
    found = kn.search(space, (x, y), "random", evaluator, max_trials=1, seed=0, directory=tmp_path)
    (trial,) = found.trials
    assert trial.completed and len(trial.measurement.curve) == 2
    path = checkpoint(found.folder, 0)
    np.save(tmp_path / "x.npy", x[:5])
    done = subprocess.run(
        [sys.executable, "-c", ALONE, path, tmp_path / "x.npy"], capture_output=True, text=True, check=True
    )
    assert done.stdout.split("\n")[-2] == "(5, 10) False"


# -------------------------------------------------------------------- recipe
def test_the_recipe_is_that_of_the_papers():
    evaluator = Retraining()
    plan = evaluator._plan({"learning_rate": 1.0, "epochs": 3}, 960, 50)
    assert (plan.optimizer, plan.learning_rate, plan.epochs, plan.batch_size) == ("sgd", 0.025, 50, 96)
    assert plan.rate(0.0) == pytest.approx(0.025) and plan.rate(0.5) == pytest.approx(0.0125)
    assert plan.rate(1.0) == pytest.approx(0.0)


def test_pictures_are_cut_and_shifted_and_digits_are_not_mirrored():
    context = kn.contract.Context(chain(), task())
    evaluator = Retraining(cutout=0.25)
    evaluator.setup(context)
    (found,) = evaluator._augmentation({}, context.task.train).values()
    assert (found.cutout, found.translation, found.horizontal_flip) == (0.25, 0.125, False)
    plain = Retraining(cutout=0.0, translation=0.0)
    plain.setup(context)
    assert plain._augmentation({}, context.task.train) == {}


def test_retraining_says_what_it_expects():
    for wrong in ({"drop_path": 1.0}, {"auxiliary": -1}, {"cutout": 1.5}):
        with pytest.raises(ArgumentError):
            Retraining(**wrong)
    assert Retraining(drop_path=0.1).describe() != Retraining().describe()
