"""Checks of arguments, made before any time is spent."""

import inspect
import numbers

import numpy as np

from kerasnas.contract import Strategy
from kerasnas.errors import ArgumentError, nearest


def check_fraction(value):
    """Refuses a `validation_split` that is not between 0 and 1."""
    number = isinstance(value, numbers.Real) and not isinstance(value, (bool, np.bool_))
    if not (number and 0 < value < 1):
        raise ArgumentError(f"Expected `validation_split` to be between 0 and 1. Received: {value!r}.")


def check_call(unknown, verbose, callbacks, methods):
    """Refuses keywords that none of these forms of `fit` knows, and values they cannot use."""
    if unknown:
        name = next(iter(unknown))
        known = [each for method in methods for each in inspect.signature(method).parameters.values()]
        hint = nearest(name, dict.fromkeys(each.name for each in known if each.kind is not each.VAR_KEYWORD))
        raise ArgumentError(f"Expected an argument that `fit` knows.{hint} Received: {name!r}.")
    if verbose not in (0, 1, 2, True, False, "auto"):
        raise ArgumentError(f"Expected `verbose` to be 0, 1 or 2. Received: {verbose!r}.")
    if callbacks is None:
        return
    import keras

    for each in listed(callbacks):
        if not isinstance(each, keras.callbacks.Callback):
            raise ArgumentError(f"Expected `callbacks` to be a list of Keras callbacks. Received: {each!r}.")


def tuner(given):
    """The strategy for AutoKeras's `tuner`: a name, a strategy, or the class of one."""
    if isinstance(given, type) and issubclass(given, Strategy):
        return given()
    return given or "greedy"


def listed(callbacks):
    """Callbacks as a list."""
    if callbacks is None:
        return []
    return list(callbacks) if isinstance(callbacks, (list, tuple)) else [callbacks]
