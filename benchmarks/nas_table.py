"""Strategies on a table of trained architectures: what each finds with so many queries.

python -m benchmarks.nas_table --table nasbench201.parquet --search cifar10_val_ep12 --report cifar10_test_ep200 \
    --queries 100 --seeds 200 --strategies all --out results/nas201.json

A table has the columns op0 to op5 (NAS-Bench-201, codes 0 to 4), l0 to l7 (NAS-Bench-Macro), or block0_e and so on
(Accel-NASBench). Every strategy is asked and told as in a search, without journal and training. `report` is the
reported column of the architecture that is best by the searched one, `chosen` (of the first 30 seeds) of the one that
the final choice under noise falls on, `raw` what the best by the searched one gives in those seeds.
"""

import argparse
import random
import time

from benchmarks.table import mean_and_error, show, write

# Seeds of those that take tens of milliseconds a proposal, or seconds.
CHOICES = 30  # seeds in which the final choice is made, too: it takes seconds
FEWER = {"bayesian": 30, "predictor": 30, "predictor_evolution": 30, "progressive": 30, "kt_bayesian": 3}


def load(path, search, report):
    """A `Table` with the metrics "search" and "report", of whichever benchmark the columns tell."""
    from kerasnas import spaces
    from kerasnas.evaluators import Table, accel_nasbench_table, nasbench_macro_table, read_table
    from kerasnas.evaluators.nas_benchmarks import OPERATIONS

    frame = read_table(path)
    metrics = {"search": search, "report": report}
    if "op0" in frame.columns:
        decisions = {edge: f"op{i}" for i, edge in enumerate(spaces.NASBENCH201_EDGES)}
        space = spaces.nasbench201(cells=1)
        table = Table(frame, space, decisions, metrics, dict(enumerate(OPERATIONS)))
        if len(frame) < space.size():
            table.space = spaces.Listed(space, table.architectures())
        return table
    known = nasbench_macro_table(frame) if "l0" in frame.columns else accel_nasbench_table(frame)
    return known.with_metrics(metrics)


class Bench:
    """Runs of strategies on one table.

    Args:
        table: The `Table`.
        queries: Trials of a run.
        direction: "max" or "min", of the searched column; the reported one's is taken to be the same.
        chosen: Whether to make the final choice under noise, too.
    """

    def __init__(self, table, queries, direction="max", chosen=True):
        from kerasnas.contract import Objective
        from kerasnas.strategies.memory import identity_of

        self.table, self.queries, self.chosen = table, queries, chosen
        self.objective = Objective("search", direction)
        self.searched, self.reported = table.column("search"), table.column("report")
        self.sign = 1 if direction == "max" else -1
        self.identity = identity_of(table.space)

    def run(self, strategy, seed, space=None):
        """One search: its trials, and the CPU seconds its proposals took."""
        from kerasnas.contract import Context, Measurement, Proposal, Trial

        strategy.setup(Context(space or self.table.space, objective=self.objective, seed=seed))
        trials, spent = [], 0.0
        for number in range(self.queries):
            started = time.process_time()
            wish = strategy.ask(random.Random(f"{seed}/{number}"))
            spent += time.process_time() - started
            if wish is None:
                break
            proposal = Proposal(wish.architecture, number)
            strategy.began(proposal)
            value = self.searched[self.table.row(wish.architecture)]
            trials.append(Trial(proposal, "completed", Measurement({"search": value})))
            strategy.tell(trials[-1])
        return trials, spent / max(len(trials), 1)

    def report(self, trial):
        return self.reported[self.table.row(trial.proposal.architecture)]

    def row(self, name, runs):
        """What the runs of a strategy come to."""
        from kerasnas.loop.choosing import choose

        best = [self.report(max(trials, key=self.objective.rank)) for trials, _ in runs]
        mean, error = mean_and_error(best)
        some = [trials for trials, _ in runs[:CHOICES]] if self.chosen else []
        chosen = [self.report(choose(trials, self.table.space, self.objective).trial) for trials in some]
        other, other_error = mean_and_error(chosen) if some else (None, None)
        raw, _ = mean_and_error(best[:CHOICES])
        optimum = self.sign * max(self.sign * value for value in self.reported)
        unique = [len({self.identity(trial.proposal.architecture) for trial in trials}) for trials, _ in runs]
        return {
            "strategy": name, "report": mean, "error": error, "chosen": other, "chosen_error": other_error, "raw": raw,
            "regret": self.sign * (optimum - mean), "optimum": sum(value == optimum for value in best) / len(best),
            "unique": mean_and_error(unique)[0], "seconds": mean_and_error([spent for _, spent in runs])[0],
            "seeds": len(runs), "queries": self.queries,
        }  # fmt: skip

    # --------------------------------------------------------------- controls
    def classes(self, seeds):
        """Random search over isomorphism classes, each by one of its cells: a check of this benchmark."""
        from kerasnas.spaces import Listed
        from kerasnas.strategies import RandomSearch

        first = {self.identity(each): each for each in reversed(self.table.architectures())}
        space = Listed(self.table.space, first.values())
        return self.row("random, classes", [self.run(RandomSearch(), seed, space) for seed in range(seeds)])

    def sorting(self, name):
        """The control that tries the largest networks first, by parameters or FLOPs."""
        from kerasnas.contract import Measurement, Proposal, Trial

        cost = costs(self.table, name)
        order = sorted(range(len(cost)), key=lambda row: -cost[row])[: self.queries]
        architectures = self.table.architectures()
        trials = [
            Trial(Proposal(architectures[row], number), "completed", Measurement({"search": self.searched[row]}))
            for number, row in enumerate(order)
        ]
        return self.row(f"most {name}", [(trials, 0.0)])


