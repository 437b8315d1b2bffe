"""Every strategy keeps the contract; random and greedy search do what they promise."""

import json
import random
import subprocess
import sys
import time
from collections import Counter

import pytest
from space.drawn import random_space

from kerasnas import spaces, strategies
from kerasnas.contract import Context, Measurement, Objective, Proposal, Strategy, Trial
from kerasnas.errors import ArgumentError
from kerasnas.operations import Activation, Dense, Identity, Zero
from kerasnas.space import Architecture, Cell, Choice, Float, Int, Repeat, Sequential, Space
from kerasnas.strategies import STRATEGIES, Greedy, KerasTunerBayesian, KerasTunerHyperband, RandomSearch
from kerasnas.testing import check_strategy

FIDELITIES = tuple(n for n, made in STRATEGIES.items() if "epochs" in made.requires)  # an architecture several times
SLOW = ("kt_bayesian", "kt_hyperband")  # seconds a proposal
MODELS = ("bayesian", "predictor", "predictor_evolution", "progressive")
NAMES = [pytest.param(name, marks=[pytest.mark.slow] if name in SLOW else []) for name in STRATEGIES]
WHOLE = [name for name in STRATEGIES if name not in FIDELITIES + SLOW + MODELS]
SMALL = Space(Sequential(Dense(Choice(4, 8, 16)), Activation(Choice("relu", "tanh"))))


def started(strategy, space, seed=0):
    strategy.setup(Context(space, objective=Objective("val_accuracy"), seed=seed))
    return strategy


def searched(strategy, space, trials, score=lambda architecture: 0.5, seed=0):
    """What a strategy proposes, one trial at a time; `score` None is a failed trial."""
    started(strategy, space, seed)
    proposed = []
    for number in range(trials):
        wish = strategy.ask(random.Random(f"{seed}/{number}"))
        if wish is None:
            break
        proposed.append(wish.architecture)
        proposal = Proposal(wish.architecture, number)
        strategy.began(proposal)
        found = score(wish.architecture)
        measured = None if found is None else Measurement({"val_accuracy": found})
        strategy.tell(Trial(proposal, "completed" if measured else "failed", measured))
    return proposed


# --------------------------------------------------------------------- all
@pytest.mark.parametrize("name", NAMES)
def test_every_strategy_keeps_the_contract(name):
    check_strategy(STRATEGIES[name], trials=12 if name in MODELS else 16, exhausts=name not in FIDELITIES)


def test_keras_tuners_oracles_keep_the_contract_in_short():
    check_strategy(lambda: KerasTunerBayesian(initial=3), SMALL, trials=5)
    check_strategy(lambda: KerasTunerHyperband(max_epochs=3), SMALL, trials=5, exhausts=False)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("space", ["darts", "nasbench201", "macro"])
def test_every_strategy_searches_the_ready_spaces(name, space):
    check_strategy(STRATEGIES[name], getattr(spaces, space)(), trials=4, exhausts=False)


@pytest.mark.parametrize("name", [name for name in STRATEGIES if name not in SLOW])
@pytest.mark.parametrize("number", range(3))
def test_every_strategy_searches_spaces_drawn_at_random(name, number):
    check_strategy(STRATEGIES[name], random_space(random.Random(number), real=number == 2), trials=4, exhausts=False)


@pytest.mark.parametrize("name", WHOLE)
def test_constraints_are_obeyed(name):
    space = Space(Repeat(Dense(Choice(4, 8, 16)), Int(1, 3))).where(
        lambda a: a["times"] < 3, lambda a: a["0/units"] > 4
    )
    check_strategy(STRATEGIES[name], space)
    proposed = searched(STRATEGIES[name](), space, 50)
    assert len(set(proposed)) == len(proposed) == space.size() == 2 + 2 * 3


@pytest.mark.parametrize("name", STRATEGIES)
def test_strategies_describe_themselves(name):
    told = STRATEGIES[name]().describe()
    assert told == json.loads(json.dumps(told)) and told["name"] == STRATEGIES[name].__name__


@pytest.mark.parametrize("name", [name for name in STRATEGIES if name not in SLOW])
def test_proposals_are_the_same_in_every_process(name):
    """Hashes of strings differ from process to process; proposals must not."""
    code = (
        "import random; from kerasnas import spaces, strategies; from kerasnas.contract import *\n"
        f"s = strategies.get({name!r}); s.setup(Context(spaces.darts(), objective=Objective('val_accuracy')))\n"
        "for n in range(5):\n"
        "    w = s.ask(random.Random(f'0/{n}')); p = Proposal(w.architecture, n, w.fidelity, w.parent); s.began(p)\n"
        "    s.tell(Trial(p, 'completed', Measurement({'val_accuracy': n / 10}))); print(p.architecture.key)\n"
    )
    said = [
        subprocess.run([sys.executable, "-c", code], env={"PYTHONHASHSEED": seed}, capture_output=True, text=True)
        for seed in ("1", "2")
    ]
    assert said[0].stdout and said[0].stdout == said[1].stdout


