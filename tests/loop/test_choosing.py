"""The final choice under noise: what a model expects, and the best measured where it has no say."""

import random

import numpy as np
import pytest

from kerasnas.contract import Context, Measurement, Objective, Proposal, Trial
from kerasnas.loop import Journal
from kerasnas.loop.choosing import DOUBTFUL, FEWEST, MOST, NEGLIGIBLE, Choice, choose, note, posterior
from kerasnas.operations import Dense
from kerasnas.space import Choice as Options
from kerasnas.space import Sequential, Space

SPACE = Space(Sequential(*(Dense(Options(0, 1, 2, 3)) for _ in range(4))))
ACCURACY, LOSS = Objective("val_accuracy"), Objective("val_loss")
WORTH = np.random.default_rng(5).normal(size=(4, 4))


@pytest.fixture(autouse=True, scope="module")
def one_thread():
    """The matrices are small: several threads take many times as long."""
    from threadpoolctl import threadpool_limits

    with threadpool_limits(1):
        yield


def truth(architecture):
    """What an architecture is worth without luck: a sum over its layers."""
    return float(sum(WORTH[layer, architecture[f"{layer}/units"]] for layer in range(4)))


def trials_of(count, noise, seed, name="val_accuracy", sign=1, epochs=None, first=0):
    """Different architectures drawn at random, measured with noise."""
    rng, luck = random.Random(seed), np.random.default_rng(seed)
    found = {}
    while len(found) < count:
        found.setdefault(SPACE.sample(rng).key, None)
    rng = random.Random(seed)
    architectures = {}
    while len(architectures) < count:
        architecture = SPACE.sample(rng)
        architectures.setdefault(architecture.key, architecture)
    fidelity = {} if epochs is None else {"epochs": epochs}
    return [
        Trial(
            Proposal(architecture, first + number, fidelity), "completed",
            Measurement({name: sign * (truth(architecture) + noise * float(luck.normal()))}),
        )
        for number, architecture in enumerate(architectures.values())
    ]  # fmt: skip


def best_of(trials, objective=ACCURACY):
    return max(trials, key=objective.rank)


# ------------------------------------------------------------------ noise
def test_without_noise_the_best_measured_stays():
    for seed in range(2):
        trials = trials_of(60, 0.0, seed)
        made = choose(trials, SPACE, ACCURACY)
        assert made.trial is best_of(trials) and made.expected == {}
        assert made.noise < NEGLIGIBLE and "negligible" in made.reason


def test_scores_that_are_all_noise_are_taken_as_they_are():
    luck = np.random.default_rng(0)
    trials = [
        Trial(each.proposal, "completed", Measurement({"val_accuracy": float(luck.normal())}))
        for each in trials_of(60, 0.0, 0)
    ]
    made = choose(trials, SPACE, ACCURACY)
    assert made.trial is best_of(trials) and made.expected == {}
    assert made.noise > DOUBTFUL and "more than the model can be trusted with" in made.reason


def modelled(seed=0, sign=1, name="val_accuracy", **more):
    """Trials of which the model has a say, and the choice among them."""
    objective = Objective(name)
    for each in range(seed, seed + 40):
        trials = trials_of(60, 0.4, each, name, sign, **more)
        made = choose(trials, SPACE, objective)
        if made.expected:
            return trials, made
    pytest.fail("Expected the model to have a say in one of 40 searches.")


def test_what_is_expected_is_told_of_every_trial():
    trials, made = modelled()
    assert set(made.expected) == {trial.number for trial in trials}
    assert all(type(value) is float for value in made.expected.values())
    assert made.expected[made.trial.number] == max(made.expected.values())
    assert NEGLIGIBLE <= made.noise <= DOUBTFUL and f"{made.noise:.1%}" in made.reason


def test_what_is_expected_is_nearer_to_the_truth_than_what_was_measured():
    trials, made = modelled()
    true = np.array([truth(trial.proposal.architecture) for trial in trials])
    measured = np.array([trial.measurement.metrics["val_accuracy"] for trial in trials])
    expected = np.array([made.expected[trial.number] for trial in trials])
    assert np.square(expected - true).mean() < np.square(measured - true).mean()
    assert measured.min() <= expected.min() and expected.max() <= measured.max()