def costs(table, name):
    """Parameters or FLOPs of all rows: the table's, or reckoned."""
    from kerasnas import lowering

    if name in table.frame.columns:
        return table.frame[name].tolist()
    return [getattr(lowering.cost(table.space, each, (32, 32, 3)), name) for each in table.architectures()]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--table", required=True, help="Parquet or CSV file")
    parser.add_argument("--search", required=True, help="the column that is searched")
    parser.add_argument("--report", required=True, help="the column that is reported")
    parser.add_argument("--direction", choices=("max", "min"), default="max", help="which end is good (max)")
    parser.add_argument("--queries", type=int, default=100, help="architectures a search may look up (100)")
    parser.add_argument("--seeds", type=int, default=200, help="searches; model-based strategies run 30 (200)")
    parser.add_argument("--strategies", default="all", help="names with commas between, or all")
    parser.add_argument("--no-controls", action="store_true", help="leave out the controls")
    parser.add_argument("--no-choice", action="store_true", help="leave out the final choice under noise")
    parser.add_argument("--out", help="JSON file")
    args = parser.parse_args()
    from kerasnas import strategies

    # Strategies that need more than one level of training have nothing to do here.
    every = [name for name, strategy in strategies.STRATEGIES.items() if "epochs" not in strategy.requires]
    names = every if args.strategies == "all" else args.strategies.split(",")
    bench = Bench(load(args.table, args.search, args.report), args.queries, args.direction, not args.no_choice)
    rows = []
    for name in names:
        seeds = min(args.seeds, FEWER.get(name, args.seeds))
        rows.append(bench.row(name, [bench.run(strategies.get(name), seed) for seed in range(seeds)]))
        print(_line(rows[-1]), flush=True)
    if not args.no_controls:
        rows += [bench.classes(args.seeds), bench.sorting("params"), bench.sorting("flops")]
    write(args.out, {"benchmark": "nas_table", **{key: str(value) for key, value in vars(args).items()}}, rows)
    shown = ["strategy", "report", "error", "chosen", "raw", "regret", "optimum", "unique", "seconds", "seeds"]
    show(f"{args.search} → {args.report}, {args.queries} queries", rows, shown)


def _line(row):
    chosen = "" if row["chosen"] is None else f", chosen {row['chosen']:.3f} of {row['raw']:.3f}"
    return f"{row['strategy']}: {row['report']:.3f} ± {row['error']:.3f}{chosen}"


if __name__ == "__main__":
    main()
