"""`search`: the research door. Any space, any strategy, any evaluator."""

import functools
import time
from dataclasses import dataclass
from pathlib import Path

from kerasnas import strategies
from kerasnas.arguments import whole
from kerasnas.blocks import ClassificationHead, RegressionHead, Standardize
from kerasnas.contract import Evaluator, Objective, Trial
from kerasnas.data import ClassTarget, fingerprint, read, split
from kerasnas.data.task import Task, classes_of, encode
from kerasnas.errors import ArgumentError, SpaceError
from kerasnas.evaluators import Training
from kerasnas.fronts import pareto_front
from kerasnas.loop import Budget, Session, place
from kerasnas.lowering.ending import ending
from kerasnas.operations import Activation
from kerasnas.space import Graph, Space, Step
from kerasnas.tasks.arguments import check_fraction
from kerasnas.tasks.measuring import objectives_of


@dataclass
class Found:
    """What a search found.

    Attributes:
        best: The trial that measured best.
        chosen: The trial that is best without the luck of one measurement, by a model of all; see
            `kerasnas.loop.choosing`. The best measured one where there are few trials or the model adds nothing. With
            `remeasure` by new measurements of the best few; see `kerasnas.loop.remeasuring`.
        trials: All trials, in the order they ended.
        model: The final plain Keras model; None where the evaluator keeps none. It is made of the best measured trials,
            for their answers on the validation rows tell more than their scores; with `remeasure` of `chosen`.
        folder: The run's folder.
        reason: Why the search ended.
        objectives: What was improved, a tuple of `Objective`s.
    """

    best: Trial
    trials: list
    model: object
    folder: Path
    reason: str
    objectives: tuple = ()
    chosen: Trial | None = None

    @property
    def front(self):
        """The trials that no other dominates, the best by the first objective first."""
        return pareto_front(self.trials, self.objectives)

    @property
    def architecture(self):
        """The architecture to take, and to train anew: that of `chosen`."""
        return (self.chosen or self.best).proposal.architecture

    def leaderboard(self):
        """A data frame of all trials, the best first."""
        from kerasnas.report import leaderboard

        return leaderboard(self.folder)


def search(
    space, data=None, strategy="greedy", evaluator=None, objective=None, max_trials=None, time_limit=None,
    validation_data=None, validation_split=0.2, seed=None, directory=None, project_name=None, overwrite=False,
    max_model_size=None, max_epochs=None, head=None, isolate=False, verbose=0, workers=None,
    executor=None, trial_timeout=None, max_params=None, max_flops=None, remeasure=0,
    max_latency=None,
):  # fmt: skip
    """Search a space with a strategy, judged by an evaluator.

    Args:
        space: A `Space` over one input, such as `kerasnas.spaces.darts()`, whose output has one column for each class
            (or number). Where these are no probabilities, the usual loss of classes gets them through a softmax.
        data: `(x, y)`: pictures or other arrays, and their targets; None where the evaluator has data of its own.
        strategy: Name of a strategy, or one.
        evaluator: An `Evaluator`; `Training()` if None.
        objective: What is improved; accuracy for classes, loss for numbers if None. A metric's name, an `Objective`, a
            weighted sum of them, or a list of several at once, of which the front is found. "params" and "flops" are
            metrics of every trial.
        max_trials, time_limit, max_model_size, max_epochs: Limits; 100 trials where none but a size is given.
        max_params, max_flops: Limits of a model: what exceeds them is not proposed. Told from its layers, or by an
            evaluator that knows them, such as a `Table` with these metrics.
        max_latency: Milliseconds in which a model answers one example: told by an evaluator such as a `Table` with
            "latency", or else measured here, weights at random, before a proposal is trained; one that takes longer is
            a failed trial that cost no training. Measurements differ from call to call.
        validation_data: `(x, y)` to compare on; else a part `validation_split` of the rows, drawn by the seed.
        seed: Seed of everything random; drawn if None.
        directory, project_name, overwrite: Where the run lies, and whether to start anew; see `AutoModel`.
        head: `ClassificationHead(...)` or `RegressionHead(...)` with loss and metrics; from the targets if None.
        isolate: Whether trials run in a process of their own.
        verbose: 0 silent, 1 a live display, 2 lines.
        workers: Trials at once, each in a process of its own.
        executor: Where trials run: "processes", "ray", or an executor such as `kerasnas.loop.Ray(resources=...)`.
        trial_timeout: Seconds after which a trial is taken to hang; it is tried once more.
        remeasure: How many of the best trials are measured again in the end, three times with new seeds; the best of
            these is `chosen`, and handed over, where it is better than the best measured by more than chance.

    Returns:
        A `Found`.

    Raises:
        DataError, ArgumentError, SpaceError: Before any training, if something cannot be used.
        SearchError: If every trial failed.
    """
    started = time.monotonic()
    if not isinstance(space, Space):
        raise SpaceError(f"Expected a Space to search. Received: {type(space).__name__}.")
    check_fraction(validation_split)
    seed = whole("seed", seed, 0)
    executor = place(executor, workers, trial_timeout, isolate)
    if max_trials is None and time_limit is None and max_epochs is None:
        max_trials = 100
    again = whole("remeasure", remeasure, 0) or 0
    sizes = max_model_size, max_epochs, max_params, max_flops, max_latency
    budget = Budget(max_trials, time_limit, *sizes, remeasure=again)
    evaluator = Training() if evaluator is None else evaluator
    if not isinstance(evaluator, Evaluator):
        raise ArgumentError(f"Expected an Evaluator. Received: {type(evaluator).__name__}.")
    learnt = {"data": {}, "heads": {}, "task": None}
    if data is not None:
        trained = isinstance(evaluator, Training)
        learnt = _learnt(space, data, validation_data, validation_split, head, trained)
    elif isinstance(evaluator, Training):
        raise ArgumentError("Expected `data=(x, y)` to train on. Received: none.")
    heads = learnt["heads"]
    objectives = objectives_of(objective, heads) if heads else Objective.several(objective or "val_accuracy")

    def show(context, limits, journal):
        from kerasnas.report.display import display

        return display(verbose, context, limits, journal)

    session = Session(
        space=space, objectives=objectives, evaluator=evaluator, budget=budget,
        strategy=strategies.get(strategy, max_epochs=getattr(evaluator, "epochs", None)),
        seed=seed, directory=directory, project_name=project_name, default_name=space.name.replace("/", "_"),
        overwrite=overwrite, executor=executor, show=show, started=started, **learnt,
    )  # fmt: skip
    run, context, model = session.search()
    best, chosen = run.best, run.chosen or run.best
    return Found(best, run.trials, model, Path(context.folder), run.reason, objectives, chosen)


