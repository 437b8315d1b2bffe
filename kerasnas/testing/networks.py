"""What holds of every network: its cost is known beforehand, it predicts, and it is saved as stock Keras layers."""

import tempfile
from pathlib import Path

import numpy as np

from kerasnas.testing.expectations import expect


def noise(shape, rows=4, seed=0):
    """Random rows `(rows, *shape)` in float32."""
    return np.random.default_rng(seed).normal(size=(rows, *shape)).astype("float32")


def phrases(shape, rows=4, seed=0):
    """Random texts `(rows, *shape)`; the first is empty."""
    rng = np.random.default_rng(seed)
    words = np.array(["a", "good", "bad", "film", "für", "日本", "😀"], object)
    texts = np.empty((rows, *shape), object)
    for place in np.ndindex(texts.shape):
        texts[place] = " ".join(rng.choice(words, rng.integers(1, 9)))
    texts.flat[0] = ""
    return texts


def table(columns, rows=4, seed=0):
    """A data frame of random columns, numbers with gaps and categories by turns; some values are missing."""
    import pandas

    rng = np.random.default_rng(seed)
    made = {}
    for column in range(columns):
        if column % 2:
            made[f"word_{column}"] = rng.choice(np.array(["red", "blau", "青", None], object), rows)
            made[f"word_{column}"][:2] = "red", "blau"
        else:
            made[f"number_{column}"] = np.where(rng.random(rows) < 0.2, np.nan, rng.normal(size=rows))
            made[f"number_{column}"][:2] = 0.5, -1.25
    return pandas.DataFrame(made)


def check_network(model, cost, shapes, rows, what):
    """Check a built model.

    Args:
        model: A `keras.Model`.
        cost: Its reckoned `Cost`.
        shapes: Its reckoned output shape, or a dict of them by name.
        rows: What it is called with.
        what: What to call it in a message.
    """
    expect(
        model.count_params() == cost.params,
        f"Expected {cost.params} weights, as reckoned, in {what}. Received: {model.count_params()}.",
    )
    expect(isinstance(cost.flops, int) and cost.flops >= 0, f"Expected whole FLOPs. Received: {cost.flops!r}.")
    outputs = _outputs(model, rows)
    reckoned = _named(shapes)
    for (name, output), shape in zip(outputs.items(), reckoned.values()):
        expect(
            output.shape[1:] == tuple(shape),
            f"Expected outputs of shape {tuple(shape)}, as reckoned, from {what}. Received: {output.shape[1:]} {name}.",
        )
        expect(bool(np.isfinite(output).all()), f"Expected finite outputs from {what}. Received: others {name}.")
    _check_saving(model, rows, outputs, what)
    return outputs


def _outputs(model, rows):
    import keras

    found = _named(model(rows, training=False))
    return {name: keras.ops.convert_to_numpy(output) for name, output in found.items()}


def _named(outputs):
    return outputs if isinstance(outputs, dict) else {"": outputs}


def _check_saving(model, rows, outputs, what):
    import keras

    strange = [layer for layer in _layers(model) if not type(layer).__module__.startswith("keras.")]
    expect(not strange, f"Expected stock Keras layers in {what}. Received: {[type(s).__name__ for s in strange]}.")
    lambdas = [layer.name for layer in _layers(model) if type(layer).__name__ == "Lambda"]
    expect(not lambdas, f"Expected no Lambda layer in {what}. Received: {lambdas}.")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.keras"
        model.save(path)
        loaded = _outputs(keras.models.load_model(path), rows)
    for name, output in outputs.items():
        expect(
            np.array_equal(output, loaded[name]),
            f"Expected equal outputs after saving and loading {what}. Received: a difference of "
            f"{np.abs(output - loaded[name]).max()}.",
        )


def _layers(model):
    return model._flatten_layers(include_self=False)
