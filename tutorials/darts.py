"""Differentiable search from nothing to an exported model: cells found in a small network, retrained in a larger one.

python tutorials/darts.py [epochs] [fashion_mnist | digits | FILE.npz]

Fashion-MNIST is what Keras downloads; a part of it, small cells and few epochs keep this short. For figures like the
published ones take all rows and more of everything: `cells=8, filters=16, nodes=4` and 50 epochs to search, 20 cells of
36 filters and 600 epochs to retrain. scikit-learn's digits take a few minutes and no download. A file of one's own has
x_train, y_train, x_test, y_test.
"""

import sys
import tempfile
from pathlib import Path

import keras
import numpy as np
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

import kerasnas as kn
from kerasnas import report, spaces
from kerasnas.evaluators import Retraining
from kerasnas.strategies import Derive
from kerasnas.supernets import DARTS


def load(name, most=6000):
    """Training and test rows, of many a stratified part."""
    if name == "digits":
        x, y = load_digits(return_X_y=True)
        return train_test_split(x.reshape(-1, 8, 8), y, test_size=0.25, random_state=0, stratify=y)
    if name == "fashion_mnist":
        (x, y), (x_test, y_test) = keras.datasets.fashion_mnist.load_data()
    else:
        with np.load(name) as stored:
            x, y, x_test, y_test = (stored[part] for part in ("x_train", "y_train", "x_test", "y_test"))
    y, y_test = y.ravel(), y_test.ravel()
    if len(x) > most:
        x, _, y, _ = train_test_split(x, y, train_size=most, random_state=0, stratify=y)
    return x, x_test, y, y_test


def main(epochs=10, data="fashion_mnist", out=None):
    out = Path(out or tempfile.mkdtemp())
    x, x_test, y, y_test = load(data)
    filters = 4 if data == "digits" else 8

    # The same decisions twice: a normal and a reduction cell of two nodes. The supernet is made of the small network;
    # what it derives is trained in the larger one.
    classes = len(np.unique(y))
    small = spaces.darts(cells=3, filters=filters, nodes=2, stem_multiplier=1, num_classes=classes)
    large = spaces.darts(cells=4, filters=2 * filters, nodes=2, stem_multiplier=1, num_classes=classes)
    print(f"{large.size():,} architectures in one supernet")

    # Few steps: architecture weights learn faster by themselves than in the 50 epochs of the paper. At most one skip
    # connection a cell is derived; see collapse.py for why.
    rule = DARTS(epochs=epochs, batch_size=32, most_skips=1)
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
    found.model.save(out / "model.keras")
    model = keras.models.load_model(out / "model.keras")
    accuracy = (model.predict(x_test, verbose=0).argmax(axis=1) == y_test).mean()
    print(f"accuracy on test rows: {accuracy:.3f}; {model.count_params():,} weights; see {out}")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:2]), *sys.argv[2:])
