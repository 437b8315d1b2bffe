"""Differentiable searches: how good is what they derive?

    python -m benchmarks.derivation --data cifar10_3k.npz --table nasbench201.parquet --out results/nas201.json
    python -m benchmarks.derivation --data fashion_mnist_15k.npz --rows 3000 --seeds 3 --out results/fashion.json

With a table: cells of NAS-Bench-201 are searched on the data, and the published accuracy of what is derived is looked
up (`score`, percent), with the share of skip connections; and again of what the same searches derive where a cell may
have so many skip connections at most (`--most-skips`). Without one: cells of a small DARTS space are searched on a
part of the data and retrained; `score` is the accuracy on the test rows, beside the mean of ten random architectures
that are retrained in the same way, and the seconds of the search beside the seconds of those ten trainings.

Searches are far shorter than published ones, so architecture weights learn faster by as much (`Rule`). Nothing is read
off test rows or published test accuracies before the end. Every search and every training is a piece that is written
beside `--out` when it is done; a killed run goes on where it was when the same command is given again.
"""

import argparse
import json
import random
import time
from pathlib import Path

import numpy as np

from benchmarks.images import load
from benchmarks.table import mean_and_error, show, write

METHODS = {
    "darts": ("DARTS", {}), "darts_2nd": ("DARTS", {"order": 2}), "darts_skips": ("DARTS", {"most_skips": 1}),
    "darts_curvature": ("DARTS", {"stop_curvature": 0.75, "curvature_window": 2}), "snas": ("SNAS", {}),
    "gdas": ("GDAS", {}), "pc_darts": ("PCDARTS", {}), "drnas": ("DrNAS", {}), "beta_darts": ("BetaDARTS", {}),
}  # fmt: skip


def rule(name, args):
    """A method's rule, of one of `METHODS`, for a search as the command line asks for it."""
    from kerasnas import supernets

    kind, options = METHODS[name]
    warmup = {} if args.warmup is None else {"warmup": round(args.warmup * args.epochs)}
    return getattr(supernets, kind)(**options, **warmup, epochs=args.epochs, batch_size=args.batch)


def part(x, y, rows):
    """The first `rows` rows, as many of each class as there are in proportion."""
    if not rows or rows >= len(x):
        return x, y
    order = np.argsort(np.random.default_rng(0).random(len(y)))
    places = np.concatenate([order[y[order] == c][: round(rows * np.mean(y == c))] for c in np.unique(y)])
    return x[np.sort(places)], y[np.sort(places)]


class Pieces:
    """Results that are computed once: each lies in a file of its own."""

    def __init__(self, folder):
        self.folder = Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)

    def __call__(self, name, compute):
        path = self.folder / f"{name}.json"
        if not path.exists():
            found = compute(self.folder / name)
            path.write_text(json.dumps(found))
            print(f"{name}: {found}", flush=True)
        return json.loads(path.read_text())


def searched(space, data, strategy, evaluator, folder, seed, objective="val_accuracy"):
    """One search of one trial, that goes on where it was killed, and what its history tells."""
    import kerasnas as kn
    from kerasnas.report.gates import read_history

    found = kn.search(
        space, data, strategy, evaluator, objective, max_trials=1, seed=seed, directory=folder, project_name="run"
    )
    told = {"architecture": json.loads(found.architecture.without_training().to_json())}
    if (found.folder / "supernet").exists():
        history = read_history(found.folder)
        told["search_seconds"] = sum(entry["seconds"] for entry in history.epochs)
        told["epochs"], told["stopped"] = len(history.epochs), history.stopped
    return found, told


def derived_again(space, folder, most_skips):
    """What the search in a folder derives where a cell may have so many skip connections at most."""
    from kerasnas.lowering.opening import open_space
    from kerasnas.report.gates import read_history
    from kerasnas.supernets.derivation import derive

    history = read_history(folder)
    return derive(space, open_space(space), history.epochs[: history.kept][-1]["gates"], most_skips)


