import numpy as np
import pytest

import kerasnas as kn
from kerasnas.blocks import pretrained
from kerasnas.blocks.drawing import Drawing
from kerasnas.blocks.networks import ResNet, Whitening, stages_for
from kerasnas.blocks.pretrained import Pretrained, pixels
from kerasnas.data.validation import Validation
from kerasnas.errors import ArgumentError
from kerasnas.lowering import cost_of
from kerasnas.tasks.preparation import prepare


def test_stages_follow_the_size_of_the_picture():
    assert [stages_for((side, side)) for side in (4, 8, 16, 28, 32, 64, 224)] == [1, 1, 2, 2, 3, 4, 4]


@pytest.mark.parametrize("channels", [1, 3])
def test_whitening_gives_independent_responses_of_one_size(channels):
    rng = np.random.default_rng(0)
    smooth = rng.normal(size=(300, 12, 12, channels)).cumsum(axis=1).cumsum(axis=2).astype("float32")
    smooth -= smooth.mean()
    operation = Whitening(2)
    (kernel,) = operation.weights_from(smooth)
    half = 4 * channels
    assert kernel.shape == (2, 2, channels, 2 * half)
    np.testing.assert_array_equal(kernel[..., :half], -kernel[..., half:])
    patches = np.stack([smooth[:, i : i + 11 : 2, j : j + 11 : 2] for i in range(2) for j in range(2)], axis=3).reshape(
        -1, half
    )
    responses = patches @ kernel[..., :half].reshape(half, half)
    covariance = np.cov(responses.T)
    assert np.abs(covariance - np.diag(np.diag(covariance))).max() < 0.05
    assert np.diag(covariance).max() <= 1.01


def test_whitening_is_set_from_the_training_rows(tmp_path):
    from sklearn.datasets import load_digits

    digits = load_digits()
    inputs = kn.ImageInput()
    hidden = kn.ResNetBlock(width=16, blocks=1)(kn.Normalization()(inputs))

    class Whitened(kn.Strategy):
        def ask(self, rng):
            return kn.Proposal(self.context.space.complete({"res_net_block/stem": "whitening"}))

    model = kn.AutoModel(
        inputs, kn.ClassificationHead()(hidden), max_trials=1, strategy=Whitened(), seed=0, directory=tmp_path
    )
    model.fit(digits.images[:200], digits.target[:200], epochs=1, verbose=0)
    layers = [layer for layer in _layers(model.export_model()) if "whitening" in layer.name and layer.weights]
    (layer,) = layers
    assert not layer.trainable
    kernel = layer.get_weights()[0]
    half = kernel.shape[-1] // 2
    np.testing.assert_array_equal(kernel[..., :half], -kernel[..., half:])


def _layers(model):
    for layer in model.layers:
        yield layer
        yield from _layers(layer) if hasattr(layer, "layers") else ()


@pytest.mark.parametrize("shape", [(8, 8, 1), (28, 28, 1), (32, 32, 3), (17, 40, 2), (5, 5, 4)])
@pytest.mark.parametrize("stem", ["conv", "whitening"])
def test_residual_networks_cost_what_they_weigh(shape, stem):
    network = ResNet(width=8, stem=stem)
    assert kn.build(network, None, shape).count_params() == cost_of(network, shape).params


def test_published_weights_out_of_reach_are_said_before_any_training(monkeypatch):
    import keras

    def unreachable(**arguments):
        raise Exception("URL fetch failure on https://example.org")

    monkeypatch.setattr(keras.applications.resnet_v2, "ResNet50V2", unreachable)
    with pytest.raises(ArgumentError, match="published weights of ResNet50V2.*pretrained=False"):
        kn.ResNetBlock(pretrained=True).node([])
    with pytest.raises(ArgumentError, match="version.*v1.*v2"):
        kn.ResNetBlock(pretrained=True, version="v3").node([])


BLOCKS = {
    "as they are": (1.0, ()),
    "from 0 to 1": (1 / 255, ()),
    "standardized": (1.0, (kn.Normalization,)),
    "standardized and augmented": (1 / 255, (kn.Normalization, kn.ImageAugmentation)),
}


@pytest.mark.parametrize(("scale", "before"), BLOCKS.values(), ids=BLOCKS)
def test_a_published_network_sees_pixels(monkeypatch, scale, before):
    import keras

    def shrunk(block, version, weights="imagenet", shape=(None, None, 3)):
        return keras.Sequential([keras.Input(shape), keras.layers.AveragePooling2D(32)])

    monkeypatch.setattr(pretrained, "published", shrunk)
    x = scale * np.random.default_rng(0).integers(0, 256, (30, 32, 32, 1))
    wire = source = kn.ImageInput()
    for block in before:
        wire = block()(wire)
    drawing = Drawing(source, kn.ClassificationHead()(kn.ResNetBlock(pretrained=True)(wire)))
    space = prepare(drawing, x, np.arange(30) % 2, None, None, None).space({}, Validation())
    operation = space.network.steps[-2].node
    seen = (x - x.mean()) / x.std() if before else x
    model = kn.build(operation, None, (32, 32, 1))
    watched = keras.Model(model.inputs, model.layers[-2].output)
    found = watched.predict(seen, verbose=0)
    assert -1.5 < found.min() < -0.6 and 0.6 < found.max() < 1.5 and 0.3 < found.std() < 0.7


ENDS = [
    ((0, 255), (0, 255)), ((3, 90), (3, 90)), ((0.1, 0.9), (25.5, 229.5)), ((-1, 1), (0, 255)), ((0, 65535), (0, 255)),
    ((-5, -5), (0, 0)), (None, ()),
]  # fmt: skip


@pytest.mark.parametrize(("values", "ends"), ENDS)
def test_pixels_from_the_values_of_pictures(values, ends):
    found = pixels(values)
    (scale,), (offset,) = found.get("scale", (1.0,)), found.get("offset", (0.0,))
    assert [scale * value + offset for value in values or ()] == pytest.approx(list(ends))


def test_a_published_network_takes_grey_and_small_pictures(monkeypatch):
    real = pretrained.published
    monkeypatch.setattr(
        pretrained, "published", lambda block, version, weights=None, shape=None: real(block, version, None, shape)
    )
    operation = Pretrained("EfficientNetBlock")
    model = kn.build(operation, None, (20, 33, 1))
    assert model.output_shape[1:] == operation.shape((20, 33, 1))
    assert model.count_params() == cost_of(operation, (20, 33, 1)).params
    assert np.isfinite(model.predict(np.full((2, 20, 33, 1), 200.0), verbose=0)).all()
