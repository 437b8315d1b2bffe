"""A warm start: what earlier journals praise is tried first, then the strategy goes on."""

import json

import pytest

from kerasnas.contract import Context, Measurement, Proposal, Trial
from kerasnas.errors import ArgumentError
from kerasnas.loop import Budget, Journal, Run
from kerasnas.operations import Dense
from kerasnas.space import Architecture, Choice, Int, Repeat, Space
from kerasnas.strategies import ASHA, Derive, Greedy, RandomSearch, Relay, WarmStart
from kerasnas.testing import check_strategy

from .test_strategies import searched

HEADER = {"task": {"objective": ["val_accuracy", "max"]}}


def space():
    return Space(Repeat(Dense(Choice(4, 8, 16, 32)), Int(1, 2)), {"batch_size": Choice(16, 32)})


def architecture(units, batch=16):
    return Architecture({"times": 1, "0/units": units, "training/batch_size": batch})


def earlier(folder, scores, header=HEADER, name="val_accuracy"):
    """A run that gave widths these scores; None is a failed trial."""
    with Journal(folder) as journal:
        journal.header(header)
        for number, (units, score) in enumerate(scores.items()):
            proposal = Proposal(architecture(units), number)
            journal.began(proposal)
            measured = None if score is None else Measurement({name: score})
            journal.told(Trial(proposal, "failed" if measured is None else "completed", measured))
    return folder


def widths(strategy, trials, searched_space=None):
    return [a["0/units"] for a in searched(strategy, searched_space or space(), trials)]


def test_the_best_of_an_earlier_run_come_first(tmp_path):
    run = earlier(tmp_path, {4: 0.5, 8: 0.9, 16: None, 32: 0.7})
    assert widths(WarmStart(RandomSearch(), [run]), 3) == [8, 32, 4]
    assert widths(WarmStart(RandomSearch(), [run / "journal.jsonl"], first=1), 1) == [8]
    warm = searched(WarmStart(RandomSearch(), [run], first=2), space(), 100)
    assert len(set(warm)) == len(warm) == 40, "then all the rest, none twice"


def test_what_wraps_a_strategy_needs_what_it_needs(tmp_path):
    run = earlier(tmp_path, {4: 0.5})
    for wrapping in WarmStart(Derive(), [run]), Relay("random", Derive()), ASHA(sampler=Derive()):
        assert "supernet" in wrapping.requires
    assert WarmStart(Keeping(), [run]).needs() == {7} == Relay("random", Keeping()).needs()


class Keeping(RandomSearch):
    def needs(self):
        return {7}


def test_places_are_averaged_for_scores_of_other_data_cannot_be(tmp_path):
    easy = earlier(tmp_path / "easy", {4: 0.990, 8: 0.992, 16: 0.991})
    hard = earlier(tmp_path / "hard", {4: 0.1, 8: 0.4, 16: 0.5})
    worse = {"task": {"objective": ["val_loss", "min"]}}
    loss = earlier(tmp_path / "loss", {4: 3.0, 8: 2.0, 16: 1.0}, worse, "val_loss")
    assert widths(WarmStart(RandomSearch(), [easy]), 3) == [8, 16, 4]
    assert widths(WarmStart(RandomSearch(), [easy, hard, loss]), 3) == [16, 8, 4]


def test_the_present_space_decides_what_is_asked(tmp_path):
    run = earlier(tmp_path, {4: 0.5, 8: 0.9, 32: 0.7})
    fewer = Space(Repeat(Dense(Choice(4, 32)), Int(1, 2)))
    proposed = searched(WarmStart(RandomSearch(), [run]), fewer, 2)
    assert proposed == [Architecture({"times": 1, "0/units": 32}), Architecture({"times": 1, "0/units": 4})]
    more = Space(Repeat(Dense(Choice(4, 8, 32), activation=Choice("relu", "tanh")), Int(1, 2)))
    assert searched(WarmStart(RandomSearch(), [run]), more, 1)[0]["0/activation"] == "relu"
    narrow = space().where(lambda a: a.get("0/units") != 8)
    assert widths(WarmStart(RandomSearch(), [run]), 2, narrow) == [32, 4]
    other = Space(Repeat(Dense(Choice(5, 7)), Int(1, 2)))
    assert len(searched(WarmStart(RandomSearch(), [run]), other, 3)) == 3, "nothing to start with is no hindrance"


