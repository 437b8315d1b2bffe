"""What a derived network takes over from its supernet, and the smaller space that the supernet may be made of."""

import random

import keras
import numpy as np
import pytest

import kerasnas as kn
from kerasnas import lowering, spaces
from kerasnas.contract import Context
from kerasnas.errors import ArgumentError, SpaceError
from kerasnas.evaluators import Retraining, Training
from kerasnas.lowering.opening import open_space
from kerasnas.lowering.supernet import Supernet
from kerasnas.strategies import Derive
from kerasnas.supernets import DARTS, PCDARTS
from kerasnas.supernets.inheritance import leave, place, take, weighted
from tests.evaluators.test_retraining import chain
from tests.supernets.searched import SHAPE, digits, tiny
from tests.supernets.test_differentiable import RULE, task

SHORT = {**RULE, "epochs": 1}


def test_the_network_of_a_space_takes_over_what_the_supernet_computes(tmp_path):
    space, rng = tiny(), random.Random(0)
    keras.utils.set_random_seed(0)
    supernet = Supernet(space, SHAPE)
    x = np.random.default_rng(0).normal(size=(4, *SHAPE)).astype("float32")
    for number in range(6):
        architecture, folder = space.sample(rng), tmp_path / str(number)
        inherited, own = supernet.inherit(architecture), lowering.build(space, architecture, SHAPE)
        assert not take(own, folder, architecture)
        leave(inherited, folder, architecture)
        assert take(own, folder, architecture)
        np.testing.assert_allclose(own(x), inherited(x), atol=1e-5)


def test_normalizations_that_pools_have_while_searching_are_left_out(tmp_path):
    space = spaces.nasbench201(num_classes=3, cells=1, filters=4)
    supernet = Supernet(open_space(space, normalized_pools=True), (8, 8, 3))
    mixed = dict(zip(spaces.NASBENCH201_EDGES, ["avg_pool_3x3", "nor_conv_3x3", "avg_pool_3x3", *["nor_conv_1x1"] * 3]))
    architecture = kn.Architecture(mixed)
    inherited, own = supernet.inherit(architecture), lowering.build(space, architecture, (8, 8, 3))
    assert len(weighted(inherited)) == len(weighted(own)) + 6  # two in each of three cells
    leave(inherited, tmp_path, architecture)
    assert take(own, tmp_path, architecture)
    kept = [layer for layer, _ in weighted(inherited) if "BatchNorm" not in type(layer).__name__]
    mine = [layer for layer, _ in weighted(own) if "BatchNorm" not in type(layer).__name__]
    for one, other in zip(kept, mine, strict=True):
        for left, right in zip(one.get_weights(), other.get_weights(), strict=True):
            np.testing.assert_array_equal(left, right)


def test_weights_of_another_network_are_refused(tmp_path):
    space = tiny()
    architecture = space.default()
    leave(lowering.build(space, architecture, SHAPE), tmp_path, architecture)
    with pytest.raises(SpaceError, match="of another network"):
        take(lowering.build(tiny(classes=5), architecture, SHAPE), tmp_path, architecture)
    assert place(tmp_path, architecture) == place(tmp_path, kn.Architecture({**architecture, "training/epochs": 3}))


@pytest.mark.parametrize("evaluator", [Training(epochs=1), Retraining(epochs=1, batch_size=32)], ids=["plain", "noisy"])
def test_derived_networks_start_from_the_supernet_on_request(tmp_path, monkeypatch, evaluator):
    from kerasnas.evaluators import training

    taken = []
    monkeypatch.setattr(training, "take", lambda *args: taken.append(take(*args)) or taken[-1])
    for inherit in (True, False):
        strategy = Derive(DARTS(**SHORT), inherit=inherit)
        kn.search(tiny(10), digits(), strategy, evaluator, max_trials=1, seed=0, directory=tmp_path / str(inherit))
    assert taken == [True, False]


def test_cells_are_searched_in_a_small_network_and_retrained_in_a_large_one(tmp_path):
    small, large = chain(1), chain(3)
    strategy, evaluator = Derive(DARTS(**SHORT), small), Retraining(epochs=1, batch_size=32)
    found = kn.search(large, digits(120), strategy, evaluator, max_trials=1, seed=0, directory=tmp_path)
    assert found.architecture in large
    assert found.model.count_params() > lowering.cost(small, found.architecture, (4, 4, 1)).params


def test_it_says_what_cannot_be():
    with pytest.raises(ArgumentError, match="whole channels"):
        Derive(PCDARTS(), inherit=True)
    with pytest.raises(ArgumentError, match="another space"):
        Derive("darts", space=tiny(), inherit=True)
    with pytest.raises(ArgumentError, match="unlike ones at cell/node_2"):
        Derive("darts", space=tiny()).setup(Context(tiny(nodes=3), task()))
    assert Derive("darts", inherit=True).describe() != Derive("darts").describe()
    assert Derive("darts", space=tiny()).describe() != Derive("darts").describe()
