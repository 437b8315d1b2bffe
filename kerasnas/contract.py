"""The types that pass between the parts: what is proposed, what was measured, who proposes and who measures."""

import re
from dataclasses import dataclass, field
from pathlib import Path

from kerasnas.objectives import Objective
from kerasnas.space import Architecture, Space


@dataclass(frozen=True)
class Proposal:
    """A strategy's wish: evaluate this architecture.

    `fidelity` says how thoroughly (`{"epochs": 9}`; empty for in full); `parent` is the number of the proposal whose
    checkpoint it goes on from; `number` is set by the loop; `seconds` is what the budget grants it, or None.
    """

    architecture: Architecture
    number: int = -1
    fidelity: dict = field(default_factory=dict)
    parent: int | None = None
    seconds: float | None = None


@dataclass(frozen=True)
class Measurement:
    """What an evaluator found: the metrics, their curve by epoch, seconds taken, and facts worth keeping (`extra`)."""

    metrics: dict
    curve: tuple = ()
    seconds: float = 0.0
    extra: dict = field(default_factory=dict)


@dataclass(frozen=True)
class Trial:
    """A proposal and its end. `status` is "completed", "failed" (with `error`) or "interrupted"."""

    proposal: Proposal
    status: str
    measurement: Measurement | None = None
    error: str | None = None

    @property
    def number(self):
        return self.proposal.number

    @property
    def completed(self):
        return self.status == "completed"


@dataclass
class Context:
    """What a strategy and an evaluator are set up with: the space, the task, the objective, the seed, the folder.

    Where several objectives are searched for at once, `objectives` has them all, and `objective` is the first.
    `seconds_left()` says how many seconds of the search are left, None without a limit: a strategy that works long by
    itself keeps to it.
    """

    space: Space
    task: object = None
    objective: Objective = field(default_factory=lambda: Objective("val_loss"))
    seed: int = 0
    folder: Path | None = None
    objectives: tuple = ()
    seconds_left: object = None

    def __post_init__(self):
        self.objectives = tuple(self.objectives) or (self.objective,)


class Strategy:
    """Decides what to try next.

    `ask` changes nothing: what it proposes follows from what was begun, what was told, and `rng`. So a journal's
    proposals and results, fed to `began` and `tell`, restore any strategy, and several proposals may be out at once.

    `requires` says what a search must have for it: "finite" (a space without real-valued decisions), "epochs" (an
    evaluator that trains for the epochs that a proposal's fidelity says), "supernet" (rows to train a supernet on).
    """

    requires = frozenset()

    def setup(self, context):
        self.context = context

    def ask(self, rng):
        """The next `Proposal` (the loop sets its number), or None.

        None means: nothing to propose now. If no proposal is out either, the search ends.
        """
        raise NotImplementedError(f"{type(self).__name__}.ask")

    def began(self, proposal):
        """A proposal is on its way."""

    def tell(self, trial):
        """A trial ended, in whatever order."""

    def needs(self):
        """Numbers of the trials whose checkpoints later proposals may go on from (as their `parent`)."""
        return ()

    def describe(self):
        """What identifies the strategy in a journal: its name and arguments as plain JSON values."""
        return _described(self)


class Evaluator:
    """Says how good a proposal is.

    `prices` names those of "params", "flops" and "latency" (milliseconds for one example) that `price` tells;
    `varies_epochs` says whether it keeps to the epochs of a proposal's fidelity.
    """

    prices, varies_epochs = (), True

    def setup(self, context):
        self.context = context

    def evaluate(self, proposal, report):
        """Measure `proposal`; call `report(step, metrics)` as it goes, and stop early where that answers "stop"."""
        raise NotImplementedError(f"{type(self).__name__}.evaluate")

    def price(self, architecture):
        """What is known of an architecture's cost before it is measured: a dict of what `prices` names, or empty."""
        return {}

    def describe(self):
        return _described(self)


def _described(part):
    import inspect

    names = inspect.signature(type(part).__init__).parameters
    arguments = {name: getattr(part, name) for name in names if hasattr(part, name)}
    return {"name": type(part).__name__, **{name: _told(value) for name, value in arguments.items()}}


def _told(value):
    """`value` in a journal: the same in every process, so without addresses in memory."""
    if isinstance(value, (int, float, str, bool, type(None))):
        return value
    if isinstance(value, (Strategy, Evaluator)):
        return value.describe()
    return re.sub(r" at 0x[0-9a-f]+", "", str(value))
