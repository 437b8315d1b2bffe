"""Gradients, compiled steps and draws, as each backend has them."""

import contextlib
import functools

from kerasnas.backend.lazy import tf
from kerasnas.errors import StrategyError


def value_and_gradients(compute, variables):
    """What `compute()` gives, a number first if it is a tuple, and that number's gradients by Keras variables.

    Args:
        compute: A function without arguments.
        variables: Keras variables; one that does not take part has None for a gradient, or zeros on JAX.

    Raises:
        StrategyError: On a backend without gradients.
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
    if name == "jax":
        return _jax_value_and_gradients(compute, variables)
    raise StrategyError(f"Expected TensorFlow, PyTorch or JAX for a search by gradients. Received: {name}.")


def _jax_value_and_gradients(compute, variables):
    import jax

    from kerasnas.backend.stateless import Scope

    changed = []

    def pure(values):
        with Scope(variables, values) as scope:
            result = compute()
        changed[:] = scope.changed.values()
        return _number(result), (result, [scope.get_current_value(variable) for variable in changed])

    differentiated = jax.value_and_grad(pure, has_aux=True)
    (_, (result, after)), gradients = differentiated([variable.value for variable in variables])
    for variable, value in zip(changed, after):
        variable.assign(value)
    return result, gradients


def compiled(function, variables):
    """`function` as one graph on TensorFlow and JAX; itself on PyTorch.

    Args:
        function: It takes and gives tensors.
        variables: All Keras variables that it reads or assigns; of others JAX would keep the first values.
    """
    import keras

    name = keras.backend.backend()
    if name == "tensorflow":
        return tf().function(function, reduce_retracing=True)
    if name != "jax":
        return function
    import jax

    from kerasnas.backend.stateless import stepped

    step = jax.jit(lambda values, given: stepped(lambda each: function(*each), [variables], ([values], given)))

    def stateful(*given):
        result, (after,) = step([variable.value for variable in variables], given)
        for variable, value in zip(variables, after):
            variable.assign(value)
        return result

    return stateful


IDLE = ("constant_folding", "remapping", "loop_optimization", "shape_optimization")  # passes that find nothing here


def soon_ready(function):
    """A compiled training step, of which TensorFlow rewrites the graph less; on other backends the function itself.

    A supernet's graph has ten thousand operations. Some passes over it take seconds and make its steps no faster.
    """
    import keras

    if keras.backend.backend() != "tensorflow":
        return function
    options = tf().config.optimizer

    @functools.wraps(function)
    def wrapped(*args, **kwargs):
        before = options.get_experimental_options()
        options.set_experimental_options(dict.fromkeys(IDLE, False))
        try:
            return function(*args, **kwargs)
        finally:
            options.set_experimental_options({name: before.get(name) for name in IDLE})  # None for TensorFlow's own

    return wrapped


def switches():
    """Whether a switch is worth its while: JAX computes convolutions in one some forty times as slowly on a CPU."""
    import keras

    return keras.backend.backend() != "jax"


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
