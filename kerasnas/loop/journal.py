"""The run's truth: an append-only file of JSON lines, synced at every event."""

import contextlib
import errno
import json
import math
import os
import time
from pathlib import Path

from kerasnas.contract import Measurement, Proposal, Trial
from kerasnas.errors import JournalError
from kerasnas.space import Architecture

VERSION = 1
FILE = "journal.jsonl"


def _finite(value):
    """`value` in what JSON has words for: other floats become strings, NumPy's numbers Python's."""
    if hasattr(value, "tolist"):
        value = value.tolist()
    if isinstance(value, dict):
        return {key: _finite(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_finite(item) for item in value]
    return repr(value) if isinstance(value, float) and not math.isfinite(value) else value


def full(error):
    """Whether an error is that of a full disk; HDF5 says it in words alone."""
    return getattr(error, "errno", None) in (errno.ENOSPC, errno.EDQUOT) or "No space left" in str(error)


@contextlib.contextmanager
def writing(what):
    """Where something is written beside the journal: a disk that is full or fails becomes a `JournalError`."""
    try:
        yield
    except Exception as error:
        if not isinstance(error, OSError) and not full(error):
            raise
        reason = "the disk is full" if full(error) else error.strerror or error
        raise JournalError(
            f"Expected to write {what}. Received: {reason}. The trials are safe; make room and call again to go on."
        ) from error


def parse(path):
    """The events of a journal file.

    A last line without its end was torn by a kill: it never happened.

    Returns:
        The events, and the number of bytes they take.

    Raises:
        JournalError: If another line cannot be read.
    """
    raw = Path(path).read_bytes()
    whole = raw[: raw.rfind(b"\n") + 1]
    events = []
    for number, line in enumerate(whole.splitlines(), 1):
        try:
            event = json.loads(line)
            event["event"]
        except (ValueError, KeyError, TypeError) as error:
            raise JournalError(
                f"Expected line {number} of {path} to be an event in JSON. Received: {line[:60]!r}. The journal is "
                "corrupt: restore it, cut the file before that line, or start anew with overwrite=True."
            ) from error
        events.append(event)
    if events and events[0].get("version") != VERSION:
        raise JournalError(
            f"Expected a journal of version {VERSION} in {path}. Received: version {events[0].get('version')!r}."
        )
    return events, len(whole)


class Journal:
    """The journal of one run folder.

    Args:
        folder: The run's folder; made if absent.
        started: `time.monotonic()` from which this process's share of the run counts; now if None.

    Raises:
        JournalError: If the folder cannot be written, or another process is writing this journal.
    """

    def __init__(self, folder, started=None):
        self.path = Path(folder) / FILE
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._file = self.path.open("ab", buffering=0)
        except OSError as error:
            problem = f"Expected a folder that can be written. Received: {folder} ({error.strerror})."
            raise JournalError(problem) from error
        self._lock()
        try:
            self.events, length = parse(self.path)
            self._file.truncate(length)
        except BaseException:
            self._file.close()  # and the lock with it, so that the same process can try again
            raise
        self.elapsed_before = max((event.get("at", 0.0) for event in self.events), default=0.0)
        self._started = time.monotonic() if started is None else started

    def _lock(self):
        try:
            import fcntl
        except ImportError:  # no such lock on this system
            return
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            self._file.close()
            raise JournalError(
                f"Expected {self.path.parent} to be free. Received: a run that another process is writing now."
            ) from error

    def elapsed(self):
        """Seconds spent on the run, earlier processes included."""
        return self.elapsed_before + time.monotonic() - self._started

    def append(self, event, **fields):
        """Write one event and wait until it is on disk.

        Raises:
            JournalError: If it cannot be written; nothing of it is left in the file.
        """
        record = _finite({"event": event, **fields, "at": round(self.elapsed(), 3)})
        line = json.dumps(record, default=str).encode() + b"\n"
        size = os.fstat(self._file.fileno()).st_size
        try:
            if self._file.write(line) < len(line):
                raise OSError(errno.ENOSPC, "no space left")
            os.fsync(self._file.fileno())
        except OSError as error:
            os.ftruncate(self._file.fileno(), size)
            reason = "the disk is full" if full(error) else error.strerror
            raise JournalError(
                f"Expected to write the journal {self.path}. Received: {reason}. Trials up to here are safe; make room "
                "and call again to go on."
            ) from error
        self.events.append(json.loads(line))

    def header(self, fingerprint):
        """Write the run's identity into a new journal, or check it against an old one's.

        Args:
            fingerprint: Dict of plain values, one for each part that makes this run this run.

        Raises:
            JournalError: If the journal belongs to another run; the message names what differs.
        """
        if not self.events:
            self.append("header", version=VERSION, fingerprint=fingerprint)
            return
        known = self.events[0].get("fingerprint", {})
        differing = [part for part in fingerprint if known.get(part) != _finite(fingerprint[part])]
        if differing:
            raise JournalError(
                f"Expected {self.path.parent} to hold a run with the same {', '.join(differing)}. "
                "Received: a journal of another. Choose another `directory` or `project_name`, or start anew with "
                "overwrite=True."
            )

    def facts(self, name):
        """Values of the notes called `name`, in order."""
        return [event["value"] for event in self.events if event["event"] == "fact" and event["name"] == name]

    def fact(self, name, value):
        """Note something that was measured or drawn, so that a resumed run decides alike."""
        self.append("fact", name=name, value=value)
        return value

    def began(self, proposal):
        p = proposal
        self.append(
            "began", number=p.number, architecture=dict(p.architecture), fidelity=p.fidelity, parent=p.parent,
            seconds=p.seconds,
        )  # fmt: skip

    def told(self, trial):
        """Note the end of a trial.

        Returns:
            The trial as a resumed run will read it.
        """
        m = trial.measurement or Measurement({})
        self.append(
            "told", number=trial.number, status=trial.status, metrics=m.metrics, curve=list(m.curve),
            seconds=m.seconds, extra=m.extra, error=trial.error,
        )  # fmt: skip
        return _trial(self.events[-1], trial.proposal)

    def close(self):
        self._file.close()

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.close()


def _read(value):
    """What `_finite` was given."""
    if isinstance(value, dict):
        return {key: _read(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_read(item) for item in value]
    return float(value) if value in ("nan", "inf", "-inf") else value


def _trial(event, proposal):
    measurement = Measurement(
        _read(event["metrics"]), tuple(_read(event["curve"])), event["seconds"], _read(event["extra"])
    )
    measured = measurement if event["status"] == "completed" else None
    return Trial(proposal, event["status"], measured, event["error"])


def history(events):
    """Proposals and trials in the order in which they were begun and told.

    Returns:
        A list of `("began", Proposal)` and `("told", Trial)`.
    """
    proposals, ordered = {}, []
    for event in events:
        if event["event"] == "began":
            rest = (event[name] for name in ("number", "fidelity", "parent", "seconds"))
            proposal = Proposal(Architecture(event["architecture"]), *rest)
            proposals[proposal.number] = proposal
            ordered.append(("began", proposal))
        elif event["event"] == "told":
            trial = _trial(event, proposals[event["number"]])
            ordered.append(("told", trial))
    return ordered


def read(folder):
    """The trials in a run folder, without loading more than Python: for leaderboards and reports.

    Returns:
        The header's fingerprint, and a list of `Trial`s in the order they were told.

    Raises:
        JournalError: If there is no journal, or it is corrupt.
    """
    path = Path(folder) / FILE
    if not path.exists():
        raise JournalError(f"Expected a run folder with a {FILE}. Received: {folder}.")
    events, _ = parse(path)
    trials = [item for kind, item in history(events) if kind == "told"]
    return (events[0].get("fingerprint", {}) if events else {}), trials
