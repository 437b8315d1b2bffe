"""Graphs of TensorFlow, for other formats."""

from kerasnas.backend.lazy import tf


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
