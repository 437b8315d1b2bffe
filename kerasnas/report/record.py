"""A run as its journal tells it, read without loading more than Python."""

from dataclasses import dataclass, field
from pathlib import Path

from kerasnas.contract import Objective
from kerasnas.errors import JournalError
from kerasnas.loop.journal import FILE, history, parse


@dataclass(frozen=True)
class Record:
    """What a journal holds.

    Attributes:
        folder: The run's folder.
        objective: The run's `Objective`.
        trials: `Trial`s in the order they ended.
        ended_at: Seconds into the run at which each of them ended.
        final: The last final model: {"members": numbers of trials, "metrics": ...}; empty before there is one.
        choice: The last choice under noise: {"trial": its number, "expected": scores without their luck, by trial,
            "reason": ...}; empty before there is one.
    """

    folder: Path
    objective: Objective
    trials: tuple
    ended_at: tuple
    final: dict
    choice: dict = field(default_factory=dict)

    @property
    def ranked(self):
        """Completed trials, the best first, then the failed ones in order."""
        completed = [trial for trial in self.trials if trial.measurement is not None]
        failed = [trial for trial in self.trials if trial.measurement is None]
        return sorted(completed, key=self.objective.rank, reverse=True) + sorted(failed, key=lambda t: t.number)


def record(folder):
    """The `Record` of a run folder; a run that goes on at this moment can be read, too.

    Raises:
        JournalError: If there is no journal, it is corrupt, or its header names no objective.
    """
    path = Path(folder) / FILE
    if not path.is_file():
        raise JournalError(f"Expected a run folder with a {FILE}. Received: {folder}.")
    events, _ = parse(path)
    told = [event for event in events if event["event"] == "told"]
    finals, choices = (_facts(events, name) for name in ("final", "choice"))
    trials = tuple(item for kind, item in history(events) if kind == "told")
    times = tuple(event["at"] for event in told)
    return Record(Path(folder), _objective(events, path), trials, times, finals[-1], choices[-1])


def _facts(events, name):
    """The notes of a name, before which there is an empty one."""
    return [{}, *(event["value"] for event in events if event["event"] == "fact" and event["name"] == name)]


def _objective(events, path):
    fingerprint = events[0].get("fingerprint", {}) if events else {}
    task = fingerprint.get("task")
    named = task.get("objective") if isinstance(task, dict) else fingerprint.get("objective")
    if isinstance(named, str):
        return Objective(named)
    if isinstance(named, list) and len(named) == 2:
        return Objective(*named)
    raise JournalError(f"Expected a header that names the objective in {path}. Received: {named!r}.")
