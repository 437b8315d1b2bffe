"""From answers on the validation rows to the metrics that trials are compared by."""

from kerasnas.data.scores import scores_of


def judge(context, example):
    """A function from answers to metrics: Keras's own, computed on a model that passes answers through, and scores.

    Args:
        context: The search's `Context`.
        example: Answers `(rows, ...)` by head name, for their shapes.
    """
    import keras

    task = context.task
    targets, scores = {name: head.target for name, head in task.heads.items()}, task.scores()
    inputs = {name: keras.Input(answer.shape[1:], name=f"{name}_answer") for name, answer in example.items()}
    outputs = {name: keras.layers.Identity(name=name)(tensor) for name, tensor in inputs.items()}
    model = keras.Model(list(inputs.values()), outputs)
    model.compile(loss=task.losses(), loss_weights=task.loss_weights(), metrics=task.metrics(), jit_compile=False)

    def told(answers):
        rows = [answers[name] for name in inputs]
        found = model.evaluate(
            rows, task.validation.y, sample_weight=task.validation.weight, batch_size=1024, verbose=0, return_dict=True
        )
        found |= scores_of(targets, scores, task.validation.y, answers, task.validation.weight)
        return {f"val_{name}": float(value) for name, value in found.items()}

    return told
