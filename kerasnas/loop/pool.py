"""Trials in workers that may die, one or several at once."""

import dataclasses
import time
from dataclasses import dataclass, field

from kerasnas.contract import Proposal, Trial
from kerasnas.errors import SearchError
from kerasnas.loop.workers import Gone, ProcessWorker, packed, threads_each

LATE = 3.0  # times its granted seconds, and
GRACE = 60.0  # seconds more, after which a trial is taken to hang
STARTS = 3  # workers in a row that may end before they begin a trial
ROOM = 60.0  # seconds that a job waits for room for its worker, before a worker that is free takes it


@dataclass(eq=False)
class Job:
    """A proposal on its way: the losses of workers it has seen, when it was sent and when it must have ended."""

    proposal: Proposal
    losses: list = field(default_factory=list)
    starts: int = 0
    begun: bool = False
    sent: float = 0.0
    deadline: float | None = None


class Pool:
    """Runs trials in persistent workers, each with a trial of its own.

    A worker that dies, or is silent past the limit, is replaced, and its trial is run once more: a trial that loses
    two workers has failed. Nothing else is lost. A worker that no machine has room for keeps no trial from being run:
    another that is free takes it.

    Args:
        capacity: Workers.
        open_worker: A function that starts a worker.
        report: Called as `report(proposal, step, metrics)`; its answer goes back to the worker.
        timeout: Seconds that a trial may take; if None, three times its granted seconds and a minute more, or any
            time where no seconds are granted.
    """

    def __init__(self, capacity, open_worker, report, timeout=None):
        self.capacity, self.open_worker, self.report, self.timeout = capacity, open_worker, report, timeout
        self._jobs, self._idle = {}, []
        self._worked = False  # whether any worker ever began a trial

    def submit(self, proposal):
        self._take_over()
        self._assign(Job(proposal))

    def wait(self):
        """The next trial to end.

        Raises:
            SearchError: If no worker can be started.
            JournalError: If there is no more room on the disk.
        """
        while True:
            self._take_over()
            for worker in self._speaking():
                trial = self._hear(worker)
                if trial is not None:
                    return trial
            trial = self._overdue()
            if trial is not None:
                return trial

    def close(self):
        """End all workers, those with a trial at once."""
        for worker in self._jobs:
            worker.end()
        for worker in self._idle:
            worker.end(kindly=True)
        self._jobs, self._idle = {}, []

    # ------------------------------------------------------------------ parts
    def _assign(self, job):
        """Give a job to a worker that has none, or to a new one."""
        worker = None
        while self._idle and worker is None:
            worker = self._idle.pop()
            if not worker.alive:  # it died between trials: that costs no trial
                worker.end()
                worker = None
        worker = worker or self.open_worker()
        job.begun, job.starts, job.sent = False, job.starts + 1, time.monotonic()
        job.deadline = None if worker.patience is None else job.sent + worker.patience
        self._jobs[worker] = job
        worker.send(job.proposal)

    def _take_over(self):
        """Workers that are free take the jobs of those for which there has been no room for a while."""
        for worker, due in self._roomless():
            if self._idle and due <= time.monotonic():
                job = self._jobs.pop(worker)
                worker.end()
                job.starts = 0  # it was no worker that could not start
                self._assign(job)

    def _roomless(self):
        """Pairs of a worker for which there is no room yet, and when another may take its job."""
        waiting = [(worker, job) for worker, job in self._jobs.items() if worker.patience is None and not job.begun]
        return [(worker, job.sent + ROOM) for worker, job in waiting if not worker.seated]

    def _speaking(self):
        workers = list(self._jobs)
        deadlines = [job.deadline for job in self._jobs.values() if job.deadline is not None]
        deadlines += [due for _, due in self._roomless()] if self._idle else []
        timeout = max(min(deadlines) - time.monotonic(), 0.0) if deadlines else None
        return type(workers[0]).speaking(workers, timeout)

    def _hear(self, worker):
        """Take a worker's message; a trial if that is what it was."""
        job = self._jobs[worker]
        try:
            kind, content = worker.receive()
        except Gone as gone:
            return self._lost(worker, str(gone))
        if kind == "began":
            self._worked = job.begun = True
            job.deadline = self._deadline(job.proposal)
            worker.send(None)
        elif kind == "report":
            worker.send(self.report(job.proposal, *content))
        elif kind == "error":
            raise content
        else:
            self._idle.append(worker)
            del self._jobs[worker]
            return _marked(content, job)
        return None

    def _deadline(self, proposal):
        limit = self.timeout
        if limit is None and proposal.seconds is not None:
            limit = LATE * proposal.seconds + GRACE
        return None if limit is None else time.monotonic() + limit

    def _overdue(self):
        now = time.monotonic()
        late = [worker for worker, job in self._jobs.items() if job.deadline is not None and job.deadline <= now]
        for worker in late:
            begun = self._jobs[worker].begun
            trial = self._lost(worker, "the trial hung past its limit" if begun else "the worker did not start in time")
            if trial is not None:
                return trial
        return None

    def _lost(self, worker, reason):
        """Go on without a worker: its job is run once more, or has failed."""
        job = self._jobs.pop(worker)
        worker.end()
        if job.begun:
            job.losses.append(reason)
            job.starts = 0
        elif job.starts >= STARTS:
            if not self._worked:
                raise SearchError(
                    f"Expected a worker that starts. Received: {job.starts} that did not, the last: {reason}. A script "
                    "that searches with workers must do so under `if __name__ == '__main__':`."
                )
            return Trial(job.proposal, "failed", error=reason)
        if len(job.losses) < 2:
            self._assign(job)
            return None
        first, second = job.losses
        return Trial(job.proposal, "failed", error=f"{first}, twice" if first == second else f"{first}; then {second}")


def _marked(trial, job):
    """The trial, with a note if it is the second try."""
    if not job.losses or trial.measurement is None:
        return trial
    extra = {**trial.measurement.extra, "retried": job.losses[0]}
    return dataclasses.replace(trial, measurement=dataclasses.replace(trial.measurement, extra=extra))


@dataclass(frozen=True)
class Processes:
    """An executor: trials run in persistent processes of this machine.

    Args:
        workers: How many at once.
        trial_timeout: See `Pool`.
    """

    workers: int = 2
    trial_timeout: float | None = None

    def __call__(self, evaluator, context, report):
        parcel, threads = packed(evaluator, context), threads_each(self.workers)
        return Pool(self.workers, lambda: ProcessWorker(parcel, threads), report, self.trial_timeout)
