"""A run as its journal tells it, read without loading more than Python."""

from dataclasses import dataclass, field
from pathlib import Path

from kerasnas.contract import Objective
from kerasnas.errors import JournalError
from kerasnas.fronts import pareto_front, ranks
from kerasnas.loop.journal import FILE, history, parse


@dataclass(frozen=True)
class Record:
    """What a journal holds.

    Attributes:
        folder: The run's folder.
        objective: The run's `Objective`, the first if there are several.
        objectives: All of them.
        trials: `Trial`s in the order they ended.
        ended_at: Seconds into the run at which each of them ended.
        final: The last final model: {"members": numbers of trials, "metrics": ...}; empty before there is one.
        identity: What made the run that run, by part: "space", "strategy", "seed", ...
        choice: The last choice under noise: {"trial": its number, "expected": scores without their luck, by trial,
            "reason": ...}; empty before there is one.
    """

    folder: Path
    objectives: tuple
    trials: tuple
    ended_at: tuple
    final: dict
    identity: dict = field(default_factory=dict)
    choice: dict = field(default_factory=dict)

    @property
    def objective(self):
        return self.objectives[0]

    @property
    def ranked(self):
        """Completed trials, the best first (of several objectives: front by front), then the failed ones in order."""
        completed = [trial for trial in self.trials if trial.measurement is not None]
        failed = [trial for trial in self.trials if trial.measurement is None]
        completed.sort(key=self.objective.rank, reverse=True)
        if len(self.objectives) > 1:
            place = dict(zip((trial.number for trial in completed), ranks(completed, self.objectives)))
            completed.sort(key=lambda trial: place[trial.number])
        return completed + sorted(failed, key=lambda t: t.number)

    @property
    def front(self):
        """The trials that no other dominates."""
        return pareto_front(self.trials, self.objectives)


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
    identity = events[0].get("fingerprint", {}) if events else {}
    objectives = _objectives(identity, path)
    return Record(Path(folder), objectives, trials, times, finals[-1], identity, choices[-1])


def _facts(events, name):
    """The notes of a name, before which there is an empty one."""
    return [{}, *(event["value"] for event in events if event["event"] == "fact" and event["name"] == name)]


def _objectives(identity, path):
    task = identity.get("task")
    told = task if isinstance(task, dict) else identity
    named = told.get("objectives") or [told.get("objective")]
    if all(isinstance(each, str) or (isinstance(each, list) and len(each) in (2, 3)) for each in named):
        return tuple(Objective(each) if isinstance(each, str) else Objective(*each) for each in named)
    raise JournalError(f"Expected a header that names the objective in {path}. Received: {named[0]!r}.")
