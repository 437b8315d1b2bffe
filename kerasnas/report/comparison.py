"""Strategies side by side in a table: means, standard errors, and whether a difference is more than chance."""

from kerasnas.errors import ArgumentError
from kerasnas.report.runs import gather, rise

TESTS = ("welch", "paired", "wilcoxon")


def compare(runs, trials=None, against=None, test="welch"):
    """A table of strategies by the best that their runs found.

    Args:
        runs: Runs by name; see `gather`. Several runs of a name are repetitions with other seeds.
        trials: After how many trials the best is taken; after all if None.
        against: The name that others are compared with; the first if None.
        test: "welch" (t-test of independent runs), "paired" (t-test of runs with equal seeds) or "wilcoxon" (signed
            ranks of runs with equal seeds).

    Returns:
        A `pandas.DataFrame` with a row for each name, the best first: runs, mean, stderr, median, best, and of the
        difference to `against` its mean and the two-sided p-value (both missing where they make no sense).

    Raises:
        ArgumentError: If `test` or `against` is unknown, or runs cannot be paired.
        JournalError: If a run cannot be read.

    Reference:
        Demšar, "Statistical Comparisons of Classifiers over Multiple Data Sets", JMLR 2006.
    """
    import numpy as np
    import pandas as pd

    if test not in TESTS:
        raise ArgumentError(f"Expected `test` to be one of {', '.join(TESTS)}. Received: {test!r}.")
    found = gather(runs)
    against = next(iter(found)) if against is None else against
    if against not in found:
        raise ArgumentError(f"Expected `against` to be one of {', '.join(found)}. Received: {against!r}.")
    values = {name: _values(records, trials) for name, records in found.items()}
    maximum = next(iter(found.values()))[0].objective.direction == "max"
    rows = []
    for name, by_seed in values.items():
        known = np.array(list(by_seed.values()), float)
        known = known[np.isfinite(known)]
        difference, p = (None, None) if name == against else _difference(by_seed, values[against], test, name, against)
        several = len(known) > 1
        rows.append({
            "strategy": name, "runs": len(known), "mean": known.mean() if len(known) else None,
            "stderr": known.std(ddof=1) / np.sqrt(len(known)) if several else None,
            "median": np.median(known) if len(known) else None,
            "best": (known.max() if maximum else known.min()) if len(known) else None, "difference": difference, "p": p,
        })  # fmt: skip
    columns = ["mean", "stderr", "median", "best", "difference", "p"]
    frame = pd.DataFrame(rows).astype(dict.fromkeys(columns, "float64"))
    return frame.sort_values("mean", ascending=not maximum, kind="stable", ignore_index=True)


def _values(records, trials):
    """The best of each run after some trials, by its seed (by its place, where seeds are not told apart)."""
    seeds = [each.identity.get("seed") for each in records]
    keys = seeds if len(set(seeds)) == len(seeds) and None not in seeds else [f"run {i}" for i in range(len(seeds))]
    return {key: _value(rise(each), trials) for key, each in zip(keys, records)}


def _value(risen, trials):
    within = [value for place, value in zip(risen.trials, risen.values) if trials is None or place <= trials]
    return within[-1] if within else float("nan")


def _difference(left, right, test, name, against):
    """The mean difference of two strategies' runs and its p-value; None where there are too few of them."""
    import math

    import numpy as np
    from scipy import stats

    left = {key: value for key, value in left.items() if math.isfinite(value)}
    right = {key: value for key, value in right.items() if math.isfinite(value)}
    if test != "welch":
        if set(left) != set(right):
            raise ArgumentError(
                f"Expected runs of '{name}' and '{against}' with equal seeds for a {test} test. "
                f"Received: {sorted(map(str, left))} and {sorted(map(str, right))}."
            )
        right = {key: right[key] for key in left}
    a, b = np.array(list(left.values())), np.array(list(right.values()))
    if min(len(a), len(b)) < 2:
        return (float(a.mean() - b.mean()), None) if len(a) and len(b) else (None, None)
    if np.ptp(a) == np.ptp(b) == 0 or (test != "welch" and not np.any(a - b)):
        return float(a.mean() - b.mean()), (1.0 if a.mean() == b.mean() else None)
    tests = {
        "welch": lambda: stats.ttest_ind(a, b, equal_var=False), "paired": lambda: stats.ttest_rel(a, b),
        "wilcoxon": lambda: stats.wilcoxon(a, b),
    }  # fmt: skip
    return float(a.mean() - b.mean()), float(tests[test]().pvalue)
