"""The leaderboard: from the journal alone, so that it is there at once and for runs that go on elsewhere."""

from kerasnas.report.record import record
from kerasnas.report.words import count, differing, duration, figure, parted, short
from kerasnas.supernets.history import accuracies


def leaderboard(folder):
    """A data frame of a run's trials, the best first, the failed ones last with their reason.

    Args:
        folder: A run's folder.

    Returns:
        A `pandas.DataFrame` with the columns rank (1 is best), trial (its number), status, the objective, the other
        validation metrics, seconds, epochs, params, front (with several objectives: whether no other trial dominates
        it), network and training (their answers in short), final (whether
        the final model is made of it), error, architecture (the whole of it). Where a model of the scores finds noise
        in them, "expected" is the objective without the luck of one measurement; where the search was by gradients,
        "supernet" is the accuracy that the network had in the supernet.

    Raises:
        JournalError: If there is no journal in `folder`, or it cannot be read.
    """
    import pandas as pd

    known = record(folder)
    frame = pd.DataFrame(_rows(known), columns=_columns(known))
    return frame.astype({"rank": "Int64", "trial": "int64", "epochs": "Int64", "params": "Int64"})


def rows(folder):
    """The same as a list of dicts, without pandas.

    Raises:
        JournalError: If there is no journal in `folder`, or it cannot be read.
    """
    return _rows(record(folder))


def show(folder, console=None, top=20):
    """Print a run's leaderboard as a table to a terminal.

    Args:
        folder: A run's folder.
        console: A `rich.console.Console`; standard output if None.
        top: Rows at most.

    Raises:
        JournalError: If there is no journal in `folder`, or it cannot be read.
    """
    from rich.console import Console
    from rich.table import Table

    console = console or Console()
    known = record(folder)
    table = Table(box=None, header_style="bold", pad_edge=False)
    names = [objective.name for objective in known.objectives]
    names += _others(known)[: 2 if console.width >= 100 and len(names) == 1 else 0]
    names[1:1] = _beside(known)
    for name in ("rank", "trial", *names, "time", "epochs", "params"):
        table.add_column(name, justify="right", no_wrap=True)
    architectures = [trial.proposal.architecture for trial in known.trials]
    varying = set(differing(architectures))
    if len(known.objectives) > 1:
        table.add_column("front", justify="right", no_wrap=True)
    table.add_column("what differs" if varying else "network", ratio=1, overflow="fold")
    listed = list(zip(known.ranked, _rows(known)))
    for trial, row in listed[:top]:
        table.add_row(*_cells(trial, row, names, varying), style="bold" if row["final"] else None)
    console.print(table)
    _footer(console, known, len(listed) - top)


def _cells(trial, row, names, varying):
    architecture = dict(trial.proposal.architecture)
    numbers = ["" if row[name] is None else figure(row[name]) for name in names]
    spent = ["" if row[name] is None else tell(row[name]) for name, tell in _SPENT.items()]
    what = f"failed: {trial.error}" if row["rank"] is None else short(architecture, varying or None)
    number = f"{row['trial']}{'*' if row['final'] else ' '}"
    front = ["yes" if row["front"] else ""] if "front" in row else []
    return "" if row["rank"] is None else str(row["rank"]), number, *numbers, *spent, *front, _plain(what)


_SPENT = {"seconds": duration, "epochs": str, "params": count}


def _plain(text):
    """Text in which rich sees no markup."""
    from rich.markup import escape

    return escape(text)


def _footer(console, known, hidden):
    if hidden > 0:
        console.print(f"... and {hidden} more")
    if not known.trials:
        console.print("no trial has ended yet")
    if known.choice:
        value = known.choice["expected"].get(str(known.choice["trial"]))
        told = "" if value is None else f", expected {value:.4f}"
        reason = known.choice["reason"]
        console.print(f"chosen under noise: trial {known.choice['trial']}{told}. {reason}", highlight=False)
    if known.final:
        value = known.final["metrics"].get(known.objective.name)
        told = f": {known.objective.name} {value:.4f}" if isinstance(value, float) else ""
        console.print(f"* in the final model{told}{_calibrated(known.final)}", highlight=False)


def _calibrated(final):
    """The calibration error of a final model that tells classes apart, in words."""
    errors = [each["ece"][-1] for each in final.get("calibration", {}).values()]
    return f", calibration error {max(errors):.3f}" if errors else ""


def _columns(known):
    metrics = [*(objective.name for objective in known.objectives), *_others(known)]
    metrics[1:1] = _beside(known)
    first = dict.fromkeys(["rank", "trial", "status", *metrics, "seconds", "epochs", "params"])
    front = ["front"] if len(known.objectives) > 1 else []
    return [*first, *front, "network", "training", "final", "error", "architecture"]


def _beside(known):
    """Columns that stand beside the objective: other estimates of it."""
    expected = ["expected"] if known.choice.get("expected") else []
    return [*expected, *(["supernet"] if accuracies(known.folder) else [])]


def _others(known):
    """Names of the validation metrics beside the objective."""
    names = dict.fromkeys(name for t in known.trials if t.measurement for name in t.measurement.metrics)
    return [name for name in names if name.startswith("val_") and name not in [o.name for o in known.objectives]]


def _rows(known):
    members = known.final.get("members", ())
    metrics = [*(objective.name for objective in known.objectives), *_others(known)]
    front = {trial.number for trial in known.front} if len(known.objectives) > 1 else None
    expected, shared = known.choice.get("expected") or {}, accuracies(known.folder)
    rows = [_row(place, trial, metrics, members, front) for place, trial in enumerate(known.ranked, 1)]
    for row, trial in zip(rows if shared else [], known.ranked):
        row["supernet"] = shared.get(trial.proposal.architecture.without_training())
    return [row | {"expected": expected.get(str(row["trial"]))} for row in rows] if expected else rows


def _row(place, trial, metrics, members, front):
    measured = trial.measurement
    network, training = parted(trial.proposal.architecture)
    return {
        "rank": None if measured is None else place,
        "trial": trial.number,
        "status": trial.status,
        **{name: measured and measured.metrics.get(name) for name in metrics},
        "seconds": measured and measured.seconds,
        "epochs": measured and measured.extra.get("epochs"),
        "params": measured and measured.extra.get("params", measured.metrics.get("params")),
        **({} if front is None else {"front": trial.number in front}),
        "network": short(network),
        "training": short(training),
        "final": trial.number in members,
        "error": trial.error,
        "architecture": dict(trial.proposal.architecture),
    }
