"""Text classification inside a time limit: kerasnas beside TF-IDF of words and pairs with logistic regression.

    python -m benchmarks.text --data sms_spam.csv.gz --text text --label label --time-limit 120 --seeds 3 --out r.json
    python -m benchmarks.text --data ag_news_test.csv.gz --text title description --label label

Data: a CSV (also compressed) or Parquet file. A column `split` of "train" and "test" tells which rows test;
without one a quarter does, drawn with `random_state=0` and stratified by label. Every run has a process of its own and
sees the training rows alone; scores are accuracies on the test rows, `first_s` is when the first model was there.
`--models kerasnas reference autokeras` runs AutoKeras too, with the Python of `--peer` (see `make peer`).
"""

import argparse
import json
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks import peer
from benchmarks.table import mean_and_error, show, write

MODELS = ("kerasnas", "reference", "autokeras")


def load(data, text, label):
    """Training texts and labels, and those to test on; texts `(n,)` or `(n, columns)`."""
    rows = pd.read_parquet(data) if str(data).endswith((".parquet", ".pq")) else pd.read_csv(data)
    rows = rows.dropna(subset=[label])
    x = rows[text].fillna("").astype(str).to_numpy(object)
    x, y = x[:, 0] if len(text) == 1 else x, rows[label].to_numpy()
    if "split" in rows.columns:
        test = (rows["split"] == "test").to_numpy()
        return x[~test], y[~test], x[test], y[test]
    from sklearn.model_selection import train_test_split

    x_train, x_test, y_train, y_test = train_test_split(x, y, test_size=0.25, random_state=0, stratify=y)
    return x_train, y_train, x_test, y_test


def run_kerasnas(x, y, seconds, seed):
    import kerasnas as kn

    classifier = kn.TextClassifier(seed=seed, directory=tempfile.mkdtemp())
    classifier.fit(x, y, time_limit=seconds, verbose=2)
    print(classifier.leaderboard().to_string(), flush=True)
    return classifier.predict, peer.first_model(classifier.folder_)


def run_autokeras(x, y, seconds, seed):
    labels, codes = np.unique(y, return_inverse=True)
    predict, first = peer.autokeras("TextClassifier", x, codes, seconds, seed)
    return lambda rows: labels[predict(rows)], first


def run_reference(x, y, seconds, seed):
    """TF-IDF of words and pairs with logistic regression, in the settings that suit texts; several columns are joined.

    With scikit-learn's own settings (C=1, every term, plain counts) it is up to three points weaker.
    """
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline

    terms = TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True, min_df=2)
    model = make_pipeline(terms, LogisticRegression(C=10, max_iter=1000))
    started = time.monotonic()
    model.fit(_joined(x), y)
    return lambda rows: model.predict(_joined(rows)), time.monotonic() - started


def _joined(x):
    return x if x.ndim == 1 else np.array([" ".join(row) for row in x], object)


def run(model, args):
    """One run in this process: prints its result as JSON on the last line."""
    x, y, x_test, y_test = load(args.data, args.text, args.label)
    peer.imported(model)
    started = time.monotonic()
    fit = {"kerasnas": run_kerasnas, "reference": run_reference, "autokeras": run_autokeras}[model]
    predict, first = fit(x, y, args.time_limit, args.seed)
    spent = time.monotonic() - started
    accuracy = float(np.mean(np.asarray(predict(x_test)) == y_test))
    print(json.dumps({"score": accuracy, "seconds": spent, "first_s": first}), flush=True)


def measure(model, args, seed):
    """One run in a process of its own; None if it fails."""
    arguments = ["--data", args.data, "--text", *args.text, "--label", args.label, "--run", model, "--seed", str(seed)]
    return peer.run_alone("benchmarks.text", arguments, model, args, f"{model}, seed {seed}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", required=True, help="CSV or Parquet file")
    parser.add_argument("--text", nargs="+", required=True, help="text column or columns")
    parser.add_argument("--label", required=True, help="label column")
    parser.add_argument("--time-limit", type=float, default=120, help="seconds for each run")
    parser.add_argument("--seeds", type=int, default=1, help="runs of each model; the reference has no seed")
    parser.add_argument("--models", nargs="+", choices=MODELS, default=["kerasnas", "reference"])
    parser.add_argument("--peer", default=".venv-peer/bin/python", help="Python with AutoKeras")
    parser.add_argument("--out", help="JSON file")
    parser.add_argument("--verbose", action="store_true", help="show what the runs print")
    parser.add_argument("--run", choices=MODELS, help=argparse.SUPPRESS)
    parser.add_argument("--seed", type=int, default=0, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.run:
        run(args.run, args)
        return
    name, rows = Path(args.data).name.split(".")[0], []
    for model in args.models:
        seeds = 1 if model == "reference" else args.seeds
        results = [measure(model, args, seed) for seed in range(seeds)]
        results = [result for result in results if result]
        if results:
            scores = [result["score"] for result in results]
            mean, error = mean_and_error(scores)
            seconds, first = (mean_and_error(result[what] for result in results)[0] for what in ("seconds", "first_s"))
            rows.append({"dataset": name, "model": model, "metric": "accuracy", "score": mean, "se": error,
                         "seconds": seconds, "first_s": first, "runs": scores})  # fmt: skip
        meta = {"benchmark": "text", "time_limit": args.time_limit, "seeds": args.seeds, "text": args.text}
        write(args.out, meta, rows)
    show(f"{name}, {args.time_limit:g} s", rows, ["model", "score", "se", "seconds", "first_s"])


if __name__ == "__main__":
    main()
