"""Results weighed by gates."""

import keras


def weighted_sum(weights, results):
    """Σ weight · result; a weight that is None counts as one."""
    terms = [r if w is None else keras.ops.cast(w, r.dtype) * r for w, r in zip(weights, results)]
    total = terms[0]
    for term in terms[1:]:
        total = total + term
    return total


def zeros_for(tensor, shape):
    """Zeros `(batch, *shape)` for the batch of a tensor; of operations that a plain model may hold.

    Args:
        tensor: Any tensor with a batch axis.
        shape: Shape of one row.
    """
    size = 1
    for axis in shape:
        size *= axis
    first = keras.ops.reshape(tensor, (-1, _size(tensor)))[:, :1]
    return keras.ops.reshape(keras.ops.repeat(keras.ops.zeros_like(first), size, axis=-1), (-1, *shape))


def _size(tensor):
    size = 1
    for axis in tensor.shape[1:]:
        size *= axis
    return size
