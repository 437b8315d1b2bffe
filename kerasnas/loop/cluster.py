"""Trials on a Ray cluster: a laptop's, or one of many machines."""

import contextlib
import dataclasses
import functools
import logging
import os
import queue
import shutil
import sys
import tempfile
import threading
from collections import deque
from dataclasses import dataclass, field
from pathlib import Path

from kerasnas.contract import Proposal
from kerasnas.errors import ArgumentError
from kerasnas.loop.pool import Pool
from kerasnas.loop.workers import Gone, serve, thread_limits


@dataclass(frozen=True)
class Ray:
    """An executor: trials run in actors of a Ray cluster, each with resources of its own.

    A trial's models are written into the run's folder wherever it ran: the machines need no common disk. Where the
    cluster has no room for an actor, a trial waits for it, or for another actor to be free.

    Args:
        address: The cluster's: "auto" for the one this machine is part of, "host:6379"; if None, the one that Ray is
            connected to already, or else one of this machine's own, which ends with the search.
        resources: What each trial takes: {"CPU": 2, "GPU": 0.5}, and whatever else the cluster names.
        workers: Trials at once; as many as the cluster has resources for if None.
        trial_timeout: See `Pool`.

    Raises:
        ArgumentError: If Ray is not installed, the resources are no positive numbers, or no machine of the cluster has
            them when the search begins.

    Reference:
        Moritz et al., "Ray: A Distributed Framework for Emerging AI Applications", OSDI 2018.
    """

    address: str | None = None
    resources: dict = field(default_factory=lambda: {"CPU": 1})
    workers: int | None = None
    trial_timeout: float | None = None

    def __post_init__(self):
        good = [isinstance(v, (int, float)) and not isinstance(v, bool) and v > 0 for v in self.resources.values()]
        if not good or not all(good):
            raise ArgumentError(f"Expected `resources` such as {{'GPU': 0.5}}. Received: {self.resources!r}.")

    def __call__(self, evaluator, context, report):
        ray = _ray()
        ours = not ray.is_initialized()
        if ours:
            alone = {"include_dashboard": False} if self.address is None else {}
            ray.init(self.address, log_to_driver=False, logging_level=logging.ERROR, **alone)
        try:
            machines = [node["Resources"] for node in ray.nodes() if node["Alive"]]
            workers = self.workers or self._fitting(machines)  # a cluster that grows has the machines later
            if context.folder is not None:  # actors have working directories of their own
                context = dataclasses.replace(context, folder=Path(context.folder).resolve())
            parcel = ray.put((evaluator, context))  # it travels once to each machine
            actor = ray.remote(Seat).options(**self._options())
            home = ray.get_runtime_context().get_node_id()
            open_worker = functools.partial(RayWorker, ray, actor, parcel, home, context.folder, self._threads())
            return RayPool(ray if ours else None, workers, open_worker, report, self.trial_timeout)
        except BaseException:
            if ours:
                ray.shutdown()
            raise

    def _fitting(self, machines):
        """As many workers as the machines have resources for; a worker is on one machine.

        Raises:
            ArgumentError: If none has.
        """
        parts = [[has.get(name, 0) / amount for name, amount in self.resources.items()] for has in machines]
        fits = sum(int(min(each) + 1e-9) for each in parts)
        if not fits:
            known = [{name: amount for name, amount in has.items() if ":" not in name} for has in machines]
            raise ArgumentError(
                f"Expected `resources` that a machine of the cluster has. Received: {self.resources}; there are "
                f"{', '.join(map(str, known)) or 'no machines'}."
            )
        return fits

    def _options(self):
        others = {name: amount for name, amount in self.resources.items() if name not in ("CPU", "GPU")}
        return {
            "num_cpus": self.resources.get("CPU", 0), "num_gpus": self.resources.get("GPU", 0), "resources": others,
            "max_restarts": 0,
        }  # fmt: skip

    def _threads(self):
        return max(1, int(self.resources.get("CPU", 1)))


def _ray():
    try:
        import ray
    except ImportError as error:
        raise ArgumentError(
            "Expected Ray to be installed: pip install 'kerasnas[ray]'. Received: an environment without it."
        ) from error
    return ray


class RayPool(Pool):
    """A `Pool` that ends the cluster it has started.

    Args:
        ray: The module, where the cluster is this search's own; else None.
        capacity, open_worker, report, timeout: See `Pool`.
    """

    def __init__(self, ray, capacity, open_worker, report, timeout):
        super().__init__(capacity, open_worker, report, timeout)
        self._ray = ray

    def close(self):
        super().close()
        if self._ray is not None:
            self._ray.shutdown()


