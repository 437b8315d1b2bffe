"""What holds of every strategy."""

import dataclasses
import json
import math
import random
import tempfile
import zlib

from kerasnas.contract import Context, Measurement, Objective, Proposal, Strategy, Trial
from kerasnas.loop import Journal, history
from kerasnas.operations import Activation, Dense, Dropout
from kerasnas.space import Choice, Float, Int, Repeat, Sequential, Space
from kerasnas.testing.expectations import expect, expect_plain


def check_strategy(make_strategy, space=None, trials=16, unique=True, exhausts=True):
    """Check that a strategy keeps the contract that resuming and parallel trials rest on.

    Args:
        make_strategy: A function without arguments that makes a fresh strategy.
        space: The space to search; small ones of its own if None.
        trials: Length of the runs that are compared.
        unique: Whether the strategy promises not to propose an architecture (at one fidelity) twice.
        exhausts: Whether it promises to go through a small finite space and end.

    Raises:
        AssertionError: Where the strategy breaks the contract.
    """
    _check_identity(make_strategy)
    for searched in (_layers(), _endless()) if space is None else (space,):
        for seed in (0, 1):
            context = Context(searched, objective=Objective("val_accuracy"), seed=seed)
            _check_pure(make_strategy, context, trials)
            _check_replay(make_strategy, context, trials, at_once=1)
            _check_replay(make_strategy, context, trials, at_once=3)
            _check_failures(make_strategy, context, trials)
            _check_unusable(make_strategy, context, trials)
            _check_unique(make_strategy, context, trials, unique)
    _check_end(make_strategy, exhausts)


def _layers():
    layer = Sequential(Dense(Choice(4, 8, 16)), Activation(Choice("relu", "tanh")))
    portfolio = [{"times": 3, "0/0/units": 16}, {"times": 1}]
    return Space(Repeat(layer, Int(1, 3)), {"batch_size": Choice(16, 32)}, portfolio=portfolio)


def _endless():
    return Space(Sequential(Dense(Choice(4, 8)), Dropout(Float(0.0, 0.5))), {"rate": Float(1e-4, 1e-1, log=True)})


def _tiny():
    return Space(Sequential(Dense(Choice(4, 8, 16)), Activation(Choice("relu", "tanh"))))


def _single():
    return Space(Sequential(Dense(4)))


# ------------------------------------------------------------------ a search
def _trial(proposal):
    """A made-up result: a fixed function of the architecture, and every fifth trial fails."""
    if proposal.number % 5 == 3:
        return Trial(proposal, "failed", error="out of memory")
    value = zlib.crc32(proposal.architecture.key.encode()) / 2**32
    curve = tuple({"epoch": epoch, "val_accuracy": value * epoch / 3, "val_loss": 1 - value} for epoch in (1, 2, 3))
    return Trial(proposal, "completed", Measurement({"val_accuracy": value, "val_loss": 1 - value}, curve, 1.25))


def _failed(proposal):
    return Trial(proposal, "failed", error="the loss became nan")


class _Search:
    """A strategy at work, its events kept in a journal as the loop keeps them."""

    def __init__(self, make_strategy, context, journal=None, measure=_trial):
        self.context, self.journal, self.measure = context, journal, measure
        self.strategy = make_strategy()
        self.strategy.setup(context)
        self.begun, self.told, self.out = [], {}, []

    def ask(self):
        number = len(self.begun)
        wish = self.strategy.ask(random.Random(f"{self.context.seed}/{number}"))
        if wish is not None:
            self._check_wish(wish)
        return wish

    def _check_wish(self, wish):
        expect(isinstance(wish, Proposal), f"Expected `ask` to return a Proposal or None. Received: {wish!r}.")
        expect(
            wish.architecture in self.context.space,
            f"Expected proposals of the space, its constraints obeyed. Received: {wish.architecture}.",
        )
        expect_plain(wish.fidelity, "a proposal's fidelity")
        expect(
            wish.parent is None or (wish.parent in self.told and self.told[wish.parent].completed),
            f"Expected the parent of a proposal to be a trial that completed. Received: {wish.parent}.",
        )

    def begin(self, wish):
        proposal = dataclasses.replace(wish, number=len(self.begun))
        if self.journal is not None:
            self.journal.began(proposal)
        self.begun.append(proposal)
        self.out.append(proposal)
        self.strategy.began(proposal)

    def end(self, place=0):
        trial = self.measure(self.out.pop(place))
        if self.journal is not None:
            trial = self.journal.told(trial)
        self.told[trial.number] = trial
        self.strategy.tell(trial)

    def run(self, trials, at_once=1, asks=1):
        """Begin up to `trials` proposals, `at_once` of them out at a time, told in a shuffled order."""
        rng = random.Random(0)
        while len(self.begun) < trials or self.out:
            wish = None
            if len(self.begun) < trials and len(self.out) < at_once:
                wish = [self.ask() for _ in range(asks)][-1]
            if wish is not None:
                self.begin(wish)
            elif self.out:
                self.end(rng.randrange(len(self.out)))
            else:
                return self
        return self


