"""Runs side by side: which of them repeat one another, and how the best of each rose."""

import json
from dataclasses import dataclass
from pathlib import Path

from kerasnas.errors import ArgumentError
from kerasnas.report.record import Record, record


def gather(runs):
    """Runs by name.

    Args:
        runs: A run's folder; a list of folders, of which those with one strategy, space and data are repetitions of
            one another; or a dict from a name to a folder or a list of them.

    Returns:
        Dict from a name to a list of `Record`s.

    Raises:
        JournalError: If a folder holds no journal that can be read.
        ArgumentError: If there is no run, or their objectives differ.
    """
    if isinstance(runs, dict):
        found = {str(name): [_read(folder) for folder in _listed(folders)] for name, folders in runs.items()}
    else:
        found = _grouped([_read(folder) for folder in _listed(runs)])
    records = [each for group in found.values() for each in group]
    if not records:
        raise ArgumentError("Expected the folder of at least one run. Received: none.")
    objectives = dict.fromkeys(each.objective.name for each in records)
    if len(objectives) > 1:
        raise ArgumentError(f"Expected runs of one objective. Received: {', '.join(objectives)}.")
    return found


def _listed(folders):
    return [folders] if isinstance(folders, (str, Path, Record)) else list(folders)


def _read(folder):
    return folder if isinstance(folder, Record) else record(folder)


def _grouped(records):
    groups = {}
    for each in records:
        told = {name: value for name, value in each.identity.items() if name != "seed"}
        groups.setdefault(json.dumps(told, sort_keys=True, default=str), []).append(each)
    names = [_strategy(group[0]) for group in groups.values()]
    if len(set(names)) < len(names):  # one strategy on several spaces or data, or with several arguments
        names = [f"{name}, {group[0].folder.name}" for name, group in zip(names, groups.values())]
    return dict(zip(names, groups.values()))


def _strategy(known):
    strategy = known.identity.get("strategy")
    name = strategy.get("name") if isinstance(strategy, dict) else strategy
    return str(name) if name else known.folder.name


@dataclass(frozen=True)
class Rise:
    """The best so far of a run: after which trial, at which second, and its value."""

    trials: tuple
    seconds: tuple
    values: tuple


def rise(known):
    """How the best of a run rose; trials before the first success are left out."""
    best, trials, seconds, values = None, [], [], []
    for place, (trial, at) in enumerate(zip(known.trials, known.ended_at), 1):
        if trial.measurement is not None and (best is None or known.objective.better(trial, best)):
            best = trial
        if best is not None:
            trials.append(place)
            seconds.append(at)
            values.append(best.measurement.metrics[known.objective.name])
    return Rise(tuple(trials), tuple(seconds), tuple(values))


def band(rises, against="trials"):
    """The mean of several runs' best so far, and its standard error, wherever any of them changes.

    A run that has ended keeps its best. The band begins where all have one.

    Returns:
        Places, means and standard errors (None of a single run), as arrays.
    """
    import numpy as np

    rises = [each for each in rises if each.values]
    places = sorted({place for each in rises for place in getattr(each, against)})
    places = [place for place in places if all(place >= getattr(each, against)[0] for each in rises)]
    at = [np.searchsorted(getattr(each, against), places, side="right") - 1 for each in rises]
    values = np.array([np.asarray(each.values)[index] for each, index in zip(rises, at)])
    if len(rises) < 2:
        return np.array(places), values.mean(0) if len(values) else np.array([]), None
    return np.array(places), values.mean(0), values.std(0, ddof=1) / np.sqrt(len(values))
