"""Depthwise convolutions, as each backend computes them, against sums written out."""

import itertools

import keras
import numpy as np
import pytest

from kerasnas import backend

pytestmark = pytest.mark.backend


def written_out(x, kernel, stride, dilation):
    """Padded as "same" has it: the odd zero after."""
    size, channels = len(kernel), x.shape[-1]
    outs = [-(-axis // stride) for axis in x.shape[1:3]]
    needed = [max(0, (out - 1) * stride + (size - 1) * dilation + 1 - axis) for out, axis in zip(outs, x.shape[1:3])]
    padded = np.pad(x, ((0, 0), *[(zeros // 2, zeros - zeros // 2) for zeros in needed], (0, 0)))
    found = np.zeros((len(x), *outs, channels))
    for i, j, a, b in itertools.product(*map(range, outs), range(size), range(size)):
        found[:, i, j] += padded[:, i * stride + a * dilation, j * stride + b * dilation] * kernel[a, b, 0]
    return found


@pytest.mark.parametrize("size, stride, dilation", [(3, 1, 1), (5, 1, 1), (3, 2, 1), (5, 2, 1), (3, 1, 2), (5, 1, 2)])
def test_a_depthwise_convolution_and_its_gradients(size, stride, dilation):
    rng = np.random.default_rng(0)
    x, kernel = (
        keras.Variable(rng.normal(size=shape), dtype="float32") for shape in ((2, 8, 7, 3), (size, size, 1, 3))
    )
    given = [keras.ops.convert_to_numpy(each) for each in (x, kernel)]
    expected = written_out(*given, stride, dilation)

    def compute():
        y = backend.grouped_conv(x.value, kernel.value, 3, (stride, stride), (dilation, dilation))
        return keras.ops.sum(keras.ops.sin(y)), keras.ops.stop_gradient(y)

    # On a CPU TensorFlow has gradients of dilated convolutions only in graphs.
    step = backend.compiled(lambda: backend.value_and_gradients(compute, [x, kernel]), [x, kernel])
    (_, y), gradients = step()
    np.testing.assert_allclose(keras.ops.convert_to_numpy(y), expected, atol=1e-4)
    upstream = np.cos(expected)
    for at, gradient in enumerate(gradients):  # linear in each, so a gradient is what unit arrays give
        units = np.eye(given[at].size).reshape(-1, *given[at].shape)
        pairs = [(unit, given[1]) if at == 0 else (given[0], unit) for unit in units]
        slopes = [np.sum(written_out(*pair, stride, dilation) * upstream) for pair in pairs]
        found = keras.ops.convert_to_numpy(gradient).reshape(-1)
        np.testing.assert_allclose(found, slopes, atol=1e-3)