class RayWorker:
    """A worker in an actor; each message that is sent is answered by one.

    Args:
        ray: The module.
        actor: The actor's class, with its options.
        parcel: Reference to the evaluator and the context.
        home: The id of the machine whose folder is the run's.
        folder: The run's folder, or None.
        threads: Threads its numerical libraries may use.
    """

    patience = None  # it may have to wait until the cluster has room for it
    alive = True  # whether it still is shows when it is spoken to

    def __init__(self, ray, actor, parcel, home, folder, threads):
        self.ray, self.folder = ray, folder
        # In a list, so that it is the actor that fetches it, when it is ready for that.
        self.actor = actor.remote([parcel], home, threads, sys.path)
        self.answers = deque()
        self._here = self.actor.here.remote()

    @property
    def seated(self):
        """Whether the cluster has had room for it."""
        return bool(self.ray.wait([self._here], timeout=0)[0])

    def send(self, content):
        """Send a proposal, with the models it goes on from, or the answer to a report."""
        if not isinstance(content, Proposal):
            self.answers.append(self.actor.answer.remote(content))
            return
        parent = content.parent if self.folder is not None else None
        self.answers.append(self.actor.begin.remote(content, {} if parent is None else read_files(self.folder, parent)))

    def receive(self):
        """The message that is there.

        Raises:
            Gone: If the actor or its machine is lost.
        """
        try:
            (kind, content), files = self.ray.get(self.answers.popleft())
        except self.ray.exceptions.RayError as error:
            raise Gone(_loss(error)) from error
        if files:
            write_files(self.folder, files)
        return kind, content

    @staticmethod
    def speaking(workers, timeout):
        """Those that have sent a message, or are lost, within `timeout` seconds (None for any time)."""
        waited = {worker.answers[0]: worker for worker in workers}
        ready, _ = workers[0].ray.wait(list(waited), num_returns=1, timeout=timeout)
        return [waited[reference] for reference in ready]

    def end(self, kindly=False):
        """End the actor."""
        with contextlib.suppress(self.ray.exceptions.RayError):
            self.ray.kill(self.actor)


def _loss(error):
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return f"the Ray worker was lost: {type(error).__name__}" + (f": {lines[0][:200].rstrip('.')}" if lines else "")


class Seat:
    """The actor: a thread that evaluates, and methods that pass it a message and wait for its next.

    Each returns the message, and the files of a trial that ended, where the run's folder is on another machine.

    Args:
        parcel: A list with the reference to the evaluator and the context.
        home: The id of the machine whose folder is the run's.
        threads: Threads the numerical libraries may use.
        places: Where the searching process looks for modules; where there are such folders here, so does this one.
    """

    def __init__(self, parcel, home, threads, places):
        import ray

        sys.path += [place for place in places if place not in sys.path]

        for name, value in thread_limits(threads).items():
            os.environ.setdefault(name, value)
        away = ray.get_runtime_context().get_node_id() != home
        self.scratch = Path(tempfile.mkdtemp(prefix="kerasnas_")) if away else None
        self.inbox, self.outbox, self.number = queue.Queue(), queue.Queue(), None
        life = lambda: self._opened(ray.get(parcel[0])), self.inbox.get, self.outbox.put
        threading.Thread(target=serve, args=life, daemon=True).start()

    def _opened(self, parcel):
        evaluator, context = parcel
        if self.scratch is not None and context.folder is not None:
            context.folder = self.scratch
        return evaluator, context

    def here(self):
        """Answered as soon as there is an actor to answer."""

    def begin(self, proposal, files):
        """Evaluate a proposal, which goes on from these files."""
        self.number = proposal.number
        if self.scratch is not None:
            write_files(self.scratch, files)
        self.inbox.put(proposal)
        return self._next()

    def answer(self, reply):
        """Answer a report."""
        self.inbox.put(reply)
        return self._next()

    def _next(self):
        kind, content = self.outbox.get()
        files = {}
        if kind == "trial" and self.scratch is not None:
            files = read_files(self.scratch, self.number)
            shutil.rmtree(self.scratch / "trials", ignore_errors=True)
        return (kind, content), files


def read_files(folder, number):
    """The contents of the files that belong to a trial, by name."""
    return {file.name: file.read_bytes() for file in (Path(folder) / "trials").glob(f"{number:04d}*") if file.is_file()}


def write_files(folder, files):
    """Write files of trials into a run's folder, each in one step."""
    trials = Path(folder) / "trials"
    trials.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        beside = trials / f".{name}.{os.getpid()}"
        beside.write_bytes(content)
        os.replace(beside, trials / name)
