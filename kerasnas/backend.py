"""The one module that imports TensorFlow, and only when a function here is called."""

import contextlib
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
