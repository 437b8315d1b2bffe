"""How a differentiable search goes wrong, and what guards it.

python tutorials/collapse.py [epochs]

First: why architecture weights need rows of their own. Second: what a collapse to skip connections looks like, and
three guards.
"""

import sys
import tempfile
from dataclasses import dataclass

import keras
import numpy as np
from sklearn.datasets import load_digits

import kerasnas as kn
from kerasnas import report
from kerasnas.evaluators import Training
from kerasnas.operations import Activation, ConvBN, Dense, GlobalAvgPool, Identity, ReLUConvBN, Take
from kerasnas.strategies import Derive
from kerasnas.supernets import DARTS


def searched(space, data, rule):
    """What was found, and the search by gradients that derived it, epoch by epoch."""
    strategy = Derive(rule)
    found = kn.search(space, data, strategy, Training(epochs=1), max_trials=1, seed=0, directory=tempfile.mkdtemp())
    return found, strategy.searched


# ------------------------------------------------------- rows of their own
def memory(rows=600):
    """Pictures of which half have a random label, and beside each picture numbers that no other has.

    Whoever reads the pictures can learn digits; whoever reads the numbers can only learn the rows by heart.
    """
    rng = np.random.default_rng(0)
    x, y = load_digits(return_X_y=True)
    chosen = rng.permutation(len(x))[:rows]
    x, y = x[chosen], y[chosen]
    y = np.where(rng.random(rows) < 0.5, rng.integers(0, 10, rows), y)
    return np.concatenate([x, rng.normal(size=(rows, 200))], axis=1), y


def reading():
    """A network that reads the picture or the numbers."""

    def reads(part, units):
        return kn.Sequential({"part": part, "hidden": Dense(units, "relu"), "out": Dense(32)})

    choice = kn.Choice(picture=reads(Take(0, 64), 16), numbers=reads(Take(64), 128))
    return kn.Space(kn.Sequential({"reads": choice, "relu": Activation("relu"), "classes": Dense(10, "softmax")}))


def own_rows(epochs):
    for apart in (True, False):
        rule = DARTS(epochs=epochs, batch_size=32, learning_rate=0.2, alpha_learning_rate=0.03, apart=apart)
        _, search = searched(reading(), memory(), rule)
        gates = [entry["gates"]["reads"][0] for entry in search.history]
        print(f"architecture weights learn from {'rows of their own' if apart else 'the rows of the weights'}:")
        print("  gate of the picture by epoch:", " ".join(f"{gate:.2f}" for gate in gates))
        print(f"  derived: {search.architectures[0]['reads']}")


# ---------------------------------------------------------------- collapse
def cells():
    """A stem and a cell of three nodes, each with one edge."""
    operations = kn.Choice(skip=Identity(), small=ReLUConvBN(), large=ReLUConvBN(kernel_size=3), default="large")
    cell = kn.Shared("cell", kn.Cell(operations, nodes=3, inputs=1, keep=1))
    steps = {"stem": ConvBN(4, 3), "cell": cell, "pool": GlobalAvgPool(), "classes": Dense(10, "softmax")}
    return kn.Space(kn.Sequential(steps))


@dataclass(frozen=True)
class Drifting(DARTS):
    """DARTS with a pull towards skip connections that grows, as it does by itself in searches of days.

    There they win because they need no training, and because convolutions have less to do beside them.
    """

    pull: float = 2.0

    def penalty(self, supernet, progress):
        gates = supernet.softmax_gates()
        weights = [gates[path][labels.index("skip")] for path, labels in supernet.labels.items() if "skip" in labels]
        return -self.pull * progress * keras.ops.mean(keras.ops.stack(weights))


GUARDS = {
    "no guard": {"stop_curvature": 0.001},  # measures the curvature, and as good as never stops
    "stop before two skip connections (DARTS+)": {"stop_skips": 2},
    "derive at most one skip connection (P-DARTS)": {"most_skips": 1},
    "stop when the curvature rises (RobustDARTS)": {"stop_curvature": 0.75, "curvature_window": 2},
}


def guards(epochs):
    x, y = load_digits(return_X_y=True)
    data = x.reshape(-1, 8, 8)[:600], y[:600]
    for name, guard in GUARDS.items():
        rule = Drifting(epochs=epochs, batch_size=32, learning_rate=0.1, alpha_learning_rate=0.03, **guard)
        found, search = searched(cells(), data, rule)
        print(f"{name}: {search.stopped or 'all epochs'}")
        print("  skip connections by epoch:", " ".join(str(sum(e["skips"].values())) for e in search.history))
        if "curvature" in search.history[0]:
            print("  curvature by epoch:", " ".join(f"{entry['curvature']:.4f}" for entry in search.history))
        print(f"  derived: {', '.join(v for v in search.architectures[0].values() if isinstance(v, str))}")
        report.draw_film(found.folder, cells(), most=4, path=found.folder / "film.png")
        print(f"  see {found.folder / 'film.png'}")


def main(epochs=12):
    own_rows(epochs)
    guards(epochs)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
