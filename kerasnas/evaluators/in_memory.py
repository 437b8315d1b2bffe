"""Training on rows that lie in memory: a compiled step that takes row numbers, where Keras's `fit` is fed batches.

What is computed is the same: the model's loss, its optimizer, and batches in the order of `kerasnas.data.batches`.
Small networks, whose step takes a millisecond, train several times as fast.
"""

import math

import numpy as np

from kerasnas import backend

LARGEST = 2**30  # bytes of rows that are copied for it
AT_ONCE = 2048  # rows that are answered at a time


def usable(rows, batches, callbacks):
    """Whether a training can be done so: TensorFlow, numbers in memory, nothing that changes or watches batches.

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


class InMemory:
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
        step = self._step(batches.dataset)
        for epoch in range(earlier, plan.epochs):
            losses = self._epoch(step, batches.order(epoch), plan, pace)
            logs = {"loss": float(np.mean(losses))}
            if validate and (epoch + 1) % every == 0 and math.isfinite(logs["loss"]):
                logs |= validate()
            pace.on_epoch_end(epoch, logs)
            if self.model.stop_training:
                break

    def _epoch(self, step, order, plan, pace):
        """One epoch; the losses of its steps."""
        losses = []
        for places in order.astype("int32"):
            losses.append(step(places, np.float32(plan.rate(min(pace.progress(), 1.0)))))
            pace.on_train_batch_end(len(losses) - 1)
            if self.model.stop_training:
                break
        return np.array([float(loss) for loss in losses])

    def _step(self, rows):
        """A compiled function that trains on one batch, given by its row numbers and the learning rate."""
        tf, model = backend.tf(), self.model
        data = [tf.nest.map_structure(tf.constant, part) for part in (rows.x, rows.y)]
        weight = None if rows.weight is None else tf.constant(rows.weight)
        variables, optimizer = model.trainable_variables, model.optimizer
        optimizer.build(variables)

        def loss_of(places):
            x, y = (tf.nest.map_structure(lambda part: tf.gather(part, places), part) for part in data)
            w = None if weight is None else tf.gather(weight, places)
            return model.compute_loss(x, y, model(x, training=True), w, training=True)

        @tf.function(input_signature=[tf.TensorSpec((None,), "int32"), tf.TensorSpec((), "float32")], autograph=False)
        def step(places, rate):
            with tf.GradientTape() as tape:
                loss = loss_of(places)
                scaled = optimizer.scale_loss(loss)
            optimizer.learning_rate.assign(rate)
            optimizer.apply(tape.gradient(scaled, variables), variables)
            return loss

        return step

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
