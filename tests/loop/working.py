"""Evaluators that trouble their workers, and a parallel search as a process: `python working.py FOLDER LOG TRIALS`."""

import os
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from kerasnas.contract import Measurement
from kerasnas.loop import Processes
from loop.work import Made, run


class Once(Made):
    """Some trials do something to their worker when they are first tried: a dict from number to what."""

    def __init__(self, folder, troubles, log=None, always=False):
        super().__init__(log)
        self.folder, self.troubles, self.always = folder, troubles, always

    def evaluate(self, proposal, report):
        trouble = self.troubles.get(proposal.number)
        mark = Path(self.folder) / f"tried_{proposal.number}"
        if trouble is not None and (self.always or not mark.exists()):
            mark.touch()
            if trouble == "hang":
                report(1, {"hanging": True})
                time.sleep(600)
            os.kill(os.getpid(), trouble)
        return super().evaluate(proposal, report)


class Slow(Made):
    """Takes a while, and notes which process it was."""

    def __init__(self, log=None, seconds=0.02):
        super().__init__(log)
        self.seconds = seconds

    def evaluate(self, proposal, report):
        time.sleep(self.seconds * (4 if proposal.number % 4 == 0 else 1))  # so that trials end out of order
        found = super().evaluate(proposal, report)
        return Measurement(found.metrics, found.curve, extra={"process": os.getpid(), **found.extra})


class Surroundings(Made):
    """Tells what its process was given."""

    def evaluate(self, proposal, report):
        threads = int(os.environ["TF_NUM_INTRAOP_THREADS"]), int(os.environ["OMP_NUM_THREADS"])
        return Measurement({"val_accuracy": 0.5}, extra={"threads": threads, "process": os.getpid()})


class Writing(Made):
    """Writes its trial's model into the run's folder, and reads its parent's."""

    def setup(self, context):
        self.folder = Path(context.folder)

    def evaluate(self, proposal, report):
        trials = self.folder / "trials"
        trials.mkdir(exist_ok=True)
        parent = 0
        if proposal.parent is not None:
            parent = int((trials / f"{proposal.parent:04d}.keras").read_text())
        (trials / f"{proposal.number:04d}.keras").write_text(str(parent + 1))
        report(1, {"val_accuracy": 0.5})
        return Measurement({"val_accuracy": 0.5}, extra={"folder": str(self.folder), "depth": parent + 1})


class Stillborn(Made):
    """Ends the process that unpickles it."""

    def __reduce__(self):
        return os._exit, (7,)


class Unreadable(Made):
    """Cannot be unpickled."""

    def __reduce__(self):
        return int, ("not a number",)


if __name__ == "__main__":
    folder, log, trials = sys.argv[1:]
    found = run(folder, Slow(log), int(trials), executor=Processes(2))
    print(found.reason, len(found.trials))
