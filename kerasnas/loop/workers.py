"""A worker: a process that is set up once and then evaluates what it is sent, over and over."""

import contextlib
import multiprocessing
import os
import pickle
import signal
import threading
from multiprocessing import connection

from kerasnas.backend import prepare
from kerasnas.contract import Trial
from kerasnas.errors import ArgumentError
from kerasnas.loop.executors import attempt, death, setup_error

START = 600.0  # seconds in which a worker process must have loaded its libraries and data


class Gone(Exception):
    """A worker is no more; the message says why."""


def serve(parcel, hear, tell):
    """A worker's life, wherever it runs: set up, then evaluate whatever comes.

    Args:
        parcel: A function that gives the evaluator and the context.
        hear: A function that waits for the next message: a `Proposal`, or the answer to what was told.
        tell: A function that sends a message: ("began", None), ("report", (step, metrics)), ("trial", trial), or
            ("error", exception) for what must end the search.
    """
    evaluator, broken = None, None
    try:
        evaluator, context = parcel()
        if context.task is not None:
            prepare()
    except Exception as error:  # told as the reason of the trials that cannot be made
        first = str(error).partition("\n")[0]
        broken = f"the worker could not read the evaluator and its data: {type(error).__name__}: {first}"
    broken = broken or setup_error(evaluator, context)

    def report(step, metrics):
        tell(("report", (step, metrics)))
        return hear()

    while True:
        proposal = hear()
        tell(("began", None))
        hear()  # the go-ahead: a worker that is lost before it has cost no trial anything
        try:
            ended = "trial", Trial(proposal, "failed", error=broken) if broken else attempt(evaluator, proposal, report)
        except Exception as error:  # a full disk, say: no other trial would fare better
            ended = "error", error
        try:
            tell(ended)
        except (pickle.PicklingError, AttributeError, TypeError) as error:
            tell(("trial", Trial(proposal, "failed", error=f"the result could not be sent: {error}")))


def threads_each(workers):
    """Threads that each of several workers on this machine should use, so that together they fill its cores."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, cores // workers)


def thread_limits(threads):
    """Environment variables that hold numerical libraries to a number of threads."""
    names = ("TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS")
    return {name: str(threads) for name in names}


@contextlib.contextmanager
def environment(added):
    """The environment with these variables, where they are not set already: what a new process inherits."""
    fresh = {name: value for name, value in added.items() if name not in os.environ}
    os.environ.update(fresh)
    try:
        yield
    finally:
        for name in fresh:
            os.environ.pop(name, None)


def packed(evaluator, context):
    """What a worker process needs, as bytes.

    Raises:
        ArgumentError: If it cannot be pickled.
    """
    try:
        return pickle.dumps((evaluator, context))
    except (pickle.PicklingError, AttributeError, TypeError) as error:
        raise ArgumentError(
            f"Expected everything a worker process needs to be picklable (no lambdas). Received: {error}."
        ) from error


class ProcessWorker:
    """A worker in a process of this machine, spoken to through a pipe.

    Args:
        parcel: The evaluator and the context, pickled.
        threads: Threads its numerical libraries may use.
    """

    patience = START

    def __init__(self, parcel, threads):
        spawn = multiprocessing.get_context("spawn")
        self.pipe, theirs = spawn.Pipe()
        self.process = spawn.Process(target=_live, args=(theirs,), daemon=True)
        # Libraries read these when they are loaded, which may be before a line of the worker's own code runs.
        with environment(thread_limits(threads)):
            self.process.start()
        theirs.close()
        self.send(parcel)

    @property
    def alive(self):
        return self.process.is_alive()

    def send(self, content):
        """Send a message; that nobody hears it is noticed at `receive`."""
        with contextlib.suppress(OSError):
            if isinstance(content, bytes):
                self.pipe.send_bytes(content)
            else:
                self.pipe.send(content)

    def receive(self):
        """The message that is there.

        Raises:
            Gone: If the process ended.
        """
        with contextlib.suppress(EOFError, OSError):
            if self.pipe.poll():
                return self.pipe.recv()
        self.process.join(10)
        raise Gone(death(self.process.exitcode))

    @staticmethod
    def speaking(workers, timeout):
        """Those that have sent a message, or ended, within `timeout` seconds (None for any time)."""
        sources = {worker.pipe: worker for worker in workers}
        sources.update({worker.process.sentinel: worker for worker in workers})
        return list(dict.fromkeys(sources[source] for source in connection.wait(list(sources), timeout)))

    def end(self, kindly=False):
        """End the process: at once, or when it has seen that nothing more comes."""
        with contextlib.suppress(OSError):
            self.pipe.close()
        if kindly:
            self.process.join(5)
        if self.process.is_alive():
            self.process.kill()
        self.process.join()


def _live(pipe):
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the search: it ends its workers
    threading.Thread(target=_follow, daemon=True).start()
    with contextlib.suppress(EOFError, OSError):
        serve(lambda: pickle.loads(pipe.recv_bytes()), pipe.recv, pipe.send)


def _follow():
    """End with the process that searches, even in the middle of a trial."""
    multiprocessing.parent_process().join()
    os._exit(1)
