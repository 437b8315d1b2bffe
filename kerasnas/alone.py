"""Run as a script, never imported: loads exported models in a process that cannot import kerasnas, and predicts.

Usage: python -I alone.py MODEL ROWS ANSWERS [MODEL ROWS ANSWERS ...]

ROWS is an .npy file of one array, or an .npz file with an array for each input, by name; ANSWERS likewise, by output.
"""

import sys
from importlib.abc import MetaPathFinder


class Nowhere(MetaPathFinder):
    """Stands before all other finders and refuses kerasnas."""

    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] == "kerasnas":
            raise ModuleNotFoundError(f"No module named '{name}' (made impossible here)", name=name)
        return None


def forbid():
    """Make importing kerasnas impossible in this process, and show it.

    Returns:
        What an attempt says.
    """
    sys.meta_path.insert(0, Nowhere())
    for name in [name for name in sys.modules if name.partition(".")[0] == "kerasnas"]:
        del sys.modules[name]
    try:
        import kerasnas
    except ModuleNotFoundError as error:
        return str(error)
    sys.exit(f"error: Expected importing kerasnas to fail. Received: {kerasnas.__file__}.")


def answers(model, rows):
    """What a `.keras` file or a SavedModel folder answers to raw rows.

    Args:
        model: Its path.
        rows: An array, or a dict of arrays by the names of the model's inputs.

    Returns:
        An array, or a dict of arrays by the names of its outputs.
    """
    import numpy as np
    import tensorflow as tf

    if model.endswith(".keras"):
        import keras

        # Called, not asked to `predict`, which would round float64, such as dates in seconds, to float32.
        found = keras.models.load_model(model)(_each(rows, tf.constant), training=False)
    else:
        loaded = tf.saved_model.load(model)  # held while it serves: its variables go with it
        found = loaded.serve(_each(rows, _tensor))
    return _each(found, np.asarray)


def _each(value, change):
    return {name: change(each) for name, each in value.items()} if isinstance(value, dict) else change(value)


def _tensor(rows):
    """Strings as a tensor, for NumPy's are none of Keras's dtypes; numbers as they are."""
    import tensorflow as tf

    return tf.constant(rows) if rows.dtype.kind == "U" else rows


def main(*paths):
    print(f"  import kerasnas: {forbid()}")
    import numpy as np

    for model, rows, found in zip(paths[::3], paths[1::3], paths[2::3]):
        given = np.load(rows)
        told = answers(model, dict(given) if rows.endswith(".npz") else given)
        np.savez(found, **told) if isinstance(told, dict) else np.save(found, told)
    if "kerasnas" in sys.modules:
        sys.exit("error: Expected a model that loads without kerasnas. Received: one that imported it.")


if __name__ == "__main__":
    main(*sys.argv[1:])
