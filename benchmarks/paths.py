"""A supernet trained along sampled paths, beside the paths as models of their own.

python -m benchmarks.paths --optimizer sgd --out results/paths.json

The step of the supernet is compared with the average step of plain models under `fit`, in turns, over paths in which
each candidate of each layer stands equally often.
"""

import argparse
import os
import random
import resource
import statistics
import time

from benchmarks.table import show, write

OPTIMIZERS = {"sgd": {"learning_rate": 0.01, "momentum": 0.9, "weight_decay": 3e-4}, "adam": {"learning_rate": 1e-3}}


def optimizer(name):
    import keras

    return {"sgd": keras.optimizers.SGD, "adam": keras.optimizers.Adam}[name](**OPTIMIZERS[name])


def data(size, batch_size, steps, classes=10):
    import numpy as np

    rng = np.random.default_rng(0)
    x = rng.normal(size=(batch_size * steps, size, size, 3)).astype("float32")
    return x, rng.integers(0, classes, len(x)).astype("int32")


def balanced(space, count, seed=0):
    """Architectures in which each answer of a decision stands equally often: their mean cost is the expected one."""
    rng, columns = random.Random(seed), {}
    for decision in space.decisions():
        values = list(decision.domain.values())
        columns[decision.path] = rng.sample(values * (count // len(values)), count)
    return [space.complete({path: column[i] for path, column in columns.items()}) for i in range(count)]


def counted():
    """`SinglePath` that counts how often its step is traced."""
    from kerasnas.supernets import SinglePath

    class Counted(SinglePath):
        traced = 0

        def train_step(self, data):
            self.traced += 1
            return super().train_step(data)

    return Counted


def seconds(model, x, y, batch_size):
    started = time.perf_counter()
    model.fit(x, y, batch_size=batch_size, epochs=1, verbose=0, shuffle=False)
    return time.perf_counter() - started


def moved(model, x, y):
    """Of the weights and slots that were off the path of a step, how many moved; and how many there were."""
    import keras
    import numpy as np

    def values(variables):
        return [keras.ops.convert_to_numpy(each).copy() for each in variables]

    state = keras.ops.convert_to_numpy(model.draws.state).copy()
    path = model.drawn()
    model.draws.state.assign(state)
    variables = [
        variable
        for (conditions, own), optimizer in zip(model.groups, model.optimizers)
        if not model.on_path(conditions, path)
        for variable in [*own, *optimizer.variables]
    ]
    before = values(variables)
    model.fit(x, y, batch_size=len(x), epochs=1, verbose=0)
    changed = sum(not np.array_equal(one, other) for one, other in zip(before, values(variables)))
    return changed, len(variables)


def measure(args):
    import keras

    from kerasnas import lowering, spaces
    from kerasnas.lowering.supernet import Supernet

    space = spaces.nasbench_macro()
    x, y = data(args.size, args.batch_size, args.steps)
    b = args.batch_size
    started = time.perf_counter()
    supernet = Supernet(space, (args.size, args.size, 3), affine=True)
    model = counted()(supernet)
    model.compile(optimizer=optimizer(args.optimizer), loss="sparse_categorical_crossentropy", metrics=["accuracy"])
    build = time.perf_counter() - started
    first = seconds(model, x[:b], y[:b], b)
    alone = []
    for architecture in balanced(space, args.paths):
        plain = lowering.build(space, architecture, (args.size, args.size, 3))
        plain.compile(optimizer=optimizer(args.optimizer), loss="sparse_categorical_crossentropy", metrics=["accuracy"])
        alone.append(plain)
    starts = [seconds(plain, x[:b], y[:b], b) for plain in alone]
    ours, theirs = [], [[] for _ in alone]
    for _ in range(args.rounds):
        for plain, times in zip(alone, theirs):
            ours.append(seconds(model, x, y, b) / args.steps)
            times.append(seconds(plain, x, y, b) / args.steps)
    step, beside = statistics.median(ours), statistics.fmean(map(statistics.median, theirs))
    checks = [moved(model, x[:b], y[:b]) for _ in range(args.checks)]
    return [
        {
            "model": "kerasnas", "backend": keras.backend.backend(), "build_s": build, "first_step_s": first,
            "step_s": step, "ratio": step / beside, "traces": model.traced, "new_paths": len(ours) * args.steps,
            "moved": sum(changed for changed, _ in checks), "off_path": sum(count for _, count in checks),
            "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        },
        {
            "model": "path alone", "backend": keras.backend.backend(), "first_step_s": statistics.fmean(starts),
            "step_s": beside,
        },
    ]  # fmt: skip


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--backend", default="tensorflow", choices=["tensorflow", "torch"])
    parser.add_argument("--optimizer", default="sgd", choices=list(OPTIMIZERS))
    parser.add_argument("--size", type=int, default=32, help="of the pictures")
    parser.add_argument("--batch-size", type=int, default=64)
    parser.add_argument("--steps", type=int, default=5, help="steps in a turn")
    parser.add_argument("--paths", type=int, default=6, help="plain models beside; a multiple of three")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--checks", type=int, default=3, help="steps after which what is off the path is compared")
    parser.add_argument("--out", help="JSON file")
    args = parser.parse_args()
    os.environ["KERAS_BACKEND"] = args.backend
    rows = measure(args)
    write(args.out, {"benchmark": "paths", **vars(args)}, rows)
    show(
        "paths",
        rows,
        ["model", "build_s", "first_step_s", "step_s", "ratio", "traces", "new_paths", "moved", "peak_mb"],
    )


if __name__ == "__main__":
    main()
