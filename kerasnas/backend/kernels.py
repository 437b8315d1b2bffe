"""What fused cells compute with, as each backend does it fast."""

import functools
import itertools
import math

from kerasnas.backend.lazy import tf


def grouped_conv(x, kernel, groups=None, strides=(1, 1), dilation=(1, 1)):
    """A convolution of images in groups of channels, padded to keep the size at one stride.

    Keras's own goes through XLA on TensorFlow where there are groups, which is many times slower on a CPU.

    Args:
        x: `(rows, height, width, channels)`.
        kernel: `(height, width, channels / groups, filters)`.
        groups: Number of groups; None for as many as the kernel is made for, which may be known only while it runs.
            That is for backends of which `counts_groups` says so.
        strides, dilation: By axis; one of them is 1.
    """
    import keras

    kernel = keras.ops.cast(kernel, x.dtype)
    name = keras.backend.backend()
    if name == "torch":
        return _torch_conv(x, kernel, groups or x.shape[-1] // kernel.shape[2], strides, dilation)
    if name == "tensorflow" and (groups in (1, None) or _differentiates_groups()):
        return tf().nn.conv2d(x, kernel, strides, "SAME", dilations=dilation)
    if groups == 1:
        return keras.ops.conv(x, kernel, strides, "same", dilation_rate=dilation)
    if groups == x.shape[-1] == kernel.shape[-1]:
        return _depthwise(x, kernel, strides, dilation)
    if tuple(kernel.shape[:2]) == (1, 1) == tuple(strides):
        return _pointwise(x, kernel, groups)
    pairs = zip(keras.ops.split(x, groups, axis=-1), keras.ops.split(kernel, groups, axis=-1))
    parts = [keras.ops.conv(part, each, strides, "same", dilation_rate=dilation) for part, each in pairs]
    return keras.ops.concatenate(parts, axis=-1)


def counts_groups():
    """Whether convolutions here may have a number of groups that is known only while they run."""
    import keras

    name = keras.backend.backend()
    return name == "torch" or (name == "tensorflow" and _differentiates_groups())


def places(chosen):
    """Where a vector is true, and a float for each that says so; a single zero, said to be false, where it nowhere is.

    How many there are is known only while it runs, so only where `counts_groups`.
    """
    import keras

    if keras.backend.backend() == "torch":
        found = chosen.nonzero()[:, 0]
        real = found.new_ones(max(len(found), 1)).float() * bool(len(found))
        return (found if len(found) else found.new_zeros(1)), real
    found = tf().where(chosen)[:, 0]
    none = tf().cast(tf().equal(tf().size(found), 0), "int32")
    real = tf().concat([tf().ones_like(found, "float32"), tf().zeros(none[None])], 0)
    return tf().concat([tf().cast(found, "int32"), tf().zeros(none[None], "int32")], 0), real


@functools.cache
def _differentiates_groups():
    """Whether TensorFlow has gradients of grouped convolutions here: on CPUs oneDNN alone has."""
    image, sizes = (1, 4, 4, 2), (3, 3, 1, 2)
    with tf().init_scope():  # no tape records in there, so the gradient's own operation is asked
        given = {"input": tf().ones(image), "filter_sizes": sizes, "out_backprop": tf().ones(image)}
        try:
            tf().raw_ops.Conv2DBackpropFilter(**given, strides=(1, 1, 1, 1), padding="SAME")
        except tf().errors.OpError:
            return False
    return True


def _depthwise(x, kernel, strides, dilation):
    import keras

    if keras.backend.backend() == "tensorflow":
        kernel = tf().transpose(kernel, (0, 1, 3, 2))
        return tf().nn.depthwise_conv2d(x, kernel, (1, *strides, 1), "SAME", dilations=dilation)
    return _tapped(strides, dilation)(x, kernel)


@functools.cache
def _tapped(strides, dilation):
    """A depthwise convolution on JAX: XLA's own is slow on a CPU, so this is a sum over the taps of the window.

    The image's gradient is such a sum too, and the kernel's takes one tap at a time, in a loop: XLA is ready sooner
    than with what it would derive. What is compiled on its own is traced once for all cells.
    """
    import jax

    def summed(image, kernel, strides):
        """The sum over all taps, of an image with the padding that they need."""
        reach = [axis - (size - 1) * step for axis, size, step in zip(image.shape[1:3], kernel.shape, dilation)]
        starts = [range(0, size * step, step) for size, step in zip(kernel.shape, dilation)]
        total = 0.0
        for (i, top), (j, left) in itertools.product(enumerate(starts[0]), enumerate(starts[1])):
            seen = image[:, top : top + reach[0] : strides[0], left : left + reach[1] : strides[1]]
            total = total + seen * kernel[i, j, 0]
        return total

    def pads(x, kernel):
        return [_padding(*each) for each in zip(x.shape[1:3], kernel.shape, strides, dilation)]

    @jax.jit
    def plain(x, kernel):
        return summed(jax.numpy.pad(x, ((0, 0), *pads(x, kernel), (0, 0))), kernel, strides)

    @jax.jit
    def of_image(x, kernel, upstream):
        config = [(0, 0, 0)]
        for axis, i in ((1, 0), (2, 1)):
            reach, wide = (kernel.shape[i] - 1) * dilation[i], (upstream.shape[axis] - 1) * strides[i] + 1
            before = reach - pads(x, kernel)[i][0]
            config.append((before, x.shape[axis] + reach - wide - before, strides[i] - 1))
        zero = jax.numpy.zeros((), upstream.dtype)
        return summed(jax.lax.pad(upstream, zero, [*config, (0, 0, 0)]), kernel[::-1, ::-1], (1, 1))

    @jax.jit
    def of_kernel(x, kernel, upstream):
        image = jax.numpy.pad(x, ((0, 0), *pads(x, kernel), (0, 0)))
        high, wide = ((axis - 1) * step + 1 for axis, step in zip(upstream.shape[1:3], strides))

        def tap(_, at):
            begin = (0, at[0] * dilation[0], at[1] * dilation[1], 0)
            seen = jax.lax.dynamic_slice(image, begin, (len(x), high, wide, x.shape[-1]))
            return None, (seen[:, :: strides[0], :: strides[1]] * upstream).sum(axis=(0, 1, 2))

        at = jax.numpy.stack(jax.numpy.meshgrid(*map(jax.numpy.arange, kernel.shape[:2]), indexing="ij"), axis=-1)
        found = jax.lax.scan(tap, None, at.reshape(-1, 2))[1]
        return found.reshape(kernel.shape).astype(kernel.dtype)

    convolved = jax.custom_vjp(plain)
    convolved.defvjp(
        lambda x, kernel: (plain(x, kernel), (x, kernel)),
        lambda given, upstream: (of_image(*given, upstream), of_kernel(*given, upstream)),
    )
    return convolved


def _pointwise(x, kernel, groups):
    """A matrix product for each group."""
    import keras

    into, out = kernel.shape[2], kernel.shape[3] // groups
    parts = keras.ops.reshape(x, (-1, *x.shape[1:3], groups, into))
    matrices = keras.ops.reshape(kernel, (into, groups, out))
    found = keras.ops.einsum("nhwgi,igo->nhwgo", parts, matrices)
    return keras.ops.reshape(found, (-1, *x.shape[1:3], groups * out))


def _padding(axis, size, stride, dilation):
    """Zeros before and after an axis, as "same" padding has them: the odd one after."""
    needed = max(0, (-(-axis // stride) - 1) * stride + (size - 1) * dilation + 1 - axis)
    return needed // 2, needed - needed // 2


def _torch_conv(x, kernel, groups, strides, dilation):
    import torch.nn.functional as functional

    pads = [_padding(*each) for each in zip(x.shape[1:3], kernel.shape[:2], strides, dilation)]
    x, kernel = x.permute(0, 3, 1, 2), kernel.permute(3, 2, 0, 1)
    even = [before for before, _ in pads]
    if any(before != after for before, after in pads):
        x, even = functional.pad(x, (*pads[1], *pads[0])), [0, 0]
    return functional.conv2d(x, kernel, None, strides, even, dilation, groups).permute(0, 2, 3, 1)


def split(x, sizes):
    """Parts of a tensor along its last axis: so many equal ones, or of these sizes."""
    import keras

    if isinstance(sizes, list) and len(sizes) == 1:
        return [x]
    if isinstance(sizes, list) and keras.backend.backend() != "tensorflow":
        sizes = list(itertools.accumulate(sizes[:-1]))
    elif keras.backend.backend() == "tensorflow":
        return tf().split(x, sizes, axis=-1)
    return list(keras.ops.split(x, sizes, axis=-1))


def joined(tensors):
    """Tensors side by side along their last axis."""
    import keras

    first, *others = tensors
    if not others:
        return first
    alike = len(first.shape) > 1 and None not in first.shape[1:]
    alike = alike and all(each.shape[1:] == first.shape[1:] for each in others)
    if keras.backend.backend() == "tensorflow" and alike:
        # As fast as a concatenation, whose gradient is a dozen operations and two for each tensor; this one's are two.
        return tf().reshape(tf().stack(tensors, axis=-2), (-1, *first.shape[1:-1], len(tensors) * first.shape[-1]))
    return keras.ops.concatenate(tensors, axis=-1)


def sum_of_groups(x, groups):
    """The sum of so many groups of channels."""
    import keras

    parts = split(x, groups)
    return tf().add_n(parts) if keras.backend.backend() == "tensorflow" else sum(parts[1:], parts[0])


def batch_normalized(x, scale, offset, epsilon):
    """A batch normalized by its own statistics over all axes but the last.

    Args:
        x: `(rows, ..., channels)`; of images by a fused kernel, which takes half of the time of single operations.
        scale, offset: `(channels,)`, or None for one and zero.
        epsilon: Added to the variance.

    Returns:
        The result, and mean and variance of the channels, in float32.
    """
    import keras

    name, image = keras.backend.backend(), len(x.shape) == 4
    channels = keras.ops.shape(x)[-1] if x.shape[-1] is None else x.shape[-1]
    scale = keras.ops.ones((channels,), "float32") if scale is None else keras.ops.cast(scale, "float32")
    offset = keras.ops.zeros((channels,), "float32") if offset is None else keras.ops.cast(offset, "float32")
    if name == "tensorflow" and image:
        none = tf().constant([], "float32")
        y, mean, variance, *_ = tf().raw_ops.FusedBatchNormV3(
            x=x, scale=scale, offset=offset, mean=none, variance=none, epsilon=epsilon, is_training=True
        )
        count = tf().cast(tf().size(x) // channels, "float32") if None in x.shape else float(math.prod(x.shape[:-1]))
        return y, mean, variance * ((count - 1.0) / count)  # it divides by one row less than there are
    if name == "torch" and image:
        import torch

        # The kernel reads a scale as if its numbers lay side by side, which those of a number that is repeated don't.
        scale, offset = scale.contiguous(), offset.contiguous()
        y, mean, factor = torch.native_batch_norm(
            x.permute(0, 3, 1, 2), scale, offset, None, None, True, 0.0, epsilon
        )  # fmt: skip
        return y.permute(0, 2, 3, 1), mean.detach(), factor.detach() ** -2 - epsilon
    wide = keras.ops.cast(x, "float32")
    mean, variance = keras.ops.moments(wide, axes=tuple(range(len(x.shape) - 1)))
    factor = keras.ops.rsqrt(variance + epsilon) * scale
    return keras.ops.cast((wide - mean) * factor + offset, x.dtype), mean, variance
