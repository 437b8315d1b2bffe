"""The model that is handed over: the best trial, or the mean of the best few, by their validation answers alone."""

from pathlib import Path

import numpy as np

from kerasnas.errors import SearchError
from kerasnas.evaluators.judging import judge
from kerasnas.evaluators.training import checkpoint, predictions, replace_with
from kerasnas.lowering.joining import averaged, named, plain

MOST = 5
FILE = "final.keras"


def choose(run, context, journal):
    """Decide, build and write the final model; decided before for the same trials, it is read again.

    Returns:
        The plain Keras model.
    """
    import keras

    path = Path(context.folder) / FILE
    told = sorted(trial.number for trial in run.trials if trial.status != "interrupted")
    known = [fact for fact in journal.facts("final") if fact["told"] == told]
    if known and path.exists() and run.reason != "interrupted":
        return keras.models.load_model(path)
    members, metrics = _members(run, context)
    model = _joined(members, context)
    replace_with(path, model.save)
    journal.fact("final", {"members": members, "metrics": metrics, "told": told})
    return model


def _joined(members, context):
    import keras

    models = [keras.models.load_model(checkpoint(context.folder, number)) for number in members]
    if len(models) == 1:
        return models[0]
    heads = list(context.task.heads)
    return plain(averaged([named(model, heads) for model in models]))


def _members(run, context):
    """Numbers of the trials whose mean has the lowest validation loss without a worse objective, and its metrics."""
    ranked = sorted(run.completed, key=context.objective.rank, reverse=True)
    ranked = [trial for trial in ranked if checkpoint(context.folder, trial.number).exists()]
    if not run.completed:
        raise SearchError(
            "Expected a search that goes on until a first model is there. Received: an interrupt before; the same call "
            "goes on from here."
        )
    if not ranked:
        raise SearchError(f"Expected a model in {context.folder}/trials. Received: none; were files deleted?")
    best = ranked[0]
    if context.objective.terms or len(context.objectives) > 1:
        # The mean of several networks would cost what the objective holds against them.
        return [best.number], best.measurement.metrics
    answers = []
    for trial in ranked[:MOST]:
        file = predictions(context.folder, trial.number)
        if not file.exists():
            break
        with np.load(file) as stored:
            answers.append({name: stored[name] for name in stored.files})
    if len(answers) < 2:
        return [best.number], best.measurement.metrics
    told = judge(context, answers[0])
    winner, metrics = [best.number], best.measurement.metrics
    for count in range(2, len(answers) + 1):
        mean = {name: sum(a[name] for a in answers[:count]) / count for name in answers[0]}
        found = told(mean)
        no_worse = context.objective.score(found) >= context.objective.score(best.measurement.metrics)
        if no_worse and found["val_loss"] < metrics["val_loss"]:
            winner, metrics = [trial.number for trial in ranked[:count]], found
    return winner, metrics
