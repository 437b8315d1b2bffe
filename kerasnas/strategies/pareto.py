"""What several objectives at once call good: fronts, crowding, hypervolume."""

import numpy as np

from kerasnas.contract import Objective
from kerasnas.errors import StrategyError


def scores(trial, objectives):
    """A trial's value of each objective, turned so that more is better.

    An objective is a metric, or a fact the evaluator tells beside (`extra`), such as "params" or "latency".

    Raises:
        StrategyError: If one was not measured.
    """
    told = {**trial.measurement.extra, **trial.measurement.metrics}
    missing = [objective.name for objective in objectives if told.get(objective.name) is None]
    if missing:
        raise StrategyError(
            f"Expected trials that measure '{missing[0]}' to search by it. Received: {', '.join(sorted(told))}."
        )
    return tuple(float(objective.score(told)) for objective in objectives)


def pareto_front(trials, objectives):
    """The completed trials that no other beats in one objective without losing in another, best in the first first.

    Args:
        trials: `Trial`s; failed ones, and those with a value that is not finite, do not count.
        objectives: Names or `Objective`s.

    Raises:
        StrategyError: If a trial does not measure one of them.
    """
    objectives = [Objective.of(each) for each in objectives]
    completed = [trial for trial in trials if trial.completed]
    if not completed:
        return []
    points = np.array([scores(trial, objectives) for trial in completed])
    finite = np.isfinite(points).all(axis=1)
    completed, points = [trial for trial, usable in zip(completed, finite) if usable], points[finite]
    kept = [place for place, rank in enumerate(ranks(points)) if rank == 0]
    return [completed[place] for place in sorted(kept, key=lambda place: (tuple(-points[place]), place))]


def ranks(points):
    """For each row the number of its front: 0 for those that none dominates, 1 for those that only 0 does, ...

    Args:
        points: Array `(rows, objectives)`, more is better.
    """
    no_worse = (points[:, None] >= points[None]).all(axis=2)
    dominates = no_worse & ~no_worse.T
    left, found = np.ones(len(points), bool), np.zeros(len(points), int)
    while left.any():
        front = left & ~(dominates & left[:, None]).any(axis=0)
        found[left & ~front] += 1
        left &= ~front
    return found


def crowding(points):
    """For each row of one front how far its neighbours are, summed over the objectives; infinite at the ends."""
    far = np.zeros(len(points))
    for column in points.T:
        order = np.argsort(column, kind="stable")
        span = column[order[-1]] - column[order[0]]
        far[order[[0, -1]]] = np.inf
        if span > 0:
            far[order[1:-1]] += (column[order[2:]] - column[order[:-2]]) / span
    return far


def hypervolume(points, reference):
    """The volume that some points dominate, down to a reference that is worse than all that counts.

    Args:
        points: Rows of objectives, more is better.
        reference: The value of each objective from which volume counts.

    Reference:
        Zitzler & Thiele, "Multiobjective Evolutionary Algorithms", 1999; computed by slicing along the last objective.
    """
    points, reference = np.atleast_2d(np.asarray(points, float)), np.asarray(reference, float)
    points = points[(points > reference).all(axis=1)]
    if not len(points):
        return 0.0
    if points.shape[1] == 1:
        return float(points.max() - reference[0])
    levels = np.unique(points[:, -1])
    below = np.concatenate([[reference[-1]], levels[:-1]])
    slices = zip(levels, below)
    return float(
        sum((top - low) * hypervolume(points[points[:, -1] >= top, :-1], reference[:-1]) for top, low in slices)
    )
