"""What kerasnas itself costs: import, the loop per trial, memory over many trials, preparing texts once.

python -m benchmarks.overhead --trials 200 --out results/overhead.json
"""

import argparse
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.table import show, write


def import_seconds(runs=5):
    """Median seconds that `import kerasnas` adds to starting Python, and whether it loaded TensorFlow."""
    code = "import time; t = time.perf_counter(); import kerasnas; print(time.perf_counter() - t); "
    code += "import sys; print('tensorflow' in sys.modules)"
    outputs = [
        subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True) for _ in range(runs)
    ]
    seconds = sorted(float(output.stdout.split()[0]) for output in outputs)[runs // 2]
    return seconds, outputs[0].stdout.split()[1] == "True"


def loop_seconds(trials=200):
    """Seconds a trial spends in the loop, with an evaluator that does nothing: asking, journalling, telling."""
    import kerasnas as kn

    class Nothing(kn.Evaluator):
        def evaluate(self, proposal, report):
            return kn.Measurement({"val_accuracy": (hash(proposal.architecture.key) % 1000) / 1000})

    space = kn.spaces.darts()
    started = time.perf_counter()
    kn.search(space, evaluator=Nothing(), strategy="greedy", max_trials=trials, seed=0, directory=tempfile.mkdtemp())
    return (time.perf_counter() - started) / trials


def memory(trials):
    """Resident MB about trial 20 and about the last, training small networks on digits; and the most there ever was.

    About: the median of ten trials that end there, for networks differ in size.
    """
    from sklearn.datasets import load_digits

    import kerasnas as kn

    seen = []

    class Watch(kn.evaluators.Training):
        def evaluate(self, proposal, report):
            measurement = super().evaluate(proposal, report)
            seen.append(resident())
            return measurement

    x, y = load_digits(return_X_y=True)
    space = kn.spaces.mlp(num_classes=10)
    evaluator = Watch(epochs=1, batch_size=256)
    kn.search(space, (x[:600], y[:600]), "random", evaluator, max_trials=trials, seed=0, directory=tempfile.mkdtemp())
    return statistics.median(seen[10:20]), statistics.median(seen[-10:]), max(seen)


def preparation(rows=5000):
    """Seconds that the first trial and the second spend on reading texts and on counting and weighting their terms."""
    import random

    import kerasnas as kn

    draw, spent, prepared = random.Random(0), [], kn.evaluators.Training._prepared

    def timed(self, *arguments):
        started = time.perf_counter()
        found = prepared(self, *arguments)
        spent.append(time.perf_counter() - started)
        return found

    words = [f"word{number}" for number in range(5000)]
    texts = [" ".join(draw.choices(words, k=60)) for _ in range(rows)]
    inputs = kn.TextInput()
    output = kn.ClassificationHead(dropout=[0.0, 0.5])(kn.DenseBlock()(kn.TextToNgramVector()(inputs)))
    model = kn.AutoModel(inputs, output, max_trials=3, seed=0, directory=tempfile.mkdtemp())
    kn.evaluators.Training._prepared = timed
    try:
        model.fit(texts, [number % 2 for number in range(rows)], epochs=1, verbose=0)
    finally:
        kn.evaluators.Training._prepared = prepared
    return spent


def resident():
    """MB of memory that this process holds."""
    status = Path("/proc/self/statm")
    if status.exists():
        return int(status.read_text().split()[1]) * resource.getpagesize() / 2**20
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--trials", type=int, default=200, help="trials of the memory measurement")
    parser.add_argument("--out", help="JSON file")
    args = parser.parse_args()
    seconds, loaded = import_seconds()
    early, late, most = memory(args.trials)
    first, *others = preparation()
    figures = {
        "import_seconds": seconds, "import_loads_tensorflow": loaded, "loop_ms_per_trial": 1000 * loop_seconds(),
        "mb_at_20": early, f"mb_at_{args.trials}": late, "mb_at_most": most, "memory_growth": late / early - 1,
        "preparing_s_trial_1": first, **{f"preparing_s_trial_{n}": spent for n, spent in enumerate(others, 2)},
    }  # fmt: skip
    rows = [{"dataset": "-", "model": "kerasnas", "metric": name, "score": value} for name, value in figures.items()]
    write(args.out, {"benchmark": "overhead", "trials": args.trials}, rows)
    show("overhead", rows, ["metric", "score"])


if __name__ == "__main__":
    main()
