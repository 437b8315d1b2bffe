"""How spaces are drawn: resolving, conditions, descriptions, and what each mistake is answered with."""

import numpy as np
import pytest

from kerasnas.errors import KerasnasError, SpaceError
from kerasnas.operations import Activation, Conv, Dense, Dropout, Identity
from kerasnas.space import (
    Categorical,
    Cell,
    Choice,
    Float,
    Graph,
    Int,
    Node,
    Parallel,
    Repeat,
    Sequential,
    Shared,
    Space,
    Step,
    Subset,
    When,
)


def test_resolving_gives_the_concrete_network():
    space = Space(
        Sequential(
            {"stem": Conv(Choice(8, 16), 3), "body": Repeat(Dense(Int(1, 4)), Int(1, 2)), "end": Choice(a=Identity())}
        ),
        {"rate": Float(0, 1), "epochs": 5},
    )
    answers = {
        "stem/filters": 16,
        "body/times": 2,
        "body/0/units": 3,
        "body/1/units": 4,
        "end": "a",
        "training/rate": 0.5,
    }
    resolved = space.resolve(answers)
    assert resolved.network.nodes["stem"] == Conv(16, 3)
    assert list(resolved.network.nodes["body"].nodes.values()) == [Dense(3), Dense(4)]
    assert resolved.network.nodes["end"] == Identity()
    assert resolved.training == {"rate": 0.5, "epochs": 5}


def test_subsets_of_nodes_run_side_by_side():
    space = Space(Subset(a=Dense(1), b=Dense(2), c=Dense(3), choose=2, merge="concatenate"))
    network = space.resolve({"": ("a", "c")}).network
    assert isinstance(network, Parallel) and network.merge == "concatenate"
    assert network.nodes == {"a": Dense(1), "c": Dense(3)}


def test_subsets_of_values_are_tuples():
    space = Space(Sequential(), {"metrics": Subset("a", "b", "c", choose=(1, 3))})
    assert space.resolve({"training/metrics": ["a", "c"]}).training["metrics"] == ("a", "c")


def test_decisions_carry_their_conditions():
    space = Space(Choice(dense=Dense(Choice(1, 2)), deep=Repeat(Dense(Choice(3, 4)), Int(1, 2))))
    when = {decision.path: decision.when for decision in space.decisions()}
    assert when == {
        "": (),
        "dense/units": (("", ("dense",)),),
        "deep/times": (("", ("deep",)),),
        "deep/0/units": (("", ("deep",)), ("deep/times", (1, 2))),
        "deep/1/units": (("", ("deep",)), ("deep/times", (2,))),
    }


OPTIMIZER = {
    "optimizer": Choice("sgd", "adam"),
    "momentum": When("training/optimizer", ["sgd"], Choice(0.8, 0.9), 0.0),
    "beta": When("training/optimizer", ["adam"], Choice(0.9, 0.99), Choice("no", "none")),
}


def test_conditions_on_earlier_answers():
    space = Space(Dense(3), OPTIMIZER)
    sgd = {"training/optimizer": "sgd", "training/momentum/then": 0.9, "training/beta/else": "none"}
    assert space.resolve(sgd).training == {"optimizer": "sgd", "momentum": 0.9, "beta": "none"}
    adam = {"training/optimizer": "adam", "training/beta/then": 0.99}
    assert space.resolve(adam).training == {"optimizer": "adam", "momentum": 0.0, "beta": 0.99}
    assert {**adam, "training/momentum/then": 0.9} not in space
    assert space.size() == 2 * 2 + 2
    assert {tuple(a) for a in space.enumerate()} == {tuple(sgd), tuple(adam)}


def test_conditions_across_branches_of_the_network():
    space = Space(Sequential({"a": Dense(Int(1, 3)), "b": When("a/units", [2, 3], Dense(Choice(7, 8)), Identity())}))
    assert space.size() == 1 + 2 * 2
    assert {"a/units": 1} in space and {"a/units": 2, "b/then/units": 7} in space
    assert {"a/units": 1, "b/then/units": 7} not in space and {"a/units": 2} not in space


@pytest.mark.parametrize("path, hint", [("training/optimiser", r" Did you mean 'training/optimizer'\?"), ("x", "")])
def test_a_condition_on_nothing_is_a_mistake(path, hint):
    training = {"optimizer": Choice("sgd", "adam"), "momentum": When(path, ["sgd"], Float(0, 1), 0.0)}
    with pytest.raises(SpaceError, match=f"to depend on a decision that is asked before it.{hint} Received: '{path}'"):
        Space(Dense(), training)


