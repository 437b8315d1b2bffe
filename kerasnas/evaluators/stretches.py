"""Training on rows that lie in memory: many steps in one call, where Keras's `fit` makes a call for each.

What is computed is the same: the model's loss, its optimizer, and batches in the order of `kerasnas.data.batches`.
Small networks, whose step takes a millisecond, train several times as fast.
"""

import math

import numpy as np

from kerasnas import backend

LARGEST = 2**30  # bytes of rows that are copied for it
STRETCH = 0.4  # seconds of steps between two looks at the clock
AT_ONCE = 2048  # rows that are answered at a time


def usable(rows, batches, callbacks):
    """Whether a training can run in stretches: TensorFlow, numbers in memory, nothing that changes or watches batches.

    Args:
        rows: Training rows.
        batches: Their `Batches`.
        callbacks: Keras callbacks of the user's.
    """
    import keras

    if callbacks or keras.backend.backend() != "tensorflow" or not hasattr(rows, "x"):
        return False
    if batches.augmentation or any(array.dtype == object for array in rows.x.values()):
        return False
    return sum(array.nbytes for array in (*rows.x.values(), *rows.y.values())) < LARGEST


class Stretches:
    """Trains a compiled named model, and has it answer.

    Args:
        model: The model.
    """

    def __init__(self, model):
        self.model, self._forward = model, None

    def train(self, batches, plan, pace, validate, every, earlier=0):
        """Train by a plan.

        Args:
            batches: `Batches` of the training rows.
            plan: The `Plan`.
            pace: The `Pace`, which is told of epochs and stops in time.
            validate: Called every `every` epochs; gives metrics by name. None for no validation.
            every: Epochs between two validations.
            earlier: Epochs that the weights have seen before.
        """
        pace.set_model(self.model)
        self.model.stop_training = False
        run = self._steps(batches.dataset)
        for epoch in range(earlier, plan.epochs):
            losses = self._epoch(run, batches.order(epoch), plan, pace)
            logs = {"loss": float(np.mean(losses))}
            if validate and (epoch + 1) % every == 0 and math.isfinite(logs["loss"]):
                logs |= validate()
            pace.on_epoch_end(epoch, logs)
            if self.model.stop_training:
                break

    def _epoch(self, run, order, plan, pace):
        """One epoch in stretches of steps; the losses of its steps."""
        losses, done = [], 0
        while done < len(order) and not self.model.stop_training:
            count = 1 if pace.started is None else pace.stretch(STRETCH)
            part = order[done : done + count]
            rates = [plan.rate(min(pace.progress(step), 1.0)) for step in range(len(part))]
            losses.append(float(run(part.astype("int32"), np.array(rates, "float32"))))
            done += len(part)
            pace.advance(len(part))
        return losses

    def _steps(self, rows):
        """A function that trains on batches given by their row numbers and learning rates."""
        tf, model = backend.tf(), self.model
        data = [tf.nest.map_structure(tf.constant, part) for part in (rows.x, rows.y)]
        weight = None if rows.weight is None else tf.constant(rows.weight)
        variables, optimizer = model.trainable_variables, model.optimizer
        optimizer.build(variables)

        def taken(places):
            x, y = (tf.nest.map_structure(lambda part: tf.gather(part, places), part) for part in data)
            return x, y, None if weight is None else tf.gather(weight, places)

        def loss_of(places):
            x, y, w = taken(places)
            return model.compute_loss(x, y, model(x, training=True), w, training=True)

        loss_of([0, 0])  # losses make variables at their first call, which must not be in the loop

        def step(number, total, order, rates):
            with tf.GradientTape() as tape:
                loss = loss_of(order[number])
                scaled = optimizer.scale_loss(loss)
            optimizer.learning_rate.assign(rates[number])
            optimizer.apply(tape.gradient(scaled, variables), variables)
            return number + 1, total + loss, order, rates

        @tf.function(
            input_signature=[tf.TensorSpec((None, None), "int32"), tf.TensorSpec((None,), "float32")], autograph=False
        )
        def run(order, rates):
            start = (tf.constant(0), tf.constant(0.0), order, rates)
            count = tf.shape(order)[0]
            _, total, _, _ = tf.while_loop(lambda number, *_: number < count, step, start, parallel_iterations=1)
            return total / tf.cast(count, "float32")

        return run

    def answers(self, rows):
        """The model's answers on a `Dataset`, by head name; of members, those of each."""
        tf, model = backend.tf(), self.model
        if self._forward is None:
            specs = {name: tf.TensorSpec((None, *array.shape[1:]), array.dtype) for name, array in rows.x.items()}
            self._forward = tf.function(lambda x: model(x, training=False), input_signature=[specs], autograph=False)
        parts = []
        for start in range(0, len(rows), AT_ONCE):
            part = rows.take(slice(start, start + AT_ONCE)).x
            parts.append(self._forward({name: tf.constant(array) for name, array in part.items()}))
        return {name: np.concatenate([np.asarray(part[name]) for part in parts]) for name in parts[0]}
