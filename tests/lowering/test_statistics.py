"""Batch normalizations of supernets in training, against Keras's own."""

import keras
import numpy as np
import pytest

from kerasnas import backend
from kerasnas.lowering.statistics import is_plain, normalized


def arrays(values):
    return [np.array(keras.ops.convert_to_numpy(keras.ops.convert_to_tensor(value))) for value in values]


@pytest.mark.backend
@pytest.mark.parametrize("affine", [True, False])
@pytest.mark.parametrize("shape", [(6, 4, 5, 3), (8, 3)])
def test_it_is_keras_batch_normalization(shape, affine):
    rng = np.random.default_rng(0)
    x = keras.Variable(rng.normal(2.0, 3.0, size=shape), dtype="float32")
    layers = [keras.layers.BatchNormalization(momentum=0.8, scale=affine, center=affine) for _ in range(2)]
    found = []
    for layer, compute in zip(layers, (lambda: layers[0](x.value, training=True), lambda: normalized(layers[1], x))):
        layer.build((None, *shape[1:]))
        if affine:
            layer.gamma.assign([0.5, 1.0, 2.0])
            layer.beta.assign([1.0, 0.0, -1.0])
        variables = [x, *layer.trainable_weights]
        loss = lambda: (keras.ops.sum(keras.ops.sin(compute())), None)  # noqa: B023, E731
        _, gradients = backend.value_and_gradients(loss, variables)
        found.append([*gradients, layer.moving_mean, layer.moving_variance, compute()])
    for theirs, ours in zip(*map(arrays, found)):
        np.testing.assert_allclose(ours, theirs, rtol=1e-4, atol=1e-4)
    assert is_plain(layers[0], x)


def test_what_is_no_plain_one_is_left_to_keras():
    x = np.zeros((2, 4, 4, 3))
    frozen = keras.layers.BatchNormalization()
    frozen.trainable = False
    own = type("Own", (keras.layers.BatchNormalization,), {})()
    regularized = keras.layers.BatchNormalization(activity_regularizer="l2")
    others = [frozen, own, regularized, keras.layers.BatchNormalization(axis=1), keras.layers.LayerNormalization()]
    assert not any(is_plain(layer, x) for layer in others)
    assert is_plain(keras.layers.BatchNormalization(axis=3), x)
