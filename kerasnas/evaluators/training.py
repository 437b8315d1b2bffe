"""Train a candidate on the training rows, judge it on the validation rows."""

import copy
import gc
import hashlib
import math
import os
import time
import weakref
from pathlib import Path

import numpy as np

from kerasnas import backend
from kerasnas.contract import Evaluator, Measurement
from kerasnas.data import Augmentation
from kerasnas.evaluators.plan import Plan
from kerasnas.lowering.joining import joined, named_model, plain, raw_inputs
from kerasnas.lowering.model import KerasTracer, set_from_data
from kerasnas.lowering.preprocessing import Preprocessing, parted
from kerasnas.space import Graph

SAMPLE = 2000  # rows that data-dependent weights are set from
TAIL = 0.08  # part of a trial's time for judging and saving it,
LONGEST_TAIL = 8.0  # in seconds at most


def checkpoint(folder, number):
    """Where the model of a trial is kept."""
    return Path(folder) / "trials" / f"{number:04d}.keras"


def predictions(folder, number):
    """Where a trial's answers on the validation rows are kept."""
    return Path(folder) / "trials" / f"{number:04d}.npz"


def weights(folder, number):
    """Where the bare weights of a trial are kept that others may go on from."""
    return Path(folder) / "trials" / f"{number:04d}.weights.npz"