@pytest.mark.parametrize("strategy", [Greedy, RandomSearch])
def test_it_keeps_the_contract(tmp_path, strategy):
    run = earlier(tmp_path, {4: 0.5, 8: 0.9, 16: 0.2, 32: 0.7})
    check_strategy(lambda: WarmStart(strategy(), [run], first=2), space())
    check_strategy(lambda: WarmStart(strategy(), [run]))


def test_the_strategy_learns_from_the_start(tmp_path):
    run = earlier(tmp_path, {32: 0.9})
    warm = WarmStart(Greedy(explore=0), [run])
    proposed = searched(warm, space(), 8, score=lambda a: 1.0 if a["0/units"] == 32 else 0.0)
    assert proposed[0]["0/units"] == 32
    assert len(warm.strategy.trials) == 8
    near = [a for a in proposed[2:] if sum(a[p] != proposed[0].get(p) for p in a if p in proposed[0]) <= 1]
    assert len(near) >= 3, "moves around what was good"


def test_it_is_the_same_search_only_while_the_journals_say_the_same(tmp_path):
    run = earlier(tmp_path, {4: 0.5, 8: 0.9})
    before = WarmStart(RandomSearch(), [run]).describe()
    assert before == WarmStart(RandomSearch(), [run]).describe() and str(tmp_path) not in json.dumps(before)
    with Journal(run) as journal:
        journal.began(Proposal(architecture(16), 2))
        journal.told(Trial(Proposal(architecture(16), 2), "completed", Measurement({"val_accuracy": 0.95})))
    (run / "journal.jsonl").open("a").write('{"event": "to')  # it goes on at this moment
    after = WarmStart(RandomSearch(), [run])
    assert after.describe() != before and after.order[0] == architecture(16).key


def test_of_a_real_run(tmp_path):
    from loop.work import OBJECTIVE, Made, layers

    def search(folder, strategy, trials):
        with Journal(folder) as journal:
            journal.header({"objective": "val_accuracy"})
            context = Context(layers(), objective=OBJECTIVE)
            return Run(context, strategy, Made(), journal, Budget(max_trials=trials)).search()

    first = search(tmp_path / "first", RandomSearch(), 20)
    ranked = sorted(first.completed, key=OBJECTIVE.rank, reverse=True)
    second = search(tmp_path / "second", WarmStart(RandomSearch(), [tmp_path / "first"], first=3), 5)
    assert [t.proposal.architecture for t in second.trials[:3]] == [t.proposal.architecture for t in ranked[:3]]


@pytest.mark.parametrize(
    "arguments, message",
    [
        (("random", ["x"]), "Expected a strategy to warm, such as"),
        ((RandomSearch(), []), "a list of journals"),
        ((RandomSearch(), "folder"), "a list of journals"),
        ((RandomSearch(), ["nowhere"], 0), "first >= 1"),
        (
            (RandomSearch(), ["nowhere"]),
            "Expected the folder of an earlier run, with a journal.jsonl. Received: nowhere",
        ),
    ],
)
def test_what_makes_no_sense(arguments, message):
    with pytest.raises(ArgumentError, match=message):
        WarmStart(*arguments)


def test_journals_that_cannot_be_read(tmp_path):
    nameless = earlier(tmp_path / "nameless", {4: 0.5}, {})
    with pytest.raises(ArgumentError, match="whose header names the objective"):
        WarmStart(RandomSearch(), [nameless])
    broken = earlier(tmp_path / "broken", {4: 0.5})
    (broken / "journal.jsonl").write_text("no json\n")
    with pytest.raises(ArgumentError, match="Expected a journal that can be read"):
        WarmStart(RandomSearch(), [broken])
