"""Several objectives at once on a table of trained networks: how much of the table's front each strategy finds.

python -m benchmarks.fronts --table accel_nasbench.parquet --queries 300 --seeds 20 --out results/fronts.json

Accuracy is to be high, latency (of `--device`) and parameters low. `hypervolume` is the volume that the front of a
search dominates, as a part of what the front of the whole table does; each objective counts from the table's worst
value to its best.
"""

import argparse
import math
import random

from benchmarks.table import mean_and_error, show, write

OBJECTIVES = ("val_accuracy", "latency", "params")


class Fronts:
    """Runs of strategies on an Accel-NASBench table.

    Args:
        path: The table's file, or a data frame.
        device: Where latency is measured.
        queries: Trials of a run.
    """

    def __init__(self, path, device, queries):
        from kerasnas.contract import Objective
        from kerasnas.evaluators import accel_nasbench_table
        from kerasnas.fronts import scores

        self.table, self.queries = accel_nasbench_table(path, device), queries
        self.objectives = Objective.several(list(OBJECTIVES))
        every = scores(
            [self._trial(each, number) for number, each in enumerate(self.table.architectures())], self.objectives
        )
        every = [point for point in every if math.isfinite(point[0])]  # two networks have no latency
        self.low, self.high = (tuple(map(end, zip(*every))) for end in (min, max))
        self.whole = self.volume(every)

    def _trial(self, architecture, number):
        from kerasnas.contract import Measurement, Proposal, Trial

        return Trial(Proposal(architecture, number), "completed", Measurement(self.table.query(architecture)))

    def volume(self, points):
        """The volume that scores dominate, the table's ranges taken for units."""
        from kerasnas.fronts import hypervolume, ranks_of

        points = list(set(points))
        front = [point for point, rank in zip(points, ranks_of(points)) if rank == 0]
        scaled = [
            tuple((value - low) / (high - low) for value, low, high in zip(point, self.low, self.high))
            for point in front
        ]
        return hypervolume(scaled, (0.0,) * len(self.low))

    def run(self, strategy, seed):
        """One search: the part of the table's volume that it finds."""
        from kerasnas.contract import Context
        from kerasnas.fronts import pareto_front, scores

        first = self.objectives[0]
        strategy.setup(Context(self.table.space, objective=first, seed=seed, objectives=self.objectives))
        trials = []
        for number in range(self.queries):
            trials.append(self._trial(strategy.ask(random.Random(f"{seed}/{number}")).architecture, number))
            strategy.began(trials[-1].proposal)
            strategy.tell(trials[-1])
        return self.volume(scores(pareto_front(trials, self.objectives), self.objectives)) / self.whole


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--table", required=True, help="Parquet or CSV file of Accel-NASBench")
    parser.add_argument("--device", default="zcu102", help="where latency is measured (zcu102)")
    parser.add_argument("--queries", type=int, default=300, help="networks a search may look up (300)")
    parser.add_argument("--seeds", type=int, default=20, help="searches (20)")
    parser.add_argument("--strategies", default="nsga2,random", help="names with commas between (nsga2,random)")
    parser.add_argument("--out", help="JSON file")
    args = parser.parse_args()
    from kerasnas import strategies

    fronts, rows = Fronts(args.table, args.device, args.queries), []
    for name in args.strategies.split(","):
        mean, error = mean_and_error(fronts.run(strategies.get(name), seed) for seed in range(args.seeds))
        rows.append({"strategy": name, "hypervolume": mean, "error": error, "seeds": args.seeds})
        print(f"{name}: {mean:.4f} ± {error:.4f}", flush=True)
    write(args.out, {"benchmark": "fronts", "device": args.device, "queries": args.queries}, rows)
    show("part of the table's hypervolume", rows, ["strategy", "hypervolume", "error", "seeds"])


if __name__ == "__main__":
    main()
