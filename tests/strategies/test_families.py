"""What each family of strategies promises beyond the contract."""

import math
import random

import numpy as np
import pytest

from kerasnas import spaces, strategies
from kerasnas.contract import Context, Measurement, Objective, Proposal, Trial
from kerasnas.errors import ArgumentError, StrategyError
from kerasnas.operations import Dense, Identity, Zero
from kerasnas.space import Cell, Choice, Float, Int, Repeat, Sequential, Space, Subset
from kerasnas.strategies import (
    ASHA,
    NSGA2,
    Bayesian,
    EpsilonGreedy,
    Genetic,
    Grid,
    Hyperband,
    LocalSearch,
    Predictor,
    Progressive,
    RandomSearch,
    RegularizedEvolution,
    Reinforcement,
    Relay,
    SuccessiveHalving,
    hypervolume,
    pareto_front,
)
from kerasnas.strategies.controller import Controller
from kerasnas.strategies.derive import RULES
from kerasnas.strategies.layers import resized
from kerasnas.strategies.rungs import levels
from kerasnas.testing import check_strategy

OBJECTIVE = Objective("val_accuracy")
DIGITS = Space(Sequential({f"d{i}": Dense(Choice(0, 1, 2, 3)) for i in range(8)}))
CHEAP = [RegularizedEvolution, Genetic, LocalSearch, EpsilonGreedy, Reinforcement, NSGA2]
MODELS = [Bayesian, Predictor, Progressive]
WHOLE = CHEAP + MODELS


class Play:
    """A strategy at work on made-up scores, one step at a time."""

    def __init__(self, strategy, space=DIGITS, seed=0, objectives=(OBJECTIVE,)):
        self.strategy, self.seed, self.begun, self.told = strategy, seed, [], []
        strategy.setup(Context(space, objective=objectives[0], seed=seed, objectives=objectives))

    def begin(self):
        wish = self.strategy.ask(random.Random(f"{self.seed}/{len(self.begun)}"))
        if wish is None:
            return None
        proposal = Proposal(wish.architecture, len(self.begun), wish.fidelity, wish.parent)
        self.strategy.began(proposal)
        self.begun.append(proposal)
        return proposal

    def end(self, proposal, score, **extra):
        measured = None if score is None else Measurement({"val_accuracy": score}, extra=extra)
        trial = Trial(proposal, "completed" if measured else "failed", measured)
        self.strategy.tell(trial)
        self.told.append(trial)
        return trial

    def run(self, count, score):
        for _ in range(count):
            proposal = self.begin()
            if proposal is None:
                break
            self.end(proposal, score(proposal))
        return self


def total(proposal):
    return sum(proposal.architecture.values()) / 24


