"""A generational genetic algorithm."""

from kerasnas.arguments import check_whole
from kerasnas.errors import ArgumentError, SpaceError
from kerasnas.strategies.layers import resized
from kerasnas.strategies.memory import TRIES, Remembering


class Genetic(Remembering):
    """Generations of children: tournament, one-point crossover, mutation, elitism, layers added and removed.

    The parents of a generation are the best `elite` of all before it and those that completed in the last one. With
    several trials at once, a generation may begin before the last one has quite ended.

    Args:
        population: Children in a generation.
        elite: How many of the best stay parents without being trained again.
        tournament: How many take part in a tournament.
        crossover: Probability that a child has two parents; else it is a mutant of one.
        mutation: Probability that a child of two is mutated too.
        resizing: Probability that a mutation adds or removes a layer, where the space has layers to repeat.

    Raises:
        ArgumentError: If a number is out of range.

    Reference:
        Xie & Yuille, "Genetic CNN", ICCV 2017; Sun et al., "Completely Automated CNN Architecture Design Based on
        Blocks", 2019 (layers added and removed).
    """

    def __init__(self, population=20, elite=2, tournament=3, crossover=0.8, mutation=0.5, resizing=0.3):
        check_whole(population=population, elite=elite, tournament=tournament)
        chances = {"crossover": crossover, "mutation": mutation, "resizing": resizing}
        if population < 2 or not 0 <= elite < population or not 1 <= tournament <= population:
            raise ArgumentError(
                "Expected population >= 2, 0 <= elite < population and 1 <= tournament <= population. "
                f"Received: population={population}, elite={elite}, tournament={tournament}."
            )
        if not all(0 <= chance <= 1 for chance in chances.values()):
            raise ArgumentError(f"Expected probabilities. Received: {chances}.")
        self.population, self.elite, self.tournament = population, elite, tournament
        self.crossover, self.mutation, self.resizing = crossover, mutation, resizing

    def setup(self, context):
        super().setup(context)
        self.generations = {}

    def began(self, proposal):
        self.generations[proposal.number] = self.begun // self.population
        super().began(proposal)

    def ask(self, rng):
        parents = self.parents(self.begun // self.population)
        found = self.fresh(self._children(parents, rng)) if parents else None
        found = found or self.drawn(rng)
        return self.proposal(found)

    def parents(self, generation):
        """The trials from which a generation is bred; none for the first, which is random."""
        before = [trial for trial in self.trials if self.generations.get(trial.number, 0) < generation]
        last = [trial for trial in before if self.generations.get(trial.number, 0) == generation - 1]
        older = [trial for trial in before if trial not in last]
        return last + sorted(older, key=self.context.objective.rank, reverse=True)[: self.elite]

    def _children(self, parents, rng):
        for _ in range(TRIES):
            try:
                yield self._child(parents, rng)
            except SpaceError:  # nothing to change, or nothing allowed
                return

    def _child(self, parents, rng):
        child = self._winner(parents, rng)
        if rng.random() >= self.crossover:
            return self._mutant(child, rng)
        child = self.context.space.crossover(child, self._winner(parents, rng), rng)
        return self._mutant(child, rng) if rng.random() < self.mutation else child

    def _winner(self, parents, rng):
        rivals = rng.sample(parents, min(self.tournament, len(parents)))
        return max(rivals, key=self.score).proposal.architecture

    def _mutant(self, architecture, rng):
        other = resized(self.context.space, architecture, rng) if rng.random() < self.resizing else None
        return other or self.context.space.mutate(architecture, rng)
