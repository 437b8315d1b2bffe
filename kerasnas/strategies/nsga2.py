"""Several objectives at once: NSGA-II."""

from kerasnas.arguments import check_whole
from kerasnas.contract import Objective
from kerasnas.errors import ArgumentError, SpaceError, StrategyError
from kerasnas.fronts import crowding, ranks_of, scores
from kerasnas.strategies.memory import TRIES, Remembering


class NSGA2(Remembering):
    """Non-dominated sorting: parents are the first fronts, of one front those with the most room around.

    `pareto_front(trials, objectives)` gives the result of a run. Parents are selected anew after each trial, not after
    a whole generation: few trials go further so, and any number may be out at once.

    Args:
        objectives: Names or `Objective`s, measured by the evaluator as metrics or beside them (accuracy, params, flops,
            latency); the objectives of the search if None.
        population: Parents kept; that many are drawn at random first.
        crossover: Probability that a child has two parents.
        mutation: Probability that a child of two is mutated too.

    Raises:
        ArgumentError: If the population is below 4, a chance is none, or an objective has no known direction.
        StrategyError: When a trial does not measure a given objective.

    Reference:
        Deb et al., "A Fast and Elitist Multiobjective Genetic Algorithm: NSGA-II", 2002; for architectures:
        Lu et al., "NSGA-Net", GECCO 2019.
    """

    def __init__(self, objectives=None, population=20, crossover=0.9, mutation=0.5):
        check_whole(population=population)
        if population < 4 or not 0 <= crossover <= 1 or not 0 <= mutation <= 1:
            raise ArgumentError(
                "Expected population >= 4 and probabilities. "
                f"Received: population={population}, crossover={crossover}, mutation={mutation}."
            )
        self.objectives = None if objectives is None else Objective.several(objectives)
        self.population, self.crossover, self.mutation = population, crossover, mutation

    def describe(self):
        told = self.objectives and [each.describe() for each in self.objectives]
        return {**super().describe(), "objectives": told}

    def setup(self, context):
        super().setup(context)
        self.aims = self.objectives or context.objectives
        self.parents, self.ranked, self.selected = [], None, 0

    def tell(self, trial):
        known = len(self.trials)
        super().tell(trial)
        if len(self.trials) > known:
            self._check(trial)

    def _check(self, trial):
        told = {**trial.measurement.extra, **trial.measurement.metrics}
        missing = [name for aim in self.aims for name in aim.metrics if told.get(name) is None]
        if missing:
            raise StrategyError(
                f"Expected trials that measure '{missing[0]}' to search by it. Received: {', '.join(sorted(told))}."
            )

    def _select(self):
        """Catch up with what was told, one trial at a time: the same whenever it is done."""
        while self.selected < len(self.trials):
            self.parents = [*self.parents, self.trials[self.selected]]
            self.selected += 1
            if len(self.parents) > self.population:
                self.parents, self.ranked = self._selected(self.parents)

    def _selected(self, trials):
        """The trials that stay, and for each its front and, negated, the room around it: less is better."""
        points = scores(trials, self.aims)
        fronts, room = ranks_of(points), {}
        for front in set(fronts):
            places = [place for place, own in enumerate(fronts) if own == front]
            room.update(zip(places, crowding([points[place] for place in places])))
        order = sorted(range(len(trials)), key=lambda place: (fronts[place], -room[place], place))[: self.population]
        return [trials[place] for place in order], [(fronts[place], -room[place]) for place in order]

    def ask(self, rng):
        self._select()
        found = self.fresh(self._children(rng)) if self.ranked and self.begun > self.population else None
        found = found or self.drawn(rng)
        return self.proposal(found)

    def _children(self, rng):
        space = self.context.space
        for _ in range(TRIES):
            try:
                child = self._winner(rng)
                crossed = rng.random() < self.crossover
                child = space.crossover(child, self._winner(rng), rng) if crossed else child
                yield space.mutate(child, rng) if not crossed or rng.random() < self.mutation else child
            except SpaceError:  # nothing to change, or nothing allowed
                return

    def _winner(self, rng):
        """The better of two parents."""
        places = rng.randrange(len(self.parents)), rng.randrange(len(self.parents))
        return self.parents[min(places, key=lambda place: self.ranked[place])].proposal.architecture
