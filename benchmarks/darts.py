"""A bilevel step of a differentiable search, beside a layer a candidate and beside plain eager PyTorch.

Each model runs in a process of its own, which takes its steps in turn with the others, so that they share whatever else
the machine does; `step_s` is a median, and `..._cpu_s` are seconds of work where other processes take the cores away.
PyTorch must be installed for its row.

python -m benchmarks.darts --size small --backend tensorflow --steps 10 --out results/darts.json
"""

import argparse
import importlib
import json
import os
import resource
import statistics
import subprocess
import sys
import time

from benchmarks.table import show, write

SIZES = {
    "small": {"filters": 8, "cells": 4, "nodes": 4, "operations": 8, "batch": 16, "pixels": 16},
    "real": {"filters": 16, "cells": 8, "nodes": 4, "operations": 8, "batch": 64, "pixels": 32},
}
MODELS = ("kerasnas", "recomputed", "all_recomputed", "per_candidate", "pytorch")
ANEW = {"recomputed": 0.6, "all_recomputed": 1.0}  # share of what cells hold that the backward pass computes anew
RULES = ("darts", "gdas", "pc_darts")


# ------------------------------------------------------------- in the processes
def batches(size, seed=0):
    """Endless pairs of noise and class numbers, channels last."""
    import numpy as np

    rng, shape = np.random.default_rng(seed), (size["batch"], size["pixels"], size["pixels"], 3)
    while True:
        yield rng.normal(size=shape).astype("float32"), rng.integers(0, 10, size["batch"])


def space_of(size):
    """The space of DARTS, with the first few of its candidates."""
    from kerasnas import space, spaces
    from kerasnas.spaces.chain import cell_space
    from kerasnas.spaces.darts_cells import operations

    if size["operations"] == 8:
        return spaces.darts(10, cells=size["cells"], filters=size["filters"], nodes=size["nodes"])
    some = dict(list(operations().items())[-size["operations"] :])
    cell = {"operations": space.Choice(**some), "nodes": size["nodes"], "inputs": 2, "keep": 2}
    return cell_space("darts", cell, 10, size["cells"], size["filters"], 3)


def kerasnas_step(size, model, rule):
    """Builds a supernet in training; returns a function of two batches that takes a step."""
    from kerasnas import supernets
    from kerasnas.lowering.opening import open_space
    from kerasnas.lowering.supernet import Supernet
    from kerasnas.supernets.bilevel import Bilevel

    rule = {"darts": supernets.DARTS, "gdas": supernets.GDAS, "pc_darts": supernets.PCDARTS}[rule]()
    opened = open_space(space_of(size), normalized_pools=True, partial=rule.partial)
    how = {"fused": model != "per_candidate", "recompute": ANEW.get(model, 0)}
    shape = (size["pixels"], size["pixels"], 3)
    trained = Bilevel(Supernet(opened, shape, partial=rule.partial, **how), rule, steps=10_000)
    trained.searching = True  # PC-DARTS warms up otherwise, without the step of the architecture weights
    trained.compile(loss="sparse_categorical_crossentropy")

    def step(judged, seen):
        (ax, ay), (wx, wy) = judged, seen
        return trained.train_on_batch({"alphas": ax, "weights": wx}, {"alphas": ay, "weights": wy})

    return step


def pytorch_step(size):
    """Likewise in plain PyTorch."""
    import torch

    from benchmarks.pytorch.darts import Network, Search

    device = "cuda" if torch.cuda.is_available() else "cpu"
    search = Search(Network(size["filters"], 10, size["cells"]).to(device))

    def step(*rows):
        given = [(torch.from_numpy(x).permute(0, 3, 1, 2).contiguous(), torch.from_numpy(y)) for x, y in rows]
        return search.step(*[(x.to(device), y.to(device)) for x, y in given])

    return step


def serve(size, model, rule):
    """Builds, says how long that took; then takes a step for each line that comes in, and says how long it took."""
    _imported(model)
    started = _now()
    step = pytorch_step(size) if model == "pytorch" else kerasnas_step(size, model, rule)
    _say(started)
    rows = batches(size)
    for _ in sys.stdin:
        pair = next(rows), next(rows)
        started = _now()
        step(*pair)
        _say(started)


