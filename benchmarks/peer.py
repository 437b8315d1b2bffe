"""Runs that are compared, each in a process of its own; AutoKeras inside a time limit, in what `make peer` builds."""

import importlib
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

TRIALS = 6


def autokeras(task, x, y, seconds, seed):
    """Fit AutoKeras, which has no time limit: trainings of the search end at 60 % of it, that of the final fit at 95 %.

    Args:
        task: What its class is called: "ImageClassifier", "TextClassifier", "StructuredDataRegressor".
        x, y: Rows and targets; tables and texts as arrays.
        seconds: The time limit.
        seed: Its seed.

    Returns:
        A function from rows to predictions, and the seconds to the end of the first training.
    """
    import autokeras
    import keras

    started, ends = time.monotonic(), []

    class Deadline(keras.callbacks.Callback):
        def __deepcopy__(self, memo):
            return self

        def on_train_batch_end(self, batch, logs=None):
            share = 0.6 if len(ends) < TRIALS else 0.95
            if time.monotonic() - started > seconds * share:
                self.model.stop_training = True

        def on_train_end(self, logs=None):
            ends.append(time.monotonic() - started)

    model = getattr(autokeras, task)(max_trials=TRIALS, overwrite=True, seed=seed, directory=tempfile.mkdtemp())
    model.fit(as_taken(x), y, callbacks=[Deadline()], verbose=0)
    return lambda rows: np.ravel(model.predict(as_taken(rows), verbose=0)).astype(y.dtype), ends[0]


def as_taken(x):
    """Rows as AutoKeras takes them: tables and texts as arrays of strings, several texts of a row joined."""
    if hasattr(x, "columns"):
        return x.astype(object).where(x.notna(), "").to_numpy().astype(str)
    if x.dtype == object:
        return np.array([row if isinstance(row, str) else " ".join(row) for row in x], str)
    return x


def run_alone(module, arguments, model, args, what):
    """One run in a process of its own: the JSON of its last line; None if it fails.

    Args:
        module: Of the benchmark.
        arguments: Of its command line, beside the time limit.
        model: What is run; AutoKeras by the Python of `args.peer`.
        args: The command line of the process at hand.
        what: What is said to have failed.
    """
    python = args.peer if model == "autokeras" else sys.executable
    command = [python, "-m", module, *arguments, "--time-limit", str(args.time_limit)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if args.verbose:
        print(done.stdout)
    try:
        return json.loads(done.stdout.strip().splitlines()[-1])
    except (IndexError, ValueError):
        print(f"{what}: failed\n{done.stderr[-2000:]}", file=sys.stderr)
        return None


def imported(model):
    """Import what a run needs before its clock starts: what loading TensorFlow takes is nobody's merit."""
    for name in {"kerasnas": ("keras", "kerasnas"), "autokeras": ("autokeras",)}.get(model, ()):
        importlib.import_module(name)


def first_model(folder):
    """Seconds from the call of `fit` to the end of the first completed trial of kerasnas's run in `folder`."""
    events = map(json.loads, (Path(folder) / "journal.jsonl").read_text().splitlines())
    return next(event["at"] for event in events if event["event"] == "told" and event["status"] == "completed")