def _learnt(space, data, validation_data, fraction, head, trained):
    """Checked rows, the head that learns them, and the task as a function of the seed."""
    if not isinstance(data, (tuple, list)) or len(data) not in (1, 2):
        raise ArgumentError("Expected `data` to be (x, y). Received: something else.")
    x, y = (*data, None)[:2]
    kinds = {"input": "image" if _pictures(x) else "array"}
    rows = read(x, y, inputs=kinds, targets=("output",))
    head = head or _head_for(rows.y["output"])
    target = head.fit_target(rows.y["output"], 2 if validation_data is None else 1)
    head = head.with_target(target)
    rows = rows.with_y({"output": encode(target, rows.y["output"], head.losses())})
    held = None
    if validation_data is not None:
        vx, vy = validation_data
        held = read(vx, vy, inputs=kinds, targets=("output",), shapes=rows.shapes)
        held = held.with_y({"output": encode(target, held.y["output"], head.losses(), "validation `y`")})

    wrap = functools.partial(_standardized, answer=_answer(space, rows.shapes, head) if trained else None)

    def task(seed):
        if held is not None:
            return Task(rows, held, {"output": head}, wrap=wrap)
        classes = classes_of(rows.y["output"]) if isinstance(target, ClassTarget) else None
        train, validation = split(classes, len(rows), fraction, seed)
        return Task(rows.take(train), rows.take(validation), {"output": head}, wrap=wrap)

    marks = {"data": fingerprint(rows), "validation": fingerprint(held) if held is not None else str(fraction)}
    return {"data": marks, "heads": {"output": head}, "task": task}


def _pictures(x):
    shape = getattr(x, "shape", ())
    return isinstance(x, (str, Path)) or len(shape) == 4 or (len(shape) == 3 and shape[1] > 1 and shape[2] > 1)


def _head_for(y):
    """Classes for labels, numbers for floats."""
    floats = getattr(y, "dtype", None) is not None and y.dtype.kind == "f"
    one_hot = y.ndim == 2 and y.shape[1] > 1 and set(map(float, set(y.ravel()[:1000]))) <= {0.0, 1.0}
    return RegressionHead() if floats and not one_hot else ClassificationHead()


def _answer(space, shapes, head):
    """The activation that makes a space's answers probabilities, where the usual loss needs them and it has none.

    Raises:
        SpaceError: If its networks do not put out as many numbers as are to be learnt.
    """
    (shape,) = shapes.values()
    if head.loss not in (None, "categorical_crossentropy", "binary_crossentropy") or isinstance(space.network, Graph):
        return None
    try:
        found, probable = ending(space.resolve(space.default()).network, shape)
    except Exception:  # an operation of the user's may not say what it puts out: then training tells
        return None
    width, classes = head.target.width, isinstance(head, ClassificationHead)
    if found != (width,):
        what = "one for each class" if classes else "as many as `y` has"
        raise SpaceError(
            f"Expected networks that put out {width} number{'s' * (width > 1)} for a row, {what}; a ready space does "
            f"so with `num_classes={width}`. Received: shape {found}."
        )
    if probable or not classes:
        return None
    return Activation("sigmoid" if head.multi_label else "softmax")


def _standardized(network, task, answer=None):
    """A bare network as a graph: standardized rows in, the head's name for what comes out."""
    (name,) = task.shapes
    (head,) = task.heads
    steps = [Step("standardized", Standardize(), (name,))]
    if answer is None:
        steps += [Step(head, network, ("standardized",))]
    else:
        steps += [Step("network", network, ("standardized",)), Step(head, answer, ("network",))]
    return Graph((name,), steps, (head,)), frozenset({"standardized"})
