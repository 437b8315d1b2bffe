"""Regularized evolution: tournaments among the youngest."""

from kerasnas.arguments import check_whole
from kerasnas.errors import ArgumentError
from kerasnas.strategies.memory import Remembering


class RegularizedEvolution(Remembering):
    """Aging evolution: a mutant of the best of a random sample of the population, which always loses its oldest.

    The population are the last `population` trials that completed, however good. A mutation changes the network:
    isomorphic ones that were tried are passed over.

    Args:
        population: Size of the population; that many are drawn at random first. The default suits some hundred trials
            (NAS-Bench-201's authors take 10); the paper takes 100 for tens of thousands.
        sample: How many take part in a tournament.

    Raises:
        ArgumentError: If a number is not positive, or the sample larger than the population.

    Reference:
        Real et al., "Regularized Evolution for Image Classifier Architecture Search", AAAI 2019.
    """

    def __init__(self, population=10, sample=3):
        check_whole(population=population, sample=sample)
        if not 1 <= sample <= population:
            raise ArgumentError(
                f"Expected 1 <= sample <= population. Received: population={population}, sample={sample}."
            )
        self.population, self.sample = population, sample

    def ask(self, rng):
        if len(self.trials) + self.out < self.population or not self.trials:
            found = self.drawn(rng)
        else:
            alive = self.trials[-self.population :]
            rivals = rng.sample(alive, min(self.sample, len(alive)))
            found = self.moved(max(rivals, key=self.score).proposal.architecture, rng)
        return self.proposal(found)
