"""Which trials' models stay on disk: the best few, those handed over, and those that a strategy goes on from."""

import re
from pathlib import Path

from kerasnas.loop.run import Observer
from kerasnas.loop.selection import mixed


class Keeper(Observer):
    """After each trial, deletes the models that are neither among the best nor needed by the strategy.

    What exceeds the limits of this call, found under wider ones, goes before what does not.

    Members of the last final model stay: it may be no worse than what more trials find, and be trained again.

    Args:
        context: The search's context.
        keep: How many stay.
    """

    def __init__(self, context, keep=10):
        self.context, self.keep = context, keep

    def ended(self, trial, run):
        if self.context.folder is None:
            return
        ranked = sorted(run.completed, key=self.context.objective.rank, reverse=True)
        parts = {True: [], False: []}
        for other in ranked:
            parts[bool(run.budget.fits([other]))].append(other)
        order = mixed(parts[True]) + mixed(parts[False])
        kept = {other.number for other in order[: self.keep]} | set(run.strategy.needs())
        kept |= {number for fact in run.journal.facts("final")[-1:] for number in fact["members"]}
        spare = {other.number for other in run.trials} - kept  # and not what another worker has written just now
        for file in (Path(self.context.folder) / "trials").glob("[0-9]*.*"):
            if int(file.name.split(".")[0]) in spare:
                file.unlink(missing_ok=True)


HALF = re.compile(r"\.(\d+(\.weights)?|final|model)\.\d+\.(keras|npz|json)")  # as `replace_with` calls them


def sweep(folder):
    """Delete the files that a process left half written as it was killed; none may be at work on the folder."""
    for place in (Path(folder), Path(folder) / "trials", Path(folder) / "refit"):
        for file in place.glob(".*"):
            if HALF.fullmatch(file.name):
                file.unlink(missing_ok=True)
