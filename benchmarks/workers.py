"""Two workers against one on small trainings, and a search whose workers are killed.

python -m benchmarks.workers --trials 24 --kills 10 --out results/workers.json
"""

import argparse
import os
import random
import signal
import tempfile
import threading
import time

import kerasnas as kn
from benchmarks.table import show, write
from kerasnas.loop import Processes


def digits():
    from sklearn.datasets import load_digits

    found = load_digits()
    return found.images[:600], found.target[:600]


def search(executor, trials, epochs):
    """A random search of small convolutional networks; with it, the seconds it took."""
    space = kn.spaces.nasbench201(num_classes=10, cells=1, filters=8)
    started = time.monotonic()
    found = kn.search(
        space, digits(), "random", kn.evaluators.Training(epochs=epochs, batch_size=32), max_trials=trials, seed=0,
        directory=tempfile.mkdtemp(), executor=executor,
    )  # fmt: skip
    return found, time.monotonic() - started


class Watched:
    """An executor that lets its pool be seen, and notes when each trial came back."""

    def __init__(self, workers):
        self.workers, self.pool, self.ends = workers, None, []

    def __call__(self, evaluator, context, report):
        self.pool = Processes(self.workers)(evaluator, context, report)
        wait = self.pool.wait

        def noted():
            trial = wait()
            self.ends.append(time.monotonic())
            return trial

        self.pool.wait = noted
        return self.pool

    def rate(self, skipped):
        """Trials an hour, without the first few, in which the workers start."""
        ends = self.ends[skipped:]
        return 3600 * (len(ends) - 1) / (ends[-1] - ends[0])


class Killer(threading.Thread):
    """Kills workers at random moments of their trials, none of whose trials was hit before."""

    def __init__(self, executor, kills, seed):
        super().__init__(daemon=True)
        self.executor, self.kills, self.done, self.rng = executor, kills, [], random.Random(seed)

    def run(self):
        hit = set()
        while len(self.done) < self.kills:
            time.sleep(self.rng.uniform(0.5, 3.0))
            jobs = dict(getattr(self.executor.pool, "_jobs", {}))
            prey = [(worker, job) for worker, job in jobs.items() if job.begun and job.proposal.number not in hit]
            if prey:
                worker, job = self.rng.choice(prey)
                hit.add(job.proposal.number)
                os.kill(worker.process.pid, signal.SIGKILL)
                self.done.append(job.proposal.number)


def speed(trials, epochs):
    """Trials an hour with one worker and with two, and whether both made the same trials."""
    rates, made = {}, {}
    for workers in (1, 2):
        executor = Watched(workers)
        found, _ = search(executor, trials, epochs)
        rates[workers] = executor.rate(2)
        made[workers] = {t.number: t.proposal.architecture for t in found.trials}
    return rates, made[1] == made[2]


def killed(trials, kills, epochs):
    executor = Watched(2)
    killer = Killer(executor, kills, seed=0)
    killer.start()
    found, seconds = search(executor, trials, epochs)
    numbers = [trial.number for trial in found.trials]
    return {
        "kills": len(killer.done),
        "trials finished": sum(trial.completed for trial in found.trials),
        "trials told twice": len(numbers) - len(set(numbers)),
        "trials tried again": sum("retried" in t.measurement.extra for t in found.trials if t.measurement),
        "seconds under kills": round(seconds, 1),
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--trials", type=int, default=24, help="trials of each speed run")
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--kills", type=int, default=10)
    parser.add_argument("--killed-trials", type=int, default=60)
    parser.add_argument("--out", help="JSON file")
    args = parser.parse_args()
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else float("nan")
    rates, same = speed(args.trials, args.epochs)
    figures = {
        "load average before": round(load, 2),
        "trials an hour, one worker": round(rates[1]),
        "trials an hour, two workers": round(rates[2]),
        "ratio": round(rates[2] / rates[1], 2),
        "same trials": same,
        **(killed(args.killed_trials, args.kills, args.epochs) if args.kills else {}),
    }
    rows = [{"dataset": "digits", "model": "kerasnas", "metric": n, "score": value} for n, value in figures.items()]
    write(args.out, {"benchmark": "workers", "trials": args.trials, "epochs": args.epochs}, rows)
    show("workers", rows, ["metric", "score"])


if __name__ == "__main__":
    main()
