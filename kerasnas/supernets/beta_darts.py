"""β-DARTS."""

from dataclasses import dataclass

import keras

from kerasnas.supernets.rule import Rule


@dataclass(frozen=True)
class BetaDARTS(Rule):
    """Softmax gates, held near one another by a penalty on the logarithm of their sum, which grows as the search goes.

    It grows from zero when the architecture weights begin to move. As published it gains ½ with each 390 steps at
    their learning rate of 3e-4, so that it ends at 50 after 100 epochs: a search in which they move less far needs a
    `strength` smaller by as much, or the penalty hides from Adam what the loss has to say.

    Args:
        strength: The penalty's weight at the end.

    Reference:
        Ye et al., 2022, "β-DARTS: Beta-Decay Regularization for Differentiable Architecture Search".
    """

    alpha_decay: float = 0.0
    strength: float = 50.0

    def penalty(self, supernet, progress):
        found = [keras.ops.logsumexp(supernet.alphas[path]) for path in self.weighed(supernet)]
        if not found:
            return 0.0
        begun = self.warmup / self.epochs
        grown = keras.ops.maximum(0.0, (progress - begun) / (1 - begun))
        return self.strength * grown * keras.ops.mean(keras.ops.stack(found))
