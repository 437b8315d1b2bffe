"""A search space and a strategy of one's own, and the same space searched by gradients.

python tutorials/own_space.py [trials]
"""

import sys
import tempfile

from sklearn.datasets import load_digits

import kerasnas as kn
from kerasnas.operations import ConvBN, Dense, Dropout, Flatten, GlobalAvgPool, MaxPool


def own_space():
    """Stages of convolutions whose number, widths and kernels are open, and two ways to end."""
    stage = kn.Sequential(
        {"conv": ConvBN(filters=kn.Choice(8, 16, 32, 64), kernel_size=kn.Choice(3, 5)), "pool": MaxPool(2)}
    )
    return kn.Space(
        kn.Sequential(
            {
                "stages": kn.Repeat(stage, times=kn.Int(1, 2)),
                "reduce": kn.Choice(average=GlobalAvgPool(), flatten=Flatten()),
                "dropout": Dropout(kn.Choice(0.0, 0.3)),
                "classes": Dense(10, activation="softmax"),
            }
        ),
        training={"learning_rate": kn.Float(1e-3, 1e-2, log=True)},
        name="own",
    )


class HillClimbing(kn.Strategy):
    """Changes one answer of the best architecture so far."""

    def setup(self, context):
        super().setup(context)
        self.trials = []

    def ask(self, rng):
        if not self.trials:
            return kn.Proposal(self.context.space.default())
        best = max(self.trials, key=self.context.objective.rank)
        return kn.Proposal(self.context.space.mutate(best.proposal.architecture, rng))

    def tell(self, trial):
        if trial.completed:
            self.trials.append(trial)


def main(trials=4):
    space = own_space()
    print(space.describe())
    small = space.where(lambda architecture: kn.cost(space, architecture, (8, 8, 1)).params < 50_000)
    x, y = load_digits(return_X_y=True)
    found = kn.search(
        small,
        data=(x.reshape(-1, 8, 8), y),
        strategy=HillClimbing(),
        evaluator=kn.evaluators.Training(epochs=3),
        max_trials=trials,
        seed=0,
        directory=tempfile.mkdtemp(),
        verbose=1,
    )
    print(found.leaderboard())
    print(found.architecture)
    found.model.summary()

    # By gradients: every open decision about the network becomes a mix of its answers, all trained at once; what weighs
    # most is derived and trained alone. Few answers a decision: each is computed.
    derived = kn.search(
        space,
        data=(x.reshape(-1, 8, 8), y),
        strategy=kn.strategies.Derive(kn.supernets.DARTS(epochs=trials)),
        evaluator=kn.evaluators.Training(epochs=3),
        max_trials=1,
        seed=0,
        directory=tempfile.mkdtemp(),
        verbose=1,
    )
    print(derived.architecture)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
