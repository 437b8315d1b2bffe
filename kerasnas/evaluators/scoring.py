"""Scores that Keras does not compute: on the validation answers of a model, at its end and after epochs."""

import keras
import numpy as np

from kerasnas.data.scores import scores_of


def scored(task, model, rows, batches):
    """Scores of a model on rows, as "val_" metrics; empty where no head asks for any.

    Args:
        task: The `Task`.
        model: A named model that reads such rows.
        rows: Its rows with their targets; weights `(n, members)` say which members judge a row.
        batches: A function from rows to batches for `predict`.
    """
    scores = task.scores()
    if not any(scores.values()):
        return {}
    weight = rows.weight
    found = model.predict(batches(rows.with_y(None)), verbose=0)
    ranks = {name: 1 + len(getattr(h.target, "shape", (h.target.width,))) for name, h in task.heads.items()}
    answers = {n: _mean(answer, weight) if answer.ndim > ranks[n] else answer for n, answer in found.items()}
    plain = weight if weight is None or weight.ndim == 1 else weight.sum(axis=1)
    targets = {name: head.target for name, head in task.heads.items()}
    return {f"val_{name}": value for name, value in scores_of(targets, scores, rows.y, answers, plain).items()}


def _mean(answer, weight):
    """The mean answer of members `(n, members, ...)`."""
    if weight is None or weight.ndim == 1:
        return answer.mean(axis=1)
    share = weight / np.maximum(weight.sum(axis=1, keepdims=True), 1e-12)
    return np.einsum("nm...,nm->n...", answer, share)


class Scoring(keras.callbacks.Callback):
    """Adds scores to the metrics of each validated epoch, for the callbacks after it.

    Args:
        score: A function from a model to scores by name.
    """

    def __init__(self, score):
        super().__init__()
        self.score = score

    def on_epoch_end(self, epoch, logs=None):
        if logs is not None and "val_loss" in logs:
            logs.update(self.score(self.model))