# --------------------------------------------------------------------- names
def test_strategies_by_name():
    assert type(strategies.get("random")) is RandomSearch and type(strategies.get("greedy")) is Greedy
    mine = Greedy(elite=5)
    assert strategies.get(mine) is mine
    assert strategies.get("greedy") is not strategies.get("greedy")


@pytest.mark.parametrize("name", ["hyperband", "successive_halving", "asha", "kt_hyperband"])
def test_those_that_decide_about_epochs_heed_the_users(name):
    assert strategies.get(name, max_epochs=9).max_epochs == 9
    assert strategies.get(name).max_epochs == type(strategies.get(name))().max_epochs
    assert not hasattr(strategies.get("random", max_epochs=9), "max_epochs")


@pytest.mark.parametrize("wrong, hint", [("gredy", "greedy"), ("Random", "random"), ("randm", "random")])
def test_unknown_names_are_answered_with_the_nearest(wrong, hint):
    with pytest.raises(ArgumentError, match=rf"to be one of: .*greedy.*random.* Did you mean '{hint}'\? .*'{wrong}'"):
        strategies.get(wrong)


@pytest.mark.parametrize("wrong", ["zzz", 5, None, object()])
def test_what_is_no_strategy(wrong):
    with pytest.raises(ArgumentError, match="Expected `strategy` to be one of: .* Received: "):
        strategies.get(wrong)


def test_a_class_must_be_called():
    with pytest.raises(ArgumentError, match="Received: the class Greedy; call it"):
        strategies.get(Greedy)


# -------------------------------------------------------------------- random
def test_random_search_is_uniform():
    firsts = Counter(searched(RandomSearch(), SMALL, 1, seed=seed)[0] for seed in range(1200))
    assert len(firsts) == 6 and all(140 < count < 260 for count in firsts.values())


def test_random_search_goes_through_a_space_once():
    proposed = searched(RandomSearch(), SMALL, 50)
    assert len(proposed) == 6 and set(proposed) == set(SMALL.enumerate())


def test_random_search_reaches_the_last_of_many():
    space = Space(Sequential(*(Dense(Choice(1, 2, 3)) for _ in range(5))))
    assert len(set(searched(RandomSearch(), space, 1000))) == 3**5


@pytest.mark.parametrize("unique", ["architecture", "network"])
def test_the_end_of_a_finite_space_is_not_slow(unique):
    """What is left is listed once, not at every call; half a second is generous."""
    space = Space(Sequential(*(Dense(Choice(1, 2, 3, 4)) for _ in range(6))))
    strategy = started(RandomSearch(unique), space)
    for architecture in list(space.enumerate())[5:]:
        strategy.began(Proposal(architecture))
    strategy.ask(random.Random(0))
    started_at = time.perf_counter()
    last = [strategy.ask(random.Random(seed)).architecture.key for seed in range(1, 11)]
    assert time.perf_counter() - started_at < 10 * 0.5
    assert set(last).isdisjoint(strategy.seen) and len(set(last)) > 1


def test_random_search_pays_for_isomorphic_networks_once():
    space = Space(Cell({"none": Zero(), "skip": Identity(), "a": Dense()}, nodes=2, inputs=1, output="last"))
    classes = {space.canonical(architecture) for architecture in space.enumerate()}
    proposed = searched(RandomSearch(unique="network"), space, 100)
    assert len(proposed) == len(classes) < space.size() == 27
    assert {space.canonical(architecture) for architecture in proposed} == classes
    check_strategy(lambda: RandomSearch(unique="network"), space)


def test_networks_that_are_trained_otherwise_are_others():
    space = Space(Sequential(Identity()), {"rate": Choice(0.1, 0.2, 0.3)})
    assert len(searched(RandomSearch(unique="network"), space, 10)) == 3


def test_random_search_of_what_is_endless_never_ends():
    space = Space(Dense(), {"rate": Float(0, 1)})
    assert len(set(searched(RandomSearch(), space, 300))) == 300


def test_random_search_says_what_it_expects():
    with pytest.raises(ArgumentError, match="`unique` to be 'architecture' or 'network'. Received: 'cells'"):
        RandomSearch(unique="cells")


# -------------------------------------------------------------------- greedy
LAYERS = Repeat(Sequential(Dense(Int(16, 512, log=True)), Activation(Choice("relu", "tanh"))), Int(1, 4))


def test_greedy_begins_with_the_portfolio_in_its_order_and_the_default():
    portfolio = [{"times": 3}, {"times": 2, "0/0/units": 64}, {"times": 3}, {}]
    space = Space(LAYERS, portfolio=portfolio)
    proposed = searched(Greedy(), space, 4)
    assert proposed[:3] == [space.complete(entry) for entry in ({"times": 3}, {"times": 2, "0/0/units": 64}, {})]
    assert proposed[3] not in proposed[:3]


def test_greedy_leaves_out_what_constraints_forbid():
    space = Space(LAYERS, portfolio=[{"times": 4}, {"times": 2}]).where(lambda a: a["times"] > 1 and a["times"] < 4)
    assert searched(Greedy(), space, 1) == [space.complete({"times": 2})]


