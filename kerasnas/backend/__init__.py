"""The one room that imports TensorFlow, JAX or PyTorch, and only when a function here is called."""

import sys

from kerasnas.backend.gradients import (
    compiled,
    dirichlet,
    passing_gradients,
    recomputed,
    soon_ready,
    switches,
    value_and_gradients,
)
from kerasnas.backend.graphs import captured, traced
from kerasnas.backend.kernels import (
    batch_normalized,
    counts_groups,
    grouped_conv,
    joined,
    places,
    split,
    sum_of_groups,
)
from kerasnas.backend.lazy import tf
from kerasnas.errors import ExportError

__all__ = [
    "batch_normalized", "captured", "compiled", "counts_groups", "dirichlet", "grouped_conv", "is_keras_dataset",
    "is_tf_dataset", "jit_compile", "joined", "passing_gradients", "places", "prepare", "recomputed", "soon_ready",
    "split", "strings", "sum_of_groups", "switches", "tf", "traced", "value_and_gradients",
]  # fmt: skip


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
