"""A facade and its arguments as plain JSON values, so that it can be had again without pickle."""

import importlib
import warnings

from kerasnas.tasks.graphs import graph_drawn, graph_told
from kerasnas.tasks.plain_values import back, told

# Where the facades are.
FACADES = {
    "AutoModel": "auto_model", "ImageClassifier": "image", "ImageRegressor": "image",
    "StructuredDataClassifier": "structured_data", "StructuredDataRegressor": "structured_data",
    "TextClassifier": "text", "TextRegressor": "text", "TimeseriesClassifier": "series",
    "TimeseriesForecaster": "forecasting", "TimeseriesRegressor": "series",
}  # fmt: skip
PLACE = ("directory", "project_name", "overwrite")  # given anew by where the folder lies
DRAWN = ("inputs", "outputs")


def described(model):
    """A facade's class and arguments, and what a fitted one remembers of its data.

    Args:
        model: A facade.

    Returns:
        A dict of plain values; where the facade cannot be had again from these, "class" and the "reason" alone.
    """
    found = unfitted(model)
    if "reason" in found:
        return found
    features = [getattr(model, name, None) for name in ("n_features_in_", "feature_names_in_")]
    try:
        remembered = model._remembered()
    except TypeError as error:
        return {"class": found["class"], "reason": str(error)}
    return {
        **found,
        "seed": getattr(model, "seed_", None),
        "features": [features[0], None if features[1] is None else list(features[1])],
        "remembered": remembered,
    }


def unfitted(model):
    """A facade's class and arguments; "class" and the "reason" alone where it cannot be had again from these."""
    kind = type(model)
    if kind.__module__ != f"kerasnas.tasks.{FACADES.get(kind.__name__)}":
        return {"class": kind.__name__, "reason": f"{kind.__name__}, which is no class of kerasnas's own"}
    given = {name: value for name, value in model.get_params().items() if name not in PLACE}
    drawn = [given.pop(name) for name in DRAWN if name in given]
    arguments, left = {}, []
    for name, value in given.items():
        try:
            arguments[name] = told(value)
        except TypeError:
            left.append(name)
    try:
        graph = graph_told(*drawn) if drawn else None
    except TypeError as error:
        return {"class": kind.__name__, "reason": str(error)}
    return {"class": kind.__name__, "arguments": arguments, "graph": graph, "left_out": left}


def revived(values, folder):
    """The facade that `described` told, without its model, its run in `folder`."""
    import numpy as np

    model = made_again(values, folder)
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
    model._remember(values["remembered"])
    return model


def made_again(values, folder):
    """The facade that `unfitted` told, its run in `folder`."""
    module = importlib.import_module(f"kerasnas.tasks.{FACADES[values['class']]}")
    arguments = {name: back(value) for name, value in values["arguments"].items()}
    drawn = dict(zip(DRAWN, graph_drawn(values["graph"]))) if values["graph"] else {}
    return getattr(module, values["class"])(**drawn, **arguments, directory=folder.parent, project_name=folder.name)
