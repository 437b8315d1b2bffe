"""A facade and its arguments as plain JSON values, so that it can be had again without pickle."""

import importlib
import warnings

from kerasnas import strategies
from kerasnas.contract import Objective, Strategy
from kerasnas.data.scores import Score

# Where the facades are that are their arguments and nothing else: what is drawn in Python cannot be told in JSON.
FACADES = {
    "ImageClassifier": "image", "ImageRegressor": "image", "StructuredDataClassifier": "structured_data",
    "StructuredDataRegressor": "structured_data", "TextClassifier": "text", "TextRegressor": "text",
    "TimeseriesClassifier": "series", "TimeseriesRegressor": "series",
}  # fmt: skip
PLACE = ("directory", "project_name", "overwrite")  # given anew by where the folder lies


def described(model):
    """A facade's class and arguments; None where they cannot be told.

    Args:
        model: A facade.
    """
    kind = type(model)
    if kind.__module__ != f"kerasnas.tasks.{FACADES.get(kind.__name__)}":
        return None
    arguments, left = {}, []
    for name, value in model.get_params().items():
        if name in PLACE:
            continue
        try:
            arguments[name] = _told(value)
        except TypeError:
            left.append(name)
    features = [getattr(model, name, None) for name in ("n_features_in_", "feature_names_in_")]
    return {
        "class": kind.__name__,
        "arguments": arguments,
        "left_out": left,
        "seed": getattr(model, "seed_", None),
        "features": [features[0], None if features[1] is None else list(features[1])],
    }


def revived(values, folder):
    """The facade that `described` told, unfitted, its run in `folder`."""
    import numpy as np

    module = importlib.import_module(f"kerasnas.tasks.{FACADES[values['class']]}")
    arguments = {name: _back(value) for name, value in values["arguments"].items()}
    model = getattr(module, values["class"])(**arguments, directory=folder.parent, project_name=folder.name)
    if values["left_out"]:
        warnings.warn(
            f"Expected arguments that can be told in JSON. Received: {', '.join(values['left_out'])}, without which "
            "the model was loaded: it answers as it did, but set them before it searches on.",
            stacklevel=3,
        )
    model.seed_ = values["seed"]
    count, names = values["features"]
    if count is not None:
        model.n_features_in_ = count
    if names is not None:
        model.feature_names_in_ = np.array(names, dtype=object)
    return model


def _told(value):
    """A value in JSON; raises TypeError where that cannot be."""
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    if isinstance(value, (list, tuple)):
        return [_told(item) for item in value]
    if isinstance(value, dict) and all(isinstance(key, str) for key in value):
        return {"dict": {key: _told(item) for key, item in value.items()}}
    if isinstance(value, Objective):
        return {"objective": value.describe()}
    if isinstance(value, Score) and isinstance(value.function, str):
        return {"score": [value.function, value.name, value.direction]}
    if isinstance(value, Strategy):
        return {"strategy": _plain_strategy(value)}
    if hasattr(value, "item") and getattr(value, "shape", None) == ():
        return value.item()
    return {"keras": _of_keras(value)}


def _plain_strategy(strategy):
    told = strategy.describe()
    known = [name for name, kind in strategies.STRATEGIES.items() if kind is type(strategy)]
    plain = all(isinstance(each, (bool, int, float, str, type(None))) for each in told.values())
    if not known or not plain:
        raise TypeError(type(strategy).__name__)
    return {**told, "name": known[0]}


def _of_keras(value):
    """A loss or metric that Keras brings along."""
    import keras

    if not isinstance(value, (keras.losses.Loss, keras.metrics.Metric)):
        raise TypeError(type(value).__name__)
    if not type(value).__module__.startswith("keras."):
        raise TypeError(type(value).__name__)
    return keras.saving.serialize_keras_object(value)


def _back(value):
    if isinstance(value, list):
        return [_back(item) for item in value]
    if not isinstance(value, dict):
        return value
    ((kind, told),) = value.items()
    if kind == "dict":
        return {key: _back(item) for key, item in told.items()}
    if kind == "objective":
        return Objective(*told)
    if kind == "score":
        return Score(*told)
    if kind == "strategy":
        return strategies.STRATEGIES[told["name"]](**{name: each for name, each in told.items() if name != "name"})
    import keras

    return keras.saving.deserialize_keras_object(told)
