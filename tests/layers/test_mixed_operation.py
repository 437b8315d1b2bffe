import keras
import numpy as np
import pytest

import kerasnas as kn
from kerasnas.errors import ArgumentError
from kerasnas.layers import MixedOperation
from kerasnas.operations import AvgPool, Conv, Identity, MBConv, SeparableConv

pytestmark = pytest.mark.backend


def mixed():
    return MixedOperation([keras.layers.Conv2D(4, 3, padding="same"), SeparableConv(4), Identity(), MBConv(4)])


def x():
    return np.random.default_rng(0).normal(size=(2, 6, 6, 4)).astype("float32")


def array(tensor):
    return keras.ops.convert_to_numpy(tensor)


def test_in_a_users_own_model_it_owns_its_weights():
    inputs = keras.Input((6, 6, 4))
    outputs = keras.layers.GlobalAveragePooling2D()(kn.layers.MixedOperation([Conv(4), AvgPool(3, 1, "same")])(inputs))
    model = keras.Model(inputs, outputs)
    model.compile("sgd", "mse")
    before = array(model.layers[1].alpha)
    model.fit(x(), np.ones((2, 4)), verbose=0)
    assert not np.array_equal(before, array(model.layers[1].alpha))


def test_gates_are_data():
    layer = mixed()
    layer(x())
    alone = [array(candidate(x(), training=False)) for candidate in layer.candidates]
    for gates in (np.eye(4)[1], np.eye(4)[2], [0.0, 0.5, 0.5, 0.0]):
        found = layer(x(), gates=keras.ops.convert_to_tensor(np.array(gates, "float32")), training=False)
        naive = sum(g * a for g, a in zip(gates, alone))
        np.testing.assert_allclose(array(found), naive, atol=1e-5)


def test_it_is_saved_and_loaded(tmp_path):
    inputs = keras.Input((6, 6, 4))
    model = keras.Model(inputs, mixed()(inputs))
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    np.testing.assert_allclose(array(model(x())), array(loaded(x())), atol=1e-6)


@pytest.mark.parametrize("wrong", [[], None, ["conv"], [Conv(kn.Choice(4, 8))]])
def test_it_takes_layers_and_resolved_operations(wrong):
    with pytest.raises(ArgumentError):
        MixedOperation(wrong)


def test_candidates_of_unequal_shape_are_refused():
    with pytest.raises(ArgumentError, match="one output shape"):
        MixedOperation([Conv(4), Conv(6)])(x())
