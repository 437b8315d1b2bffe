"""What strategies take to propose, and a long journal to be read again.

python -m benchmarks.proposals --told 100 1000 --journal 10000 --out results/proposals.json

A strategy is told a made-up score for each of its proposals, as in a search, without journal and training; the time of
its proposals is the median, after so many trials, of what the processor spent on them. Model-based strategies are
measured at the first number of trials only.
"""

import argparse
import random
import statistics
import tempfile
import time

from benchmarks.nas_table import FEWER
from benchmarks.table import show, write

ASKED = 12  # proposals that a median is of


def score(architecture):
    """A made-up score: the same for equal architectures, and alike for those that have answers in common."""
    parts = [random.Random(f"{path}={value}").random() for path, value in architecture.items()]
    return statistics.fmean(parts)


def proposing(strategy, space, told, seed=0):
    """Median milliseconds of a proposal, and of telling a trial, once `told` trials are told."""
    from kerasnas.contract import Context, Measurement, Objective, Proposal, Trial

    strategy.setup(Context(space, objective=Objective("val_accuracy"), seed=seed))
    asking, telling = [], []
    for number in range(told + ASKED):
        started = time.process_time()
        wish = strategy.ask(random.Random(f"{seed}/{number}"))
        asking.append(time.process_time() - started)
        if wish is None:
            break
        proposal = Proposal(wish.architecture, number, wish.fidelity, wish.parent)
        strategy.began(proposal)
        trial = Trial(proposal, "completed", Measurement({"val_accuracy": score(wish.architecture)}))
        started = time.process_time()
        strategy.tell(trial)
        telling.append(time.process_time() - started)
    return [1000 * statistics.median(spent[-ASKED:]) for spent in (asking, telling)]


def replaying(trials, strategy):
    """Seconds in which a finished search of so many trials is read again."""
    import kerasnas as kn

    class MadeUp(kn.Evaluator):
        def evaluate(self, proposal, report):
            return kn.Measurement({"val_accuracy": score(proposal.architecture)})

    folder = tempfile.mkdtemp()
    for _ in range(2):  # the first call searches, the second reads
        started = time.perf_counter()
        space = kn.spaces.darts()
        kn.search(space, evaluator=MadeUp(), strategy=strategy, max_trials=trials, seed=0, directory=folder)
        seconds = time.perf_counter() - started
    return seconds


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--told", type=int, nargs="+", default=[100, 1000], help="trials told before (100 1000)")
    parser.add_argument("--space", default="darts", help="a ready space (darts)")
    parser.add_argument("--strategies", default="all", help="names with commas between, or all")
    parser.add_argument("--journal", type=int, default=10_000, help="trials of a journal that is read again (10000)")
    parser.add_argument("--out", help="JSON file")
    args = parser.parse_args()
    from kerasnas import spaces, strategies

    known = strategies.STRATEGIES
    every = [name for name in known if "epochs" not in known[name].requires and not name.startswith("kt_")]
    names = every if args.strategies == "all" else args.strategies.split(",")
    rows = []
    for name in names:
        for told in args.told[:1] if name in FEWER else args.told:
            asking, telling = proposing(strategies.get(name), getattr(spaces, args.space)(), told)
            rows.append({"strategy": name, "told": told, "ask_ms": asking, "tell_ms": telling})
            print(f"{name} at {told}: {asking:.2f} ms", flush=True)
    if args.journal:
        for name in ("random", "evolution"):
            rows.append({"strategy": name, "told": args.journal, "replay_seconds": replaying(args.journal, name)})
    write(args.out, {"benchmark": "proposals", "space": args.space}, rows)
    show("proposals", rows, ["strategy", "told", "ask_ms", "tell_ms", "replay_seconds"])


if __name__ == "__main__":
    main()
