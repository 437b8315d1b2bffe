"""A search from its folder to its final model: what the facades and `search` have in common."""

import random
import time
import warnings
from dataclasses import dataclass

from kerasnas.contract import Context
from kerasnas.errors import ArgumentError, SpaceError
from kerasnas.loop import choosing, final, folders, requirements
from kerasnas.loop.checkpoints import Keeper, sweep
from kerasnas.loop.executors import Inline
from kerasnas.loop.journal import Journal
from kerasnas.loop.prices import Fast, Price, Within
from kerasnas.loop.refit import refit
from kerasnas.loop.remeasuring import remeasure
from kerasnas.loop.run import Run


@dataclass
class Session:
    """Everything a search is made of.

    Args:
        space, objectives, strategy, evaluator, budget: Its parts.
        data: Fingerprints of the rows, by part.
        heads: What is learnt, by name.
        task: A function from the seed to the `Task`, or None where the evaluator needs none.
        seed: The seed, or None to draw one.
        directory, project_name, default_name, overwrite: Where the run lies; see `folders.choose`.
        executor: Where trials run; see `place`.
        show: A function from (context, budget, journal) to observers, which are closed at the end.
        started: `time.monotonic()` at which the user called.
    """

    space: object
    objectives: tuple
    strategy: object
    evaluator: object
    budget: object
    data: dict
    heads: dict
    task: object = None
    seed: int | None = None
    directory: object = None
    project_name: str | None = None
    default_name: str = "search"
    overwrite: bool = False
    executor: object = Inline
    show: object = None
    started: float | None = None

    def search(self):
        """Search, or go on with a search, and make the final model.

        Returns:
            The finished `Run`, its context and the final Keras model (None where the evaluator keeps no models).
        """
        from kerasnas.backend import prepare

        requirements.check(self.strategy, self.space, self.evaluator, data=self.task is not None)
        identity = folders.identity(
            self.data, self.space, self.heads, self.objectives, self.strategy, self.evaluator, self.seed
        )
        folder = folders.choose(self.directory, self.project_name, self.default_name, identity, self.overwrite)
        with Journal(folder, self.started or time.monotonic()) as journal:
            journal.header(identity)
            sweep(folder)
            seed = folders.seed(journal, self.seed)
            task = None if self.task is None else self.task(seed)
            price = None if task is None else self._price(task)
            space, refuse = self._limited(price)
            context = Context(
                space, task, self.objectives[0], seed, folder, self.objectives,
                seconds_left=lambda: self.budget.seconds_left(journal.elapsed()),
            )  # fmt: skip
            if task is not None:
                prepare()
            observers = self.show(context, self.budget, journal) if self.show else []
            try:
                keeper = [] if task is None else [Keeper(context)]
                watching = [*keeper, *observers]
                run = Run(
                    context, self.strategy, self.evaluator, journal, self.budget, self.executor, watching, price, refuse
                )
                run.search()
                choosing.note(run, context, journal)
                settled = remeasure(run, context, journal) if self.budget.remeasure else None
                kept = task is not None and getattr(self.evaluator, "save", True)
                model = final.choose(run, context, journal, settled) if kept else None
                if self.budget.refit and model is not None:
                    model = refit(run, context, journal, model)
            finally:
                for observer in observers:
                    observer.close()
        self._warn_if_cut(run)
        return run, context, model

    def _warn_if_cut(self, run):
        """Says so where the time did not suffice for the training of a single model."""
        planned = [trial.measurement.extra.get("planned") for trial in run.completed]
        if len(planned) == 1 and planned[0] and self.budget.time_limit is not None:
            warnings.warn(
                f"Expected a `time_limit` in which one model can be trained. Received: {self.budget.time_limit:g} s; "
                f"the model has seen {run.epochs} of {planned[0]} epochs.",
                stacklevel=4,
            )

    def _price(self, task):
        timed = "latency" in self.budget.limits() or any("latency" in each.metrics for each in self.objectives)
        return Price(self.space, dict(task.shapes), timed, getattr(task, "fold_count", 0))

    def _limited(self, price):
        """The space without the models that exceed the budget's limits, and what refuses those that only show it built.

        Raises:
            ArgumentError: If nobody can tell what is limited before it is trained, or no model keeps to it.
        """
        limits, known = self.budget.limits(), self.evaluator.prices
        told = {name: limits.pop(name) for name in known if name in limits}
        slow = limits.pop("latency", None) if price is not None else None
        if limits and price is None:
            names = " and ".join(limits)
            raise ArgumentError(
                f"Expected `data`, or an evaluator that tells the {names} of a model before it is measured, to limit "
                f"{'it' if len(limits) == 1 else 'them'}. Received: {type(self.evaluator).__name__} without data."
            )
        constraints = [Within(self.evaluator.price, told)] if told else []
        constraints += [Within(price.told, limits)] if limits else []
        limited = self.space.where(*constraints) if constraints else self.space
        if constraints and limited.default() not in limited:
            _check_any(limited, self.budget)
        return limited, None if slow is None else Fast(price, slow)


def _check_any(space, budget):
    """Refuses limits to which no architecture is found that keeps."""
    try:
        space.sample(random.Random(0))
    except SpaceError as error:
        limits = {name: getattr(budget, name) for name in ("max_model_size", "max_params", "max_flops", "max_latency")}
        told = " and ".join(f"{name}={limit}" for name, limit in limits.items() if limit is not None)
        raise ArgumentError(
            f"Expected limits that some model of the space keeps to. Received: {told}; every model tried exceeds them."
        ) from error
