"""What strategies, fronts and objectives promise, over many seeds; and in another process."""

import itertools
import json
import math
import random
import subprocess
import sys
import textwrap

import numpy as np
import pytest
import threadpoolctl
from space.drawn import random_space

from kerasnas import fronts, strategies
from kerasnas.contract import Context, Measurement, Objective, Proposal, Trial
from kerasnas.errors import ArgumentError, StrategyError
from kerasnas.loop import choosing
from kerasnas.lowering import hyperparameters
from kerasnas.operations import Dense
from kerasnas.space import Architecture, Choice, Float, Int, Repeat, Sequential, Space, When
from kerasnas.strategies import (
    ASHA,
    NSGA2,
    STRATEGIES,
    Grid,
    Hyperband,
    KerasTunerHyperband,
    KerasTunerOracle,
    RandomSearch,
    Relay,
    SuccessiveHalving,
    WarmStart,
)
from kerasnas.strategies.surrogates import GaussianProcess

QUICK = [name for name in STRATEGIES if not name.startswith("kt_")]
FIDELITIES = [ASHA, Hyperband, SuccessiveHalving]
STAND_ALONE = [*FIDELITIES, KerasTunerHyperband]
GATED = Space(
    Sequential({"gate": Dense(activation=Choice("relu", "tanh")), "wide": Dense(Choice(4, 8))}),
    {"switch": Choice("on", "off"), "rate": When("training/switch", ["on"], Choice(0.1, 0.2), 0.0)},
)


def play(strategy, space, trials, score, at_once=4, seed=0, objective=None):
    """Proposals of a strategy with `at_once` out at a time, told in a shuffled order."""
    strategy.setup(Context(space, objective=objective or Objective("val_accuracy"), seed=seed))
    order, out, begun = random.Random(seed), [], []
    while len(begun) < trials or out:
        wish = None
        if len(begun) < trials and len(out) < at_once:
            wish = strategy.ask(random.Random(f"{seed}/{len(begun)}"))
        if wish is not None:
            proposal = Proposal(wish.architecture, len(begun), wish.fidelity, wish.parent)
            strategy.began(proposal)
            begun.append(proposal)
            out.append(proposal)
        elif out:
            proposal = out.pop(order.randrange(len(out)))
            found = score(proposal)
            measured = None if found is None else Measurement(found)
            strategy.tell(Trial(proposal, "completed" if measured else "failed", measured))
        else:
            break
    return begun


def rated(proposal):
    """A fixed score of an architecture; some fail, some are no number."""
    value = random.Random(proposal.architecture.key).random()
    if value < 0.15:
        return None
    return {"val_accuracy": math.nan if value < 0.25 else value, "val_loss": 1 - value, "params": int(1000 * value)}


@pytest.mark.parametrize("name", QUICK)
@pytest.mark.parametrize("seed", range(3))
def test_four_at_once_with_failures_under_conditions(name, seed):
    begun = play(STRATEGIES[name](), GATED, 20, rated, seed=seed)
    again = play(STRATEGIES[name](), GATED, 20, rated, seed=seed)
    assert begun == again and begun
    for proposal in begun:
        answers = proposal.architecture
        assert answers in GATED and ("training/rate/then" in answers) == (answers["training/switch"] == "on")


@pytest.mark.parametrize("name", QUICK)
def test_whatever_is_improved_the_contract_holds(name):
    for objective in (Objective("val_loss"), Objective("val_accuracy") - Objective("params") / 1e4):
        assert len(play(STRATEGIES[name](), GATED, 8, rated, objective=objective)) == 8


@pytest.mark.parametrize("name", QUICK)
def test_a_space_of_one_architecture_is_exhausted(name):
    begun = play(STRATEGIES[name](), Space(Sequential(Dense(4))), 5, lambda proposal: {"val_accuracy": 0.5})
    assert len({json.dumps([p.architecture.key, p.fidelity]) for p in begun}) == len(begun) <= 5


