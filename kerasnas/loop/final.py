"""The model that is handed over: the best trial, or a mean of the best few, by their validation answers alone."""

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from kerasnas.data.targets import MultiLabelTarget
from kerasnas.errors import SearchError
from kerasnas.evaluators.calibration import calibrate, scaled
from kerasnas.evaluators.judging import judge, row_losses
from kerasnas.evaluators.plan import chance
from kerasnas.evaluators.training import checkpoint, predictions, replace_with
from kerasnas.loop import selection
from kerasnas.loop.journal import writing
from kerasnas.lowering.joining import averaged, named, plain, tempered

CANDIDATES = 12  # trials of which the model may be made
FILE = "final.keras"
SAVED = "model.keras"  # the final model of a run that was copied here with its journal


@dataclass
class Final:
    """What the final model is made of.

    Args:
        members: Numbers of trials.
        weights: The weight of each.
        how: "single", "uniform" or "greedy"; see `selection`.
        metrics: On the validation rows.
        calibration: A `Calibration` for each head whose answers are probabilities, by name.
    """

    members: list
    weights: list
    how: str
    metrics: dict
    calibration: dict = field(default_factory=dict)

    def to_json(self):
        """A dict of plain JSON values."""
        told = {name: each.to_json() for name, each in self.calibration.items()}
        return {**vars(self), "calibration": told}


def choose(run, context, journal, settled=None):
    """Decide, build and write the final model; decided before for the same trials, it is read again.

    A final model of fewer trials stays where it is better on the validation rows: more time never gives a worse one.
    Accuracies that are within a standard error of one another are told apart by the loss.

    Args:
        run, context, journal: Of the search.
        settled: The `Trial` that new measurements hold for best, which is then the first of the model's members; None
            for the best measured.

    Returns:
        The plain Keras model.

    Raises:
        JournalError: If it cannot be written.
    """
    import keras

    path = Path(context.folder) / FILE
    told, first = told_of(run), None if settled is None else settled.number
    known = next((each for each in (path, path.with_name(SAVED)) if each.exists()), None)
    facts = journal.facts("final") if known is not None else []
    facts = [fact for fact in facts[-1:] if _allowed(fact, run)]
    limits, ensemble = run.budget.limits(), run.budget.ensemble
    same = {"told": told, "settled": first, "limits": limits, "ensemble": ensemble}
    if any({name: fact.get(name) for name in same} == same for fact in facts) and run.reason != "interrupted":
        return keras.models.load_model(known)
    found = _found(run, context, first)
    if facts and first is None and _better(context, facts[-1]["metrics"], found.metrics):
        journal.fact("final", {**facts[-1], "told": told, "limits": limits, "ensemble": ensemble})
        return keras.models.load_model(known)
    model = _joined(found, context)
    with writing(f"the final model {path}"):
        replace_with(path, model.save)
    journal.fact("final", {**found.to_json(), **same})
    return model


def _allowed(fact, run):
    """Whether a final model that was made before may be the one of this call."""
    members = [trial for trial in run.trials if trial.number in fact["members"]]
    return run.budget.fits(members) and (run.budget.ensemble or len(fact["members"]) == 1)


def told_of(run):
    """Numbers of the trials that a final choice was made among."""
    return sorted(trial.number for trial in run.trials if trial.status != "interrupted")


def _better(context, metrics, others):
    """Whether metrics are better than others by more than luck, or, of scores that luck may tell apart, by the loss."""
    score, other = context.objective.score(metrics), context.objective.score(others)
    if abs(score - other) > _luck(context, score):
        return score > other
    return metrics.get("val_loss", 0.0) < others.get("val_loss", 0.0)


def _luck(context, score):
    """By how much the best of many may be best by luck: a standard error of an accuracy, else nothing."""
    return 0.5 * chance(context.objective, score, len(context.task.validation))


def _joined(found, context):
    import keras

    models = [keras.models.load_model(checkpoint(context.folder, number)) for number in found.members]
    temperatures = {name: each.temperature for name, each in found.calibration.items()}
    return assembled(models, found.weights, temperatures, context.task.heads)


