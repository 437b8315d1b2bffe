"""Tables inside a time limit: kerasnas beside scikit-learn's linear model, gradient boosting and random forest.

    python -m benchmarks.tabular --data ../shared/data/tabular --time-limit 120 --out results/tabular.json
    python -m benchmarks.tabular --data DIR --time-limit 60 --sets car abalone --inner

DIR holds a manifest.json (a list of name, file, task, target, drop, metric) and the CSV files that it names. Of each
table at most 30,000 rows are drawn; a quarter is held out for the score, stratified by class, all with the seed 0.
Every run of kerasnas has a process of its own; scikit-learn's models are fitted as they come, on columns imputed and
encoded as a sensible person would. Scores are accuracies, or R² of regressions. `--inner` splits the training part once
more more and scores on that, for tuning that leaves the held-out rows alone. AutoKeras, where `--models` names it, runs
with the Python of `--peer` (see `make peer`), in the same time; `first_s` is when the first model was there.
"""

import argparse
import json
import tempfile
import time
from pathlib import Path

import numpy as np

from benchmarks import peer
from benchmarks.table import show, write

MODELS = ("kerasnas", "linear", "hist_gb", "random_forest", "autokeras")
ALONE = ("kerasnas", "autokeras")  # what has a process of its own
MOST_ROWS = 30_000


def parts(folder, entry, inner=False):
    """Training and test rows and targets of a table, and whether it is a regression."""
    import pandas
    from sklearn.model_selection import train_test_split

    frame = pandas.read_csv(Path(folder) / entry["file"]).drop(columns=entry["drop"])
    frame, regression = frame[frame[entry["target"]].notna()], entry["task"] == "regression"
    if len(frame) > MOST_ROWS:
        strata = None if regression else frame[entry["target"]]
        frame, _ = train_test_split(frame, train_size=MOST_ROWS, random_state=0, stratify=strata)
    x, y = frame.drop(columns=entry["target"]), frame[entry["target"]]
    for seed in (0, 1) if inner else (0,):
        x, x_test, y, y_test = train_test_split(
            x, y, test_size=0.25, random_state=seed, stratify=None if regression else y
        )
    return x, y, x_test, y_test, regression


# -------------------------------------------------------------- scikit-learn
def sklearn_model(name, x, regression):
    """An estimator for raw columns."""
    from sklearn import ensemble, linear_model
    from sklearn.pipeline import make_pipeline

    kind = "Regressor" if regression else "Classifier"
    if name == "hist_gb":
        return make_pipeline(_columns(x, "ordinal"), getattr(ensemble, f"HistGradientBoosting{kind}")(random_state=0))
    if name == "random_forest":
        forest = getattr(ensemble, f"RandomForest{kind}")(n_estimators=200, random_state=0, n_jobs=-1)
        return make_pipeline(_columns(x, "one_hot"), forest)
    linear = linear_model.Ridge() if regression else linear_model.LogisticRegression(max_iter=2000)
    return make_pipeline(_columns(x, "scaled"), linear)


def _columns(x, form):
    """Numbers imputed by their median (and scaled, for a linear model), categories encoded."""
    from sklearn.compose import ColumnTransformer
    from sklearn.impute import SimpleImputer
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder, StandardScaler

    numbers = x.select_dtypes("number").columns.tolist()
    others = [name for name in x if name not in numbers]
    filled = SimpleImputer(strategy="constant", fill_value="missing")
    if form == "ordinal":
        codes = OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=np.nan, encoded_missing_value=np.nan)
        return ColumnTransformer([("numbers", "passthrough", numbers), ("others", codes, others)])
    scaler = [StandardScaler()] if form == "scaled" else []
    one_hot = OneHotEncoder(handle_unknown="ignore", max_categories=50, sparse_output=False)
    return ColumnTransformer(
        [
            ("numbers", make_pipeline(SimpleImputer(strategy="median"), *scaler), numbers),
            ("others", make_pipeline(filled, one_hot), others),
        ]
    )


def _plain(x):
    """Columns that are no numbers as objects of strings, NaN where they are missing, as the encoders take them."""
    x = x.copy()
    for name in x.columns.difference(x.select_dtypes("number").columns):
        x[name] = x[name].astype(object).where(x[name].isna(), x[name].astype(str)).where(x[name].notna(), np.nan)
    return x


# ----------------------------------------------------------------------- runs
def run(model, folder, entry, seconds, seed, inner):
    """Score and seconds of one run in this process."""
    x, y, x_test, y_test, regression = parts(folder, entry, inner)
    rows = {"train": len(x), "test": len(x_test)}
    peer.imported(model)
    started = time.monotonic()
    if model == "kerasnas":
        import kerasnas as kn

        facade = kn.StructuredDataRegressor if regression else kn.StructuredDataClassifier
        fitted = facade(seed=seed, directory=tempfile.mkdtemp())
        fitted.fit(x, y, time_limit=seconds, verbose=2)
        spent = time.monotonic() - started
        rows |= {"trials": len(fitted.trials_), "first_s": peer.first_model(fitted.folder_)}
    elif model == "autokeras":
        return run_autokeras(x, y, x_test, y_test, regression, seconds, seed) | rows
    else:
        x, x_test = _plain(x), _plain(x_test)
        fitted = sklearn_model(model, x, regression).fit(x, y)
        spent = time.monotonic() - started
    return {"score": float(fitted.score(x_test, y_test)), "seconds": spent, **rows}


