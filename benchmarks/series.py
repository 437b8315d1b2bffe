"""Time series inside a time limit: kerasnas beside the usual references, computed in the same run.

    python -m benchmarks.series --data FOLDER_OR_SET.npz --time-limit 120 --seeds 2 --out results/series.json
    python -m benchmarks.series --data ETTh1.csv.gz --target OT --horizon 24 --time-limit 120

Classification: NPZ files with x_train, y_train, x_test, y_test, series as `(n, channels, steps)`; the score is the
accuracy on the test rows. Beside 1-nearest-neighbour DTW (its window chosen on the training rows) and ROCKET (10,000
random kernels, ridge regression).
Forecasting: a CSV of numbers with a column of dates; the first 12 months of 30 days train, the next 4 validate, the
next 4 test; the scores are the mean squared and absolute errors of the target in training standard deviations over all
windows of the test part. Beside the last season again and DLinear.
Every run has a process of its own; what is chosen is chosen on training and validation rows.
"""

import argparse
import json
import tempfile
import time
from pathlib import Path

import numpy as np

from benchmarks import peer, references
from benchmarks.table import mean_and_error, show, write

CLASSIFY, FORECAST = ("kerasnas", "dtw", "rocket"), ("kerasnas", "naive", "dlinear")
MONTH = 30 * 24  # rows


# ------------------------------------------------------------- classification
def load(path):
    """Training and test series `(n, steps, channels)` and labels."""
    with np.load(path, allow_pickle=False) as stored:
        x, y, x_test, y_test = (stored[name] for name in ("x_train", "y_train", "x_test", "y_test"))
    return np.moveaxis(x, 1, 2), y, np.moveaxis(x_test, 1, 2), y_test


def classify(model, path, seconds, seed):
    x, y, x_test, y_test = load(path)
    started = time.monotonic()
    if model == "kerasnas":
        import kerasnas as kn

        classifier = kn.TimeseriesClassifier(seed=seed, directory=tempfile.mkdtemp())
        classifier.fit(x, y, time_limit=seconds, verbose=2)
        print(classifier.leaderboard().to_string(), flush=True)
        predict = classifier.predict
    else:
        predict = {"dtw": references.nearest_by_dtw, "rocket": references.rocket}[model](x, y, seed)
    spent = time.monotonic() - started
    return {"accuracy": float(np.mean(predict(x_test) == y_test)), "seconds": spent}


# ----------------------------------------------------------------- forecasting
def forecast(model, args, seconds, seed):
    import pandas

    frame = pandas.read_csv(args.data)
    dates = next(name for name in frame.columns if not pandas.api.types.is_numeric_dtype(frame[name]))
    frame[dates] = pandas.to_datetime(frame[dates])
    first, second, third = 12 * MONTH, 16 * MONTH, 20 * MONTH
    scale, started = float(frame[args.target][:first].std(ddof=0)), time.monotonic()
    if model == "kerasnas":
        import kerasnas as kn

        forecaster = kn.TimeseriesForecaster(
            horizon=args.horizon, time_column=dates, seed=seed, directory=tempfile.mkdtemp()
        )
        forecaster.fit(frame[:second], args.target, validation_split=1 - first / second, time_limit=seconds, verbose=2)
        print(forecaster.leaderboard().to_string(), flush=True)
        spent = time.monotonic() - started
        found, wanted = forecaster.forecasts(frame[second - forecaster.lookback_ : third])
        found, wanted = found[..., 0], wanted[..., 0]
    else:
        values = frame[args.target].to_numpy("float64")
        make = {"naive": references.last_season, "dlinear": references.dlinear}[model]
        predict = make(values[:second], first, args.horizon, args.season, seed)
        spent = time.monotonic() - started
        places = np.arange(second, third - args.horizon + 1)
        found, wanted = predict(values, places), np.stack([values[p : p + args.horizon] for p in places])
    error = (found - wanted) / scale
    return {"mse": float(np.square(error).mean()), "mae": float(np.abs(error).mean()), "seconds": spent}


# ------------------------------------------------------------------------ runs
def measure(model, path, args, seed):
    """One run in a process of its own; None if it fails."""
    arguments = ["--data", str(path), "--run", model, "--seed", str(seed), "--target", args.target]
    arguments += ["--horizon", str(args.horizon), "--season", str(args.season)]
    return peer.run_alone("benchmarks.series", arguments, model, args, f"{model} on {path.stem}, seed {seed}")


def measured(models, path, args):
    """A row for each model on one set."""
    rows = []
    for model in models:
        results = [measure(model, path, args, seed) for seed in range(1 if model in ("dtw", "naive") else args.seeds)]
        results = [result for result in results if result]
        if results:
            means = {key: mean_and_error(result[key] for result in results)[0] for key in results[0]}
            score = next(iter(results[0]))
            error = mean_and_error(result[score] for result in results)[1]
            rows.append({"dataset": path.stem.split(".")[0], "model": model, **means, "se": error, "runs": results})
    return rows


def mean_rows(rows):
    """The mean of each model over all sets."""
    models = dict.fromkeys(row["model"] for row in rows)
    every = {model: [row for row in rows if row["model"] == model] for model in models}
    return [
        {"dataset": "mean", "model": model, **{key: float(np.mean([row[key] for row in those])) for key in
         ("accuracy", "seconds")}} for model, those in every.items()
    ]  # fmt: skip


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", required=True, help="an NPZ file, a folder of them, or a CSV to forecast")
    parser.add_argument("--time-limit", type=float, default=120, help="seconds for each run of kerasnas")
    parser.add_argument("--seeds", type=int, default=1, help="runs of each model that is random")
    parser.add_argument("--models", nargs="+", choices=dict.fromkeys([*CLASSIFY, *FORECAST]), help="all if not given")
    parser.add_argument("--target", default="OT", help="column to forecast")
    parser.add_argument("--horizon", type=int, default=24, help="steps to forecast")
    parser.add_argument("--season", type=int, default=24, help="steps that the reference repeats")
    parser.add_argument("--out", help="JSON file")
    parser.add_argument("--verbose", action="store_true", help="show what the runs print")
    parser.add_argument("--run", help=argparse.SUPPRESS)
    parser.add_argument("--seed", type=int, default=0, help=argparse.SUPPRESS)
    args = parser.parse_args()
    path = Path(args.data)
    csv = ".csv" in path.suffixes
    if args.run:
        one = forecast(args.run, args, args.time_limit, args.seed) if csv else classify(
            args.run, path, args.time_limit, args.seed)  # fmt: skip
        print(json.dumps(one), flush=True)
        return
    rows = []
    for each in sorted(path.glob("*.npz")) if path.is_dir() else [path]:
        known = FORECAST if csv else CLASSIFY
        rows += measured([model for model in args.models or known if model in known], each, args)
        write(args.out, {"benchmark": "series", "time_limit": args.time_limit, "seeds": args.seeds}, rows)
    scores = ["mse", "mae"] if csv else ["accuracy"]
    shown = rows if csv or not path.is_dir() else [*rows, *mean_rows(rows)]
    show(f"{path.name}, {args.time_limit:g} s", shown, ["dataset", "model", *scores, "se", "seconds"])


if __name__ == "__main__":
    main()
