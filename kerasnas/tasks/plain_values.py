"""Arguments as plain JSON values, and back: what cannot be told so raises TypeError. No pickle."""

import dataclasses
import inspect

from kerasnas import strategies
from kerasnas.contract import Objective, Strategy
from kerasnas.data.scores import Score
from kerasnas.errors import SpaceError
from kerasnas.lowering.hypermodels import decision_of
from kerasnas.space import Choice, domain
from kerasnas.space.node import Node, Value

DOMAINS = {kind.__name__: kind for kind in (domain.Options, domain.Whole, domain.Real, domain.Subsets)}


def told(value):
    """A value in JSON: plain ones, decisions (KerasTuner's too), objectives, scores, strategies, losses, metrics.

    Raises:
        TypeError: If it is none of these; the message names its class.
    """
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    if isinstance(value, list):
        return [told(item) for item in value]
    if isinstance(value, tuple):
        return {"tuple": [told(item) for item in value]}
    if isinstance(value, dict) and all(isinstance(key, str) for key in value):
        return {"dict": {key: told(item) for key, item in value.items()}}
    if isinstance(value, Objective):
        return {"objective": value.describe()}
    if isinstance(value, Score) and isinstance(value.function, str):
        return {"score": [value.function, value.name, value.direction]}
    if isinstance(value, Strategy):
        return {"strategy": _plain_strategy(value)}
    if type(value).__module__.startswith("keras_tuner"):
        return told(_decision_of(value))
    if isinstance(value, Node):
        return {"decision": _plain_decision(value)}
    if hasattr(value, "item") and getattr(value, "shape", None) == ():
        return value.item()
    return {"keras": _of_keras(value)}


def back(value):
    """The value that `told` told."""
    if isinstance(value, list):
        return [back(item) for item in value]
    if not isinstance(value, dict):
        return value
    ((kind, found),) = value.items()
    if kind == "tuple":
        return tuple(back(item) for item in found)
    if kind == "dict":
        return {key: back(item) for key, item in found.items()}
    if kind == "objective":
        return Objective(*found)
    if kind == "score":
        return Score(*found)
    if kind == "strategy":
        return strategies.STRATEGIES[found["name"]](**{name: each for name, each in found.items() if name != "name"})
    if kind == "decision":
        return _decision(*found)
    import keras

    return keras.saving.deserialize_keras_object(found)


def _plain_strategy(strategy):
    described = strategy.describe()
    known = [name for name, kind in strategies.STRATEGIES.items() if kind is type(strategy)]
    plain = all(isinstance(each, (bool, int, float, str, type(None))) for each in described.values())
    if not known or not plain:
        raise TypeError(type(strategy).__name__)
    return {**described, "name": known[0]}


def _decision_of(parameter):
    """A KerasTuner hyperparameter as a decision; its objectives and oracles are none."""
    try:
        return decision_of(parameter)
    except SpaceError as error:
        raise TypeError(type(parameter).__name__) from error


def _plain_decision(node):
    """A decision about plain values, as arguments of blocks are."""
    if type(node) not in (Choice, Value) or type(node.domain).__name__ not in DOMAINS:
        raise TypeError(type(node).__name__)
    if isinstance(node, Choice) and any(isinstance(option, Node) for option in node.options.values()):
        raise TypeError("Choice of nodes")
    fields = {field.name: told(getattr(node.domain, field.name)) for field in dataclasses.fields(node.domain)}
    return [type(node).__name__, type(node.domain).__name__, fields]


def _decision(kind, of, fields):
    found = DOMAINS[of](**{name: back(value) for name, value in fields.items()})
    return Value(found) if kind == "Value" else Choice(*found.labels, default=found.initial)


def _of_keras(value):
    """A loss or metric that Keras brings along."""
    import keras

    if not isinstance(value, (keras.losses.Loss, keras.metrics.Metric)):
        raise TypeError(type(value).__name__)
    if not type(value).__module__.startswith("keras."):
        raise TypeError(type(value).__name__)
    return keras_told(value)


def keras_told(part):
    """A Keras loss or metric, or a registered function, as Keras serializes it, and what it leaves out of that.

    Keras 3.15 forgets the `delta` of a Huber loss and the `axis` of a cosine similarity, and would give back another.
    """
    import keras

    found = keras.saving.serialize_keras_object(part)
    if isinstance(found.get("config"), dict):
        known = inspect.signature(type(part).__init__).parameters
        given = getattr(part, "_fn_kwargs", {})
        plain = {n: v for n, v in given.items() if n in known and isinstance(v, (bool, int, float, str))}
        found["config"] = {**plain, **found["config"]}
    return found