def test_strategies_describe_themselves_alike_in_another_process():
    program = textwrap.dedent("""
        import json
        from kerasnas.strategies import STRATEGIES
        print(json.dumps({name: make().describe() for name, make in STRATEGIES.items()}))
    """)
    told = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60)
    assert json.loads(told.stdout) == {name: make().describe() for name, make in STRATEGIES.items()}


def test_all_that_the_readme_names_is_there():
    assert WarmStart is strategies.WarmStart and set(strategies.__all__) <= set(dir(strategies))


# ------------------------------------------------------------------ arguments
@pytest.mark.parametrize("make", STAND_ALONE)
def test_strategies_of_epochs_stand_alone(make, tmp_path):
    for build in (
        lambda: Relay("random", make()),
        lambda: Relay(make(), "random"),
        lambda: WarmStart(make(), [tmp_path]),
    ):
        with pytest.raises(StrategyError, match=f"of whole architectures. Received: {make.__name__}"):
            build()
    for other in FIDELITIES:
        with pytest.raises(StrategyError, match="a sampler of whole architectures"):
            other(sampler=make())


def test_an_oracle_that_decides_about_epochs_is_known():
    from keras_tuner import oracles

    assert "epochs" in KerasTunerOracle(oracles.HyperbandOracle()).requires
    assert not KerasTunerOracle(oracles.RandomSearchOracle()).requires


@pytest.mark.parametrize("objectives", [(), ("params", "params")])
def test_nsga2_wants_objectives_that_differ(objectives):
    with pytest.raises(ArgumentError, match="one or several different objectives"):
        NSGA2(objectives=objectives)


def test_nsga2_tells_weights_apart():
    light, lighter = (Objective("val_accuracy") - Objective("params") * weight for weight in (1e-9, 1.0000001e-9))
    assert light.name == lighter.name
    assert NSGA2([light]).describe() != NSGA2([lighter]).describe()
    assert NSGA2("val_accuracy").describe() == NSGA2(["val_accuracy"]).describe()


@pytest.mark.parametrize("name", [3, None, 1.5, ["val_loss"]])
def test_names_of_objectives_are_strings(name):
    with pytest.raises(ArgumentError, match="the name of a metric. Received"):
        Objective(name)


@pytest.mark.parametrize("number", [0, 0.0, "2", None])
def test_objectives_are_divided_by_numbers(number):
    with pytest.raises(ArgumentError, match="divided by numbers other than 0"):
        Objective("val_loss") / number


@pytest.mark.parametrize("value", ["high", None, [1.0]])
def test_what_is_no_number_has_no_score(value):
    assert math.isnan(Objective("val_loss").score({"val_loss": value}))


# --------------------------------------------------------------------- fronts
def trials_of(points):
    for number, (accuracy, params) in enumerate(points):
        measured = Measurement({"val_accuracy": accuracy, "params": params})
        yield Trial(Proposal(Architecture({"n": number}), number), "completed", measured)


@pytest.mark.parametrize("seed", range(8))
def test_a_front_is_that_of_brute_force(seed):
    rng = random.Random(seed)
    trials = list(trials_of([(rng.randrange(8) / 8, rng.randrange(8)) for _ in range(40)]))
    told = [t.measurement.metrics for t in trials]
    beaten = lambda m: any(  # noqa: E731
        o["val_accuracy"] >= m["val_accuracy"] and o["params"] <= m["params"] and o != m for o in told
    )
    expected = {t.number for t in trials if not beaten(t.measurement.metrics)}
    found = fronts.pareto_front(trials, ["val_accuracy", "params"])
    assert {trial.number for trial in found} == expected
    accuracies = [trial.measurement.metrics["val_accuracy"] for trial in found]
    assert accuracies == sorted(accuracies, reverse=True)


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_no_front_holds_what_is_not_finite(value):
    trials = list(trials_of([(0.5, 10), (value, 1), (0.4, 5)]))
    assert [trial.number for trial in fronts.pareto_front(trials, ["val_accuracy", "params"])] == [0, 2]


