"""Checks of arguments, made before any time is spent."""

import inspect
import numbers
import warnings

import numpy as np

from kerasnas.contract import Context, Objective
from kerasnas.data.task import Task
from kerasnas.errors import ArgumentError, nearest

PRICED = ("params", "flops", "latency")  # metrics that every trial has, or can have
FEW = 32  # rows on which loss and metrics are tried out


def whole(name, value, least=1):
    """`value` as an int, or None.

    Raises:
        ArgumentError: If it is no whole number from `least` on.
    """
    if value is None:
        return None
    if not isinstance(value, numbers.Integral) or isinstance(value, (bool, np.bool_)) or value < least:
        kind = "a positive whole number" if least == 1 else f"a whole number from {least} on"
        raise ArgumentError(f"Expected `{name}` to be {kind} or None. Received: {value!r}.")
    return int(value)


def check_fraction(value):
    """Refuses a `validation_split` that is not between 0 and 1."""
    number = isinstance(value, numbers.Real) and not isinstance(value, (bool, np.bool_))
    if not (number and 0 < value < 1):
        raise ArgumentError(f"Expected `validation_split` to be between 0 and 1. Received: {value!r}.")


def check_call(unknown, verbose, callbacks, fit):
    """Refuses keywords that the method `fit` does not know, and values it cannot use."""
    if unknown:
        name = next(iter(unknown))
        hint = nearest(name, inspect.signature(fit).parameters)
        raise ArgumentError(f"Expected an argument that `fit` knows.{hint} Received: {name!r}.")
    if verbose not in (0, 1, 2, True, False, "auto"):
        raise ArgumentError(f"Expected `verbose` to be 0, 1 or 2. Received: {verbose!r}.")
    if callbacks is None:
        return
    import keras

    for each in listed(callbacks):
        if not isinstance(each, keras.callbacks.Callback):
            raise ArgumentError(f"Expected `callbacks` to be a list of Keras callbacks. Received: {each!r}.")


def check_measured(heads, rows, objectives):
    """Refuses losses and metrics that Keras does not know, and objectives that none of them gives.

    Args:
        heads: Heads with their targets, by name.
        rows: The rows, their targets encoded.
        objectives: `Objective`s.
    """
    from kerasnas.loop.final import judge

    usual = all(head.loss is None and head.metrics is None for head in heads.values())
    (only,) = heads.values() if len(heads) == 1 else (None,)
    wanted = [name for objective in objectives for name in objective.metrics if name not in PRICED]
    if usual and set(wanted) <= {"val_loss", f"val_{only.objective}" if only is not None else None}:
        return
    _check_known(heads)
    some = rows.take(slice(0, FEW))
    task = Task(some, some, heads)
    answers = {n: np.full((len(some), head.target.width), 1 / head.target.width) for n, head in heads.items()}
    try:
        found = judge(Context(None, task), answers)(answers)
    except (ValueError, TypeError, AttributeError) as error:
        raise ArgumentError(f"Expected losses and metrics that fit the targets. Received: {error}") from error
    for name in wanted:
        if name not in found:
            known = ", ".join(sorted(found))
            raise ArgumentError(
                f"Expected `objective` to be something that is measured: {known}."
                f"{nearest(name, found)} Received: {name!r}."
            )


def _check_known(heads):
    import keras

    special = {"acc", "accuracy", "ce", "crossentropy"}
    for head in heads.values():
        metrics = head.metrics if isinstance(head.metrics, (list, tuple)) else [head.metrics]
        _check_name("loss", head.loss, keras.losses, set())
        for metric in metrics:
            _check_name("metric", metric, keras.metrics, special)


def _check_name(what, name, room, special):
    if not isinstance(name, str) or name in special:
        return
    try:
        room.get(name)
    except ValueError as error:
        hint = nearest(name, [*special, *(known for known in dir(room) if not known.startswith("_"))])
        raise ArgumentError(f"Expected a {what} that Keras knows.{hint} Received: {name!r}.") from error


def objectives_of(given, heads):
    """A tuple of the `Objective`s that were given, or of the usual one of the heads."""
    if given is not None:
        return Objective.several(given)
    (head,) = heads.values() if len(heads) == 1 else (None,)
    return (Objective(f"val_{head.objective}" if head is not None and not head.metrics else "val_loss"),)


def tuner(name):
    """The strategy for AutoKeras's `tuner`."""
    if name in ("bayesian", "hyperband"):
        warnings.warn(
            f"Expected `tuner` to be one that kerasnas has. Received: {name!r}; the default 'greedy' searches instead.",
            stacklevel=3,
        )
        return "greedy"
    return name or "greedy"


def listed(callbacks):
    """Callbacks as a list."""
    if callbacks is None:
        return []
    return list(callbacks) if isinstance(callbacks, (list, tuple)) else [callbacks]
