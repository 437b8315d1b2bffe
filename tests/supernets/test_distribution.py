"""A search by gradients on several devices, as Keras distributes it on JAX."""

import os
import subprocess
import sys

import keras
import numpy as np
import pytest

from kerasnas.supernets import DARTS
from tests.supernets.searched import batch, bilevel, smooth

pytestmark = [
    pytest.mark.backend,
    pytest.mark.skipif(keras.backend.backend() != "jax", reason="keras.distribution of Keras's trainer is JAX's"),
]

ON_TWO = """
import keras
from tests.supernets.test_distribution import trained
keras.distribution.set_distribution(keras.distribution.DataParallel())
losses, model = trained()
print(len(model.shared[0].value.sharding.device_set), *losses)
"""


class Same(keras.utils.PyDataset):
    """Two steps of the same rows."""

    num_batches = 2

    def __len__(self):
        return 2

    def __getitem__(self, index):
        return batch()


def trained():
    keras.utils.set_random_seed(0)
    model = bilevel(DARTS(learning_rate=0.1, alpha_learning_rate=0.1), space=smooth())
    losses = model.fit(Same(), epochs=2, verbose=0, shuffle=False).history["loss"]
    return [*losses, *keras.ops.convert_to_numpy(model.alphas[0])], model


def test_two_devices_come_to_what_one_does():
    flags = {
        "XLA_FLAGS": "--xla_force_host_platform_device_count=2",
        "PYTHONPATH": os.pathsep.join(filter(None, sys.path)),
    }
    done = subprocess.run(
        [sys.executable, "-c", ON_TWO], env=os.environ | flags, capture_output=True, text=True, check=True
    )
    devices, *numbers = done.stdout.split("\n")[-2].split()
    assert int(devices) == 2
    np.testing.assert_allclose([float(number) for number in numbers], trained()[0], atol=1e-4)