def test_a_loss_is_expected_in_its_own_sign():
    """The same scores as a loss: the same choice, the same values turned around."""
    trials, made = modelled()
    turned = [
        Trial(each.proposal, "completed", Measurement({"val_loss": -each.measurement.metrics["val_accuracy"]}))
        for each in trials
    ]
    other = choose(turned, SPACE, LOSS)
    assert other.trial.number == made.trial.number
    assert other.expected == pytest.approx({number: -value for number, value in made.expected.items()})


def test_the_order_of_trials_is_no_matter():
    trials, made = modelled()
    other = choose(trials[::-1], SPACE, ACCURACY)
    assert other.trial.number == made.trial.number and other.expected == pytest.approx(made.expected)


def test_the_choice_repeats():
    trials, made = modelled()
    assert choose(trials, SPACE, ACCURACY).expected == made.expected


# -------------------------------------------------------------- too few
@pytest.mark.parametrize("count", [1, 2, FEWEST - 1])
def test_of_few_trials_the_best_measured(count):
    trials = trials_of(count, 0.4, 0)
    made = choose(trials, SPACE, ACCURACY)
    assert made == Choice(best_of(trials), reason=f"Too few different scores to model: {count}.")


def test_equal_scores_tell_nothing():
    trials = [Trial(each.proposal, "completed", Measurement({"val_accuracy": 0.5})) for each in trials_of(30, 0, 0)]
    made = choose(trials, SPACE, ACCURACY)
    assert made.trial is trials[0] and made.expected == {} and made.noise is None
    assert made.reason == "Too few different scores to model: 1."


def test_more_than_can_be_modelled_leaves_the_worst_out():
    assert MOST >= 100
    trials, made = trials_of(200, 0.4, 1), None
    import kerasnas.loop.choosing as choosing

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(choosing, "MOST", 40)
        patch.setattr(choosing, "DOUBTFUL", 1e9)
        patch.setattr(choosing, "NEGLIGIBLE", 0.0)
        made = choose(trials, SPACE, ACCURACY)
    best = sorted(trials, key=ACCURACY.rank, reverse=True)[:40]
    assert set(made.expected) == {trial.number for trial in best}


# ----------------------------------------------------------- fidelities
def test_only_trials_of_the_bests_fidelity_are_compared():
    long, _ = modelled(epochs=9)
    lifted = [
        Trial(each.proposal, "completed", Measurement({"val_accuracy": each.measurement.metrics["val_accuracy"] + 50}))
        for each in long
    ]
    short = trials_of(40, 0.4, 3, epochs=1, first=100)
    made = choose([*short, *lifted], SPACE, ACCURACY)
    assert made.trial.number < 100 and set(made.expected) == {trial.number for trial in lifted}
    assert made.expected == choose(lifted, SPACE, ACCURACY).expected


def test_few_of_the_bests_fidelity_are_too_few():
    short, long = trials_of(60, 0.4, 3, epochs=1), trials_of(3, 0.0, 4, epochs=9, first=100)
    lifted = [Trial(each.proposal, "completed", Measurement({"val_accuracy": 50.0 + each.number})) for each in long]
    made = choose([*short, *lifted], SPACE, ACCURACY)
    assert made.trial.number == 102 and "Too few" in made.reason


# ------------------------------------------------------------ posterior
def test_the_posterior_finds_how_much_is_noise():
    found = []
    for noise in (0.0, 0.5, 2.0):
        trials = trials_of(100, noise, 0)
        scores = np.array([trial.measurement.metrics["val_accuracy"] for trial in trials])
        found.append(posterior(SPACE, [trial.proposal.architecture for trial in trials], scores)[1])
    assert found[0] < 0.01 < found[1] < found[2]


def test_the_posterior_interpolates_what_has_no_noise():
    trials = trials_of(60, 0.0, 0)
    scores = np.array([trial.measurement.metrics["val_accuracy"] for trial in trials])
    means, _ = posterior(SPACE, [trial.proposal.architecture for trial in trials], scores)
    assert np.corrcoef(means, scores)[0, 1] > 0.99


def test_only_the_order_of_scores_decides():
    """Ranks are modelled: an accuracy that collapsed to nothing does not stretch the scale."""
    trials = trials_of(40, 0.4, 0)
    scores = np.array([trial.measurement.metrics["val_accuracy"] for trial in trials])
    architectures = [trial.proposal.architecture for trial in trials]
    means, noise = posterior(SPACE, architectures, scores)
    other, same = posterior(SPACE, architectures, np.exp(3 * scores))
    assert same == pytest.approx(noise, rel=1e-6)
    assert np.argsort(means).tolist() == np.argsort(other).tolist()