def assembled(models, weights, temperatures, heads):
    """One plain model of several, their answers averaged and calibrated.

    Args:
        models: Plain models.
        weights: The weight of each; they need not sum to one.
        temperatures: By head name; 1 changes nothing.
        heads: Heads with their targets, by name.
    """
    changed = {
        name: (temperature, "sigmoid" if isinstance(heads[name].target, MultiLabelTarget) else "softmax")
        for name, temperature in temperatures.items()
        if temperature != 1
    }
    if len(models) == 1 and not changed:
        return models[0]
    models = [named(model, list(heads)) for model in models]
    shares = [weight / sum(weights) for weight in weights]
    whole = models[0] if len(models) == 1 else averaged(models, shares)
    return plain(tempered(whole, changed) if changed else whole)


def _found(run, context, first=None):
    """The `Final` of a run, `first` the number of the trial that comes before better measured ones."""
    ranked = sorted(_kept(run, context), key=lambda trial: trial.number != first)
    best = ranked[0]
    found = Final([best.number], [1.0], "single", best.measurement.metrics)
    ranked = selection.mixed(ranked)
    answers = _answers(ranked[:CANDIDATES], context)
    if not answers:
        return found
    told = judge(context, answers[0])
    mixed = answers[0]
    # The mean of several networks would cost what an objective of sizes holds against them.
    alone = context.objective.terms or len(context.objectives) > 1 or not run.budget.ensemble
    if len(answers) > 1 and not alone:
        found, mixed = _mixed(found, ranked, answers, context, told, first, run)
    return _calibrated(found, mixed, context, told)


def _mixed(found, ranked, answers, context, told, first, run):
    """A mean of trials and its answers, where its loss is lower than the best trial's and its objective no worse.

    An accuracy may be lower by a standard error: the best of many is best by luck too, and the loss, which tells more,
    is lower. The mean holds the trial that new measurements chose, if there is one (`first`), and keeps to the run's
    limits.
    """

    def fits(places):
        return run.budget.fits([ranked[place] for place in places])

    best = context.objective.score(found.metrics)
    least = best - _luck(context, best)
    losses_of = row_losses(context.task)
    for ways in (selection.WAYS, selection.WAYS[:-1]):
        mixture = selection.select(losses_of, answers, context.seed, ways, fits)
        mixed = mixture.of(answers)
        if first is not None and 0 not in mixture.weights:
            continue
        if len(mixture.weights) == 1 and 0 in mixture.weights:
            break
        metrics = told(mixed)
        if context.objective.score(metrics) >= least and metrics["val_loss"] < found.metrics["val_loss"]:
            members = [ranked[place].number for place in mixture.weights]
            return Final(members, list(mixture.weights.values()), mixture.how, metrics), mixed
    return found, answers[0]


def _calibrated(found, answers, context, told):
    """The same with probabilities that mean what they say, where that is no worse by the objective."""
    rows, heads = context.task.validation, context.task.heads
    calibrations = {
        name: calibrate(head.target, rows.y[name], answers[name], rows.weight) for name, head in heads.items()
    }
    found.calibration = {name: each for name, each in calibrations.items() if each is not None}
    changed = {name: each for name, each in found.calibration.items() if each.temperature != 1}
    if changed:
        better = {name: scaled(heads[name].target, answers[name], each.temperature) for name, each in changed.items()}
        metrics = {**found.metrics, **told({**answers, **better})}
        if context.objective.score(metrics) >= context.objective.score(found.metrics):
            found.metrics = metrics
        else:
            found.calibration = {name: each.undone() for name, each in found.calibration.items()}
    return found


def _kept(run, context):
    """Completed trials whose models are kept, the best first."""
    if not run.completed:
        raise SearchError(
            "Expected a search that goes on until a first model is there. Received: an interrupt before; the same call "
            "goes on from here."
        )
    ranked = sorted(run.completed, key=context.objective.rank, reverse=True)
    ranked = [trial for trial in ranked if checkpoint(context.folder, trial.number).exists()]
    if not ranked:
        raise SearchError(f"Expected a model in {context.folder}/trials. Received: none; were files deleted?")
    kept = [trial for trial in ranked if run.budget.fits([trial])]
    if not kept:  # found under wider limits
        told = " and ".join(f"at most {most} {name}" for name, most in run.budget.limits().items())
        raise SearchError(f"Expected a trial whose model has {told}. Received: none in {context.folder}.")
    return kept


def _answers(trials, context):
    """What the first of these trials answered on the validation rows, as far as that is kept."""
    found = []
    for trial in trials:
        file = predictions(context.folder, trial.number)
        if not file.exists():
            break
        with np.load(file) as stored:
            found.append({name: np.asarray(stored[name], "float32") for name in stored.files})
    return found
