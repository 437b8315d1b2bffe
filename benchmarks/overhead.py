"""What kerasnas itself costs: import, the loop per trial, memory over many trials.

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
    figures = {
        "import_seconds": seconds, "import_loads_tensorflow": loaded, "loop_ms_per_trial": 1000 * loop_seconds(),
        "mb_at_20": early, f"mb_at_{args.trials}": late, "mb_at_most": most, "memory_growth": late / early - 1,
    }  # fmt: skip
    rows = [{"dataset": "-", "model": "kerasnas", "metric": name, "score": value} for name, value in figures.items()]
    write(args.out, {"benchmark": "overhead", "trials": args.trials}, rows)
    show("overhead", rows, ["metric", "score"])


if __name__ == "__main__":
    main()
