"""Rungs: the levels of training at which candidates are compared, and who climbs."""

import math
from dataclasses import dataclass

from kerasnas.contract import Trial
from kerasnas.errors import ArgumentError


@dataclass
class Entry:
    """A candidate on a rung: its proposal, its trial once it has ended, and whether it went on to the next rung."""

    proposal: object
    trial: Trial | None = None
    promoted: bool = False


class Rung:
    """The candidates trained for one number of epochs.

    Args:
        epochs: That number.
        size: How many it takes; None for any number.
    """

    def __init__(self, epochs, size=None):
        self.epochs, self.size, self.entries = epochs, size, {}

    def begin(self, proposal):
        self.entries[proposal.number] = Entry(proposal)

    @property
    def ended(self):
        return all(entry.trial is not None for entry in self.entries.values())

    def ranked(self, score):
        """The entries that completed with a finite score, the best first; of equals the earlier proposed."""
        scored = [entry for entry in self.entries.values() if entry.trial is not None and entry.trial.completed]
        scored = [entry for entry in scored if math.isfinite(score(entry.trial))]
        return sorted(scored, key=lambda entry: (-score(entry.trial), entry.proposal.number))


def levels(least, most, factor):
    """Epochs of the rungs from `least` to `most`, each about `factor` times those before: [1, 3, 9, 27].

    The number of rungs is found in whole numbers: logarithms are off by one at exact powers.

    Raises:
        ArgumentError: If the numbers are no such range.
    """
    if least < 1 or most < least or factor < 2:
        raise ArgumentError(
            "Expected 1 <= min_epochs <= max_epochs and factor >= 2. "
            f"Received: min_epochs={least}, max_epochs={most}, factor={factor}."
        )
    count = 0
    while least * factor ** (count + 1) <= most:
        count += 1
    return [max(least, most // factor**step) for step in range(count, -1, -1)]