def test_a_condition_on_what_is_asked_later_is_a_mistake():
    when = When("b/units", [3], Dense(), Identity())
    with pytest.raises(SpaceError, match="asked before it"):
        Space(Sequential({"a": when, "b": Dense(Choice(3, 4))}))
    Space(Sequential({"b": Dense(Choice(3, 4)), "a": when}))


def test_describe_is_a_tree_that_can_be_read():
    cell = Shared("cell", Sequential(Dense(Choice(4, 8, default=8))))
    body = {"stem": Conv(16), "first": cell, "again": cell, "body": Repeat(Dense(Int(16, 64, log=True)), Int(1, 3))}
    drawn = Subset(a=Identity(), b=Dropout(Float(0, 0.5)), choose=(1, 2))
    space = Space(
        Sequential({**body, "twice": Repeat(Identity(), 2), "some": drawn}),
        {"rate": Float(1e-4, 0.1, log=True), "epochs": 5},
        name="mine",
    )
    assert space.describe().splitlines() == [
        "mine: sequential",
        "  stem: conv(filters=16)",
        "  first: shared 'cell'",
        "    cell: sequential",
        "      0: dense",
        "        units: choice {4, 8} (default 8)",
        "  again: shared 'cell' (as above)",
        "  body: repeat 1..3 (default 1)",
        "    each: dense",
        "      units: 16..64 (doubling) (default 16)",
        "  twice: repeat × 2",
        "    each: identity",
        "  some: subset 1 to 2 of {a, b} (default ('a',))",
        "    a: identity",
        "    b: dropout",
        "      rate: 0..0.5 (default 0.25)",
        "training/rate: 0.0001..0.1 (log) (default 0.00316228)",
        "training/epochs: 5",
    ]  # fmt: skip
    assert repr(space) == "Space('mine', 8 decisions)"


def test_describe_tells_what_named_options_stand_for():
    mixed = Choice(small=16, big=32, default="big")
    training = {"epochs": Subset(few=1, many=9, choose=1), "stop": Choice(2, none=None, op=Identity())}
    space = Space(Dense(mixed), training)
    assert space.describe().splitlines() == [
        "space: dense",
        "  units: choice {small=16, big=32} (default big)",
        "training/epochs: subset 1 of {few=1, many=9} (default ('few',))",
        "training/stop: choice {2, none=None, op} (default 2)",
        "  op: identity",
    ]


MISTAKES = {
    "no options": (lambda: Choice(), "Expected at least one option. Received: none"),
    "one label twice": (lambda: Choice(Dense(4), Dense(4)), r"distinct labels. Received: \['dense\(units=4\)', "),
    "1 and True": (lambda: Choice(1, True), "distinct labels"),
    "no such default": (lambda: Choice("a", "b", default="c"), r"default to be one of \['a', 'b'\]. Received: 'c'"),
    "default of another type": (lambda: Choice(0.0, 0.5, default=0), r"default to be one of \[0.0, 0.5\]. Received: 0"),
    "NumPy": (lambda: Choice(*np.arange(2)), r"Python numbers, .* Received: np.int64\(0\) of type int64"),
    "lists": (lambda: Categorical([1, 2], [3]), r"or tuples of those. Received: \[1, 2\] of type list"),
    "an empty range": (lambda: Int(5, 3), "whole numbers with low <= high, .* Received: low=5, high=3"),
    "a step of none": (lambda: Int(1, 3, 0), "step >= 1"),
    "a range of floats": (lambda: Int(1.0, 3.0), "Expected whole numbers"),
    "doubling from zero": (lambda: Int(0, 8, log=True), "with log, low >= 1"),
    "a default off the grid": (lambda: Int(16, 64, log=True, default=20), r"in 16..64 \(doubling\). Received: 20"),
    "an empty interval": (lambda: Float(1, 1), "Expected low < high"),
    "the logarithm of zero": (lambda: Float(0, 1, log=True), "with log, low > 0"),
    "a default outside": (lambda: Float(0, 1, default=2), "default to be in 0..1. Received: 2"),
    "too many of a subset": (lambda: Subset("a", "b", choose=3), "Received: "),
    "none of a subset of nodes": (lambda: Subset(Dense(), choose=(0, 1)), "at least one of them"),
    "a merge that is not": (lambda: Parallel(Dense(), merge="mean"), "'add' or 'concatenate'. Received: 'mean'"),
    "times below zero": (lambda: Repeat(Dense(), -1), r"whole numbers from 0 on. Received: \[-1\]"),
    "times of halves": (lambda: Repeat(Dense(), Choice(1.5, 2)), "whole numbers from 0 on"),
    "a cell without nodes": (lambda: Cell({"a": Dense()}, nodes=0), "at least one node.* Received: nodes=0"),
    "a cell's output": (lambda: Cell({"a": Dense()}, output="mean"), "'last' or 'loose'. Received: 'mean'"),
    "ordered pairs without a number": (lambda: Cell({"a": Dense()}, distinct=False), "`keep` to be given"),
    "a root that is no node": (lambda: Space("conv"), "root of a space to be a node. Received: str"),
    "a step that reads nothing": (lambda: Graph(("x",), [Step("a", Dense(), ("y",))], ("a",)), r"'a' reading \['y'\]"),
    "a step named twice": (lambda: Graph(("x",), [Step("x", Dense(), ("x",))], ("x",)), "'x' twice"),
    "no outputs": (lambda: Graph(("x",), [], ()), "Expected outputs among"),
}  # fmt: skip


