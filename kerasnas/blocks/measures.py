"""Which metrics Keras computes, and which are scores."""

from kerasnas.data.scores import Score, is_scorer


def listed(metrics):
    """One metric or several as a list."""
    return list(metrics) if isinstance(metrics, (list, tuple)) else [metrics]


def is_score(metric):
    """Whether a metric, as a user gives it to a head, is computed here rather than by Keras."""
    if isinstance(metric, Score):
        return True
    return isinstance(metric, str) and not keras_knows(metric) and is_scorer(metric)


def keras_knows(name):
    """Whether Keras knows a metric of this name."""
    import keras

    if name in ("acc", "accuracy", "ce", "crossentropy"):  # which it reads by the loss
        return True
    try:
        keras.metrics.get(name)
    except ValueError:
        return False
    return True
