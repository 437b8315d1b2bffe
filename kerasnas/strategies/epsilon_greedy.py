"""Epsilon-greedy: mutate the best, now and then anything."""

from kerasnas.errors import ArgumentError
from kerasnas.strategies.memory import Remembering


class EpsilonGreedy(Remembering):
    """A mutant of the best trial; with a probability, a random architecture instead.

    Args:
        epsilon: The probability of a random one.

    Raises:
        ArgumentError: If it is no probability.

    Reference:
        Sutton & Barto, "Reinforcement Learning", 2018, chapter 2; as neighbourhood search of architectures:
        Jin et al., "Auto-Keras", KDD 2019.
    """

    def __init__(self, epsilon=0.1):
        if not 0 <= epsilon <= 1:
            raise ArgumentError(f"Expected 0 <= epsilon <= 1. Received: {epsilon}.")
        self.epsilon = epsilon

    def ask(self, rng):
        exploring = not self.trials or rng.random() < self.epsilon
        found = self.drawn(rng) if exploring else self.moved(self.leader.proposal.architecture, rng)
        return self.proposal(found)
