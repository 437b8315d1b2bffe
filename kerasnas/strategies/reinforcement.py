"""Reinforcement learning: a recurrent controller that answers decision after decision."""

import math

import numpy as np

from kerasnas.arguments import check_whole
from kerasnas.errors import ArgumentError, StrategyError
from kerasnas.strategies.controller import Controller
from kerasnas.strategies.memory import TRIES, Remembering

BINS = 10  # of a real decision
MOST = 1000  # answers of one decision
DECAY = 0.95  # of the moving baseline and spread


class Reinforcement(Remembering):
    """REINFORCE: an LSTM answers each decision given those before; what turns out good becomes likelier.

    The reward is the objective against its moving average, in units of its moving spread, so that percentages, losses
    and shares all do. A real decision is answered by one of ten bins and a random place in it. A network that was
    tried is drawn again; where the controller knows no other any more, a random one explores.

    Args:
        hidden: Units of the LSTM.
        learning_rate: Of Adam.
        entropy: Weight of the entropy, which keeps the controller from settling early.
        batch: Trials of an update.
        tanh_constant: Bound of the logits; lower is more random.

    Raises:
        ArgumentError: If a number is not positive.
        StrategyError: If a decision has over a thousand answers.

    Reference:
        Zoph & Le, "Neural Architecture Search with Reinforcement Learning", ICLR 2017; Williams, 1992 (REINFORCE).
    """

    def __init__(self, hidden=64, learning_rate=0.01, entropy=0.01, batch=5, tanh_constant=2.5):
        check_whole(hidden=hidden, batch=batch)
        if hidden < 1 or batch < 1 or learning_rate <= 0 or entropy < 0 or tanh_constant <= 0:
            raise ArgumentError(
                "Expected positive numbers, and entropy >= 0. Received: "
                f"hidden={hidden}, learning_rate={learning_rate}, entropy={entropy}, batch={batch}, "
                f"tanh_constant={tanh_constant}."
            )
        self.hidden, self.learning_rate, self.entropy = hidden, learning_rate, entropy
        self.batch, self.tanh_constant = batch, tanh_constant

    def setup(self, context):
        super().setup(context)
        self.spans, begin = {}, 0
        for decision in context.space.decisions():
            count = BINS if not decision.domain.finite else decision.domain.size
            if count > MOST:
                raise StrategyError(
                    f"Expected decisions with at most {MOST} answers for reinforcement learning. Received: "
                    f"'{decision.path}' with {count}."
                )
            self.spans[decision.path] = begin, begin + count
            begin += count
        self.controller = Controller(begin, self.hidden, self.tanh_constant, self.learning_rate, context.seed)
        self.learnt, self.mean, self.spread = 0, None, 0.0

    # -------------------------------------------------------------- proposing
    def ask(self, rng):
        self._learn()
        found = self.fresh(self._drafts(rng)) or self.drawn(rng)
        return self.proposal(found)

    def _drafts(self, rng):
        for _ in range(TRIES):
            drafted = self.context.space.admitted(self.context.space.record(self._chooser(rng)))
            if drafted is not None:
                yield drafted

    def _chooser(self, rng):
        state = self.controller.begin()

        def choose(decision):
            nonlocal state
            hidden, cell, logits = self.controller.advance(state)
            begin, end = self.spans[decision.path]
            weights = np.exp(logits[begin:end] - logits[begin:end].max())
            picked = rng.choices(range(end - begin), weights.tolist())[0]
            state = hidden, cell, begin + picked
            return _value(decision.domain, picked, rng)

        return choose

    # --------------------------------------------------------------- learning
    def _learn(self):
        """Catch up with what was told, batch by batch: the same whenever it is done."""
        while self.learnt + self.batch <= len(self.trials):
            trials = self.trials[self.learnt : self.learnt + self.batch]
            self.learnt += self.batch
            advantages = np.array([self._advantage(self.score(trial)) for trial in trials])
            self.controller.learn(*self._sequences(trials), advantages, self.entropy)

    def _advantage(self, reward):
        if self.mean is None:
            self.mean = reward
        gap = reward - self.mean
        self.mean += (1 - DECAY) * gap
        self.spread = DECAY * self.spread + (1 - DECAY) * gap**2 if self.spread else gap**2
        return max(-3.0, min(3.0, gap / math.sqrt(self.spread))) if self.spread else 0.0

    def _sequences(self, trials):
        asked = [self.context.space.asked(trial.proposal.architecture) for trial in trials]
        longest = max(map(len, asked))
        answers = np.full((len(trials), longest), -1)
        spans = np.zeros((len(trials), longest, 2), int)
        for row, (trial, decisions) in enumerate(zip(trials, asked)):
            for step, decision in enumerate(decisions):
                spans[row, step] = begin, _ = self.spans[decision.path]
                answers[row, step] = begin + _place(decision.domain, trial.proposal.architecture[decision.path])
        return answers, spans


def _value(domain, place, rng):
    """The answer at a place among a decision's answers."""
    if domain.finite:
        return domain.values()[place]
    return domain.from_unit((place + rng.random()) / BINS)


def _place(domain, value):
    if domain.finite:
        return list(domain.values()).index(value)
    return min(int(domain.to_unit(value) * BINS), BINS - 1)