# ------------------------------------------------------------------ note
class Ended:
    """What `note` asks of a run."""

    def __init__(self, trials):
        self.completed = trials


def test_a_choice_is_noted_once_for_the_same_trials(tmp_path):
    trials, made = modelled()
    context = Context(SPACE, objective=ACCURACY)
    with Journal(tmp_path) as journal:
        journal.header({"space": "layers"})
        note(Ended(trials), context, journal)
        note(Ended(trials), context, journal)
        (fact,) = journal.facts("choice")
        assert fact["trial"] == made.trial.number and fact["told"] == 60 and fact["reason"] == made.reason
        assert fact["expected"] == {str(number): value for number, value in made.expected.items()}
        note(Ended(trials[:-1]), context, journal)
        assert [fact["told"] for fact in journal.facts("choice")] == [60, 59]
    with Journal(tmp_path) as journal:  # a resumed run
        note(Ended(trials[:-1]), context, journal)
        assert [fact["told"] for fact in journal.facts("choice")] == [60, 59]


def test_of_few_trials_nothing_is_noted(tmp_path):
    with Journal(tmp_path) as journal:
        journal.header({"space": "layers"})
        note(Ended(trials_of(FEWEST - 1, 0.4, 0)), Context(SPACE, objective=ACCURACY), journal)
        assert journal.facts("choice") == []


# ------------------------------------------------- searches, leaderboard
def noisy_search(folder, trials=60, seed=0, noise=0.4):
    """A search whose scores have luck in them, on a table of its own."""
    import kerasnas as kn
    from kerasnas.contract import Evaluator

    class Noisy(Evaluator):
        def evaluate(self, proposal, report):
            luck = np.random.default_rng(proposal.number + 1000 * seed).normal()
            return Measurement({"val_accuracy": truth(proposal.architecture) + noise * float(luck)})

    return kn.search(
        SPACE, evaluator=Noisy(), strategy="random", objective="val_accuracy", max_trials=trials, seed=seed,
        directory=folder, project_name="run",
    )  # fmt: skip


@pytest.fixture(scope="module")
def noisy(tmp_path_factory):
    """A search in which the model has a say, and its folder."""
    for seed in range(20):
        folder = tmp_path_factory.mktemp("noisy")
        found = noisy_search(folder, seed=seed)
        if "expected" in found.leaderboard():
            return found, folder, seed
    pytest.fail("Expected the model to have a say in one of 20 searches.")


def test_the_leaderboard_has_what_is_expected(noisy):
    found, _, _ = noisy
    board = found.leaderboard()
    assert list(board.columns).index("expected") == list(board.columns).index("val_accuracy") + 1
    assert board["expected"].notna().all()
    chosen = board.loc[board["expected"].idxmax(), "trial"]
    assert found.chosen.number == chosen and found.architecture == found.chosen.proposal.architecture
    assert board["val_accuracy"].is_monotonic_decreasing, "ranks are by what was measured"


def test_the_printed_leaderboard_says_what_was_chosen(noisy):
    from rich.console import Console

    from kerasnas.report.board import show

    found, folder, _ = noisy
    console = Console(width=160, record=True)
    show(folder / "run", console, top=3)
    text = console.export_text()
    assert "expected" in text and f"chosen under noise: trial {found.chosen.number}" in text and "and 57 more" in text


def test_why_the_best_measured_stays_is_printed_too(tmp_path):
    from rich.console import Console

    from kerasnas.report.board import show

    found = noisy_search(tmp_path, noise=0.0)
    console = Console(width=160, record=True)
    show(tmp_path / "run", console, top=3)
    assert found.chosen is found.best
    assert f"chosen under noise: trial {found.best.number}. The best measured" in console.export_text()


def test_a_resumed_search_chooses_alike_and_notes_nothing_twice(noisy):
    found, folder, seed = noisy
    again = noisy_search(folder, seed=seed)
    assert again.chosen.number == found.chosen.number and len(again.trials) == 60
    assert (folder / "run" / "journal.jsonl").read_text().count('"choice"') == 1


def test_few_trials_have_no_expectation(tmp_path):
    board = noisy_search(tmp_path, trials=5).leaderboard()
    assert "expected" not in board and len(board) == 5
