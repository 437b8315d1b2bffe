"""Evaluators and spaces for tests of the loop; what a worker process needs must be importable."""

import os
import zlib
from pathlib import Path

from kerasnas.contract import Context, Evaluator, Measurement, Objective
from kerasnas.loop import Budget, Inline, Journal, Run
from kerasnas.operations import Activation, Dense
from kerasnas.space import Choice, Float, Int, Repeat, Sequential, Space
from kerasnas.strategies import Greedy, RandomSearch

OBJECTIVE = Objective("val_accuracy")


def layers():
    layer = Sequential(Dense(Int(16, 512, log=True)), Activation(Choice("relu", "tanh", "gelu")))
    return Space(Repeat(layer, Int(1, 4)), {"rate": Float(1e-4, 1e-1, log=True)}, portfolio=[{"times": 3}])


def tiny():
    return Space(Dense(Choice(4, 8, 16)))


def value(architecture):
    return zlib.crc32(architecture.key.encode()) / 2**32


class Made(Evaluator):
    """Scores that are a fixed function of the architecture; writes a line for each call into a file."""

    def __init__(self, log=None, epochs=2):
        self.log, self.epochs = log, epochs

    def evaluate(self, proposal, report):
        self.note(f"begin {proposal.number}")
        curve = []
        for epoch in range(1, self.epochs + 1):
            curve.append({"epoch": epoch, "val_accuracy": value(proposal.architecture) * epoch / self.epochs})
            if report(epoch, curve[-1]) == "stop":
                break
        self.note(f"end {proposal.number}")
        metrics = {"val_accuracy": curve[-1]["val_accuracy"], "val_loss": 1 - value(proposal.architecture)}
        return Measurement(metrics, tuple(curve), extra={"epochs": len(curve)})

    def note(self, line):
        if self.log is not None:
            with Path(self.log).open("a") as file:
                file.write(line + "\n")


class Troubled(Made):
    """Does something else at some trials: a dict from number to what."""

    def __init__(self, troubles, log=None):
        super().__init__(log)
        self.troubles = troubles

    def evaluate(self, proposal, report):
        trouble = self.troubles.get(proposal.number, self.troubles.get("all"))
        if trouble is None:
            return super().evaluate(proposal, report)
        return TROUBLES[trouble](self, proposal, report)


def _raise(error):
    def evaluate(self, proposal, report):
        raise error

    return evaluate


def _interrupted(self, proposal, report):
    found = Made.evaluate(self, proposal, report)
    return Measurement(found.metrics, found.curve, extra={"interrupted": True, "epochs": 1})


TROUBLES = {
    "raise": _raise(ValueError("units must be even")),
    "memory": _raise(MemoryError()),
    "allocator": _raise(RuntimeError("OOM when allocating tensor: out of memory\nmore\nlines")),
    "ctrl-c": _raise(KeyboardInterrupt()),
    "nan": lambda self, proposal, report: Measurement({"val_accuracy": float("nan"), "val_loss": 0.1}),
    "inf": lambda self, proposal, report: Measurement({"val_accuracy": float("inf")}),
    "text": lambda self, proposal, report: Measurement({"val_accuracy": "high"}),
    "none": lambda self, proposal, report: Measurement({"val_accuracy": None}),
    "other": lambda self, proposal, report: Measurement({"val_acc": 0.5, "val_loss": 0.1}),
    "number": lambda self, proposal, report: 0.5,
    "nothing": lambda self, proposal, report: None,
    "interrupted": _interrupted,
    "interrupted early": lambda s, p, r: Measurement({}, extra={"interrupted": True}),
    "exit": lambda self, proposal, report: os._exit(3),
    "unpicklable": lambda self, proposal, report: Measurement({"val_accuracy": 0.5}, extra={"f": lambda: 0}),
}


class NoSetup(Made):
    def setup(self, context):
        raise OSError("no such device")


def run(
    folder, evaluator=None, trials=8, strategy=None, space=None, seed=0, executor=Inline, observers=(), budget=None,
    objective=OBJECTIVE,
):  # fmt: skip
    """A search to its end: the `Run`."""
    context = Context(space or layers(), objective=objective, seed=seed)
    with Journal(folder) as journal:
        journal.header({"seed": seed})
        budget = budget or Budget(max_trials=trials)
        made = Run(context, strategy or Greedy(), evaluator or Made(), journal, budget, executor, observers)
        return made.search()


def choices(found):
    """What a run tried and found: the same for the same search."""
    return [
        (t.number, t.proposal.architecture, t.status, t.measurement and t.measurement.metrics) for t in found.trials
    ]


__all__ = ["Greedy", "RandomSearch"]
