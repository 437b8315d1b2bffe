"""How the cost of a differentiable search grows with nodes, channels, operations and cells.

Starting from the small size of `benchmarks.darts`, one of them is varied at a time, each time in a process of its own.

    python -m benchmarks.growth --steps 5 --out results/growth.json --plot docs/supernet_cost.svg
"""

import argparse

from benchmarks.darts import RULES, SIZES, measure
from benchmarks.table import show, write

AXES = {"nodes": (2, 3, 4, 5), "filters": (4, 8, 16, 32), "operations": (2, 4, 6, 8), "cells": (2, 4, 6, 8)}
NAMES = {"nodes": "nodes of a cell", "filters": "channels", "operations": "operations of an edge", "cells": "cells"}


def grown(args):
    """A row for each value of each axis; the base is measured once."""
    rows, base = [], None
    for axis in args.axes:
        for value in AXES[axis]:
            usual = value == SIZES["small"][axis]
            if base is None or not usual:
                each = argparse.Namespace(
                    size="small", rule=args.rule, backend=args.backend, models=["kerasnas"], steps=args.steps,
                    quiet=True, set=[f"{axis}={value}"], serve=None,
                )  # fmt: skip
                (row,) = measure(each)
                base = row if usual else base
            rows.append({**(base if usual else row), "axis": axis, "value": value})
            print(axis, value, f"{rows[-1]['step_s']:.3f} s a step", flush=True)
    return rows


def plot(rows, path):
    """Step time and memory along each axis, relative scales starting at zero."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    axes = list(dict.fromkeys(row["axis"] for row in rows))
    figure, panels = plt.subplots(2, len(axes), figsize=(3 * len(axes), 5), sharey="row", squeeze=False)
    for column, axis in zip(panels.T, axes):
        points = sorted((row for row in rows if row["axis"] == axis), key=lambda row: row["value"])
        for panel, key, factor in zip(column, ("step_s", "peak_mb"), (1000, 1)):
            panel.plot([p["value"] for p in points], [p[key] * factor for p in points], "o-")
            panel.set_xticks([p["value"] for p in points])
            panel.grid(alpha=0.3)
        column[-1].set_xlabel(NAMES[axis])
    for first in panels[:, 0]:
        first.set_ylim(bottom=0)  # once all is drawn: it holds for the whole row, and stops it from growing
    panels[0][0].set_ylabel("bilevel step, ms")
    panels[1][0].set_ylabel("memory of the process, MB")
    figure.tight_layout()
    figure.savefig(path)
    plt.close(figure)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--axes", nargs="+", choices=AXES, default=list(AXES))
    parser.add_argument("--rule", choices=RULES, default="darts")
    parser.add_argument("--backend", choices=("tensorflow", "torch", "jax"), default="tensorflow")
    parser.add_argument("--steps", type=int, default=5, help="steps after the first")
    parser.add_argument("--plot", help="PNG or SVG file")
    parser.add_argument("--out", help="JSON file")
    args = parser.parse_args()
    rows = grown(args)
    write(args.out, {"benchmark": "growth", "steps": args.steps, "rule": args.rule, **SIZES["small"]}, rows)
    if args.plot:
        plot(rows, args.plot)
    show("growth", rows, ["axis", "value", "build_s", "first_step_s", "step_s", "peak_mb"])


if __name__ == "__main__":
    main()
