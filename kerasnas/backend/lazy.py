"""TensorFlow, imported on first use."""


def tf():
    """The `tensorflow` module, imported on first use."""
    import tensorflow

    return tensorflow
