"""A trial that is tried, and the executor that tries it in this process."""

import contextlib
import dataclasses
import time
import traceback

from kerasnas.contract import Measurement, Trial
from kerasnas.errors import JournalError, KerasnasError
from kerasnas.loop.journal import full


def attempt(evaluator, proposal, report):
    """Evaluate `proposal`; whatever goes wrong becomes a failed trial that says why."""
    started = time.monotonic()
    try:
        measurement = evaluator.evaluate(proposal, report)
        if not isinstance(measurement, Measurement):
            came = type(measurement).__name__
            raise TypeError(f"Expected {type(evaluator).__name__}.evaluate to return a Measurement. Received: {came}.")
    except KeyboardInterrupt:
        raise
    except MemoryError:
        return Trial(proposal, "failed", error="out of memory")
    except Exception as error:  # a trial may fail in any way; the search goes on
        if full(error):
            raise JournalError(
                "Expected room on the disk for the model of a trial. Received: a full disk. Trials up to here are "
                "safe; make room and call again to go on."
            ) from error
        return Trial(proposal, "failed", error=_reason(error))
    if not measurement.seconds:
        measurement = dataclasses.replace(measurement, seconds=time.monotonic() - started)
    status = "interrupted" if measurement.extra.get("interrupted") else "completed"
    return Trial(proposal, status, measurement)


def _reason(error):
    name = type(error).__name__
    if name == "ResourceExhaustedError" or "out of memory" in str(error).lower():
        return f"out of memory: {str(error).splitlines()[0] if str(error) else name}"
    if isinstance(error, KerasnasError):
        return str(error)
    frames = traceback.extract_tb(error.__traceback__)
    where = f" ({frames[-1].filename.rsplit('/', 1)[-1]}:{frames[-1].lineno})" if frames else ""
    return f"{name}: {error}{where}"


class Inline:
    """Runs a trial in this process, at once."""

    capacity = 1

    def __init__(self, evaluator, context, report):
        self.evaluator, self.report = evaluator, report
        self.context = context
        self._waiting = []
        evaluator.setup(context)

    def submit(self, proposal):
        self._waiting.append(proposal)

    def wait(self):
        """The next trial to end."""
        proposal = self._waiting.pop(0)
        return attempt(self.evaluator, proposal, lambda step, metrics: self.report(proposal, step, metrics))

    def close(self):
        """Nothing is kept open."""


def death(code):
    if code is not None and code < 0:
        import signal

        with contextlib.suppress(ValueError):
            name = signal.Signals(-code).name
            hint = " (often: out of memory)" if name == "SIGKILL" else ""
            return f"the worker process was ended by {name}{hint}"
    return f"the worker process ended with exit code {code}"


def setup_error(evaluator, context):
    try:
        evaluator.setup(context)
    except Exception as error:  # told as the reason of the trials that cannot be made
        return f"the evaluator could not be set up: {_reason(error)}"
    return None
