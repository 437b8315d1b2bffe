"""Where a run lives, and what makes it that run."""

import hashlib
import json
import os
import shutil
from pathlib import Path

from kerasnas.errors import JournalError
from kerasnas.loop.journal import FILE
from kerasnas.space.marks import mark

ROOT = "kerasnas_runs"
OURS = (FILE, "trials", "refit", "supernet", "final.keras", "model.json", "call.json")


def identity(data, space, heads, objectives, strategy, evaluator, seed):
    """What makes a run this run, as plain values by part. The budget is not among it: a run goes on with more.

    Args:
        data: Fingerprints of the rows, by part; empty where the evaluator has data of its own.
        space, objectives, strategy, evaluator: As of the search.
        heads: By name, objects with `losses()` and `measures()`, and perhaps `scores()` and a `weight`.
        seed: The seed given, or None.
    """
    first, *others = [objective.describe() for objective in objectives]
    several = {"objectives": [first, *others]} if others else {}
    return {
        **data,
        "space": space.mark(),
        "task": {"heads": {name: _learnt(head) for name, head in heads.items()}, "objective": first, **several},
        "strategy": strategy.describe(),
        "evaluator": evaluator.describe(),
        "seed": seed,
    }


def _learnt(head):
    """What a head learns by and is measured by: its loss, how much that counts, metrics and scores."""
    measured = [*head.measures(), *getattr(head, "scores", list)()]
    return [_told(head.losses()), float(getattr(head, "weight", 1.0)), [_told(each) for each in measured]]


def _told(part):
    """A loss or metric: by its name where that says all."""
    if isinstance(part, str):
        return part
    return f"{getattr(part, 'name', None) or getattr(part, '__name__', type(part).__name__)} {mark(part)}"


def digest(text):
    """A short mark that differs where texts do."""
    return hashlib.blake2b(text.encode(), digest_size=8).hexdigest()


def choose(directory, project_name, default_name, identity, overwrite):
    """The run's folder, emptied of an old run if asked.

    Raises:
        JournalError: If the folder cannot be made or written.
    """
    root = Path(directory) if directory is not None else Path(ROOT if project_name is None else ".")
    folder = root / (project_name or f"{default_name}-{digest(json.dumps(identity, sort_keys=True))}")
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise JournalError(f"Expected to make the folder {folder}. Received: {error.strerror}.") from error
    if not os.access(folder, os.W_OK | os.X_OK):
        raise JournalError(f"Expected a folder that can be written. Received: {folder} (permission denied).")
    if overwrite:
        _clear(folder)
    return folder


def _clear(folder):
    """Delete what a run left, and nothing else."""
    for name in OURS:
        path = folder / name
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)


def seed(journal, given):
    """The seed of the run: the given one, or one drawn once and kept in the journal."""
    if given is not None:
        return given
    known = journal.facts("seed")
    return known[0] if known else journal.fact("seed", int.from_bytes(os.urandom(4), "big") % (2**31 - 1))
