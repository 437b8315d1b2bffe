"""Differentiable search from nothing to an exported model: cells found in a small network, retrained in a larger one.

python tutorials/darts.py [epochs]

Digits keep it within minutes. For Fashion-MNIST put its rows in the place of `x` and `y`, and take more of everything:
`cells=8, filters=16, nodes=4` to search and 20 cells of 36 to retrain.
"""

import sys
import tempfile
from pathlib import Path

import keras
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

import kerasnas as kn
from kerasnas import report, spaces
from kerasnas.evaluators import Retraining
from kerasnas.strategies import Derive
from kerasnas.supernets import DARTS


def main(epochs=10, out=None):
    out = Path(out or tempfile.mkdtemp())
    x, y = load_digits(return_X_y=True)
    x, x_test, y, y_test = train_test_split(x.reshape(-1, 8, 8), y, test_size=0.25, random_state=0, stratify=y)

    # The same decisions twice: a normal and a reduction cell of two nodes. The supernet is made of the small network;
    # what it derives is trained in the larger one.
    small = spaces.darts(cells=3, filters=4, nodes=2, stem_multiplier=1)
    large = spaces.darts(cells=4, filters=8, nodes=2, stem_multiplier=1)
    print(f"{large.size():,} architectures in one supernet")

    # Few steps: architecture weights must learn faster than in the 50 epochs of the paper. At most one skip connection
    # a cell is derived; see collapse.py for why.
    rule = DARTS(epochs=epochs, batch_size=32, alpha_learning_rate=0.02, most_skips=1)
    found = kn.search(
        large,
        data=(x, y),
        strategy=Derive(rule, space=small),
        evaluator=Retraining(epochs=2 * epochs, batch_size=32, learning_rate=0.05, cutout=0.25),
        max_trials=1,
        seed=0,
        directory=out,
        verbose=1,
    )

    # Beside the accuracy after retraining stands the one that the cells had in the supernet.
    print(found.leaderboard()[["trial", "val_accuracy", "supernet", "params", "network"]].to_string())

    # Did the gates make up their minds, for which operations, and when did the cells last change?
    report.draw_gates(found.folder, path=out / "gates.png")
    report.draw_film(found.folder, small, most=4, path=out / "film.png")
    report.draw_cell(large, found.architecture, path=out / "cells.svg")

    # Plain Keras: no drop path, no auxiliary head, nothing of kerasnas.
    found.model.save(out / "digits.keras")
    model = keras.models.load_model(out / "digits.keras")
    accuracy = (model.predict(x_test, verbose=0).argmax(axis=1) == y_test).mean()
    print(f"accuracy on test rows: {accuracy:.3f}; {model.count_params():,} weights; see {out}")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
