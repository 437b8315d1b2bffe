"""Variables that an optimizer moves as one vector."""

import keras
import numpy as np
import pytest

from kerasnas.supernets.packed import ALIKE, Packed, packs

SHAPES = [(3, 2), (4,), (), (1, 2, 2)]


def variables(seed=0, **kwargs):
    rng = np.random.default_rng(seed)
    return [keras.Variable(rng.normal(size=shape).astype("float32"), **kwargs) for shape in SHAPES]


def arrays(values):
    return [np.array(keras.ops.convert_to_numpy(value)) for value in values]


@pytest.mark.backend
@pytest.mark.parametrize("name", ALIKE)
def test_steps_are_those_of_the_variables_one_by_one(name):
    made = [getattr(keras.optimizers, name)(0.05, weight_decay=0.01, clipvalue=1.5) for _ in range(2)]
    together, apart = variables(), variables()
    assert packs(made[0], together)
    packed = Packed(made[0], together)
    made[1].build(apart)
    for seed in range(1, 5):
        gradients = arrays(variables(seed))
        packed.apply(packed.joined(list(map(keras.ops.convert_to_tensor, gradients))))
        made[1].apply(list(map(keras.ops.convert_to_tensor, gradients)), apart)
    for one, other in zip(arrays(together), arrays(apart)):
        np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-6)
    assert not np.allclose(arrays(together)[0], arrays(variables())[0])


@pytest.mark.backend
def test_variables_may_be_set_from_outside_between_steps():
    packed = Packed(keras.optimizers.SGD(0.5), variables())
    packed.apply(packed.joined(variables(1)))
    packed.variables[1].assign([1.0, 2.0, 3.0, 4.0])
    packed.apply(packed.joined([None, keras.ops.ones(4), None, None]))
    np.testing.assert_allclose(arrays(packed.variables)[1], [0.5, 1.5, 2.5, 3.5])


def test_a_vector_and_back():
    packed = Packed(keras.optimizers.SGD(), variables())
    before = arrays(packed.variables)
    packed.assign(2 * packed.values())
    for one, other in zip(arrays(packed.variables), before):
        np.testing.assert_allclose(one, 2 * other)


@pytest.mark.parametrize(
    "optimizer",
    [lambda: keras.optimizers.Lamb(), lambda: keras.optimizers.Adafactor(), lambda: keras.optimizers.SGD(clipnorm=1.0),
     lambda: keras.optimizers.SGD(use_ema=True), lambda: type("Own", (keras.optimizers.SGD,), {})()],
)  # fmt: skip
def test_optimizers_that_look_at_whole_variables_do_not_pack(optimizer):
    assert not packs(optimizer(), variables())


def test_variables_of_several_kinds_do_not_pack():
    assert not packs(keras.optimizers.SGD(), [*variables(), keras.Variable(np.ones(2, "float16"))])


def test_variables_that_are_named_do_not_pack():
    excluding = keras.optimizers.SGD(weight_decay=0.1)
    excluding.exclude_from_weight_decay(var_names=["bias"])
    assert not packs(excluding, variables())


@pytest.mark.backend
def test_one_variable_alone_and_its_constraint():
    held = keras.layers.Dense(2, use_bias=False, kernel_constraint=keras.constraints.NonNeg())
    held.build((None, 3))
    packed = Packed(keras.optimizers.SGD(1.0), [held.kernel])
    packed.apply(packed.joined([keras.ops.convert_to_tensor([[5.0, -5.0]] * 3)]))
    kernel = arrays([held.kernel])[0]
    assert (kernel[:, 0] == 0).all() and (kernel[:, 1] > 3).all()
