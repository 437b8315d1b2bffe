"""β-DARTS."""

from dataclasses import dataclass

import keras

from kerasnas.supernets.rule import Rule


@dataclass(frozen=True)
class BetaDARTS(Rule):
    """Softmax gates, held near one another by a penalty on the logarithm of their sum, which grows as the search goes.

    Args:
        strength: The penalty's weight at the end; it starts from zero.

    Reference:
        Ye et al., 2022, "β-DARTS: Beta-Decay Regularization for Differentiable Architecture Search".
    """

    alpha_decay: float = 0.0
    strength: float = 50.0

    def penalty(self, supernet, progress):
        found = [keras.ops.logsumexp(supernet.alphas[path]) for path in self.weighed(supernet)]
        return self.strength * progress * keras.ops.mean(keras.ops.stack(found)) if found else 0.0
