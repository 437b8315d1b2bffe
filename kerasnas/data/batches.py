"""Batches of a Dataset for Keras on any backend. This module imports Keras; the rest of the room does not."""

import keras
import numpy as np

from kerasnas.backend import strings
from kerasnas.data.mixing import cutmix
from kerasnas.errors import ArgumentError, nearest


class Batches(keras.utils.PyDataset):
    """Batches of rows in memory: (x dict, y dict), with the weights third, or (x dict,) without targets.

    A batch is a function of the seed, the epoch and its number alone. Give `fit` shuffle=False with it, for by default
    Keras shuffles the order of batches by Python's own random numbers; and `follow()` among its callbacks where the
    epoch must be exact, for Keras ends an epoch more when it builds a model by a look at the first batch.

    Args:
        dataset: `Dataset`; its targets as the model learns them, such as `dataset.with_y(encoded)`.
        batch_size: rows in a batch.
        seed: None for rows in order, where the last batch may be smaller. An int to shuffle anew each epoch: every
            batch is full (the last is filled with rows from the epoch's start), so that one shape is compiled.
        augmentation: dict of `Augmentation` by input name, applied where a seed is given.
        cutmix: how likely a batch's pictures are mixed (those that `augmentation` names), where a seed is given and
            targets are numbers.
        first_epoch: number of the first epoch, for training that goes on.

    Raises:
        ArgumentError: if `batch_size` is not at least 1, or `augmentation` names an unknown input.
    """

    def __init__(self, dataset, batch_size, seed=None, augmentation=None, first_epoch=0, cutmix=0.0):
        super().__init__()
        if batch_size < 1:
            raise ArgumentError(f"Expected `batch_size` to be at least 1. Received: {batch_size!r}.")
        for name in augmentation or {}:
            if name not in dataset.x:
                raise ArgumentError(
                    f"Expected `augmentation` by input name: {list(dataset.x)}. "
                    f"Received: {name!r}.{nearest(name, dataset.x)}"
                )
        self.dataset, self.batch_size, self.seed = dataset, int(batch_size), seed
        self.augmentation = dict(augmentation or {}) if seed is not None else {}
        self.cutmix = cutmix if seed is not None and self.augmentation and _mixable(dataset.y) else 0.0
        self._begin(first_epoch)

    def __len__(self):
        return -(-len(self.dataset) // self.batch_size)

    @property
    def num_batches(self):
        """Batches in an epoch."""
        return len(self)

    def __getitem__(self, index):
        start = index * self.batch_size
        part = self.dataset.take(self._order[start : start + self.batch_size])
        x = {name: strings(rows) if rows.dtype == object else rows for name, rows in part.x.items()}
        for place, name in enumerate(sorted(self.augmentation)):
            rng = np.random.default_rng([self.seed, self.epoch, index, place])
            x[name] = self.augmentation[name](x[name], rng)
        if part.y is None:
            return (x,)
        y = part.y
        if self.cutmix:
            rng = np.random.default_rng([self.seed, self.epoch, index, len(x)])
            x, y = cutmix(x, y, list(self.augmentation), rng, self.cutmix)
        return (x, y) if part.weight is None else (x, y, part.weight)

    def on_epoch_end(self):
        """Goes on to the next epoch, with rows in another order; Keras calls it."""
        self._begin(self.epoch + 1)

    def follow(self):
        """A callback that keeps `epoch` what `fit` counts, `initial_epoch` included."""
        return keras.callbacks.LambdaCallback(on_epoch_begin=lambda epoch, logs: self._begin(epoch))

    def order(self, epoch):
        """Row numbers of an epoch's batches, `(batches, batch_size)`, where a seed is given."""
        return self._order_of(epoch).reshape(len(self), -1)

    def _begin(self, epoch):
        self.epoch, self._order = epoch, self._order_of(epoch)

    def _order_of(self, epoch):
        if self.seed is None:
            return np.arange(len(self.dataset))
        order = np.random.default_rng([self.seed, epoch]).permutation(len(self.dataset))
        full = len(self) * self.batch_size
        return np.concatenate([order, order[: full - len(order)]]) if len(order) >= self.batch_size else order


def _mixable(y):
    """Whether all targets are numbers, of which a mean makes sense."""
    return y is not None and all(target.dtype.kind == "f" for target in y.values())