def test_greedy_moves_by_one_answer_from_the_best():
    space = Space(Sequential({f"d{i}": Dense(Choice(0, 1, 2)) for i in range(8)}))
    proposed = searched(Greedy(elite=1, explore=0), space, 30, score=lambda a: sum(a.values()) / 16)
    for i in range(1, 20):
        best = max(proposed[:i], key=lambda a: sum(a.values()))
        near = [other for other in proposed[:i] if sum(other.values()) == sum(best.values())]
        assert any(sum(proposed[i][path] != other[path] for path in other) <= 2 for other in near)


def test_greedy_finds_more_than_random():
    space = Space(Sequential({f"d{i}": Dense(Choice(0, 1, 2, 3)) for i in range(10)}))
    best = {
        kind: sum(
            max(sum(a.values()) for a in searched(kind(), space, 80, lambda a: sum(a.values()), s)) for s in range(5)
        )
        for kind in (Greedy, RandomSearch)
    }
    assert best[Greedy] > best[RandomSearch] + 10


def test_greedy_explores_now_and_then():
    space = Space(Sequential({f"d{i}": Dense(Int(0, 99)) for i in range(6)}))
    proposed = searched(Greedy(explore=4), space, 21, score=lambda a: -sum(a.values()))
    far = [i for i in range(1, 21) if sum(proposed[i].values()) > 60]
    assert far == [i for i in range(1, 21) if i % 4 == 3]


def test_greedy_goes_on_when_everything_fails():
    space = Space(LAYERS, portfolio=[{"times": 3}])
    proposed = searched(Greedy(), space, 30, score=lambda a: None)
    assert len(set(proposed)) == 30


def test_greedy_never_starts_from_a_failed_trial():
    space = Space(Sequential({f"d{i}": Dense(Int(0, 99, default=50)) for i in range(6)}))
    default = space.default()
    proposed = searched(Greedy(explore=0), space, 2, score=lambda a: None)
    assert proposed[0] == default and sum(proposed[1][path] != 50 for path in default) > 2


@pytest.mark.parametrize("wrong", [{"elite": 0}, {"explore": -1}])
def test_greedy_says_what_it_expects(wrong):
    with pytest.raises(ArgumentError, match="Expected elite >= 1 and explore >= 0. Received: "):
        Greedy(**wrong)


# -------------------------------------------------- the suite finds what is wrong
class Forgetful(RandomSearch):
    """Writes into itself when it is asked."""

    def ask(self, rng):
        wish = super().ask(rng)
        self.seen.add(wish and wish.architecture.key)
        return wish


class Global(RandomSearch):
    """Does not take its randomness from `rng`."""

    def ask(self, rng):
        return super().ask(random.Random())


class Repeating(Strategy):
    def ask(self, rng):
        return Proposal(self.context.space.sample(rng))


class Counting(Greedy):
    """Keeps what a journal does not."""

    def setup(self, context):
        super().setup(context)
        self.count = 0

    def tell(self, trial):
        super().tell(trial)
        self.count += trial.status == "failed" and trial.measurement is None and trial.error is not None

    def ask(self, rng):
        return super().ask(random.Random(f"{rng.random()}/{id(self)}"))


class Outside(Strategy):
    def ask(self, rng):
        return Proposal(Architecture({"units": 5}))


class Bare(Strategy):
    def ask(self, rng):
        return self.context.space.sample(rng)


class Ending(RandomSearch):
    def ask(self, rng):
        return None if len(self.seen) > 3 else super().ask(rng)


class Despairing(RandomSearch):
    """Gives up after a failed trial."""

    failed = False

    def tell(self, trial):
        self.failed = self.failed or trial.status == "failed"

    def ask(self, rng):
        return None if self.failed else super().ask(rng)


class Credulous(Greedy):
    """Takes a trial for the best whose objective is no number."""

    def tell(self, trial):
        super().tell(trial)
        if trial.completed and trial in self.failed:
            self.trials.append(trial)


class Hasty(RandomSearch):
    """Goes on from whatever trial ended last."""

    last = None

    def tell(self, trial):
        self.last = trial.number

    def ask(self, rng):
        wish = super().ask(rng)
        return wish and Proposal(wish.architecture, parent=self.last)


@pytest.mark.parametrize(
    "wrong, message",
    [
        (Forgetful, "Expected `ask` to"),
        (Global, "Expected `ask` to|equal proposals"),
        (Repeating, "Expected no proposal twice"),
        (Counting, "Expected"),
        (Outside, "Expected proposals of the space"),
        (Bare, "Expected `ask` to return a Proposal or None. Received: Architecture"),
        (Ending, "Expected all 6 architectures to be proposed. Received: 4 of them"),
        (Despairing, "Expected a search to go on after failed trials"),
        (Credulous, "Expected a completed trial with the objective (nan|inf) to count as failed"),
        (Hasty, "Expected the parent of a proposal to be a trial that completed. Received: 3"),
        (object, "Expected a kerasnas.Strategy. Received: object"),
    ],
)
def test_the_suite_finds_what_is_wrong(wrong, message):
    with pytest.raises(AssertionError, match=message):
        check_strategy(wrong)


def test_promises_can_be_left_out():
    check_strategy(Repeating, unique=False, exhausts=False)
