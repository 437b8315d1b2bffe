"""Batches of the two halves side by side."""

import keras

from kerasnas.data.task import classes_of
from kerasnas.errors import DataError


class Pairs(keras.utils.PyDataset):
    """Batches `(x, y)`, or with weights third, that are dicts of what the "alphas" and what the "weights" learn from.

    Args:
        alphas, weights: `Dataset`s that have no row in common.
        batch_size: Rows of each in a step.
        seed: Of the orders; a batch is a function of it, the epoch and its number alone.
        augmentation: As of `Batches`, for the rows that the weights learn from.

    Raises:
        DataError: If a half is smaller than a batch.
    """

    def __init__(self, alphas, weights, batch_size, seed, augmentation=None):
        super().__init__()
        smaller = min(len(alphas), len(weights))
        if smaller < 1:
            raise DataError("Expected at least one training row in each half. Received: none in one of them.")
        batch_size = min(batch_size, smaller)
        self.parts = {
            "alphas": alphas.batches(batch_size, seed=seed),
            "weights": weights.batches(batch_size, seed=seed + 1, augmentation=augmentation),
        }

    def __len__(self):
        return min(len(part) for part in self.parts.values())

    @property
    def num_batches(self):
        return len(self)

    def __getitem__(self, index):
        batches = {name: part[index] for name, part in self.parts.items()}
        return tuple({name: batch[i] for name, batch in batches.items()} for i in range(len(batches["alphas"])))

    def follow(self):
        """Callbacks that keep the epoch what `fit` counts."""
        return [part.follow() for part in self.parts.values()]


def classes(rows):
    """Class indices `(n,)` of rows that have a single head which tells classes apart; None for others."""
    (first, *others) = rows.y.values()
    labels = (first.ndim == 1 and first.dtype.kind in "iu") or _one_hot(first)
    return classes_of(first) if labels and not others else None


def _one_hot(y):
    return y.ndim == 2 and y.shape[1] > 1 and bool(((y == 0) | (y == 1)).all() and (y.sum(axis=1) == 1).all())