def _wishes(search):
    return [(proposal.architecture, proposal.fidelity, proposal.parent) for proposal in search.begun]


# -------------------------------------------------------------------- checks
def _check_identity(make_strategy):
    strategy = make_strategy()
    expect(isinstance(strategy, Strategy), f"Expected a kerasnas.Strategy. Received: {type(strategy).__name__}.")
    expect_plain(strategy.describe(), "`describe()`")
    expect(
        strategy.describe() == make_strategy().describe(),
        f"Expected equal strategies to describe themselves alike. Received: {strategy.describe()} and another.",
    )


def _check_pure(make_strategy, context, trials):
    """Asking more often than the loop does changes nothing, and asking with equal numbers gives equal proposals."""
    once = _Search(make_strategy, context).run(trials)
    expect(once.begun, "Expected at least one proposal. Received: None at the first `ask`.")
    search = _Search(make_strategy, context)
    first, second = search.ask(), search.ask()
    expect(first == second, f"Expected `ask` to repeat itself for equal `rng`. Received: {first} and {second}.")
    thrice = _Search(make_strategy, context).run(trials, asks=3)
    expect(
        _wishes(once) == _wishes(thrice),
        "Expected `ask` to change nothing. Received: other proposals where it was called three times instead of once.",
    )
    again = _Search(make_strategy, context).run(trials)
    expect(
        _wishes(once) == _wishes(again),
        f"Expected equal proposals from equal seeds. Received: different ones for seed {context.seed}.",
    )


def _check_replay(make_strategy, context, trials, at_once):
    """A fresh strategy that is fed the journal up to any event goes on as the one that wrote it."""
    with tempfile.TemporaryDirectory() as folder, Journal(folder) as journal:
        journal.header({})
        _Search(make_strategy, context, journal).run(trials, at_once)
        events = json.loads(json.dumps(journal.events))
    past = history(events)
    for cut, (kind, item) in enumerate(past):
        if kind != "began":
            continue
        resumed = make_strategy()
        resumed.setup(context)
        for earlier, content in past[:cut]:
            (resumed.began if earlier == "began" else resumed.tell)(content)
        wish = resumed.ask(random.Random(f"{context.seed}/{item.number}"))
        same = wish is not None and (wish.architecture, wish.fidelity, wish.parent) == (
            item.architecture, item.fidelity, item.parent,
        )  # fmt: skip
        expect(
            same,
            f"Expected a strategy that is fed the journal's first {cut} events to propose what was proposed then: "
            f"{item.architecture}. Received: {wish and wish.architecture}.",
        )


def _check_failures(make_strategy, context, trials):
    """Trials that fail, even all of them, stop no search."""
    search = _Search(make_strategy, context, measure=_failed).run(trials)
    expect(len(search.begun) > 1, "Expected a search to go on after failed trials. Received: none after the first.")


def _check_unusable(make_strategy, context, trials):
    """A trial without a finite objective, and a failed one with whatever metrics, is a failure like others."""
    plain = _wishes(_Search(make_strategy, context).run(trials))
    for status, value in (("completed", math.nan), ("completed", math.inf), ("failed", 2.0)):

        def measure(proposal, status=status, value=value):
            trial = _trial(proposal)
            return trial if trial.completed else Trial(proposal, status, Measurement({"val_accuracy": value}))

        expect(
            _wishes(_Search(make_strategy, context, measure=measure).run(trials)) == plain,
            f"Expected a {status} trial with the objective {value} to count as failed, neither best nor anyone's "
            "parent. Received: other proposals than where it failed.",
        )


def _check_unique(make_strategy, context, trials, unique):
    begun = _Search(make_strategy, context).run(trials, at_once=3).begun
    wishes = [(proposal.architecture, json.dumps(proposal.fidelity, sort_keys=True)) for proposal in begun]
    expect(
        not unique or len(set(wishes)) == len(wishes),
        f"Expected no proposal twice. Received: {len(wishes) - len(set(wishes))} repeated of {len(wishes)}.",
    )


def _check_end(make_strategy, exhausts):
    """Small spaces, down to a single architecture, are gone through."""
    for space in (_tiny(), _single()):
        for at_once in (1, 4):
            context = Context(space, objective=Objective("val_accuracy"))
            search = _Search(make_strategy, context).run(3 * space.size(), at_once)
            found = {proposal.architecture for proposal in search.begun}
            expect(search.begun, f"Expected a proposal in a space of {space.size()}. Received: none.")
            if exhausts:
                expect(
                    len(found) == space.size(),
                    f"Expected all {space.size()} architectures to be proposed. Received: {len(found)} of them.",
                )
                expect(search.ask() is None, "Expected None once the space is exhausted. Received: a proposal.")
