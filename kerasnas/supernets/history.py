"""What a differentiable search left in its folder, read without Keras."""

import json
from dataclasses import dataclass
from pathlib import Path

from kerasnas.errors import JournalError
from kerasnas.space import Architecture

FILE = "search.npz"


@dataclass(frozen=True)
class History:
    """A differentiable search, epoch by epoch.

    Attributes:
        epochs: A dict for each: "loss", its "seconds", "entropy" of the gates in nats, "operations" of the derived
            architecture by number, its "skips" by cell, the "architecture", and the "gates" by decision; "accuracy"
            along its path in the supernet, on rows that the weights do not learn from, where there are classes;
            "curvature", where a guard watches it; "warmup", where architecture weights did not move yet; "limited",
            where skip connections beyond a limit were taken out before any epoch kept it by itself.
        labels: The answers that gates weigh, by decision.
        stopped: Why the search ended early, or None.
        kept: How many epochs count, where the search went back; None for all.
    """

    epochs: list
    labels: dict
    stopped: str | None = None
    kept: int | None = None


def accuracies(folder):
    """The supernet's accuracy by derived architecture, the latest where it was derived more than once.

    Keys are `Architecture`s without training. Empty where nothing was searched by gradients.
    """
    if not (Path(folder) / "supernet" / FILE).exists():
        return {}
    found = {}
    for entry in read_history(folder).epochs:
        if "accuracy" in entry:
            found[Architecture(entry["architecture"]).without_training()] = entry["accuracy"]
    return found


def read_history(folder):
    """The `History` of the differentiable search in a run's folder.

    Raises:
        JournalError: If there is none.
    """
    import numpy as np

    path = Path(folder) / "supernet" / FILE
    if not path.exists():
        raise JournalError(f"Expected a run that searched by gradients. Received: no {path}.")
    with np.load(path) as stored:
        return History(**json.loads(str(stored["told"])))
