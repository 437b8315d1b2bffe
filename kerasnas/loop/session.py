"""A search from its folder to its final model: what the facades and `search` have in common."""

import random
import time
import warnings
from dataclasses import dataclass

from kerasnas.contract import Context
from kerasnas.errors import ArgumentError, SpaceError
from kerasnas.loop import choosing, final, folders
from kerasnas.loop.checkpoints import Keeper
from kerasnas.loop.executors import Inline, Isolated
from kerasnas.loop.journal import Journal
from kerasnas.loop.run import Run


@dataclass
class Session:
    """Everything a search is made of.

    Args:
        space, objective, strategy, evaluator, budget: Its parts.
        data: Fingerprints of the rows, by part.
        heads: What is learnt, by name.
        task: A function from the seed to the `Task`, or None where the evaluator needs none.
        seed: The seed, or None to draw one.
        directory, project_name, default_name, overwrite: Where the run lies; see `folders.choose`.
        isolate: Whether trials run in a process of their own.
        show: A function from (context, budget, journal) to observers, which are closed at the end.
        started: `time.monotonic()` at which the user called.
    """

    space: object
    objective: object
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
    isolate: bool = False
    show: object = None
    started: float | None = None

    def search(self):
        """Search, or go on with a search, and make the final model.

        Returns:
            The finished `Run`, its context and the final Keras model (None where the evaluator keeps no models).
        """
        from kerasnas.backend import prepare

        identity = folders.identity(
            self.data, self.space, self.heads, self.objective, self.strategy, self.evaluator, self.seed
        )
        folder = folders.choose(self.directory, self.project_name, self.default_name, identity, self.overwrite)
        with Journal(folder, self.started or time.monotonic()) as journal:
            journal.header(identity)
            seed = folders.seed(journal, self.seed)
            task = None if self.task is None else self.task(seed)
            context = Context(self._limited(task), task, self.objective, seed, folder)
            if task is not None:
                prepare()
            observers = self.show(context, self.budget, journal) if self.show else []
            try:
                executor = Isolated if self.isolate else Inline
                keeper = [] if task is None else [Keeper(context)]
                run = Run(context, self.strategy, self.evaluator, journal, self.budget, executor, [*keeper, *observers])
                run.search()
                choosing.note(run, context, journal)
                model = None if task is None else final.choose(run, context, journal)
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

    def _limited(self, task):
        """The space, without the models over the size that the budget allows."""
        limit = self.budget.max_model_size
        if limit is None or task is None:
            return self.space
        limited = self.space.where(SmallEnough(self.space, dict(task.shapes), limit))
        if limited.default() not in limited:
            _check_any(limited, limit)
        return limited


def _check_any(space, limit):
    """Refuses a limit of parameters under which no architecture is found."""
    try:
        space.sample(random.Random(0))
    except SpaceError as error:
        raise ArgumentError(
            f"Expected a `max_model_size` that some model of the space keeps to. Received: {limit}; every model tried "
            "has more parameters."
        ) from error


@dataclass(frozen=True)
class SmallEnough:
    """A constraint: the network of an architecture has at most `limit` parameters."""

    space: object
    shapes: dict
    limit: int

    def __call__(self, architecture):
        from kerasnas.lowering import cost_of

        network = self.space.resolve(architecture).network
        named = isinstance(getattr(network, "inputs", None), tuple)
        shapes = self.shapes if named else next(iter(self.shapes.values()))
        return cost_of(network, shapes).params <= self.limit
