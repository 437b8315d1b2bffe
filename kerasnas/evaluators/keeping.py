"""What is kept of a trial on disk: its plain model, and its answers on the validation rows."""

import os
from pathlib import Path

import numpy as np


def checkpoint(folder, number):
    """Where the model of a trial is kept."""
    return Path(folder) / "trials" / f"{number:04d}.keras"


def predictions(folder, number):
    """Where a trial's answers on the validation rows are kept."""
    return Path(folder) / "trials" / f"{number:04d}.npz"


def bare(model):
    """A named model's layers as a model that was never compiled: what is saved is plain.

    Members are averaged; what a model is trained with, and does not answer with, is left out.
    """
    import keras

    from kerasnas.evaluators.members import Members

    model = getattr(model, "plain", model)
    outputs = model.output
    if isinstance(model, Members):
        outputs = {name: keras.ops.mean(output, axis=1) for name, output in outputs.items()}
    return keras.Model({tensor.name: tensor for tensor in model.inputs}, outputs)


def replace_with(path, write):
    """Have `write(path)` write beside `path`, then put the result in its place in one step, or nothing."""
    beside = path.with_name(f".{path.stem}.{os.getpid()}{path.suffix}")
    try:
        write(beside)
        os.replace(beside, path)
    except BaseException:
        beside.unlink(missing_ok=True)
        raise


def weights(folder, number):
    """Where the bare weights of a trial are kept that others may go on from."""
    return Path(folder) / "trials" / f"{number:04d}.weights.npz"


def keep_weights(path, model, epochs):
    """Write a model's bare weights, with the number of epochs they have seen."""
    replace_with(path, lambda at: np.savez(at, *model.get_weights(), epochs=epochs))
