"""Predictor-guided search, after BANANAS."""

import numpy as np

from kerasnas.strategies.guided import Guided

COMMITTEES, TREES = 5, 10


class Predictor(Guided):
    """An ensemble of trees on path and one-hot encodings, and the candidate that one of them, by chance, likes best.

    Each proposal follows one draw from the ensemble's opinion of each candidate (independent Thompson sampling).

    Args:
        initial: Random architectures before the first ensemble.
        candidates: How many candidates are ranked for a proposal.
        elite: From how many of the best trials candidates are mutated.
        patience: After how many trials without a better one to start anew; None for never.
        acquisition: "thompson", or "ucb" for the mean and one standard deviation.

    Reference:
        White et al., "BANANAS: Bayesian Optimization with Neural Architectures for Neural Architecture Search",
        AAAI 2021; trees as predictors: Siems et al., "NAS-Bench-301", 2020.
    """

    paths = True

    def __init__(self, initial=10, candidates=100, elite=10, acquisition="thompson", patience=20):
        super().__init__(initial, candidates, elite, patience)
        self.acquisition = acquisition

    def modelled(self, x, y):
        from sklearn.ensemble import RandomForestRegressor

        return RandomForestRegressor(COMMITTEES * TREES, max_features=0.5, random_state=0).fit(x, y)

    def promise(self, model, x, rng):
        x = x.astype("float32")
        votes = np.stack([tree.predict(x, check_input=False) for tree in model.estimators_])
        opinions = votes.reshape(COMMITTEES, TREES, -1).mean(axis=1)
        mean, deviation = opinions.mean(axis=0), opinions.std(axis=0)
        if self.acquisition == "ucb":
            return mean + deviation
        return np.random.default_rng(rng.getrandbits(64)).normal(mean, deviation)
