"""A search with real training, killed at random moments and called again, beside one that is left alone.

python -m benchmarks.kills --kills 20 --trials 60 --out results/kills.json
"""

import argparse
import json
import random
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.table import show, write

SEARCH = """
import sys
import kerasnas as kn
from sklearn.datasets import load_digits

digits = load_digits()
inputs = kn.ImageInput()
hidden = kn.ConvBlock(num_blocks=1, num_layers=1)(kn.Normalization()(inputs))
model = kn.AutoModel(
    inputs, kn.ClassificationHead()(hidden), max_trials=int(sys.argv[2]), seed=0, directory=sys.argv[1],
    project_name="run",
)
model.fit(digits.images[:600], digits.target[:600], epochs=3, verbose=0)
"""


def start(folder, trials):
    command = [sys.executable, "-c", SEARCH, str(folder), str(trials)]
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def events(folder):
    """The journal's events without their times, and how often each trial was told."""
    path = Path(folder) / "run" / "journal.jsonl"
    whole = (
        [line for line in path.read_text().splitlines(keepends=True) if line.endswith("\n")] if path.exists() else []
    )
    return [json.loads(line) for line in whole]


def outcome(folder):
    """What must not depend on kills: proposals with their metrics, and the final choice."""
    found = events(folder)
    begun = [(event["number"], event["architecture"]) for event in found if event["event"] == "began"]
    told = [(event["number"], event["metrics"]) for event in found if event["event"] == "told"]
    final = [event["value"]["members"] for event in found if event["event"] == "fact" and event["name"] == "final"]
    return begun, told, final[-1] if final else None


def killed(folder, trials, kills, seed):
    """Run to the end under `kills` kills; returns how many fell while the search was at work."""
    rng, done = random.Random(seed), 0
    alone = time.monotonic()
    process = start(folder, 1)
    process.wait()
    one = time.monotonic() - alone  # seconds of a process with one trial: kills fall between nothing and twice that
    while done < kills:
        process = start(folder, trials)
        try:
            process.wait(rng.uniform(0.1, 2 * one))
            break
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
            process.wait()
            done += 1
    start(folder, trials).wait()
    return done


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--trials", type=int, default=60, help="enough that it does not end before the last kill")
    parser.add_argument("--seed", type=int, default=0, help="decides the moments")
    parser.add_argument("--out", help="JSON file")
    args = parser.parse_args()
    folder, started = Path(tempfile.mkdtemp()), time.monotonic()
    start(folder / "alone", args.trials).wait()
    kills = killed(folder / "killed", args.trials, args.kills, args.seed)
    alone, resumed = outcome(folder / "alone"), outcome(folder / "killed")
    numbers = [number for number, _ in resumed[1]]
    figures = {
        "kills": kills,
        "trials finished": len(numbers),
        "trials told twice": len(numbers) - len(set(numbers)),
        "same proposals": alone[0] == resumed[0],
        "same metrics": alone[1] == resumed[1],
        "same final choice": alone[2] == resumed[2],
        "seconds": round(time.monotonic() - started, 1),
    }
    rows = [
        {"dataset": "digits", "model": "kerasnas", "metric": name, "score": value} for name, value in figures.items()
    ]
    write(args.out, {"benchmark": "kills", "trials": args.trials}, rows)
    show("killed and called again", rows, ["metric", "score"])


if __name__ == "__main__":
    main()
