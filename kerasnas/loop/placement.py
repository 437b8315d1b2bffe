"""Where a search's trials run: from a user's words to an executor."""

import dataclasses
import numbers

from kerasnas.arguments import whole
from kerasnas.errors import ArgumentError, nearest
from kerasnas.loop.cluster import Ray
from kerasnas.loop.executors import Inline
from kerasnas.loop.pool import Processes

NAMES = ("inline", "processes", "ray")


def place(executor=None, workers=None, trial_timeout=None, isolate=False):
    """The executor that these arguments of a search ask for.

    Args:
        executor: "inline" (this process), "processes" (of this machine), "ray", an executor such as
            `Ray(resources={"GPU": 0.5})`, or None for what the others ask for.
        workers: Trials at once; one if None, and with Ray as many as the cluster has room for.
        trial_timeout: Seconds after which a trial is taken to hang.
        isolate: Whether trials run in a process of their own even if they run one by one.

    Returns:
        A function from (evaluator, context, report) to what runs trials; see `Inline`.

    Raises:
        ArgumentError: If they are unknown or contradict one another.
    """
    workers = whole("workers", workers)
    _check_timeout(trial_timeout)
    if callable(executor):
        return _with(executor, workers, trial_timeout)
    if executor == "ray":
        return Ray(workers=workers, trial_timeout=trial_timeout)
    if executor not in (None, *NAMES):
        raise ArgumentError(
            f"Expected `executor` to be {', '.join(map(repr, NAMES))}, or an executor.{nearest(executor, NAMES)} "
            f"Received: {executor!r}."
        )
    if executor == "inline" and (isolate or workers not in (None, 1) or trial_timeout is not None):
        raise ArgumentError(
            "Expected no `workers`, `trial_timeout` or `isolate` where trials run in this process. Received: "
            f"executor='inline', workers={workers}, trial_timeout={trial_timeout}, isolate={isolate}."
        )
    if executor == "processes" or isolate or trial_timeout is not None or (workers or 1) > 1:
        return Processes(workers or 1, trial_timeout)
    return Inline


def _check_timeout(trial_timeout):
    number = isinstance(trial_timeout, numbers.Real) and not isinstance(trial_timeout, bool)
    if trial_timeout is not None and not (number and trial_timeout > 0):
        raise ArgumentError(f"Expected `trial_timeout` to be positive seconds or None. Received: {trial_timeout!r}.")


def _with(executor, workers, trial_timeout):
    """An executor that was made by the user, with what was said beside it."""
    said = {"workers": workers, "trial_timeout": trial_timeout}
    said = {name: value for name, value in said.items() if value is not None}
    if not said:
        return executor
    if not dataclasses.is_dataclass(executor) or not all(hasattr(executor, name) for name in said):
        raise ArgumentError(f"Expected {', '.join(said)} to be given to the executor itself. Received: {executor!r}.")
    return dataclasses.replace(executor, **said)
