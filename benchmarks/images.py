"""Image classification inside a time limit: kerasnas beside a hand-written network and AutoKeras.

    python -m benchmarks.images --data digits --time-limit 120 --seeds 3 --out results/digits.json
    python -m benchmarks.images --data cifar10_3k.npz --time-limit 600 --models kerasnas cnn

Data: "digits" (scikit-learn's, a quarter held out), or an NPZ file with x_train, y_train, x_test, y_test. Every run has
a process of its own and the same wall time, counted from the call; scores are accuracies on the test rows, which no
run sees before; `first_s` is when the first model was there. AutoKeras runs with the Python of `--peer` (see
`make peer`).
"""

import argparse
import json
import tempfile
import time
from pathlib import Path

import numpy as np

from benchmarks import peer
from benchmarks.table import mean_and_error, show, write

MODELS = ("kerasnas", "cnn", "autokeras")


def load(data):
    """Training and test arrays."""
    if data == "digits":
        from sklearn.datasets import load_digits
        from sklearn.model_selection import train_test_split

        x, y = load_digits(return_X_y=True)
        x = x.reshape(-1, 8, 8).astype("float32")
        x_train, x_test, y_train, y_test = train_test_split(x, y, test_size=0.25, random_state=0, stratify=y)
        return x_train, y_train, x_test, y_test
    with np.load(data) as stored:
        x_train, y_train, x_test, y_test = (stored[name] for name in ("x_train", "y_train", "x_test", "y_test"))
    return x_train, y_train.ravel(), x_test, y_test.ravel()


def run_kerasnas(x, y, seconds, seed):
    import kerasnas as kn

    classifier = kn.ImageClassifier(seed=seed, directory=tempfile.mkdtemp())
    classifier.fit(x, y, time_limit=seconds, verbose=2)
    print(classifier.leaderboard().to_string(), flush=True)
    return classifier.predict, peer.first_model(classifier.folder_)


def run_cnn(x, y, seconds, seed):
    """The network of a tutorial: three convolutions, Adam, the best epoch on a tenth of the rows."""
    import keras
    from sklearn.model_selection import train_test_split

    started = time.monotonic()
    keras.utils.set_random_seed(seed)
    shape = (*x.shape[1:], 1) if x.ndim == 3 else x.shape[1:]
    scale = 1 / max(float(x.max()), 1)
    model = keras.Sequential([keras.Input(shape), keras.layers.Rescaling(scale)])
    for number, filters in enumerate((32, 64, 64)):
        model.add(keras.layers.Conv2D(filters, 3, padding="same", activation="relu"))
        if number < 2:
            model.add(keras.layers.MaxPooling2D())
    model.add(keras.layers.Flatten())
    model.add(keras.layers.Dropout(0.4))
    model.add(keras.layers.Dense(64, activation="relu"))
    model.add(keras.layers.Dense(int(y.max()) + 1, activation="softmax"))
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"], jit_compile=False)
    parts = train_test_split(x.reshape(-1, *shape), y, test_size=0.1, random_state=seed, stratify=y)

    class Deadline(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            used = time.monotonic() - started
            if used + used / (epoch + 1) > seconds * 0.95:
                self.model.stop_training = True

    stop = keras.callbacks.EarlyStopping("val_accuracy", patience=10, restore_best_weights=True)
    validation = (parts[1], parts[3])
    model.fit(parts[0], parts[2], 64, 1000, 0, [Deadline(), stop], validation_data=validation)
    return lambda rows: model.predict(rows.reshape(-1, *shape), verbose=0).argmax(axis=1), time.monotonic() - started


def run_autokeras(x, y, seconds, seed):
    return peer.autokeras("ImageClassifier", x, y, seconds, seed)


def run(model, data, seconds, seed):
    """One run in this process: prints its result as JSON on the last line."""
    x, y, x_test, y_test = load(data)
    peer.imported(model)
    started = time.monotonic()
    predict, first = {"kerasnas": run_kerasnas, "cnn": run_cnn, "autokeras": run_autokeras}[model](x, y, seconds, seed)
    spent = time.monotonic() - started
    accuracy = float(np.mean(predict(x_test) == y_test))
    print(json.dumps({"score": accuracy, "seconds": spent, "first_s": first}), flush=True)


def measure(model, args, seed):
    """One run in a process of its own; None if it fails."""
    arguments = ["--data", args.data, "--run", model, "--seed", str(seed)]
    return peer.run_alone("benchmarks.images", arguments, model, args, f"{model}, seed {seed}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", default="digits", help='"digits" or an NPZ file')
    parser.add_argument("--time-limit", type=float, default=120, help="seconds for each run")
    parser.add_argument("--seeds", type=int, default=1, help="runs of each model")
    parser.add_argument("--models", nargs="+", choices=MODELS, default=["kerasnas", "cnn"])
    parser.add_argument("--peer", default=".venv-peer/bin/python", help="Python with AutoKeras")
    parser.add_argument("--out", help="JSON file")
    parser.add_argument("--verbose", action="store_true", help="show what the runs print")
    parser.add_argument("--run", choices=MODELS, help=argparse.SUPPRESS)
    parser.add_argument("--seed", type=int, default=0, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.run:
        run(args.run, args.data, args.time_limit, args.seed)
        return
    name, rows = Path(args.data).stem, []
    for model in args.models:
        results = [measure(model, args, seed) for seed in range(args.seeds)]
        results = [result for result in results if result]
        if results:
            mean, error = mean_and_error(result["score"] for result in results)
            seconds, first = (mean_and_error(result[what] for result in results)[0] for what in ("seconds", "first_s"))
            scores = [result["score"] for result in results]
            rows.append({"dataset": name, "model": model, "metric": "accuracy", "score": mean, "se": error,
                         "seconds": seconds, "first_s": first, "runs": scores})  # fmt: skip
        write(args.out, {"benchmark": "images", "time_limit": args.time_limit, "seeds": args.seeds}, rows)
    show(f"{name}, {args.time_limit:g} s", rows, ["model", "score", "se", "seconds", "first_s"])


if __name__ == "__main__":
    main()
