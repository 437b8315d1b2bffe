"""The one module that imports TensorFlow, and only when a function here is called."""

import contextlib
import functools
import itertools
import sys

from kerasnas.errors import ExportError, StrategyError


def tf():
    """The `tensorflow` module, imported on first use."""
    import tensorflow

    return tensorflow


def is_tf_dataset(value):
    """Whether `value` is a `tf.data.Dataset`; never imports TensorFlow to find out."""
    return "tensorflow" in sys.modules and isinstance(value, tf().data.Dataset)


def is_keras_dataset(value):
    """Whether `value` is a `keras.utils.PyDataset`; never imports Keras to find out."""
    keras = sys.modules.get("keras")
    return keras is not None and isinstance(value, keras.utils.PyDataset)


def strings(array):
    """An object array of Python strings as the tensor that models with string inputs take.

    Raises:
        ExportError: On other backends than TensorFlow, which know no strings.
    """
    import keras

    if keras.backend.backend() != "tensorflow":
        raise ExportError(
            "Expected the TensorFlow backend where a model takes strings. "
            f"Received: {keras.backend.backend()}; set KERAS_BACKEND=tensorflow."
        )
    return tf().constant(array)


def jit_compile():
    """What to pass as `jit_compile`: XLA pays on JAX alone; on TensorFlow's CPU it makes convolutions slow."""
    import keras

    return "auto" if keras.backend.backend() == "jax" else False


def prepare():
    """Settings every trial needs: on a GPU, TensorFlow takes memory as it needs it instead of all at once."""
    import keras

    if keras.backend.backend() == "tensorflow":
        # Every trial is a new model: that its functions are traced anew is no news to the user.
        tf().get_logger().addFilter(lambda record: "retracing" not in record.getMessage())
        for device in tf().config.list_physical_devices("GPU"):
            try:
                tf().config.experimental.set_memory_growth(device, True)
            except RuntimeError:  # the device is in use already: too late to change
                return


def value_and_gradients(compute, variables):
    """What `compute()` gives, a number first if it is a tuple, and that number's gradients by Keras variables.

    Args:
        compute: A function without arguments.
        variables: Keras variables; one that does not take part has None for a gradient.

    Raises:
        StrategyError: On JAX, which differentiates pure functions only.
    """
    import keras

    name = keras.backend.backend()
    if name == "tensorflow":
        with tf().GradientTape(watch_accessed_variables=False) as tape:
            for variable in variables:
                tape.watch(variable.value)
            result = compute()
        return result, tape.gradient(_number(result), [variable.value for variable in variables])
    if name == "torch":
        import torch

        result = compute()
        values = [variable.value for variable in variables]
        return result, torch.autograd.grad(_number(result), values, allow_unused=True)
    raise StrategyError(f"Expected TensorFlow or PyTorch for a search by gradients. Received: {name}.")


def compiled(function):
    """`function` as one graph on TensorFlow; itself elsewhere."""
    import keras

    return tf().function(function, reduce_retracing=True) if keras.backend.backend() == "tensorflow" else function


def traced(model):
    """A plain Keras model as a function of TensorFlow, and the specification of its inputs, by name."""
    import keras

    def specify(tensor):
        return tf().TensorSpec(tensor.shape, tensor.dtype, name=tensor.name)

    specification = keras.tree.map_structure(specify, model.input)
    return tf().function(lambda rows: model(rows, training=False), autograph=False), specification


def captured(function, specification):
    """The arrays of tensors that a traced function holds, variables aside, by their names inside it."""
    captures = function.get_concrete_function(specification).graph.captures
    return {inner.name: outer.numpy() for outer, inner in captures if outer.dtype != tf().resource}


def dirichlet(concentration, seed):
    """A draw from a Dirichlet distribution, with gradients by its concentrations `(n,)`.

    Args:
        concentration: Positive numbers.
        seed: A `keras.random.SeedGenerator`.
    """
    import keras

    if keras.backend.backend() == "torch":
        # Keras's own gamma draws on PyTorch are without gradients.
        import torch

        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(int(keras.random.randint((), 0, 2**31 - 1, seed=seed)))
            drawn = torch.distributions.Gamma(concentration, torch.ones_like(concentration)).rsample()
    else:
        drawn = keras.random.gamma(concentration.shape, alpha=concentration, seed=seed)
    drawn = keras.ops.maximum(drawn, 1e-12)
    return drawn / keras.ops.sum(drawn)


def _number(result):
    return result[0] if isinstance(result, tuple) else result


@contextlib.contextmanager
def passing_gradients():
    """Around work whose models pass away with it: TensorFlow lets go of their gradients at its end.

    `tf.custom_gradient`, which optimizers of Keras and activations such as silu pass through, registers a function by
    name for each use in a graph, for ever; and that function holds the whole graph: some 12 MB for a small network.
    """
    registered = _registered_gradients()
    before = set(registered)
    try:
        yield
    finally:
        for name in [name for name in registered if name not in before and name.startswith("CustomGradient-")]:
            del registered[name]


