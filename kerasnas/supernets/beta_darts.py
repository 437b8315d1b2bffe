"""β-DARTS."""

from dataclasses import dataclass

import keras

from kerasnas.supernets.rule import Rule


@dataclass(frozen=True)
class BetaDARTS(Rule):
    """Softmax gates, held near one another by a penalty on the logarithm of their sum, which grows as the search goes.

    It grows from zero when the architecture weights begin to move, by ½ with each of the published epochs, or with as
    far as architecture weights move in one (see `alpha_learning_rate`). One that is strong from the beginning hides
    from Adam what the loss has to say: gates would stay as they are.

    Args:
        strength: The penalty's weight at the end of a search without a warm-up: 25, as published for 50 epochs.

    Reference:
        Ye et al., 2022, "β-DARTS: Beta-Decay Regularization for Differentiable Architecture Search".
    """

    alpha_decay: float = 0.0
    strength: float = 25.0

    def penalty(self, supernet, progress):
        found = [keras.ops.logsumexp(supernet.alphas[path]) for path in self.weighed(supernet)]
        if not found:
            return 0.0
        grown = keras.ops.maximum(0.0, progress - self.warmup / self.epochs)
        return self.strength * grown * keras.ops.mean(keras.ops.stack(found))
