"""Few epochs first: the accuracy that Hyperband and ASHA reach with a part of the epochs of random search.

python -m benchmarks.fidelities --data fashion_mnist_15k.npz --trials 10 --seeds 3 --out results/fidelities.json

Random search trains so many networks of `spaces.macro` for `--epochs` each. The others may train for `--share` of its
epochs in all. `score` is the best validation accuracy of a search; `reached` the part of random search's epochs after
which a search first had at least random search's score (of this seed), empty where it never had.
"""

import argparse
import tempfile
import time

from benchmarks.images import load
from benchmarks.table import mean_and_error, show, write

COLUMNS = ["strategy", "seed", "score", "epochs", "reached", "trials", "seconds"]


def reached(trials, score):
    """Epochs after which a search first had a trial of at least `score`; None where it never had.

    Args:
        trials: Completed trials in the order they ended.
        score: A validation accuracy.
    """
    spent = 0
    for trial in trials:
        spent += trial.measurement.extra["epochs"]
        if trial.measurement.metrics["val_accuracy"] >= score:
            return spent
    return None


def searched(data, strategy, seed, args, epochs):
    """The completed trials of one search, and the seconds it took."""
    import kerasnas as kn

    x, y, validation = data
    space = kn.spaces.macro(depth=(1, args.depth), width=(16, args.width))
    evaluator = kn.evaluators.Training(epochs=args.epochs, batch_size=64, save=True)
    started = time.perf_counter()
    found = kn.search(
        space, (x, y), strategy, evaluator, validation_data=validation, seed=seed, max_epochs=epochs,
        directory=tempfile.mkdtemp(), verbose=2,
    )  # fmt: skip
    return [trial for trial in found.trials if trial.completed], time.perf_counter() - started


def row(name, seed, trials, seconds, score, whole):
    """What a search came to, beside random search's score and all its epochs."""
    best = max(trial.measurement.metrics["val_accuracy"] for trial in trials)
    epochs = reached(trials, best if score is None else score)
    return {
        "strategy": name, "seed": seed, "score": best, "seconds": seconds, "trials": len(trials),
        "epochs": sum(trial.measurement.extra["epochs"] for trial in trials),
        "reached": None if epochs is None else epochs / whole,
    }  # fmt: skip


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", default="digits", help="digits, or an NPZ file (digits)")
    parser.add_argument("--rows", type=int, default=2000, help="training rows; half as many judge (2000)")
    parser.add_argument("--trials", type=int, default=10, help="networks of random search (10)")
    parser.add_argument("--epochs", type=int, default=9, help="epochs of a full training (9)")
    parser.add_argument("--share", type=float, default=1 / 3, help="of random search's epochs, for the others (1/3)")
    parser.add_argument("--depth", type=int, default=4, help="most layers (4)")
    parser.add_argument("--width", type=int, default=64, help="most channels (64)")
    parser.add_argument("--seeds", type=int, default=1, help="searches of each strategy (1)")
    parser.add_argument("--out", help="JSON file")
    args = parser.parse_args()
    from kerasnas.strategies import ASHA, Hyperband

    x, y, *_ = load(args.data)
    parts = slice(0, args.rows), slice(args.rows, args.rows + args.rows // 2)
    data = x[parts[0]], y[parts[0]], (x[parts[1]], y[parts[1]])
    whole, rows = args.trials * args.epochs, []
    for seed in range(args.seeds):
        score = None
        for name, make in (("random", lambda: "random"), ("hyperband", Hyperband), ("asha", ASHA)):
            strategy = make() if score is None else make(max_epochs=args.epochs)
            trials, seconds = searched(data, strategy, seed, args, whole if score is None else args.share * whole)
            rows.append(row(name, seed, trials, seconds, score, whole))
            score = rows[-1]["score"] if score is None else score
            print({key: rows[-1][key] for key in COLUMNS}, flush=True)
            write(args.out, {"benchmark": "fidelities", **vars(args)}, rows)
    for name in ("random", "hyperband", "asha"):
        mean, error = mean_and_error(each["score"] for each in rows if each["strategy"] == name)
        print(f"{name}: {mean:.4f} ± {error:.4f}")
    show("accuracy by epochs", rows, COLUMNS)


if __name__ == "__main__":
    main()