# ---------------------------------------------------------------- the two parts
def look_up(args, pieces):
    """Rows of the first part: published accuracies."""
    from kerasnas import spaces
    from kerasnas.evaluators import nasbench201_table
    from kerasnas.strategies import Derive

    data = part(*load(args.data)[:2], args.rows)
    space = spaces.nasbench201(10, cells=max(1, args.cells // 3), filters=args.channels)
    table = nasbench201_table(args.table)

    def piece(method, seed):
        def compute(folder):
            strategy = Derive(rule(method, args))
            found, told = searched(space, data, strategy, table, folder, seed)
            skips = sum(value == "skip_connect" for value in found.architecture.values())
            score = found.best.measurement.metrics["test_accuracy"]
            return {"score": score, "skips": skips / len(spaces.NASBENCH201_EDGES), **told}

        return pieces(f"{method}_{seed}", compute)

    def guarded(method, seed):
        """What the same search derives under `--most-skips`."""

        def compute(folder):
            architecture = derived_again(space, pieces.folder / f"{method}_{seed}" / "run", args.most_skips)
            skips = list(architecture.values()).count("skip_connect") / len(spaces.NASBENCH201_EDGES)
            score = table.query(architecture)["test_accuracy"]
            return {"score": score, "skips": skips, "architecture": json.loads(architecture.to_json())}

        return pieces(f"{method}_{seed}_skips_{args.most_skips}", compute)

    for method in args.methods:
        yield row(method, [piece(method, seed) for seed in range(args.seeds)], "published")
        if args.most_skips is not None:
            found = [guarded(method, seed) for seed in range(args.seeds)]
            yield row(f"{method}, at most {args.most_skips}", found, "published")


def retrain(args, pieces):
    """Rows of the second part: test accuracies after retraining, and those of random architectures."""
    from kerasnas import spaces
    from kerasnas.evaluators import Retraining
    from kerasnas.strategies import Derive

    x, y, x_test, y_test = load(args.data)
    data = part(x, y, args.rows)
    space = spaces.darts(int(y.max()) + 1, args.cells, args.channels, nodes=2, stem_multiplier=1)

    def trained(strategy, folder, seed):
        evaluator = Retraining(args.epochs, 64, learning_rate=0.1)
        found, told = searched(space, data, strategy, evaluator, folder, seed)
        score = float(np.mean(found.model.predict(x_test, verbose=0).argmax(axis=1) == y_test))
        kinds = [v for v in found.architecture.values() if isinstance(v, str)]
        skips = sum(kind == "skip_connect" for kind in kinds) / len(kinds)
        return {"score": score, "skips": skips, "seconds": found.best.measurement.seconds, **told}

    def piece(method, seed):
        strategy = Derive(rule(method, args))
        return pieces(f"{method}_{seed}", lambda folder: trained(strategy, folder, seed))

    def chance(number):
        architecture = space.sample(random.Random(number))
        return pieces(f"random_{number}", lambda folder: trained(one(architecture), folder, number))

    for method in args.methods:
        yield row(method, [piece(method, seed) for seed in range(args.seeds)], "retrained")
    found = [chance(number) for number in range(args.random)]
    yield row("random", found, "retrained") | {"search_seconds": sum(each["seconds"] for each in found)}


def one(architecture):
    """A strategy that proposes one architecture."""
    import kerasnas as kn

    class One(kn.Strategy):
        def setup(self, context):
            super().setup(context)
            self.done = False

        def ask(self, rng):
            return None if self.done else kn.Proposal(self.context.space.complete(architecture))

        def began(self, proposal):
            self.done = True

        def describe(self):
            return {"name": "One", "architecture": architecture.to_json()}

    return One()


def row(method, found, kind):
    """What the seeds of a method come to; `search_seconds` are those of one search."""
    mean, error = mean_and_error(each["score"] for each in found)
    told = {"method": method, "kind": kind, "score": mean, "se": error, "seeds": len(found)}
    told["skips"] = mean_and_error(each["skips"] for each in found)[0]
    if "search_seconds" in found[0]:
        told["search_seconds"] = mean_and_error(each["search_seconds"] for each in found)[0]
    return told | {"runs": found}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", required=True, help='"digits" or an NPZ file')
    parser.add_argument("--table", help="NAS-Bench-201, a Parquet or CSV file")
    parser.add_argument("--methods", nargs="*", choices=METHODS, default=["darts", "gdas", "pc_darts", "drnas"])
    parser.add_argument("--seeds", type=int, default=3, help="searches of each method (3)")
    parser.add_argument("--epochs", type=int, default=10, help="of a search, and of a retraining (10)")
    parser.add_argument("--batch", type=int, default=32, help="rows in a step of a search (32)")
    parser.add_argument("--warmup", type=float, help="share of a search in which weights alone learn (the method's)")
    parser.add_argument("--most-skips", type=int, help="with a table: the same searches under this guard too")
    parser.add_argument("--channels", type=int, default=8, help="of the first cell (8)")
    parser.add_argument("--cells", type=int, default=3, help="cells of the network (3)")
    parser.add_argument("--rows", type=int, default=0, help="training rows; all if 0")
    parser.add_argument("--random", type=int, default=10, help="random architectures to compare with (10)")
    parser.add_argument("--out", required=True, help="JSON file; the pieces lie beside it")
    args = parser.parse_args()
    started, rows = time.monotonic(), []
    pieces = Pieces(Path(args.out).with_suffix(".pieces"))
    meta = {"benchmark": "derivation", **{name: value for name, value in vars(args).items() if name != "out"}}
    for each in (look_up if args.table else retrain)(args, pieces):
        rows.append(each)
        write(args.out, {**meta, "data": Path(args.data).stem, "table": bool(args.table)}, rows)
    show(f"{Path(args.data).stem}, {args.epochs} epochs", rows, ["method", "score", "se", "skips", "search_seconds"])
    print(f"{time.monotonic() - started:.0f} s in this process")


if __name__ == "__main__":
    main()
