"""Bayesian optimization with a Gaussian process."""

from kerasnas.strategies.guided import Guided


class Bayesian(Guided):
    """A Gaussian process on one-hot decisions, and the candidate of the greatest expected improvement.

    The improvement is over the highest mean of what was tried, so that a lucky measurement does not stop the search.

    Args:
        initial: Random architectures before the first model.
        candidates: How many candidates are ranked for a proposal.
        elite: From how many of the best trials candidates are mutated.
        patience: After how many trials without a better one to start anew; None for never.

    Reference:
        Jones et al., "Efficient Global Optimization of Expensive Black-Box Functions", 1998; for architectures:
        Kandasamy et al., "Neural Architecture Search with Bayesian Optimisation and Optimal Transport", NeurIPS 2018.
    """

    def setup(self, context):
        from kerasnas.strategies.surrogates import GrowingProcess

        super().setup(context)
        self.process = GrowingProcess()

    def modelled(self, x, y):
        process = self.process.fit(x, y)
        return process, process.predict(x)[0].max()

    def promise(self, model, x, rng):
        from scipy.stats import norm

        process, best = model
        mean, deviation = process.predict(x)
        gap = (mean - best) / deviation
        return deviation * (gap * norm.cdf(gap) + norm.pdf(gap))
