"""Marks by which a run is known: alike for what computes the same, in any process, and for nothing else."""

import os
import subprocess
import sys
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from kerasnas.operations import Dense, Identity
from kerasnas.space import Choice, Float, Int, Operation, Repeat, Sequential, Shared, Space, When
from kerasnas.space.marks import mark

FACTOR = 2.0


def by_factor(x):
    return x * FACTOR


def through(x):
    return by_factor(x) + 1


def within(limit):
    return lambda architecture: len(architecture) < limit


def layered(factor):
    @dataclass(frozen=True)
    class Scaled(Operation):
        def layer(self, shape, name):
            return lambda x: x * factor

    return Scaled


def when(value):
    return Space(Sequential({"a": Dense(Int(1, 3)), "b": When("a/units", [value], Dense(4), Identity())}))


def holding(*values):
    made = type("Held", (), {})()
    for place, value in enumerate(values):
        setattr(made, f"a{place}", value)
    return made


PAIRS = {
    "values of named options": lambda n: Space(Dense(Choice(small=n, big=32))),
    "fixed arguments": lambda n: Space(Dense(n)),
    "a default": lambda n: Space(Dense(Int(1, 9, default=n))),
    "a condition": when,
    "a repetition": lambda n: Space(Repeat(Dense(4), n)),
    "what is shared": lambda n: Space(Shared("cell", Sequential(Dense(n)))),
    "a name that is shared": lambda n: Space(Shared(f"cell{n}", Dense(4))),
    "training": lambda n: Space(Dense(4), {"rate": Float(n, 9)}),
    "a portfolio": lambda n: Space(Dense(Int(1, 9)), portfolio=[{"units": n}]),
    "a constraint": lambda n: Space(Dense(4)).where(within(n)),
    "an operation of one's own": lambda n: Space(layered(n)()),
}


@pytest.mark.parametrize("make", PAIRS.values(), ids=PAIRS)
def test_a_space_is_known_by_all_that_it_is_made_of(make):
    assert make(2).mark() == make(2).mark() != make(3).mark()


def test_asking_a_space_does_not_change_its_mark():
    space = Space(Sequential(Dense(Choice(a=4, b=8)), Repeat(Dense(Int(1, 3)), Int(1, 3))), {"rate": Float(0, 1)})
    before = space.mark()
    space.record(lambda decision: decision.domain.default)
    space.describe()
    assert space.mark() == before


def test_functions_are_known_by_what_they_do(monkeypatch):
    added, taken = (lambda x: x + 1), (lambda x: x - 1)
    assert mark(added) == mark(lambda x: x + 1) != mark(taken)
    assert mark(within(1)) == mark(within(1)) != mark(within(2))
    assert mark(partial(added, 1)) == mark(partial(added, 1)) != mark(partial(added, 2))
    assert mark(holding(1, "a")) == mark(holding(1, "a")) != mark(holding(2, "a"))
    before = mark(through)
    monkeypatch.setattr(sys.modules[__name__], "FACTOR", 3.0)
    assert mark(through) != before  # two functions away


def test_types_of_numpy_are_no_arrays():
    assert mark(lambda x, dtype=np.float32: x) != mark(lambda x, dtype=np.float64: x)
    assert mark(np.float32) == mark(np.float32) != mark(np.int8)


def test_attributes_of_others_are_no_globals(monkeypatch):
    used = lambda x: x.FACTOR  # noqa: E731
    before = mark(used)
    monkeypatch.setattr(sys.modules[__name__], "FACTOR", 7.0)
    assert mark(used) == before


def test_what_a_function_writes_to_does_not_count():
    calls = []

    def noted(x):
        calls.append(x)

    before = mark(noted)
    noted(1)
    assert mark(noted) == before


def test_what_refers_to_itself_has_a_mark():
    def again(n):
        return again(n - 1) if n else 0

    assert mark(again) == mark(again)


SOLITARY = """
from kerasnas.space import Choice, Float, Sequential, Space
from kerasnas.space.marks import mark
known = lambda x: x in {"a", "b", "c", "d"}
print(mark(known, {"a", "b"}), Space(Sequential(), {"rate": Float(0, 1), "b": Choice(x=1, y=2)}).where(known).mark())
"""


def test_marks_are_the_same_in_every_process():
    root = str(Path(__file__).parents[2])
    told = [
        subprocess.run(
            [sys.executable, "-c", SOLITARY], env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": root},
            capture_output=True, text=True, check=True,
        ).stdout
        for seed in "12"
    ]  # fmt: skip
    assert told[0] == told[1] and len(told[0].split()) == 2
