"""Several objectives at once: who dominates whom, and how much a set of trials dominates.

Everywhere here more is better: values are turned by `Objective.score` first.
"""

import itertools
import math

from kerasnas.contract import Objective
from kerasnas.errors import ArgumentError


def scores(trials, objectives):
    """The scores of trials, a tuple for each, one number for each objective; more is better.

    A trial that did not complete, or lacks a value, scores minus infinity in all.

    Args:
        trials: `Trial`s.
        objectives: Names of metrics, or of facts told beside them (`extra`: parameters, latency); or `Objective`s.
    """
    objectives = [Objective.of(objective) for objective in objectives]
    if not objectives:
        raise ArgumentError("Expected at least one objective. Received: none.")
    return [_scores(trial, objectives) for trial in trials]


def _scores(trial, objectives):
    told = {} if trial.measurement is None else {**trial.measurement.extra, **trial.measurement.metrics}
    found = tuple(float(objective.score(told)) for objective in objectives)
    return found if all(map(math.isfinite, found)) else (-math.inf,) * len(found)


def dominates(left, right):
    """Whether `left` is nowhere worse than `right`, and somewhere better."""
    return left != right and all(a >= b for a, b in zip(left, right))


def pareto_front(trials, objectives):
    """The trials that no other trial dominates, the best by the first objective first.

    Of trials with equal scores all are kept; those without scores never stand on the front.

    Args:
        trials: `Trial`s.
        objectives: Names of metrics, or `Objective`s.
    """
    points = scores(trials, objectives)
    front = [i for i, rank in enumerate(ranks_of(points)) if rank == 0 and math.isfinite(points[i][0])]
    return [trials[i] for i in sorted(front, key=lambda i: points[i], reverse=True)]


def ranks(trials, objectives):
    """The rank of each trial by non-domination: 0 on the front, 1 on the front of the others, and so on.

    Reference:
        Deb et al., "A Fast and Elitist Multiobjective Genetic Algorithm: NSGA-II", IEEE TEVC 2002.
    """
    return ranks_of(scores(trials, objectives))


def ranks_of(points):
    """The same for points, more being better in every coordinate."""
    distinct = sorted(set(points), reverse=True)  # whoever dominates a point stands before it
    fronts, rank = [], {}
    for point in distinct:
        # A point that is dominated by a front is dominated by all earlier ones, too.
        low, high = 0, len(fronts)
        while low < high:
            middle = (low + high) // 2
            if any(dominates(other, point) for other in reversed(fronts[middle])):
                low = middle + 1
            else:
                high = middle
        if low == len(fronts):
            fronts.append([])
        fronts[low].append(point)
        rank[point] = low
    return [rank[point] for point in points]


def crowding(points):
    """The crowding distance of each of a front's points: how far apart its neighbours lie, infinite at the ends.

    Args:
        points: Tuples of scores, all of one front.

    Reference:
        Deb et al., "A Fast and Elitist Multiobjective Genetic Algorithm: NSGA-II", IEEE TEVC 2002.
    """
    distances = [0.0] * len(points)
    for axis in range(len(points[0]) if points else 0):
        order = sorted(range(len(points)), key=lambda i: points[i][axis])
        low, high = points[order[0]][axis], points[order[-1]][axis]
        distances[order[0]] = distances[order[-1]] = math.inf
        if high > low:
            for before, i, after in zip(order, order[1:], order[2:]):
                distances[i] += (points[after][axis] - points[before][axis]) / (high - low)
    return distances


def hypervolume(points, reference):
    """The volume that points dominate above a reference point; exact.

    Args:
        points: Tuples of scores, more being better. What does not lie above `reference` in all counts for nothing.
        reference: A point that is worse than all of interest.

    Reference:
        Zitzler & Thiele, "Multiobjective Evolutionary Algorithms: A Comparative Case Study", IEEE TEVC 1999.
    """
    reference = tuple(reference)
    if any(len(point) != len(reference) for point in points):
        raise ArgumentError(f"Expected points of {len(reference)} scores, as `reference`. Received: others among them.")
    return _volume([tuple(point) for point in points if all(p > r for p, r in zip(point, reference))], reference)


def _volume(points, reference):
    """Slices along the last axis, each the volume of the others' projection."""
    if not points:
        return 0.0
    if len(reference) == 1:
        return float(max(points)[0] - reference[0])
    *below, base = reference
    heights = sorted({point[-1] for point in points}, reverse=True)
    volume = 0.0
    for height, lower in itertools.pairwise([*heights, base]):
        slab = [point[:-1] for point in points if point[-1] >= height]
        volume += (height - lower) * _volume(slab, tuple(below))
    return volume
