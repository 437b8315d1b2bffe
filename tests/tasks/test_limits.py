"""Limits of a model's size hold for the model that is handed over."""

import numpy as np
import pytest

import kerasnas as kn

LIMIT = 60


@pytest.fixture(scope="module")
def rows():
    x = np.random.default_rng(0).normal(size=(40, 3)).astype("float32")
    return x, x[:, 0] + x[:, 1] ** 2


def drawn(folder, **arguments):
    inputs = kn.Input()
    block = kn.DenseBlock(num_layers=1, num_units=[1, 2, 4, 8, 16], use_batchnorm=False, dropout=0.0)
    outputs = kn.RegressionHead(dropout=0.0)(block(inputs))
    return kn.AutoModel(inputs, outputs, directory=folder, project_name="run", seed=0, epochs=1, **arguments)


def test_a_mean_of_folds_keeps_to_the_size(rows, tmp_path):
    model = drawn(tmp_path, max_model_size=LIMIT, max_trials=2).fit(*rows, validation="cv3", verbose=0)
    sizes = [trial.measurement.metrics["params"] for trial in model.trials_]
    assert max(sizes) <= LIMIT and model.best_architecture_["dense_block/layers/0/dense/units"] < 4
    exported = model.export_model().count_params()
    assert exported in sizes or exported == sum(sizes) <= LIMIT
    for trial in model.trials_:
        assert model.export_model(trial.number).count_params() == trial.measurement.metrics["params"]


def test_a_mean_of_trials_keeps_to_the_size(rows, tmp_path):
    model = drawn(tmp_path, max_trials=2).fit(*rows, verbose=0)
    least = min(trial.measurement.metrics["params"] for trial in model.trials_)
    model = drawn(tmp_path, max_model_size=least, max_trials=2).fit(*rows, verbose=0)
    assert len(model.trials_) == 2 and model.export_model().count_params() == least  # chosen anew, under the limit
