"""The final model trained again, on the validation rows too."""

import copy
from pathlib import Path

from kerasnas.evaluators.training import checkpoint, replace_with
from kerasnas.loop.final import FILE, assembled, told_of
from kerasnas.loop.journal import writing
from kerasnas.loop.run import AGAIN


def refit(run, context, journal, model):
    """The members of the final model trained again on all rows, the best first, as many as there is time for.

    The others stay as they are: a mean of different networks is worth more than the rows that some have not seen.

    Done before for the same trials, it is read again.

    Args:
        run: The finished `Run`.
        context: The search's `Context`.
        journal: Its journal, in which the final model's members stand.
        model: The final model.

    Returns:
        The plain Keras model; `model` where there are no rows that it has not been trained on, or no time, and on
        Ctrl-C: the same call goes on from there.

    Raises:
        JournalError: If it cannot be written.
    """
    import keras

    if context.task.whole is None or run.reason == "interrupted":
        return model
    told, path = told_of(run), Path(context.folder) / FILE
    final = journal.facts("final")[-1]
    members = final["members"]
    written = [e for e in journal.events if e["event"] == "fact" and e["name"] in ("final", "refit")][-1]
    if written["name"] == "refit" and written["value"]["told"] == told and path.exists():
        return keras.models.load_model(path)
    trials = {trial.number: trial for trial in run.completed}
    chosen = _in_time([trials[number] for number in members], run.budget, journal)
    if not chosen:
        return model
    evaluator = copy.copy(run.evaluator)
    evaluator.setup(context)
    try:
        with writing("the models that are trained again"):
            again = {trial.number: evaluator.refit(trial) for trial in chosen}
    except KeyboardInterrupt:
        run.reason = "interrupted"
        return model
    paths = [again.get(number, checkpoint(context.folder, number)) for number in members]
    models = [keras.models.load_model(each) for each in paths]
    temperatures = {name: each["temperature"] for name, each in final["calibration"].items()}
    whole = assembled(models, final["weights"], temperatures, context.task.heads)
    with writing(f"the final model {path}"):
        replace_with(path, whole.save)
    journal.fact("refit", {"members": [trial.number for trial in chosen], "told": told})
    return whole


def _in_time(trials, budget, journal):
    """The trials, the first first, for whose training there is time left."""
    if budget.time_limit is None:
        return trials
    left, chosen = 0.97 * budget.time_limit - journal.elapsed(), []
    for trial in trials:
        needed = AGAIN * trial.measurement.seconds
        if needed <= left:
            left -= needed
            chosen.append(trial)
    return chosen
