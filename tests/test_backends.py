"""The whole line on whichever backend Keras runs on: `make test-backends` runs this on JAX and on PyTorch."""

import subprocess
import sys

import keras
import numpy as np
import pytest
from sklearn.datasets import load_digits

import kerasnas as kn
from kerasnas import backend
from kerasnas.operations import ConvBN, Dense, GlobalAvgPool, SeparableConv
from kerasnas.testing import check_block

pytestmark = pytest.mark.backend


def test_what_is_soon_ready_leaves_settings_as_they_were():
    if keras.backend.backend() != "tensorflow":
        assert backend.soon_ready(len) is len
        return
    settings = backend.tf().config.optimizer.get_experimental_options
    before = settings()

    def failing():
        assert settings()["constant_folding"] is False
        raise ValueError("within")

    with pytest.raises(ValueError, match="within"):
        backend.soon_ready(failing)()
    assert settings() == before


@pytest.fixture(scope="module")
def digits():
    found = load_digits()
    return found.images[:400], found.target[:400]


@pytest.fixture(scope="module")
def fitted(digits, tmp_path_factory):
    inputs = kn.ImageInput()
    pictures = kn.ImageAugmentation(horizontal_flip=True)(kn.Normalization()(inputs))
    hidden = kn.ConvBlock(num_blocks=1, num_layers=1, filters=16, kernel_size=3, dropout=0.0)(pictures)
    model = kn.AutoModel(
        inputs,
        kn.ClassificationHead(dropout=0.0, reduction="flatten")(hidden),
        max_trials=2,
        seed=0,
        directory=tmp_path_factory.mktemp("runs"),
    )
    return model.fit(*digits, epochs=8, batch_size=32, verbose=0)


def test_a_search_learns(fitted, digits):
    assert all(trial.completed for trial in fitted.trials_)
    assert fitted.score(*digits) > 0.5


def test_an_export_answers_alike_in_another_process(fitted, digits, tmp_path):
    fitted.export_model().save(tmp_path / "model.keras")
    np.save(tmp_path / "x.npy", digits[0][:20])
    code = (
        "import sys; sys.modules['kerasnas'] = None; import keras, numpy as np; "
        "model = keras.models.load_model('model.keras'); "
        "np.save('y.npy', model.predict(np.load('x.npy'), verbose=0))"
    )
    subprocess.run([sys.executable, "-c", code], cwd=tmp_path, check=True, capture_output=True)
    np.testing.assert_allclose(np.load(tmp_path / "y.npy"), fitted.predict_proba(digits[0][:20]), atol=1e-5)


def test_equal_seeds_give_equal_figures(digits, tmp_path):
    space = kn.Space(
        kn.Sequential(
            ConvBN(8), kn.Choice(SeparableConv(8), ConvBN(8)), GlobalAvgPool(), Dense(10, activation="softmax")
        )
    )
    found = [
        kn.search(
            space, digits, "random", kn.evaluators.Training(epochs=2), max_trials=2, seed=0, directory=tmp_path / name
        )
        for name in ("a", "b")
    ]
    first, second = ([(t.proposal.architecture, t.measurement.metrics) for t in each.trials] for each in found)
    assert first == second


@pytest.mark.parametrize("block", [kn.ResNetBlock(width=16), kn.DenseBlock(num_units=16)], ids=["resnet", "dense"])
def test_blocks(block):
    check_block(block, (8, 8, 1), architectures=1)


def test_the_backend_is_the_one_asked_for():
    import os

    assert keras.backend.backend() == os.environ.get("KERAS_BACKEND", "tensorflow")
