"""Fronts, ranks, crowding and volumes against definitions written out."""

import itertools
import math
import random

import pytest

from kerasnas.contract import Measurement, Objective, Proposal, Trial
from kerasnas.errors import ArgumentError
from kerasnas.fronts import crowding, dominates, hypervolume, pareto_front, ranks, ranks_of, scores
from kerasnas.space import Architecture

BOTH = ("val_accuracy", Objective("size", "min"))


def trial(number, accuracy, size, status="completed"):
    measured = Measurement({"val_accuracy": accuracy, "size": size}) if status != "failed" else None
    return Trial(Proposal(Architecture({"n": number}), number), status, measured)


def clouds():
    rng = random.Random(0)
    for axes, grid in itertools.product((1, 2, 3, 4), (5, 1000)):
        yield [tuple(rng.randrange(grid) / grid for _ in range(axes)) for _ in range(60)]


def test_scores_are_turned_so_that_more_is_better():
    assert scores([trial(0, 0.5, 10)], BOTH) == [(0.5, -10.0)]
    assert scores([trial(0, 0.5, math.nan), trial(1, 1, 1, "failed")], BOTH) == [(-math.inf, -math.inf)] * 2
    beside = Trial(Proposal(Architecture(), 0), "completed", Measurement({"val_accuracy": 0.5}, extra={"size": 7}))
    assert scores([beside], BOTH) == [(0.5, -7.0)], "facts told beside the metrics count"
    with pytest.raises(ArgumentError, match="at least one objective"):
        scores([], ())


def test_a_front_of_trials():
    trials = [trial(0, 0.9, 50), trial(1, 0.8, 20), trial(2, 0.8, 30), trial(3, 0.5, 20), trial(4, 0.95, 90)]
    trials += [trial(5, 0.8, 20), trial(6, 0, 0, "failed"), trial(7, math.nan, 1)]
    assert [t.number for t in pareto_front(trials, BOTH)] == [4, 0, 1, 5]
    assert ranks(trials, BOTH)[:6] == [0, 0, 1, 1, 0, 0]
    assert min(ranks(trials, BOTH)[6:]) > 1
    assert pareto_front([trial(6, 0, 0, "failed")], BOTH) == [] == pareto_front([], BOTH)


@pytest.mark.parametrize("points", clouds())
def test_ranks_are_those_of_peeling_fronts_off(points):
    left, expected, rank = set(points), {}, 0
    while left:
        front = {p for p in left if not any(dominates(other, p) for other in left)}
        expected.update(dict.fromkeys(front, rank))
        left, rank = left - front, rank + 1
    assert ranks_of(points) == [expected[point] for point in points]


def test_crowding_by_hand():
    assert crowding([(0, 4), (1, 2), (4, 0)]) == [math.inf, 2.0, math.inf]
    third = pytest.approx(4 / 3)
    assert crowding([(0, 3), (3, 0), (1, 2), (2, 1)]) == [math.inf, math.inf, third, third]
    assert crowding([(1, 1)]) == [math.inf] and crowding([]) == []
    assert crowding([(0, 1), (0, 2), (0, 3)])[1] == 1.0


@pytest.mark.parametrize("points", clouds())
def test_a_volume_is_the_part_of_a_grid_that_is_dominated(points):
    """Against counting cells: exact, for all coordinates lie on the grid."""
    if len(set(map(float, itertools.chain(*points)))) > 5:
        points = [tuple(math.floor(5 * value) / 5 for value in point) for point in points]
    axes, points = len(points[0]), points[:8]
    cells = itertools.product(range(5), repeat=axes)
    inside = sum(any(all(p >= (c + 1) / 5 - 1e-9 for p, c in zip(point, cell)) for point in points) for cell in cells)
    assert hypervolume(points, (0.0,) * axes) == pytest.approx(inside / 5**axes)


def test_volumes_at_the_border():
    assert hypervolume([], (0, 0)) == 0 == hypervolume([(-1, 5), (0, 3)], (0, 0))
    assert hypervolume([(1, 2), (2, 1), (1, 1)], (0, 0)) == 3
    with pytest.raises(ArgumentError, match="Expected points of 2 scores"):
        hypervolume([(1, 2, 3)], (0, 0))


def test_ranks_of_many_are_quick():
    rng = random.Random(1)
    points = [(rng.random(), rng.random()) for _ in range(2000)]
    assert max(ranks_of(points)) > 10
