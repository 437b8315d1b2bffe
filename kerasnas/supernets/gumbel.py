"""Rules that draw gates from a relaxed categorical distribution."""

from dataclasses import dataclass

import keras

from kerasnas.supernets.rule import Rule


@dataclass(frozen=True)
class SNAS(Rule):
    """Gates drawn from a Gumbel softmax that hardens.

    Args:
        temperatures: Its temperature at the beginning and at the end.

    Reference:
        Xie et al., 2019, "SNAS: Stochastic Neural Architecture Search".
    """

    temperatures: tuple = (1.0, 0.03)

    def temperature(self, progress):
        first, last = self.temperatures
        return first + (last - first) * progress

    def gates(self, supernet, progress, seed):
        tau = self.temperature(progress)
        fixed = supernet.softmax_gates(self.edges)
        return fixed | {path: self.drawn(supernet.alphas[path], tau, seed) for path in self.weighed(supernet)}

    def drawn(self, alpha, tau, seed):
        uniform = keras.random.uniform(alpha.shape, 1e-6, 1 - 1e-6, seed=seed)
        noise = -keras.ops.log(-keras.ops.log(uniform))
        return keras.ops.softmax((keras.ops.log_softmax(alpha) + noise) / tau)


@dataclass(frozen=True)
class GDAS(SNAS):
    """One-hot gates drawn anew for each step, with the gradient of the soft ones; only what is drawn is computed.

    Reference:
        Dong and Yang, 2019, "Searching for a Robust Neural Architecture in Four GPU Hours".
    """

    temperatures: tuple = (10.0, 0.1)

    sampled = True

    def drawn(self, alpha, tau, seed):
        soft = super().drawn(alpha, tau, seed)
        hard = keras.ops.one_hot(keras.ops.argmax(soft), alpha.shape[0], dtype=soft.dtype)
        return hard + soft - keras.ops.stop_gradient(soft)