class Training(Evaluator):
    """Full training with a one-cycle schedule; the best weights by the objective are kept (see `chance`).

    Preprocessing is fitted once for each distinct answer of its decisions, and its output reused by all trials.

    Args:
        epochs: Passes over the training rows, for every trial; a decision of the space, or a default, if None.
        batch_size: Rows in a step, likewise.
        patience: Epochs without improvement of the objective after which a training stops; half of the epochs,
            and at least 10, if None.
        callbacks: Keras callbacks; each trial gets copies.
        save: Whether to keep each trial's model and its validation answers in the run's folder.
    """

    def __init__(self, epochs=None, batch_size=None, patience=None, callbacks=(), save=True):
        self.epochs, self.batch_size, self.patience = epochs, batch_size, patience
        self.callbacks, self.save = list(callbacks or ()), save

    def describe(self):
        return {"name": "Training", "epochs": self.epochs, "batch_size": self.batch_size, "patience": self.patience}

    def setup(self, context):
        super().setup(context)
        self.prepared = {}
        self.spared = weakref.WeakSet(backend.graphs())  # of models that are the user's, not of trials

    # ----------------------------------------------------------------- stages
    def evaluate(self, proposal, report):
        started = time.monotonic()
        self._begin(proposal)
        resolved = self.context.space.resolve(proposal.architecture)
        training = resolved.training
        plan = Plan.of(
            training, len(self.context.task.train),
            epochs=proposal.fidelity.get("epochs", self.epochs), batch_size=self.batch_size,
        )  # fmt: skip
        preprocessing, body_graph, train, validation = self._prepared(resolved.network)
        body = self._body(preprocessing, body_graph, train)
        deadline = None
        if proposal.seconds is not None:
            deadline = started + proposal.seconds - min(TAIL * proposal.seconds, LONGEST_TAIL)
        earlier = self._go_on(body, proposal, plan.epochs)
        pace, interrupted = self._fit(body, plan, train, validation, training, proposal, deadline, report, earlier)
        metrics, mirrored = self._judge(body, plan, pace, validation, training)
        extra = {"params": body.count_params(), "epochs": len(pace.curve), "batch_size": plan.batch_size}
        extra |= {"mirrored": True} if mirrored else {}
        extra |= {"planned": plan.epochs} if pace.cut and pace.done < pace.total else {}
        extra |= {"interrupted": True} if interrupted else {}
        if self.save and self.context.folder is not None:
            self._keep(proposal.number, preprocessing, body, mirrored, validation)
            if proposal.fidelity:
                _keep_weights(weights(self.context.folder, proposal.number), body, earlier + len(pace.curve))
        return Measurement(metrics, tuple(pace.curve), time.monotonic() - started, extra)

    def _begin(self, proposal):
        import keras

        keras.backend.clear_session()
        gc.collect()
        for graph in backend.graphs():
            if graph not in self.spared:
                backend.release(graph)
        keras.utils.set_random_seed(trial_seed(self.context.seed, proposal.number))

    def _prepared(self, network):
        """The fitted preprocessing, the rest of the graph, and the rows as that rest takes them."""
        task = self.context.task
        graph, early = (network, task.early) if isinstance(network, Graph) else task.wrap(network, task)
        first, rest = parted(graph, early)
        key = repr([(step.name, step.node, step.sources) for step in first.steps])
        if key not in self.prepared:
            preprocessing = Preprocessing(first, task.train)
            if hasattr(task.train, "x"):
                rows = preprocessing.apply(task.train), preprocessing.apply(task.validation)
            else:
                rows = task.train, task.validation  # too large to keep: prepared again as they stream by
            self.prepared[key] = (preprocessing, *rows)
        preprocessing, train, validation = self.prepared[key]
        return preprocessing, rest, train, validation

    def _body(self, preprocessing, graph, train):
        task = self.context.task
        raw = raw_inputs(task.shapes)
        if hasattr(task.train, "x"):
            shapes = {name: tensor.shape[1:] for name, tensor in preprocessing.tensors(raw).items()}
            inputs = raw_inputs(shapes)
            features = inputs
        else:
            inputs, features = raw, preprocessing.tensors(raw)
        tracer = KerasTracer()
        outputs = graph.flow(tracer, features, "")
        if tracer.from_data:
            set_from_data(tracer, inputs, train.head(SAMPLE).x)
        return named_model(inputs, outputs)

    def _compile(self, model, plan):
        from kerasnas.backend import jit_compile

        task = self.context.task
        model.compile(
            plan.make_optimizer(), loss=task.losses(), loss_weights=task.loss_weights(),
            metrics=copy.deepcopy(task.metrics()), jit_compile=jit_compile(),
        )  # fmt: skip

    def _go_on(self, body, proposal, epochs):
        """Put the parent's weights in, if there are any; the epochs they have seen."""
        if proposal.parent is None or self.context.folder is None:
            return 0
        file = weights(self.context.folder, proposal.parent)
        if not file.exists():
            return 0  # it is trained from the start, as long as a promoted one
        with np.load(file) as stored:
            if int(stored["epochs"]) >= epochs:
                return 0
            body.set_weights([stored[f"arr_{place}"] for place in range(len(stored.files) - 1)])
            return int(stored["epochs"])

    def _fit(self, model, plan, train, validation, training, proposal, deadline, report, earlier=0):
        from kerasnas.evaluators.pace import Pace

        self._compile(model, plan)
        seed = trial_seed(self.context.seed, proposal.number)
        train = plan.smoothed(train, self.context.task.losses())
        batches = self._batches(train, plan.batch_size, seed, training)
        patience = max(10, plan.epochs // 2) if self.patience is None else self.patience
        pace = Pace(plan, len(batches), self.context.objective, deadline, patience, report, earlier)
        interrupted = False
        # Callbacks of the user's may wait for validation at every epoch.
        every = 1 if self.callbacks else max(1, plan.epochs // 20)
        try:
            model.fit(
                batches, epochs=plan.epochs, initial_epoch=earlier, shuffle=False, verbose=0,
                validation_data=self._batches(validation, 256), validation_freq=every,
                callbacks=[pace, *_following(batches), *copy.deepcopy(self.callbacks)],
            )  # fmt: skip
        except KeyboardInterrupt:
            if not pace.curve:
                raise
            interrupted = True
        return pace, interrupted

    def _judge(self, model, plan, pace, validation, training):
        """Metrics of the best weights; answers averaged over mirror images where that is no worse.

        Weights of an earlier epoch must be better by more than chance: at high learning rates accuracies jump, and the
        luckiest of many epochs is no better than the annealed last.
        """
        objective, rows = self.context.objective, self._batches(validation, 256)
        metrics = self._measured(model, rows)
        if pace.best > objective.score(metrics) + chance(objective, pace.best, len(validation)):
            pace.restore()
            metrics = self._measured(model, rows)
        names = self._mirrored(training, validation.shapes)
        if names and hasattr(validation, "x"):
            twin = joined(validation.shapes, None, model, names)
            self._compile(twin, plan)
            twice = self._measured(twin, rows)
            # A small gain is told sooner by the loss than by most objectives.
            if twice["val_loss"] <= metrics["val_loss"]:
                return twice, names
        return metrics, ()

    @staticmethod
    def _measured(model, rows):
        found = model.evaluate(rows, verbose=0, return_dict=True)
        return {f"val_{name}": float(value) for name, value in found.items()}

    # ------------------------------------------------------------------- rows
    def _batches(self, rows, batch_size, seed=None, training=None):
        augmentation = self._augmentation(training or {}, rows) if seed is not None else None
        mixed = any(value for key, value in (training or {}).items() if key.endswith("/cutmix"))
        return rows.batches(batch_size, seed=seed, augmentation=augmentation, cutmix=0.5 if mixed else 0.0)

    def _augmentation(self, training, rows):
        """An `Augmentation` for each augmenting step, by the name of the rows it changes: the step's, or raw ones."""
        found = {}
        for name in self.context.task.augmented:
            values = {key.split("/", 1)[1]: v for key, v in training.items() if key.startswith(f"{name}/")}
            values.pop("cutmix", None)  # a matter of the batch, not of a picture
            found[self._place(name, rows.shapes)] = Augmentation(**values)
        return found

    def _place(self, name, shapes):
        """Under which name of the rows (prepared or raw) the pictures are that a step augments."""
        return next(place for place in self.context.task.augmented[name] if place in shapes)

    def _mirrored(self, training, shapes):
        flipped = [name for name in self.context.task.augmented if training.get(f"{name}/horizontal_flip")]
        return [self._place(name, shapes) for name in flipped]

    def _keep(self, number, preprocessing, body, mirrored, validation):
        """Write the whole model, raw rows in, and its answers on the validation rows; each appears at once or not."""
        folder = self.context.folder
        path = checkpoint(folder, number)
        path.parent.mkdir(parents=True, exist_ok=True)
        preprocessing = preprocessing if hasattr(validation, "x") else None
        body = bare(body)
        replace_with(path, plain(joined(self.context.task.shapes, preprocessing, body, mirrored)).save)
        twin = joined(validation.shapes, None, body, mirrored)
        answers = twin.predict(self._batches(validation.with_y(None), 256), verbose=0)
        replace_with(predictions(folder, number), lambda at: np.savez(at, **answers))


def _keep_weights(path, body, epochs):
    replace_with(path, lambda at: np.savez(at, *body.get_weights(), epochs=epochs))


def chance(objective, score, rows):
    """By how much a score over `rows` rows may differ by chance: two standard errors of an accuracy, else nothing."""
    if not objective.name.endswith("accuracy") or not 0 <= score <= 1:
        return 0.0
    share = (score * rows + 1) / (rows + 2)  # none wrong of few does not mean none at all
    return 2 * math.sqrt(share * (1 - share) / rows)


def _following(batches):
    """The callback by which batches keep count of epochs, where they have one."""
    return [batches.follow()] if hasattr(batches, "follow") else []


def bare(model):
    """A named model's layers as a model that was never compiled: what is saved must name no loss or metric."""
    import keras

    return keras.Model({tensor.name: tensor for tensor in model.inputs}, model.output)


def replace_with(path, write):
    """Have `write(path)` write beside `path`, then put the result in its place in one step."""
    beside = path.with_name(f".{path.stem}.{os.getpid()}{path.suffix}")
    write(beside)
    os.replace(beside, path)


def trial_seed(seed, number):
    """The seed of a trial's weights and batches: a function of the search's seed and the trial's number."""
    digest = hashlib.blake2b(f"{seed}/{number}".encode(), digest_size=4).digest()
    return int.from_bytes(digest, "big") % (2**31 - 1)