@pytest.mark.parametrize("what", MISTAKES)
def test_mistakes_are_answered_clearly(what):
    draw, message = MISTAKES[what]
    with pytest.raises(SpaceError, match=message) as caught:
        draw()
    assert isinstance(caught.value, (KerasnasError, ValueError))
    assert "Expected" in str(caught.value) and "Received" in str(caught.value)


SPACE = Space(Sequential({"trunk": Repeat(Dense(Choice(4, 8)), Int(1, 2))}))
WRONG = {
    "nothing": ({}, r"Expected an answer to 'trunk/times' in 1..2. Received: none"),
    "one missing": ({"trunk/times": 1}, r"an answer to 'trunk/0/units' in {4, 8}. Received: none"),
    "one not allowed": ({"trunk/times": 3}, r"Expected 'trunk/times' to be in 1..2. Received: 3"),
    "one of another type": ({"trunk/times": True}, "Received: True"),
    "one too many": (
        {"trunk/times": 1, "trunk/0/units": 4, "trunk/1/units": 4},
        r"this space's decisions only. Did you mean 'trunk/0/units'\? Received: \['trunk/1/units'\]",
    ),
}


@pytest.mark.parametrize("what", WRONG)
def test_wrong_architectures_are_answered_clearly(what):
    answers, message = WRONG[what]
    assert answers not in SPACE
    with pytest.raises(SpaceError, match=message):
        SPACE.resolve(answers)


def test_two_nodes_under_one_shared_name():
    space = Space(Sequential(Shared("cell", Dense(Choice(1, 2))), Shared("cell", Dense(Choice(1, 2)))))
    for act in (space.default, space.size):
        with pytest.raises(SpaceError, match="one node for everything shared as 'cell'"):
            act()


def test_two_decisions_of_one_path():
    space = Space(Sequential({"a": Sequential({"b": Dense(Choice(1, 2))}), "a/b": Dense(Choice(1, 2))}))
    with pytest.raises(SpaceError, match=r"a path of its own. Received: 'a/b/units' twice"):
        space.default()


def test_a_node_that_does_not_say_how():
    class Mute(Node):
        pass

    with pytest.raises(SpaceError, match="Mute does not say how it is resolved"):
        Space(Mute()).default()
    with pytest.raises(SpaceError, match="still open: resolve it before"):
        Choice(Dense()).flow(None, None, "")
    with pytest.raises(SpaceError, match=r"can take strides. Received: dense"):
        Dense(3).strided(2)


def test_operations_are_values():
    assert Conv(4, 3) == Conv(4, 3) and hash(Conv(4, 3)) == hash(Conv(4, kernel_size=3))
    assert Conv(4, 3) != Conv(4, 5)
    assert Conv(4, 5).label == "conv(filters=4,kernel_size=5)" and Activation().label == "activation"
    with pytest.raises(AttributeError):
        Conv(4).filters = 5
    open_one = Conv(Choice(4, 8))
    assert Space(open_one).resolve({"filters": 8}).network == Conv(8)
    assert Space(Conv(4)).resolve({}).network == Conv(4)


def test_nodes_can_stand_in_several_places():
    layer = Dense(Choice(1, 2))
    assert Space(Sequential(layer, layer)).size() == 4
