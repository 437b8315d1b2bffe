"""Guided search: a model of the scores ranks candidates, and the one that promises most is tried."""

import numpy as np

from kerasnas.arguments import check_whole
from kerasnas.errors import ArgumentError, SpaceError
from kerasnas.strategies.memory import Remembering

REFIT = 4  # from a hundred trials on, after how many the model is fitted anew


class Guided(Remembering):
    """Random architectures first; then the most promising of many candidates, by a model of what was told.

    Candidates are mutants of the best trials, one to three steps away, and random architectures. The model sees scores
    by their ranks, and a failed trial as the worst: where training breaks down it is not worth going on. A subclass
    says what it models (`modelled`) and what it takes for promising (`promise`).

    Args:
        initial: Random architectures before the first model.
        candidates: How many candidates are ranked for a proposal.
        elite: From how many of the best trials mutants come.

    Raises:
        ArgumentError: If a number is not positive.
    """

    paths = False

    def __init__(self, initial=10, candidates=100, elite=10):
        check_whole(initial=initial, candidates=candidates, elite=elite)
        if min(initial, candidates, elite) < 1:
            raise ArgumentError(
                f"Expected positive numbers. Received: initial={initial}, candidates={candidates}, elite={elite}."
            )
        self.initial, self.candidates, self.elite = initial, candidates, elite

    def setup(self, context):
        from kerasnas.strategies.surrogates import Features

        super().setup(context)
        self.features = Features(context.space, self.paths)
        self.results, self.fitted = [], (None, None)

    def tell(self, trial):
        known = len(self.trials)
        super().tell(trial)
        score = self.score(trial) if len(self.trials) > known else None
        self.results.append((trial.proposal.architecture, score))

    def ask(self, rng):
        if len(self.trials) + self.out < self.initial or len(self.trials) < 2:
            found = self.drawn(rng)
        else:
            found = self._promising(rng) or self.drawn(rng)
        return self.proposal(found)

    def _promising(self, rng):
        pool = self.pool(rng)
        if not pool:
            return None
        promise = self.promise(self.model(), self.features(pool), rng)
        return self.fresh(pool[place] for place in np.argsort(-promise, kind="stable"))

    def pool(self, rng):
        """Candidates that were not proposed, as far as their answers tell."""
        space, tried = self.context.space, {trial.proposal.architecture for trial in self.trials}
        parents = [trial.proposal.architecture for trial in self.best(self.elite)]
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
        count = len(self.results)
        count -= count % REFIT if count > 100 else 0
        if self.fitted[0] != count:
            self.fitted = count, self._modelled(self.results[:count])
        return self.fitted[1]

    def _modelled(self, results):
        architectures = [architecture for architecture, _ in results]
        worst = min(score for _, score in results if score is not None)
        scores = normal_scores([worst if score is None else score for _, score in results])
        return self.modelled(self.features.fit(architectures)(architectures), scores)

    def modelled(self, x, y):
        """What `promise` needs to know, from features and normal scores (more is better)."""
        raise NotImplementedError(f"{type(self).__name__}.modelled")

    def promise(self, model, x, rng):
        """How promising candidates are, from their features."""
        raise NotImplementedError(f"{type(self).__name__}.promise")


def normal_scores(scores):
    """Numbers replaced by the quantiles of a normal distribution at their ranks.

    Scores have units, and outliers far below: what matters of them is their order. Ties get the middle of their ranks.
    """
    from scipy.stats import norm, rankdata

    return norm.ppf((rankdata(scores) - 0.5) / len(scores))
