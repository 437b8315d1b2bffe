"""Weights that a derived network takes over from its supernet, by way of the run's folder."""

import hashlib
import os
from pathlib import Path

import numpy as np

from kerasnas.errors import SpaceError


def place(folder, architecture):
    """The file in a run's folder where the weights for an architecture lie, however it is to be trained."""
    key = hashlib.blake2b(architecture.without_training().key.encode(), digest_size=8).hexdigest()
    return Path(folder) / "supernet" / "inherited" / f"{key}.npz"


def leave(model, folder, architecture):
    """Write the weights of an inherited plain model, for whoever trains that architecture next.

    Args:
        model: What `Supernet.inherit` gave.
        folder: The run's folder.
        architecture: Its architecture.
    """
    path = place(folder, architecture)
    path.parent.mkdir(parents=True, exist_ok=True)
    found = weighted(model)
    arrays = {f"{i}_{j}": array for i, (layer, _) in enumerate(found) for j, array in enumerate(layer.get_weights())}
    beside = path.with_name(f".{path.stem}.{os.getpid()}.npz")
    np.savez(beside, after_pool=np.array([after for _, after in found]), **arrays)
    os.replace(beside, path)


def take(model, folder, architecture):
    """Give a model the weights that were left for its architecture; returns whether there were any.

    While searching, pools are followed by normalizations that the network itself may not have: those are left out.

    Args:
        model: A functional model of the same architecture.
        folder: The run's folder; None for none.
        architecture: The `Architecture`.

    Raises:
        SpaceError: If the weights are those of another network.
    """
    path = None if folder is None else place(folder, architecture)
    if path is None or not path.exists():
        return False
    with np.load(path) as stored:
        groups = {}
        for name in stored.files:
            if name != "after_pool":
                groups.setdefault(int(name.split("_")[0]), []).append(stored[name])
        left = list(zip([groups[i] for i in sorted(groups)], stored["after_pool"]))
    for layer, after in weighted(model):
        while left and left[0][1] and not after:
            left.pop(0)
        given = left.pop(0)[0] if left else []
        if [array.shape for array in given] != [tuple(weight.shape) for weight in layer.weights]:
            raise SpaceError(
                f"Expected weights for '{layer.name}' of shapes {[tuple(weight.shape) for weight in layer.weights]}. "
                f"Received: {[array.shape for array in given]}, of another network."
            )
        layer.set_weights(given)
    return True


def weighted(model):
    """The layers of a functional model that have weights, each with whether it normalizes a pool.

    From the outputs back to the inputs, so that the order is the same in all models that compute the same, whatever
    their layers are called.
    """
    found, seen, waiting = [], set(), list(reversed(model.outputs))
    while waiting:
        operation, index, _ = waiting.pop()._keras_history
        if (operation, index) in seen:
            continue
        seen.add((operation, index))
        inputs = operation._inbound_nodes[index].input_tensors
        if getattr(operation, "weights", None) and all(operation is not layer for layer, _ in found):
            before = [type(tensor._keras_history.operation).__name__ for tensor in inputs]
            normal = type(operation).__name__ == "BatchNormalization"
            found.append((operation, normal and any("Pooling" in name for name in before)))
        waiting.extend(reversed(inputs))
    return found
