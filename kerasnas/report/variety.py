"""How different the architectures are that a strategy proposes, from one window of trials to the next."""

import math
from collections import Counter

from kerasnas.errors import ArgumentError
from kerasnas.report.record import Record, record

WINDOW = 20


def diversity(run, window=WINDOW):
    """How varied a run's proposals were as it went on: a population that closes in, or a controller that makes up
    its mind, shows as a fall.

    Args:
        run: A run's folder, or its `Record`.
        window: Trials that are looked at together.

    Returns:
        A `pandas.DataFrame` with a row for each window's last trial and the columns trial; entropy (of the answers,
        averaged over the run's decisions, 0 for one answer, 1 for all answers of the run equally often); distance
        (the mean part of decisions in which two of the window differ); unique (the part of different architectures).

    Raises:
        ArgumentError: If `window` is less than 2.
        JournalError: If the run cannot be read.
    """
    import pandas as pd

    if not isinstance(window, int) or window < 2:
        raise ArgumentError(f"Expected `window` to be a whole number from 2 on. Received: {window!r}.")
    known = run if isinstance(run, Record) else record(run)
    found = [trial.proposal.architecture for trial in sorted(known.trials, key=lambda trial: trial.number)]
    paths = dict.fromkeys(path for architecture in found for path in architecture)
    answers = {path: [repr(a[path]) if path in a else None for a in found] for path in paths}
    answers = {path: given for path, given in answers.items() if len(set(given)) > 1}
    window = min(window, max(len(found), 2))
    rows = []
    for end in range(window, len(found) + 1):
        counts = {path: Counter(given[end - window : end]) for path, given in answers.items()}
        entropies = [_entropy(counts[path].values()) / math.log(len(set(answers[path]))) for path in answers]
        distances = [_differing(counts[path].values()) for path in answers]
        unique = len({a.key for a in found[end - window : end]}) / window
        rows.append((end - 1, _mean(entropies), _mean(distances), unique))
    return pd.DataFrame(rows, columns=["trial", "entropy", "distance", "unique"])


def _entropy(counts):
    total = sum(counts)
    return -sum(count / total * math.log(count / total) for count in counts)


def _differing(counts):
    """The part of pairs whose answers differ."""
    total = sum(counts)
    return 1 - sum(count * (count - 1) for count in counts) / (total * (total - 1))


def _mean(values):
    return sum(values) / len(values) if values else 0.0