def _registered_gradients():
    """The gradients that TensorFlow has registered, by name; none on other backends, or if it keeps them elsewhere."""
    import keras

    if keras.backend.backend() != "tensorflow":
        return {}
    tf()
    from tensorflow.python.framework import ops

    registered = getattr(getattr(ops, "gradient_registry", None), "_registry", None)
    return registered if isinstance(registered, dict) else {}


# ------------------------------------------------------- kernels of fused cells
def grouped_conv(x, kernel, groups, strides=(1, 1), dilation=(1, 1)):
    """A convolution of images in groups of channels, padded to keep the size at one stride.

    Keras's own goes through XLA on TensorFlow where there are groups, which is many times slower on a CPU.

    Args:
        x: `(rows, height, width, channels)`.
        kernel: `(height, width, channels / groups, filters)`.
        groups: Number of groups.
        strides, dilation: By axis; one of them is 1.
    """
    import keras

    kernel = keras.ops.cast(kernel, x.dtype)
    name = keras.backend.backend()
    if name == "torch":
        return _torch_conv(x, kernel, groups, strides, dilation)
    if name == "tensorflow" and (groups == 1 or _differentiates_groups()):
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
    # On JAX, XLA's convolution in groups is slow on a CPU: a sum over the taps of the window instead.
    height, width = kernel.shape[:2]
    pads = [_padding(*each) for each in zip(x.shape[1:3], (height, width), strides, dilation)]
    padded = keras.ops.pad(x, ((0, 0), *pads, (0, 0)))
    ends = [(-(-axis // step) - 1) * step + 1 for axis, step in zip(x.shape[1:3], strides)]
    total = 0
    for i in range(height):
        for j in range(width):
            top, left = i * dilation[0], j * dilation[1]
            seen = padded[:, top : top + ends[0] : strides[0], left : left + ends[1] : strides[1]]
            total = total + seen * kernel[i, j, 0]
    return total


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

    if isinstance(sizes, list) and keras.backend.backend() != "tensorflow":
        sizes = list(itertools.accumulate(sizes[:-1]))
    elif keras.backend.backend() == "tensorflow":
        return tf().split(x, sizes, axis=-1)
    return list(keras.ops.split(x, sizes, axis=-1))


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

    channels, name, image = x.shape[-1], keras.backend.backend(), len(x.shape) == 4
    scale = keras.ops.ones((channels,), "float32") if scale is None else keras.ops.cast(scale, "float32")
    offset = keras.ops.zeros((channels,), "float32") if offset is None else keras.ops.cast(offset, "float32")
    if name == "tensorflow" and image:
        y, mean, variance, *_ = tf().raw_ops.FusedBatchNormV3(
            x=x, scale=scale, offset=offset, mean=[], variance=[], epsilon=epsilon, is_training=True
        )
        count = tf().cast(tf().size(x) // channels, "float32")
        return y, mean, variance * (count - 1.0) / count  # it divides by one row less than there are
    if name == "torch" and image:
        import torch

        y, mean, factor = torch.native_batch_norm(
            x.permute(0, 3, 1, 2), scale, offset, None, None, True, 0.0, epsilon
        )  # fmt: skip
        return y.permute(0, 2, 3, 1), mean.detach(), factor.detach() ** -2 - epsilon
    wide = keras.ops.cast(x, "float32")
    mean, variance = keras.ops.moments(wide, axes=tuple(range(len(x.shape) - 1)))
    factor = keras.ops.rsqrt(variance + epsilon) * scale
    return keras.ops.cast((wide - mean) * factor + offset, x.dtype), mean, variance


def recomputed(compute, tensors):
    """`compute(*tensors)`, of which the backward pass keeps the tensors alone and computes the rest anew.

    Args:
        compute: A pure function of tensors; it returns a tuple of them.
        tensors: What it takes, all that is to have gradients among them.
    """
    import keras

    name = keras.backend.backend()
    if name == "torch":
        from torch.utils.checkpoint import checkpoint

        return checkpoint(compute, *tensors, use_reentrant=False)
    if name == "jax":
        import jax

        return jax.checkpoint(compute)(*tensors)

    @tf().custom_gradient
    def passing(*given):
        def gradients(*upstream):
            # The tie to what comes from above keeps the work from being done, or found again, in the forward pass.
            with tf().control_dependencies([each for each in upstream if each is not None][:1]):
                again = [tf().identity(each) for each in given]
            with tf().GradientTape() as tape:
                tape.watch(again)
                results = compute(*again)
            found = tape.gradient(results, again, upstream, unconnected_gradients="zero")
            return found

        return compute(*given), gradients

    return passing(*map(tf().convert_to_tensor, tensors))
