"""The loop: journal, budget, executors, search."""

from kerasnas.loop.budget import Budget
from kerasnas.loop.checkpoints import Keeper
from kerasnas.loop.cluster import Ray
from kerasnas.loop.executors import Inline
from kerasnas.loop.journal import Journal, history, read
from kerasnas.loop.placement import place
from kerasnas.loop.pool import Processes
from kerasnas.loop.run import Observer, Run
from kerasnas.loop.session import Session

__all__ = [
    "Budget", "Inline", "Journal", "Keeper", "Observer", "Processes", "Ray", "Run", "Session", "history",
    "place", "read",
]  # fmt: skip
