"""From answers on the validation rows to the metrics that trials are compared by."""

import copy

import numpy as np

from kerasnas.data.scores import scores_of


def judge(context, example, judged=None):
    """A function from answers to metrics: Keras's own, computed on a model that passes answers through, and scores.

    Args:
        context: The search's `Context`.
        example: Answers `(rows, ...)` by head name, for their shapes.
        judged: The rows that the answers are for; the task's validation rows if None.
    """
    import keras

    task = context.task
    judged = task.validation if judged is None else judged
    weight = judged.weight if judged.weight is None or judged.weight.ndim == 1 else judged.weight.sum(axis=1)
    targets, scores = {name: head.target for name, head in task.heads.items()}, task.scores()
    inputs = {name: keras.Input(answer.shape[1:], name=f"{name}_answer") for name, answer in example.items()}
    outputs = {name: keras.layers.Identity(name=name)(tensor) for name, tensor in inputs.items()}
    model = keras.Model(list(inputs.values()), outputs)
    model.compile(
        loss=task.losses(), loss_weights=task.loss_weights(), metrics=copy.deepcopy(task.metrics()), run_eagerly=True
    )

    def told(answers):
        # All at once and without a graph: most of the time would go into tracing and feeding it.
        model.reset_metrics()
        rows = [answers[name] for name in inputs]
        found = model.test_on_batch(rows, judged.y, sample_weight=weight, return_dict=True)
        found |= scores_of(targets, scores, judged.y, answers, weight)
        return {f"val_{name}": float(value) for name, value in found.items()}

    return told


def row_losses(task):
    """A function from answers by head name, and numbers of validation rows, to the loss of each of these rows.

    Args:
        task: The `Task`.
    """
    import keras

    losses = {name: _by_row(keras.losses.get(loss)) for name, loss in task.losses().items()}
    scales, rows = task.loss_weights() or {}, task.validation
    share = np.ones(len(rows)) if rows.weight is None else rows.weight / max(rows.weight.mean(), 1e-12)

    def told(answers, places):
        total = np.zeros(len(places))
        for name, loss in losses.items():
            found = np.asarray(loss(rows.y[name][places], answers[name].astype("float32")), "float64")
            found = found.mean() if found.ndim == 0 else found.reshape(len(places), -1).mean(axis=1)
            total += scales.get(name, 1.0) * found
        return total * share[places]

    return told


def _by_row(loss):
    """A Keras loss as a function that does not reduce over rows."""
    import keras

    call = loss.call if isinstance(loss, keras.losses.Loss) else loss
    return lambda y, answers: keras.ops.convert_to_numpy(call(keras.ops.convert_to_tensor(y), answers))