# ---------------------------------------------------------------------- all
@pytest.mark.parametrize("make", WHOLE)
def test_guided_by_scores_more_is_found_than_by_chance(make):
    """The mean of what is proposed late is higher than the mean of the space, 0.5, by far."""
    count = 28 if make in MODELS else 80
    strategy = Progressive(beam=5) if make is Progressive else make()
    late = [total(proposal) for proposal in Play(strategy).run(count, total).begun[-count // 4 :]]
    assert np.mean(late) > 0.6


def trap(proposal):
    """Two hills: one is wide, and a distant one is higher."""
    answers = list(proposal.architecture.values())
    return max(sum(answers) / 24, sum(value == 0 for value in answers) / 8 * 1.5 - 0.3)


@pytest.mark.parametrize("make", [Bayesian, Predictor])
def test_a_search_that_finds_nothing_better_starts_anew(make):
    """After so many trials without a better one, random architectures, and a model of what follows them alone."""
    play = Play(make(initial=4, patience=6)).run(60, trap)
    first = play.strategy.first
    assert first > 0 and all(trial.number >= first for trial, _ in play.strategy.results)
    best = max(trial.measurement.metrics["val_accuracy"] for trial in play.told)
    assert play.strategy.leader.measurement.metrics["val_accuracy"] == best
    assert len({proposal.architecture for proposal in play.begun}) == 60
    assert Play(make(initial=4, patience=None)).run(30, trap).strategy.first == 0


def test_starts_do_not_depend_on_when_they_are_asked():
    """Told the same, a strategy that was asked in between and one that was not propose the same, over restarts too."""
    play = Play(Bayesian(initial=4, patience=5)).run(40, trap)
    other = Bayesian(initial=4, patience=5)
    other.setup(Context(DIGITS, objective=OBJECTIVE, seed=0, objectives=(OBJECTIVE,)))
    for proposal, trial in zip(play.begun, play.told):
        other.began(proposal)
        other.tell(trial)
    asked = [each.ask(random.Random(1)).architecture for each in (play.strategy, other)]
    assert asked[0] == asked[1] and play.strategy.first == other.first > 0


@pytest.mark.parametrize("make", WHOLE)
def test_nan_and_infinite_scores_are_failures(make):
    scores = [math.nan, math.inf, -math.inf, None]
    play = Play(make()).run(
        20, lambda proposal: scores[proposal.number % 4] if proposal.number % 2 else total(proposal)
    )
    assert len(play.begun) == 20
    assert all(math.isfinite(t.measurement.metrics["val_accuracy"]) for t in play.strategy.trials)
    assert len(play.strategy.trials) == 10 and play.strategy.leader.number % 2 == 0


@pytest.mark.parametrize("make", [RegularizedEvolution, LocalSearch, Genetic, Reinforcement, NSGA2])
def test_isomorphic_cells_are_paid_for_once(make):
    space = Space(Cell({"none": Zero(), "skip": Identity(), "a": Dense()}, nodes=2, inputs=1, output="last"))
    classes = {space.canonical(architecture) for architecture in space.enumerate()}
    play = Play(make(), space).run(100, lambda proposal: 0.5)
    assert len(play.begun) == len(classes) < space.size()


@pytest.mark.parametrize("make", [RegularizedEvolution, LocalSearch, Genetic, Bayesian])
def test_results_may_come_in_any_order(make):
    play, rng = Play(make()), random.Random(3)
    out = [play.begin() for _ in range(6)]
    for _ in range(25):
        proposal = out.pop(rng.randrange(len(out)))
        play.end(proposal, total(proposal))
        out.append(play.begin())
    assert len({proposal.architecture for proposal in play.begun}) == 31


@pytest.mark.parametrize(
    "make, wrong",
    [
        (RegularizedEvolution, {"population": 3, "sample": 4}), (LocalSearch, {"initial": 0}),
        (EpsilonGreedy, {"epsilon": 2}), (Genetic, {"population": 1}), (Genetic, {"mutation": -1}),
        (Grid, {"points": 1}), (Bayesian, {"initial": 0}),
        (Bayesian, {"patience": 0}), (Progressive, {"beam": 1}), (Reinforcement, {"batch": 0}),
        (NSGA2, {"population": 2}), (Relay, {"after": 0}), (Hyperband, {"min_epochs": 5, "max_epochs": 3}),
        (ASHA, {"factor": 1}),
    ],
)  # fmt: skip
def test_wrong_arguments(make, wrong):
    with pytest.raises(ArgumentError, match=r"Expected .* Received: "):
        make(**wrong)


def test_every_strategy_has_a_line_and_a_paper():
    rows = strategies.listing()
    assert [name for name, *_ in rows] == sorted([*strategies.STRATEGIES, *RULES])
    assert all(len(line) > 30 and any(c.isdigit() for c in papers) for _, line, papers, _ in rows)
    needs = {name: told for name, _, _, told in rows}
    assert "supernet" in needs["gdas"] and "epochs" in needs["kt_hyperband"] and needs["random"] == ""


# ---------------------------------------------------------------- evolution
def test_the_oldest_dies_not_the_worst():
    play = Play(RegularizedEvolution(population=3, sample=3))
    for score in (0.9, 0.1, 0.2):
        play.end(play.begin(), score)
    first = play.begun[0].architecture
    child = play.begin()
    assert _differences(child.architecture, first) == 1
    play.end(child, 0.3)  # now the population is 0.1, 0.2, 0.3: the best of all is too old
    assert _differences(play.begin().architecture, child.architecture) == 1


def _differences(left, right):
    return sum(left[path] != right[path] for path in left)


def test_local_search_tries_all_neighbours_of_a_top_then_starts_anew():
    play = Play(
        LocalSearch(initial=1),
        Space(Sequential(Dense(Choice(0, 1, 2)), Dense(Choice(0, 1, 2)), Dense(Choice(*range(50))))),
    )
    top = play.begin()
    play.end(top, 1.0)
    around = play.strategy.context.space.neighbors(top.architecture)
    near = [play.begin() for _ in around]
    assert {proposal.architecture for proposal in near} == set(around)
    for proposal in near:
        play.end(proposal, 0.1)
    start = play.begin()
    assert start.architecture not in around
    play.end(start, 0.2)  # lower than the old top, yet the top of a climb of its own
    assert play.begin().architecture in play.strategy.context.space.neighbors(start.architecture)


def test_genetic_children_mix_two_parents_of_the_last_generation():
    play = Play(Genetic(population=4, elite=1, crossover=1.0, mutation=0.0))
    play.run(4, total)
    parents = [proposal.architecture for proposal in play.begun]
    child = play.begin().architecture
    pairs = ((a, b) for a in parents for b in parents)
    assert any(all(child[path] in (a[path], b[path]) for path in child) for a, b in pairs)


def test_the_elite_stays_among_the_parents():
    play = Play(Genetic(population=4, elite=1)).run(4, lambda p: 1.0 if p.number == 2 else 0.1)
    play.run(8, lambda p: 0.2)
    assert 2 in {trial.number for trial in play.strategy.parents(3)}


def test_a_layer_is_added_or_removed_and_the_others_keep_their_answers():
    space = Space(Repeat(Dense(Choice(*range(100))), Int(1, 5)))
    parent = space.complete({"times": 3, "0/units": 10, "1/units": 20, "2/units": 30})
    seen = set()
    for seed in range(60):
        child = resized(space, parent, random.Random(seed))
        units = [child[f"{i}/units"] for i in range(child["times"])]
        kept = [unit for unit in units if unit in (10, 20, 30)]
        assert kept == sorted(kept) and child in space and child["times"] in (2, 4)
        assert len(kept) >= 2
        seen.add((child["times"], units.index(kept[0])))
    assert {times for times, _ in seen} == {2, 4} and (4, 1) in seen
    assert resized(DIGITS, DIGITS.default(), random.Random(0)) is None


# ------------------------------------------------------------------- models
def test_the_gaussian_process_beats_chance_on_a_smooth_function():
    space = Space(Sequential(Dense(4)), {f"x{i}": Float(0.0, 1.0) for i in range(3)})
    score = lambda proposal: -sum((value - 0.7) ** 2 for value in proposal.architecture.values())  # noqa: E731
    best = {
        kind: max(score(proposal) for proposal in Play(kind(), space).run(40, score).begun)
        for kind in (Bayesian, RandomSearch)
    }
    assert best[Bayesian] > best[RandomSearch] / 2


def test_a_model_avoids_where_training_fails():
    play = Play(Bayesian(initial=10)).run(40, lambda p: None if p.architecture["d0/units"] >= 2 else total(p))
    late = [proposal.architecture["d0/units"] for proposal in play.begun[15:]]
    assert sum(unit >= 2 for unit in late) < len(late) / 3


def test_progressive_search_grows_depths_and_nodes():
    space = Space(Repeat(Dense(Choice(*range(9)), activation=Choice("relu", "tanh")), Int(1, 4)))
    play = Play(Progressive(beam=4), space).run(16, lambda p: 0.1 * p.architecture["times"] + p.number / 100)
    assert [proposal.architecture["times"] for proposal in play.begun] == [1] * 4 + [2] * 4 + [3] * 4 + [4] * 4
    parents = [p.architecture for p in play.begun[:4]]
    assert all(any(child.architecture["0/units"] == p["0/units"] for p in parents) for child in play.begun[4:8])
    cells = Play(Progressive(beam=3), spaces.nasbench201(cells=1)).run(3, lambda p: p.number)
    assert all(p.architecture["cell/node_2/edge_0"] == "nor_conv_3x3" for p in cells.begun)


def test_a_relay_hands_over():
    play = Play(Relay(Grid(), RegularizedEvolution(population=4), after=5)).run(20, total)
    grid = Play(Grid()).run(5, total)
    assert [p.architecture for p in play.begun[:5]] == [p.architecture for p in grid.begun]
    assert max(map(total, play.begun)) > max(map(total, grid.begun)) and len({p.architecture for p in play.begun}) == 20


# --------------------------------------------------------------- controller
def test_the_gradient_of_the_controller_is_the_finite_difference():
    controller = Controller(answers=7, hidden=5, seed=3)
    rng = np.random.default_rng(0)
    for weight in controller.weights.values():
        weight += rng.normal(0, 0.3, weight.shape)
    answers = np.array([[1, 4, 6], [0, 3, -1]])
    spans = np.array([[[0, 3], [3, 5], [5, 7]], [[0, 3], [3, 5], [0, 0]]])
    advantages = np.array([0.7, -1.3])
    found, loss = controller.gradients(answers, spans, advantages, entropy=0.2)
    assert loss == pytest.approx(_naive_loss(controller, answers, spans, advantages, 0.2))
    for name, weight in controller.weights.items():
        for place in list(np.ndindex(weight.shape))[::7]:
            sides = []
            for step in (1e-5, -1e-5):
                weight[place] += step
                sides.append(controller.gradients(answers, spans, advantages, 0.2)[1])
                weight[place] -= step
            assert found[name][place] == pytest.approx((sides[0] - sides[1]) / 2e-5, abs=1e-7), (name, place)


def _naive_loss(controller, answers, spans, advantages, entropy):
    """The loss, one sequence and one step at a time."""
    loss = 0.0
    for row, advantage in zip(range(len(answers)), advantages):
        state = controller.begin()
        for answer, (begin, end) in zip(answers[row], spans[row]):
            if answer < 0:
                break
            hidden, cell, logits = controller.advance(state)
            chances = np.exp(logits[begin:end]) / np.exp(logits[begin:end]).sum()
            loss -= advantage * np.log(chances[answer - begin]) - entropy * (chances * np.log(chances)).sum()
            state = hidden, cell, answer
    return loss / len(answers)


def test_the_controller_learns_what_is_good():
    play = Play(Reinforcement(batch=5), Space(Sequential({f"d{i}": Dense(Choice(*range(6))) for i in range(6)})))
    play.run(200, lambda p: sum(value == 4 for value in p.architecture.values()))
    counts = [sum(v == 4 for v in p.architecture.values()) for p in play.begun]
    assert np.mean(counts[-50:]) > np.mean(counts[:50]) + 1


def test_decisions_with_too_many_answers_are_refused():
    labels = [Dense(i) for i in range(12)]
    space = Space(Subset(**{f"o{i}": node for i, node in enumerate(labels)}, choose=(1, 11)))
    with pytest.raises(StrategyError, match="at most 1000 answers"):
        Play(Reinforcement(), space)


# --------------------------------------------------------------------- grid
def test_the_grid_is_everything_in_order():
    space = Space(Sequential(Dense(Choice(4, 8))), {"rate": Float(1e-4, 1e-2, log=True)})
    play = Play(Grid(points=3), space).run(50, lambda p: 0.5)
    found = [(p.architecture["0/units"], round(p.architecture["training/rate"], 6)) for p in play.begun]
    assert found == [(units, rate) for units in (4, 8) for rate in (1e-4, 1e-3, 1e-2)]


# ---------------------------------------------------------------- fidelities
@pytest.mark.parametrize("most, factor", [(81, 3), (243, 3), (1000, 10), (125, 5), (3**9, 3)])
def test_rungs_are_counted_in_whole_numbers(most, factor):
    found = levels(1, most, factor)
    assert found[0] == 1 and found[-1] == most and [a * factor for a in found[:-1]] == found[1:]


def test_hyperbands_brackets_are_the_papers():
    strategy = Hyperband(max_epochs=81)
    assert [(sizes[0], epochs[0]) for sizes, epochs in strategy.planned()] == [
        (81, 1),
        (34, 3),
        (15, 9),
        (8, 27),
        (5, 81),
    ]
    assert strategy.planned()[0] == ([81, 27, 9, 3, 1], [1, 3, 9, 27, 81])


def test_halving_promotes_the_best_part_from_its_checkpoints():
    play = Play(SuccessiveHalving(max_epochs=9))
    play.run(13, total)
    assert [p.fidelity["epochs"] for p in play.begun] == [1] * 9 + [3] * 3 + [9]
    best = sorted(play.begun[:9], key=lambda p: (-total(p), p.number))[:3]
    assert [p.parent for p in play.begun[9:12]] == [p.number for p in best]
    assert play.begun[12].architecture == best[0].architecture and play.begun[12].parent == 9
    assert play.strategy.needs() == set()


def test_a_rung_waits_but_no_worker_idles():
    play = Play(SuccessiveHalving(max_epochs=9))
    out = [play.begin() for _ in range(10)]
    assert [p.fidelity["epochs"] for p in out] == [1] * 10  # the tenth belongs to the next bracket
    for proposal in out[:9]:
        play.end(proposal, total(proposal))
    assert play.begin().fidelity["epochs"] == 3
    assert play.strategy.needs() <= {p.number for p in out} and len(play.strategy.needs()) == 2


def test_asha_promotes_without_waiting():
    play = Play(ASHA(max_epochs=9))
    out = [play.begin() for _ in range(4)]
    for proposal, score in zip(out[:3], (0.1, 0.9, 0.5)):
        play.end(proposal, score)
    climbing = play.begin()
    assert (climbing.parent, climbing.fidelity["epochs"]) == (1, 3)
    assert play.begin().fidelity["epochs"] == 1 and play.strategy.needs() >= {2}


@pytest.mark.parametrize("make", [ASHA, SuccessiveHalving, Hyperband])
def test_small_spaces_are_gone_through_and_the_best_trained_in_full(make):
    space = Space(Sequential(Dense(Choice(*range(6)))))
    play = Play(make(max_epochs=9), space).run(60, lambda p: p.architecture["0/units"] / 10)
    assert {p.architecture for p in play.begun if p.parent is None} == set(space.enumerate())
    assert play.begin() is None
    assert play.begun[-1].fidelity["epochs"] == 9 or make is Hyperband
    assert any(p.fidelity["epochs"] == 9 and p.architecture["0/units"] == 5 for p in play.begun)


@pytest.mark.parametrize("make", [ASHA, SuccessiveHalving, Hyperband])
def test_failures_are_never_promoted(make):
    play = Play(make(max_epochs=9)).run(
        60, lambda p: None if p.number % 3 == 0 else math.nan if p.number % 3 == 1 else 0.5
    )
    assert len(play.begun) == 60
    assert all(p.parent is None or p.parent % 3 == 2 for p in play.begun)


def test_any_strategy_inside_hyperband():
    play = Play(Hyperband(max_epochs=9, sampler=RegularizedEvolution(population=4, sample=2))).run(60, total)
    plain = Play(Hyperband(max_epochs=9)).run(60, total)
    assert np.mean([total(p) for p in play.begun]) > np.mean([total(p) for p in plain.begun])
    check_strategy(lambda: Hyperband(max_epochs=9, sampler="evolution"), exhausts=False)
    with pytest.raises(StrategyError, match="Expected a sampler of whole architectures. Received: ASHA"):
        Hyperband(sampler="asha")


# ------------------------------------------------------------------- several
def test_nsga2_finds_more_of_the_front_than_chance():
    size = lambda p: sum((value + i) % 4 for i, value in enumerate(p.architecture.values()))  # noqa: E731

    def volume(strategy, seed):
        play = Play(strategy, seed=seed, objectives=(OBJECTIVE, Objective("params")))
        for _ in range(120):
            proposal = play.begin()
            play.end(proposal, total(proposal), params=size(proposal))
        front = pareto_front(play.told, ["val_accuracy", "params"])
        values = [t.measurement.metrics["val_accuracy"] for t in front]
        assert values == sorted(values, reverse=True)
        return hypervolume([(v, -t.measurement.extra["params"]) for v, t in zip(values, front)], (0, -24))

    found = [[volume(make(), seed) for seed in range(3)] for make in (NSGA2, RandomSearch)]
    assert np.mean(found[0]) > 1.02 * np.mean(found[1])


def test_nsga2_improves_what_the_search_improves():
    """Of two opposite objectives, both ends are kept and bred; of one, the best are."""
    low = lambda proposal: Objective("params").score({"params": 24 * total(proposal)})  # noqa: E731
    both = Play(NSGA2(population=8), objectives=(OBJECTIVE, Objective("params")))
    one = Play(NSGA2(population=8))
    for play in (both, one):
        for _ in range(80):
            proposal = play.begin()
            play.end(proposal, total(proposal), params=-low(proposal))
    children = [[total(p) for p in play.begun[40:]] for play in (both, one)]
    assert min(children[1]) > 0.6 and min(children[0]) < 0.3 and max(children[0]) > 0.7
    assert NSGA2().objectives is None


@pytest.mark.parametrize(
    "play", [Play(NSGA2(("val_accuracy", "latency"))), Play(NSGA2(), DIGITS, 0, (OBJECTIVE, Objective("latency")))]
)
def test_an_objective_that_is_not_measured(play):
    with pytest.raises(StrategyError, match="Expected trials that measure 'latency'"):
        play.run(1, total)