def run_autokeras(x, y, x_test, y_test, regression, seconds, seed):
    from sklearn.metrics import accuracy_score, r2_score

    labels, codes = (None, y.to_numpy("float32")) if regression else np.unique(y, return_inverse=True)
    task, started = "StructuredDataRegressor" if regression else "StructuredDataClassifier", time.monotonic()
    predict, first = peer.autokeras(task, x, codes, seconds, seed)
    spent = time.monotonic() - started
    found = predict(x_test)
    score = r2_score(y_test, found) if regression else accuracy_score(y_test, labels[found])
    return {"score": float(score), "seconds": spent, "first_s": first}


def measure(args, entry, model):
    """One run: of what is searched in a process of its own, of others in this one; None if it fails."""
    if model not in ALONE:
        return run(model, args.data, entry, args.time_limit, args.seed, args.inner)
    arguments = ["--data", args.data, "--seed", str(args.seed), "--run", entry["name"], "--models", model]
    arguments += ["--inner"] if args.inner else []
    return peer.run_alone("benchmarks.tabular", arguments, model, args, entry["name"])


def ranked(results):
    """Ranks by score, the best is 1; equal scores share the mean of their ranks."""
    from scipy.stats import rankdata

    return dict(zip(results, rankdata([-round(result["score"], 6) for result in results.values()]).tolist()))


def summary(tables):
    """What is said of all tables: mean ranks, and on how many kerasnas is at least as good as others."""
    ours = [table for table in tables if "kerasnas" in table]
    told = {
        f"mean rank of {m}": np.mean([ranked(t)[m] for t in tables if m in t])
        for m in MODELS
        if any(m in t for t in tables)
    }

    def score(table, model):
        return round(table[model]["score"], 6)

    if ours and all("hist_gb" in table for table in ours):
        told["at least as good as hist_gb"] = sum(score(t, "kerasnas") >= score(t, "hist_gb") for t in ours)
    if ours:
        told["at least as good as the best"] = sum(
            score(t, "kerasnas") >= max((score(t, m) for m in t if m != "kerasnas"), default=-np.inf) for t in ours
        )
    return {name: float(value) if isinstance(value, np.floating) else value for name, value in told.items()}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", required=True, help="folder with manifest.json and the tables")
    parser.add_argument("--time-limit", type=float, default=120, help="seconds for each run of kerasnas")
    parser.add_argument("--sets", nargs="+", help="names of tables; all if not given")
    parser.add_argument("--models", nargs="+", choices=MODELS, default=list(MODELS[:-1]))
    parser.add_argument("--peer", default=".venv-peer/bin/python", help="Python with AutoKeras")
    parser.add_argument("--seed", type=int, default=0, help="seed of what searches")
    parser.add_argument("--inner", action="store_true", help="score on a part of the training rows")
    parser.add_argument("--out", help="JSON file")
    parser.add_argument("--verbose", action="store_true", help="show what kerasnas prints")
    parser.add_argument("--run", help=argparse.SUPPRESS)
    args = parser.parse_args()
    manifest = {entry["name"]: entry for entry in json.loads((Path(args.data) / "manifest.json").read_text())}
    if args.run:
        print(
            json.dumps(run(args.models[0], args.data, manifest[args.run], args.time_limit, args.seed, args.inner)),
            flush=True,
        )
        return
    rows, tables = [], []
    for name in args.sets or manifest:
        found = {model: measure(args, manifest[name], model) for model in args.models}
        found = {model: result for model, result in found.items() if result}
        tables.append(found)
        ranks = ranked(found)
        metric = "r2" if manifest[name]["task"] == "regression" else "accuracy"
        fresh = [
            {"dataset": name, "model": m, "metric": metric, "rank": ranks[m], **result} for m, result in found.items()
        ]
        rows += fresh
        print(name, *(f"{row['model']} {row['score']:.4f} ({row['seconds']:.0f} s)" for row in fresh), flush=True)
        meta = {"benchmark": "tabular", "time_limit": args.time_limit, "seed": args.seed, "inner": args.inner}
        write(args.out, {**meta, "summary": summary(tables)}, rows)
    show(f"Tables, {args.time_limit:g} s", rows, ["dataset", "model", "score", "rank", "seconds"])
    for what, value in summary(tables).items():
        print(f"{what}: {value:.2f}" if isinstance(value, float) else f"{what}: {value} of {len(tables)}")


if __name__ == "__main__":
    main()
