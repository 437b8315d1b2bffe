"""A differentiable search from rows to derived architectures."""

import time
import warnings
from dataclasses import dataclass
from pathlib import Path

import keras

from kerasnas import backend
from kerasnas.data import split
from kerasnas.errors import SpaceError, StrategyError
from kerasnas.lowering.memory import free_bytes, sized, training_bytes
from kerasnas.lowering.opening import open_space
from kerasnas.lowering.preprocessing import Preprocessing, parted
from kerasnas.lowering.supernet import Supernet
from kerasnas.space import Architecture, Graph
from kerasnas.space.domain import Subsets
from kerasnas.supernets.bilevel import Bilevel
from kerasnas.supernets.history import FILE
from kerasnas.supernets.in_time import InTime
from kerasnas.supernets.pairs import Pairs, classes
from kerasnas.supernets.watching import Watching

STATISTICS = 512  # rows that statistics of inherited networks are computed from


@dataclass
class Searched:
    """What a differentiable search found.

    Attributes:
        history: See `Watching`.
        stopped: Why it ended early, or None.
        model: The `Bilevel` model; None where it was let go of.
        kept: How many epochs count, where the search went back; None for all.
        learnt: The rows that the weights learnt from.
    """

    history: list
    stopped: str | None
    model: object
    kept: int | None = None
    learnt: object = None

    @property
    def architectures(self):
        """The derived architectures, the last first, each once."""
        return list(dict.fromkeys(Architecture(entry["architecture"]) for entry in reversed(self.history[: self.kept])))

    @property
    def supernet(self):
        return self.model.supernet

    def inherited(self, architecture):
        """The plain model of an architecture with the supernet's weights, its statistics those of learnt rows."""
        batches = self.learnt.head(STATISTICS).batches(self.model.rule.batch_size)
        rows = [batches[i][0] for i in range(len(batches))]
        return self.supernet.inherit(architecture, [next(iter(x.values())) if len(x) == 1 else x for x in rows])


def run(rule, space, task, seed=0, folder=None, seconds=None):
    """Train a supernet of `space` on the training rows of `task` by `rule`; go on where a checkpoint is in `folder`.

    Args:
        rule: A `Rule`.
        space: The `Space`.
        task: The `Task`. Its validation rows are not touched.
        seed: Of everything random.
        folder: Where the checkpoint lies; None to write none.
        seconds: Seconds that it may take, with fewer epochs where need be; None for no limit.

    Returns:
        A `Searched`.

    Raises:
        SpaceError: At a decision that cannot be mixed, or that gates do not weigh.
        StrategyError: If the rows, the backend or the graph are not of the kind that is searched by gradients.
    """
    started = time.monotonic()
    check(space, task)
    keras.utils.set_random_seed(seed)
    opened = open_space(space, normalized_pools=True, partial=rule.partial)
    if not opened.domains:
        raise StrategyError("Expected a space with decisions about the network. Received: none.")
    check_decisions(opened)
    graph, early = task.wrap(opened.node, task) if not isinstance(opened.node, Graph) else (opened.node, task.early)
    first, opened.node = parted(graph, early)
    rows = Preprocessing(first, task.train).apply(task.train) if first.steps else task.train
    check_size(rule, opened, rows)
    supernet = Supernet(opened, dict(rows.shapes), partial=rule.partial, seed=seed, recompute=rule.recompute)
    held, learnt = halves(rows, seed)
    pairs = Pairs(held if rule.apart else learnt, learnt, rule.batch_size, seed)
    model = Bilevel(supernet, rule, rule.epochs * len(pairs), seed)
    model.compile(loss=task.losses(), loss_weights=task.loss_weights(), metrics=task.metrics())
    watching = Watching(space, None if folder is None else Path(folder) / FILE, held)
    done = watching.resume(model, len(pairs))
    epochs = model.steps() // len(pairs)
    if done < epochs and watching.stopped is None:
        in_time = [] if seconds is None else [InTime(started + seconds, len(pairs))]
        model.fit(
            pairs, epochs=epochs, initial_epoch=done, shuffle=False, verbose=0,
            callbacks=[*in_time, watching, *pairs.follow()],
        )  # fmt: skip
    if not watching.history:
        raise StrategyError("Expected constraints that a derived architecture can keep. Received: none derived.")
    if "warmup" in watching.history[-1]:
        warnings.warn(
            "Expected time for more than the warm-up of a search by gradients. Received: an end before architecture "
            "weights moved; what is derived is as good as random. Give it more time, or a rule with `warmup=0`.",
            stacklevel=2,
        )
    return Searched(watching.history, watching.stopped, model, watching.kept, learnt)


def check(space, task):
    """Says why a search by gradients is not possible, before any time is spent."""
    name = keras.backend.backend()
    if name not in ("tensorflow", "torch", "jax"):
        raise StrategyError(f"Expected TensorFlow, PyTorch or JAX for a search by gradients. Received: {name}.")
    if task is None:
        raise StrategyError("Expected data to search with by gradients: `data=(x, y)`. Received: none.")
    if not hasattr(task.train, "x"):
        raise StrategyError("Expected rows in memory for a search by gradients. Received: a stream.")
    if task.folds is not None:
        raise StrategyError("Expected validation rows set apart for a search by gradients. Received: folds.")
    if task.augmented and isinstance(space.network, Graph):
        raise StrategyError(
            "Expected a graph without an augmenting block for a search by gradients. "
            f"Received: {', '.join(sorted(task.augmented))}."
        )


def check_decisions(opened):
    """Says so where a decision has sets of answers that are no edges of a cell: gates weigh one answer against others.

    Raises:
        SpaceError: With its path and the reason.
    """
    for path, domain in opened.domains.items():
        if isinstance(domain, Subsets) and path not in opened.ranked:
            raise SpaceError(
                f"Expected decisions of which gates weigh one answer against the others. Received: '{path}', whose "
                "answers are sets; make each label a choice of its own, or search it by another strategy."
            )


def check_size(rule, opened, rows):
    """Says so before it is built where a supernet will not fit into memory, or is too narrow to tell operations apart.

    Raises:
        StrategyError: With what takes less memory.
    """
    batch = min(rule.batch_size, max(1, len(rows) // 2))
    alone = backend.switches()  # whether a sampling rule computes what is chosen alone
    sizing = sized(opened, dict(rows.shapes), rule.sampled and alone)
    if rule.partial > 1 and sizing.narrowest == 1:
        warnings.warn(
            f"Expected at least two channels that pass the operations of a cell. Received: one, for one in "
            f"{rule.partial} passes; convolutions of one channel are no match for pools. Try more channels, or a "
            "smaller `share` of the rule.",
            stacklevel=2,
        )
    need = training_bytes(sizing, batch, rule.recompute)
    free = free_bytes()
    if free is not None and need > free:
        sampling = ", or 'gdas' (one candidate at a time)" if alone else ""
        raise StrategyError(
            f"Expected a supernet that fits into memory. Received: one that takes some {need / 1e9:.1f} GB with "
            f"{batch} rows in a step, where {free / 1e9:.1f} GB are free; try fewer channels or rows in a step, "
            f"`recompute=0.6` of the rule, 'pc_darts' (a part of the channels){sampling}."
        )


def halves(rows, seed):
    """Training rows in two: what the architecture weights learn from, and what the weights do."""
    weights, alphas = split(classes(rows), len(rows), 0.5, seed)
    return rows.take(alphas), rows.take(weights)