def _imported(model):
    """Imports what is heavy before anything is timed."""
    ours = "keras", "kerasnas.lowering.supernet", "kerasnas.supernets.bilevel"
    for name in ("torch", "benchmarks.pytorch.darts") if model == "pytorch" else ours:
        importlib.import_module(name)
    if model != "pytorch":
        sys.modules["keras"].ops.ones(())


def _now():
    return time.perf_counter(), time.process_time()


def _say(started):
    """Seconds by the clock and of work since, and the most memory so far, in MB."""
    spent = [now - before for now, before in zip(_now(), started)]
    print("\n@", json.dumps([spent, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024]), flush=True)


# ---------------------------------------------------------------- in the parent
class Process:
    """A model in a process of its own.

    Args:
        model: One of `MODELS`.
        args: The command line's.
    """

    def __init__(self, model, args):
        self.model = model
        arguments = ["--size", args.size, "--rule", args.rule, "--serve", model, "--set", *args.set]
        self.process = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.darts", *arguments], text=True, stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL if args.quiet else None,
            env={**os.environ, "KERAS_BACKEND": args.backend},
        )  # fmt: skip
        self.steps, self.peak = [], 0.0
        self.build = self.told()
        self.first = self.step()

    def told(self):
        for line in self.process.stdout:
            if line.startswith("@"):
                spent, self.peak = json.loads(line[1:])
                return spent
        raise RuntimeError(f"Expected the process of '{self.model}' to go on. Received: its end.")

    def step(self):
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        return self.told()

    def end(self):
        self.process.stdin.close()
        self.process.wait()

    def row(self, args):
        return {
            "model": self.model, "size": args.size, "rule": args.rule,
            "backend": "-" if self.model == "pytorch" else args.backend, "build_s": self.build[0],
            "first_step_s": self.first[0], "step_s": statistics.median(clock for clock, _ in self.steps),
            "peak_mb": self.peak, "build_cpu_s": self.build[1], "first_step_cpu_s": self.first[1],
            "step_cpu_s": statistics.median(work for _, work in self.steps),
        }  # fmt: skip


def size_of(args):
    """The size of the supernet, with what the command line sets."""
    found = SIZES[args.size] | {key: int(value) for key, value in (each.split("=") for each in args.set)}
    unknown = found.keys() - SIZES[args.size].keys()
    if unknown or ((found["nodes"], found["operations"]) != (4, 8) and "pytorch" in args.models and not args.serve):
        raise SystemExit(f"Expected --set of {', '.join(SIZES[args.size])}; PyTorch has 4 nodes and 8 operations.")
    return found


def measure(args):
    """A row for each model, their steps in turn; ratios are to PyTorch's step, or the first model's without it."""
    processes = [Process(model, args) for model in args.models]
    try:
        for _ in range(args.steps):
            for process in processes:
                process.steps.append(process.step())
    finally:
        for process in processes:
            process.end()
    rows = [process.row(args) for process in processes]
    whole = next((row for row in rows if row["model"] == "pytorch"), rows[0])
    kinds = {"ratio": "step_s", "cpu_ratio": "step_cpu_s"}
    return [{**row, **{name: row[kind] / whole[kind] for name, kind in kinds.items()}} for row in rows]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--size", choices=SIZES, default="small")
    parser.add_argument("--backend", choices=("tensorflow", "torch", "jax"), default="tensorflow")
    parser.add_argument("--rule", choices=RULES, default="darts", help="what trains kerasnas's supernet")
    parser.add_argument("--models", nargs="+", choices=MODELS, default=["kerasnas", "per_candidate", "pytorch"])
    parser.add_argument("--steps", type=int, default=10, help="steps after the first")
    parser.add_argument("--quiet", action="store_true", help="nothing of what the backends say")
    parser.add_argument("--serve", choices=MODELS, help=argparse.SUPPRESS)
    parser.add_argument("--out", help="JSON file")
    parser.add_argument("--set", nargs="*", default=[], metavar="KEY=N", help=f"of {', '.join(SIZES['small'])}")
    args = parser.parse_args()
    if args.serve:
        serve(size_of(args), args.serve, args.rule)
        return
    rows = measure(args)
    meta = {"benchmark": "darts", "steps": args.steps, **size_of(args)}
    write(args.out, meta, rows)
    show(
        "darts",
        rows,
        ["model", "backend", "rule", "build_s", "first_step_s", "step_s", "ratio", "cpu_ratio", "peak_mb"],
    )


if __name__ == "__main__":
    main()
