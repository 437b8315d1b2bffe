"""A search that ends in time: fewer epochs, with schedules that end with them."""

import time

import keras

MARGIN = 1.1  # an epoch may last so many times as long as the one before


class InTime(keras.callbacks.Callback):
    """Cuts the steps that a search plans to those that fit, told after each epoch from how long its steps took.

    The plan is the model's `total`, which checkpoints hold: a search that goes on keeps to it. An epoch that would not
    end in time is broken off. Stands before what writes checkpoints.

    Args:
        until: `time.monotonic()` by which the search is to end.
        steps: Steps of an epoch.
    """

    def __init__(self, until, steps):
        super().__init__()
        self.until, self.steps = until, steps

    def on_epoch_begin(self, epoch, logs=None):
        self.first, self.seen = None, 0

    def on_train_batch_end(self, batch, logs=None):
        now = time.monotonic()
        self.first = (
            now if self.first is None else self.first
        )  # the first step, in which graphs are made, is no measure
        self.seen += 1
        if now >= self.until:
            self.model.stop_training = True

    def on_epoch_end(self, epoch, logs=None):
        now, done = time.monotonic(), epoch + 1
        rest = self.until - now
        if self.seen > 1:
            lasting = MARGIN * self.steps * (now - self.first) / (self.seen - 1)
            more = int(rest / lasting) if rest > 0 else 0
        else:  # a single step tells nothing of the others
            more = None if rest > 0 else 0
        planned = self.model.steps() // self.steps
        if more is not None and done + more < planned:
            self.model.total.assign(self.steps * (done + more))
            self.model.stop_training = self.model.stop_training or not more
        elif done >= planned:
            self.model.stop_training = True
