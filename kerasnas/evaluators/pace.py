"""The callback that keeps a training on its schedule, within its time, and remembers its best weights."""

import math
import time

import keras

from kerasnas.errors import KerasnasError


class Diverged(KerasnasError, ArithmeticError):
    """A training whose loss is no longer a finite number."""


class Pace(keras.callbacks.Callback):
    """Sets the learning rate step by step, reports each epoch, stops in time, keeps the best weights.

    Progress is the greater of the parts of the steps and of the time that are used up, so that the schedule comes to
    its end when the time does. Without a time limit it depends on steps alone, and repeats.

    Args:
        plan: The `Plan`.
        steps: Steps in an epoch.
        objective: The `Objective` by which weights are best.
        deadline: `time.monotonic()` at which training must have ended, or None.
        patience: Validated epochs without improvement after which training stops; None for never.
        report: Called as `report(epoch, metrics)`; "stop" ends the training.
        earlier: Epochs that the weights have seen before: the schedule goes on where the longer plan is then.
    """

    def __init__(self, plan, steps, objective, deadline, patience, report, earlier=0):
        super().__init__()
        self.plan, self.steps, self.total = plan, steps, steps * plan.epochs
        self.objective, self.deadline, self.patience, self.report = objective, deadline, patience, report
        self.curve, self.best, self.best_weights, self.best_epoch = [], -math.inf, None, -1
        self.done, self.started, self.validated = steps * earlier, None, False
        self.cut = False  # whether time ran out before the last step

    def progress(self, ahead=0):
        """The part of the training that is over, or will be some steps ahead."""
        used = (self.done + ahead) / self.total
        if self.deadline is None or self.started is None:
            return used
        span = max(self.deadline - self.started, 1e-6)
        return max(used, (time.monotonic() - self.started) / span + ahead / self.total)

    def on_train_batch_begin(self, batch, logs=None):
        self.model.optimizer.learning_rate = self.plan.rate(self.progress())

    def on_train_batch_end(self, batch, logs=None):
        self.advance(1)

    def stretch(self, seconds):
        """How many steps take about so long, as fast as those so far went."""
        spent = time.monotonic() - self.started
        speed = (self.done - 1) / spent if self.done > 8 else 8 / seconds
        return max(1, int(seconds * speed))

    def advance(self, steps):
        """Some more steps are done; stop where the time is up."""
        self.done += steps
        if self.started is None:
            self.started = time.monotonic()  # the first step traces the graph: it tells nothing about speed
        if self.deadline is not None and time.monotonic() >= self.deadline:
            self.model.stop_training = self.cut = True

    def on_epoch_end(self, epoch, logs=None):
        metrics = {name: float(value) for name, value in (logs or {}).items()}
        metrics.pop("learning_rate", None)
        if not math.isfinite(metrics.get("loss", 0.0)):
            raise Diverged(f"the loss became {metrics['loss']} in epoch {epoch + 1}")
        self.curve.append({"epoch": epoch + 1, **metrics})
        self.validated = all(name in metrics for name in self.objective.metrics)
        if self.validated:
            self._compare(epoch, metrics)
        if self.report(epoch + 1, metrics) == "stop":
            self.model.stop_training = True

    def _compare(self, epoch, metrics):
        score = self.objective.score(metrics)
        if score >= self.best:
            self.best, self.best_epoch, self.best_weights = score, epoch, self.model.get_weights()
        elif self.patience is not None and epoch - self.best_epoch >= self.patience:
            self.model.stop_training = True

    def restore(self):
        """Put the best weights back, if there are any better than the present ones."""
        if self.best_weights is not None:
            self.model.set_weights(self.best_weights)