@pytest.mark.parametrize("axes", [1, 2, 3, 4])
@pytest.mark.parametrize("seed", range(3))
def test_volumes_are_those_of_inclusion_and_exclusion(axes, seed):
    rng = np.random.default_rng(seed)
    points, reference = rng.random((6, axes)) * 2 - 0.3, np.full(axes, -0.1)
    inside = [point for point in points if (point > reference).all()]
    expected = 0.0
    for size in range(1, len(inside) + 1):
        for some in itertools.combinations(inside, size):
            expected -= (-1) ** size * np.prod(np.min(some, axis=0) - reference)
    assert fronts.hypervolume([tuple(point) for point in points], reference) == pytest.approx(expected)


# --------------------------------------------------------------------- models
@pytest.mark.parametrize("seed", range(3))
def test_the_gaussian_process_is_the_textbooks(seed):
    """Rasmussen & Williams, equations 2.25 and 2.26, with the lengths that were fitted."""
    rng = np.random.default_rng(seed)
    x, y, new = rng.random((12, 2)), rng.normal(size=12), rng.random((5, 2))
    process = GaussianProcess().fit(x, y)
    kernel = process.model.kernel_
    signal, noise = kernel.k1, kernel.k2.noise_level
    scaled = (y - y.mean()) / y.std()
    inverse = np.linalg.inv(signal(x) + noise * np.eye(12))
    mean = signal(new, x) @ inverse @ scaled * y.std() + y.mean()
    variance = np.diag(signal(new) - signal(new, x) @ inverse @ signal(x, new)) * y.var()
    found, deviation = process.predict(new)
    np.testing.assert_allclose(found, mean, rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(deviation, np.sqrt(np.maximum(variance, 1e-12)), rtol=1e-3, atol=1e-5)


def test_models_are_fitted_in_one_thread(monkeypatch):
    from sklearn.gaussian_process import GaussianProcessRegressor

    threads = []
    fit = GaussianProcessRegressor.fit
    seen = lambda *a: threads.append(blas()) or fit(*a)  # noqa: E731
    monkeypatch.setattr(GaussianProcessRegressor, "fit", seen)
    before = blas()
    GaussianProcess().fit(np.eye(4), np.arange(4.0))
    choosing.posterior(GATED, list(GATED.enumerate()), np.arange(GATED.size()))
    assert threads == [{1}, {1}] and blas() == before


def blas():
    return {each["num_threads"] for each in threadpoolctl.threadpool_info() if each["user_api"] == "blas"}


# ----------------------------------------------------------------- KerasTuner
@pytest.mark.parametrize("seed", range(8))
def test_kerastuners_values_give_the_architecture_back(seed):
    rng = random.Random(seed)
    space = random_space(rng, real=seed % 2 == 1)
    for _ in range(20):
        architecture = space.sample(rng)
        values = json.loads(json.dumps(hyperparameters.values(space, architecture)))
        assert hyperparameters.architecture(space, values) == architecture


@pytest.mark.parametrize("options", [(1, 2), (0.1, 0.2), ("a", "b"), (True, False), (None, 3), ((3, 5), (3, 3))])
def test_options_of_any_type_pass_through_kerastuner(options):
    space = Space(Sequential(Dense(4)), {"option": Choice(*options)})
    for architecture in space.enumerate():
        found = hyperparameters.architecture(space, hyperparameters.values(space, architecture))
        assert found == architecture and type(found["training/option"]) is type(architecture["training/option"])


def test_the_grid_has_both_ends_of_every_scale():
    space = Space(Repeat(Dense(4), Int(1, 2)), {"rate": Float(1e-4, 1e-2, log=True)})
    begun = play(Grid(points=3), space, 50, lambda proposal: {"val_accuracy": 0.1}, at_once=1)
    rates = sorted({proposal.architecture["training/rate"] for proposal in begun})
    assert rates == pytest.approx([1e-4, 1e-3, 1e-2]) and len(begun) == 6


def test_random_search_pays_once_for_what_is_the_same():
    begun = play(RandomSearch(), GATED, 100, rated)
    assert {proposal.architecture for proposal in begun} == set(GATED.enumerate()) and len(begun) == GATED.size()
