"""Guided search: a model of the scores ranks candidates, and the one that promises most is tried."""

from kerasnas.arguments import check_whole
from kerasnas.errors import ArgumentError, SpaceError
from kerasnas.strategies.memory import Remembering, mutants

CLIMBS, NEAR = 3, 4  # steps of the climb among candidates, and around how many each looks


class Guided(Remembering):
    """Random architectures first; then the most promising of many candidates, by a model of what was told.

    Candidates are mutants of the best trials, one to three steps away, and random architectures; then, step by step,
    mutants of the most promising of these. The model sees scores by their ranks, and a failed trial as the worst: where
    training breaks down it is not worth going on. A subclass says what it models (`modelled`) and what it takes for
    promising (`promise`).

    A model that is sure of a hill sees nothing else. So, after `patience` trials that found nothing better, the search
    starts anew from random architectures and models those that follow alone, while it goes on to pay for none twice.

    Args:
        initial: Random architectures before the first model of a start.
        candidates: How many candidates are ranked for a proposal.
        elite: From how many of the best trials mutants come.
        patience: After how many trials without a better one to start anew; None for never.

    Reference:
        Restarts: Eriksson et al., "Scalable Global Optimization via Local Bayesian Optimization", NeurIPS 2019.

    Raises:
        ArgumentError: If a number is not positive.
    """

    paths = False

    def __init__(self, initial=10, candidates=100, elite=10, patience=20):
        waits = 1 if patience is None else patience
        check_whole(initial=initial, candidates=candidates, elite=elite, patience=waits)
        if min(initial, candidates, elite, waits) < 1:
            raise ArgumentError(
                f"Expected positive numbers. Received: initial={initial}, candidates={candidates}, elite={elite}, "
                f"patience={patience}."
            )
        self.initial, self.candidates, self.elite, self.patience = initial, candidates, elite, patience

    def setup(self, context):
        from kerasnas.strategies.surrogates import Features

        super().setup(context)
        self.features = Features(context.space, self.paths)
        self.fitted, self.next = (None, None), 0
        self._start()

    def _start(self):
        """Begin anew with what is proposed from now on."""
        self.first, self.results, self.top, self.idle = self.next, [], None, 0

    def began(self, proposal):
        super().began(proposal)
        self.next = proposal.number + 1

    def tell(self, trial):
        known = len(self.trials)
        super().tell(trial)
        if trial.number < self.first:  # of an earlier start
            return
        scored = len(self.trials) > known
        self.results.append((trial, self.score(trial) if scored else None))
        if scored and (self.top is None or self.context.objective.better(trial, self.top)):
            self.top, self.idle = trial, 0
        else:
            self.idle += 1
        if self.patience is not None and self.idle >= self.patience and self.top is not None:
            self._start()

    @property
    def scored(self):
        """The trials of this start that can be learnt from."""
        return [trial for trial, score in self.results if score is not None]

    def ask(self, rng):
        if self.next - self.first < self.initial or len(self.scored) < 2:
            found = self.drawn(rng)
        else:
            found = self._promising(rng) or self.drawn(rng)
        return self.proposal(found)

    def _promising(self, rng):
        pool = self.pool(rng)
        if not pool:
            return None
        model, found = self.model(), {}
        for _ in range(1 + CLIMBS):
            promise = self.promise(model, self.features(pool), rng)
            found |= {each.key: (value, each) for each, value in zip(pool, promise.tolist())}
            ranked = sorted(found.values(), key=lambda pair: -pair[0])
            pool = [each for each in self.around([each for _, each in ranked[:NEAR]], rng) if each.key not in found]
            if not pool:
                break
        return self.fresh(each for _, each in ranked)

    def around(self, architectures, rng):
        """Mutants of candidates, as many again as there are candidates over all steps of the climb."""
        tried = {trial.proposal.architecture for trial in self.trials}
        drawn = mutants(self.context.space, lambda: rng.choice(architectures), rng, self.candidates // CLIMBS)
        return list({each.key: each for each in drawn if each not in tried}.values())

    def pool(self, rng):
        """Candidates that were not proposed, as far as their answers tell."""
        space, tried = self.context.space, {trial.proposal.architecture for trial in self.trials}
        ranked = sorted(self.scored, key=self.context.objective.rank, reverse=True)
        parents = [trial.proposal.architecture for trial in ranked[: self.elite]]
        found = {}
        for place in range(self.candidates):
            try:
                child = space.sample(rng) if place % 4 == 3 else parents[place % len(parents)]
                for _ in range(0 if place % 4 == 3 else 1 + place % 3):
                    child = space.mutate(child, rng)
            except SpaceError:
                continue
            if child not in tried:
                found.setdefault(child.key, child)
        return list(found.values())

    def model(self):
        """The model of what was told; the same until more was told, so that asking changes nothing."""
        told = self.first, len(self.results)
        if self.fitted[0] != told:
            self.fitted = told, self._modelled(self.results)
        return self.fitted[1]

    def _modelled(self, results):
        from kerasnas.strategies.surrogates import normal_scores

        architectures = [trial.proposal.architecture for trial, _ in results]
        worst = min(score for _, score in results if score is not None)
        scores = normal_scores([worst if score is None else score for _, score in results])
        return self.modelled(self.features.fit(architectures)(architectures), scores)

    def modelled(self, x, y):
        """What `promise` needs to know, from features and normal scores (more is better)."""
        raise NotImplementedError(f"{type(self).__name__}.modelled")

    def promise(self, model, x, rng):
        """How promising candidates are, from their features."""
        raise NotImplementedError(f"{type(self).__name__}.promise")
