"""Where trials run: in this process, or in a worker process whose crash costs only its trial."""

import contextlib
import dataclasses
import multiprocessing
import pickle
import time
import traceback

from kerasnas.contract import Measurement, Trial
from kerasnas.errors import ArgumentError, JournalError, KerasnasError
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


class Isolated:
    """Runs trials in a persistent process of their own, started anew when it dies.

    The evaluator and the context travel to the worker once, by pickle.

    Raises:
        ArgumentError: If they cannot be pickled.
    """

    capacity = 1

    def __init__(self, evaluator, context, report):
        self.report = report
        self._waiting = []
        self._process = None
        try:
            self._parcel = pickle.dumps((evaluator, context))
        except (pickle.PicklingError, AttributeError, TypeError) as error:
            raise ArgumentError(
                f"Expected everything a worker process needs to be picklable (no lambdas). Received: {error}."
            ) from error
        self._start()

    def _start(self):
        spawn = multiprocessing.get_context("spawn")
        self._pipe, theirs = spawn.Pipe()
        self._process = spawn.Process(target=_work, args=(theirs,), daemon=True)
        self._process.start()
        theirs.close()
        self._pipe.send_bytes(self._parcel)

    def submit(self, proposal):
        self._waiting.append(proposal)

    def wait(self):
        """The next trial to end; a worker that died makes it a failed one."""
        proposal = self._waiting.pop(0)
        if not self._process.is_alive():
            self._start()
        try:
            self._pipe.send(proposal)
            while True:
                kind, content = self._pipe.recv()
                if kind == "trial":
                    return content
                self._pipe.send(self.report(proposal, *content))
        except (EOFError, OSError):
            self._process.join(10)
            return Trial(proposal, "failed", error=death(self._process.exitcode))

    def close(self):
        with contextlib.suppress(OSError):
            self._pipe.close()
        self._process.join(5)
        if self._process.is_alive():
            self._process.kill()
            self._process.join()


def death(code):
    if code is not None and code < 0:
        import signal

        with contextlib.suppress(ValueError):
            name = signal.Signals(-code).name
            hint = " (often: out of memory)" if name == "SIGKILL" else ""
            return f"the worker process was ended by {name}{hint}"
    return f"the worker process ended with exit code {code}"


def _work(pipe):
    """The worker's life: set up once, then evaluate whatever comes."""
    with contextlib.suppress(EOFError, OSError, KeyboardInterrupt):
        evaluator, context = pickle.loads(pipe.recv_bytes())
        broken = setup_error(evaluator, context)
        while True:
            proposal = pipe.recv()
            if broken:
                pipe.send(("trial", Trial(proposal, "failed", error=broken)))
                continue

            def report(step, metrics):
                pipe.send(("report", (step, metrics)))
                return pipe.recv()

            pipe.send(("trial", attempt(evaluator, proposal, report)))


def setup_error(evaluator, context):
    try:
        evaluator.setup(context)
    except Exception as error:  # told as the reason of the trials that cannot be made
        return f"the evaluator could not be set up: {_reason(error)}"
    return None
