"""Batch normalizations and their statistics."""

import keras

from kerasnas import backend


def is_plain(layer, inputs):
    """Whether a layer is a Keras batch normalization over the channels of such inputs, which come last, and no more."""
    if type(layer) is not keras.layers.BatchNormalization or layer.axis not in (-1, len(inputs.shape) - 1):
        return False
    more = layer.synchronized, getattr(layer, "renorm", False), layer.activity_regularizer is not None
    return layer.trainable and not any(more) and getattr(inputs, "_keras_mask", None) is None


def normalized(layer, inputs):
    """What a batch normalization that `is_plain` puts out in training, by a fused kernel where the backend has one.

    A supernet has many: their graph is a third of Keras's, and their step shorter.
    """
    inputs = keras.ops.cast(inputs, layer.compute_dtype)
    result, *found = backend.batch_normalized(inputs, layer.gamma, layer.beta, layer.epsilon)
    for weight, value in zip((layer.moving_mean, layer.moving_variance), found):
        weight.assign(weight * layer.momentum + keras.ops.cast(value, weight.dtype) * (1.0 - layer.momentum))
    return result


def recompute_statistics(model, batches):
    """Set the moving mean and variance of every batch normalization to their averages over some batches.

    Args:
        model: A plain Keras model, or a function of a batch with a list of `layers`.
        batches: Inputs of the model, by batch.

    Reference:
        Guo et al., 2020, "Single Path One-Shot Neural Architecture Search with Uniform Sampling".
    """
    norms = [layer for layer in model.layers if isinstance(layer, keras.layers.BatchNormalization)]
    drops = [layer for layer in model.layers if getattr(layer, "rate", 0)]
    momenta, rates = [norm.momentum for norm in norms], [drop.rate for drop in drops]
    for drop in drops:
        drop.rate = 0.0  # what is dropped while training is there when it counts
    try:
        for number, batch in enumerate(batches):
            for norm in norms:
                norm.momentum = number / (number + 1)
            model(batch, training=True)
    finally:
        for norm, momentum in zip(norms, momenta):
            norm.momentum = momentum
        for drop, rate in zip(drops, rates):
            drop.rate = rate
