"""DrNAS."""

from dataclasses import dataclass

import keras

from kerasnas import backend
from kerasnas.supernets.rule import Rule


@dataclass(frozen=True)
class DrNAS(Rule):
    """Gates drawn from a Dirichlet distribution, whose concentrations are learnt; they start near one.

    L2 of the architecture weights (`alpha_decay`) keeps the concentrations from running away.

    Reference:
        Chen et al., 2021, "DrNAS: Dirichlet Neural Architecture Search".
    """

    def gates(self, supernet, progress, seed):
        fixed = supernet.softmax_gates(self.edges)
        drawn = {
            path: backend.dirichlet(_concentration(supernet.alphas[path]), seed) for path in self.weighed(supernet)
        }
        return fixed | drawn

    def means(self, supernet):
        fixed = supernet.softmax_gates(self.edges)
        found = {path: _concentration(supernet.alphas[path]) for path in self.weighed(supernet)}
        return fixed | {path: values / keras.ops.sum(values) for path, values in found.items()}


def _concentration(alpha):
    return keras.ops.elu(alpha) + 1.0
