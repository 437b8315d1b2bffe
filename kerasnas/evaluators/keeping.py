"""What is kept of a trial on disk: its plain model, and its answers on the validation rows."""

import os
from pathlib import Path


def checkpoint(folder, number):
    """Where the model of a trial is kept."""
    return Path(folder) / "trials" / f"{number:04d}.keras"


def predictions(folder, number):
    """Where a trial's answers on the validation rows are kept."""
    return Path(folder) / "trials" / f"{number:04d}.npz"


def bare(model):
    """A named model's layers as a model that was never compiled, members averaged: what is saved is plain."""
    import keras

    from kerasnas.evaluators.members import Members

    outputs = model.output
    if isinstance(model, Members):
        outputs = {name: keras.ops.mean(output, axis=1) for name, output in outputs.items()}
    return keras.Model({tensor.name: tensor for tensor in model.inputs}, outputs)


def replace_with(path, write):
    """Have `write(path)` write beside `path`, then put the result in its place in one step."""
    beside = path.with_name(f".{path.stem}.{os.getpid()}{path.suffix}")
    write(beside)
    os.replace(beside, path)
