"""Train a candidate on the training rows, judge it on the validation rows."""

import copy
import time
from pathlib import Path

import numpy as np

from kerasnas.contract import Evaluator, Measurement, Objective
from kerasnas.data import Augmentation
from kerasnas.errors import KerasnasError
from kerasnas.evaluators.in_memory import InMemory, usable
from kerasnas.evaluators.judging import judge
from kerasnas.evaluators.keeping import bare, checkpoint, keep_weights, predictions, replace_with, weights
from kerasnas.evaluators.plan import Plan, chance, trial_seed
from kerasnas.evaluators.shares import Share, Trained, shares
from kerasnas.lowering.joining import averaged, joined, named_model, plain, raw_inputs
from kerasnas.lowering.model import KerasTracer, set_from_data, solve
from kerasnas.lowering.passing import passing
from kerasnas.lowering.preprocessing import Preprocessing, parted, written
from kerasnas.space import Graph
from kerasnas.supernets.inheritance import take

SAMPLE = 2000  # rows that data-dependent weights are set from
SOLVED = 5000  # rows of a stream that layers are solved for with
TAIL = 0.08  # part of a trial's time for judging and saving it,
LONGEST_TAIL = 8.0  # in seconds at most


class Late(KerasnasError):
    """A cross-validation that takes longer than it was granted."""


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

    # ----------------------------------------------------------------- stages
    def evaluate(self, proposal, report):
        with passing():
            try:
                return self._trial(proposal, report)
            finally:
                self.swift = None  # or the model would outlive the trial

    def _trial(self, proposal, report):
        import keras

        started, task = time.monotonic(), self.context.task
        keras.utils.set_random_seed(trial_seed(self.context.seed, proposal.number))
        resolved = self.context.space.resolve(proposal.architecture)
        plan = self._plan(resolved.training, len(task.train), proposal.fidelity.get("epochs", self.epochs))
        deadline = None
        if proposal.seconds is not None:
            deadline = started + proposal.seconds - min(TAIL * proposal.seconds, LONGEST_TAIL)
        graph, early = self._graph(resolved.network)
        parts, trained = shares(task, graph), []
        for place, share in enumerate(parts):
            if place and proposal.number and deadline is not None and time.monotonic() > deadline:
                raise Late(f"the time granted was used up after {place} of {len(parts)} folds")
            until = None if deadline is None else _portion(deadline, len(parts) - place)
            part = self._trained(share, graph, early, plan, resolved.training, proposal, until, report)
            if part.interrupted and len(parts) > 1:
                raise KeyboardInterrupt  # a cross-validation that was not finished tells nothing
            trained.append(part)
        return self._measurement(proposal, trained, plan, started)

    def _measurement(self, proposal, trained, plan, started):
        first, pace = trained[0], trained[0].pace
        metrics, answers = first.metrics, None
        if self.context.task.folds is not None:
            answers = self._out_of_fold(trained)
            metrics = judge(self.context, answers)(answers)
        extra = {"params": sum(part.body.count_params() for part in trained), "batch_size": plan.batch_size}
        extra |= {"epochs": sum(len(part.pace.curve) for part in trained)}
        extra |= {"folds": self.context.task.fold_count} if answers is not None else {}
        extra |= {"mirrored": True} if first.mirrored else {}
        extra |= {"planned": plan.epochs} if pace.cut and pace.done < pace.total else {}
        extra |= {"kept": first.kept} if len(trained) == 1 and first.kept < len(pace.curve) else {}
        extra |= {"interrupted": True} if first.interrupted else {}
        if self.save and self.context.folder is not None:
            self._keep(proposal.number, trained, answers)
            if proposal.fidelity and len(trained) == 1:
                keep_weights(weights(self.context.folder, proposal.number), first.body, first.seen)
        return Measurement(metrics, tuple(pace.curve), time.monotonic() - started, extra)

    def refit(self, trial):
        """Train a trial's network again, on all rows, up to the epoch whose weights were kept, and write its model.

        Returns:
            The path of the plain model.
        """
        with passing():
            try:
                return self._again(trial)
            finally:
                self.swift = None

    def _again(self, trial):
        import keras

        task, proposal = self.context.task, trial.proposal
        keras.utils.set_random_seed(trial_seed(self.context.seed, proposal.number))
        resolved = self.context.space.resolve(proposal.architecture)
        training, extra = resolved.training, trial.measurement.extra
        trained = max(1, extra.get("epochs", 1))
        # A schedule that time cut short came to its end all the same; one that patience ended did not.
        whole = self._plan(training, len(task.whole), proposal.fidelity.get("epochs", self.epochs)).epochs
        epochs = trained if "planned" in extra or extra.get("interrupted") else max(whole, trained)
        plan = self._plan(training, len(task.whole), epochs)
        last = extra.get("kept", trained)
        share = Share(task.whole, None, "all")
        preprocessing, rest, share = self._prepared(share, *parted(*self._graph(resolved.network)))
        body = self._body(preprocessing, rest, share.train)
        take(getattr(body, "plain", body), self.context.folder, proposal.architecture)
        _, interrupted = self._fit(
            body, plan, share, training, proposal, None, lambda step, metrics: "stop" if step >= last else None
        )  # fmt: skip
        if interrupted:
            raise KeyboardInterrupt  # half a training is worth less than the trial's own
        names = self._mirrored(training, share.train.shapes) if trial.measurement.extra.get("mirrored") else ()
        path = Path(self.context.folder) / "refit" / f"{proposal.number:04d}.keras"
        path.parent.mkdir(exist_ok=True)
        prepared = preprocessing if hasattr(task.whole, "x") else None
        replace_with(path, plain(joined(task.whole, prepared, bare(body), names)).save)
        return path

    def _trained(self, share, graph, early, plan, training, proposal, deadline, report):
        preprocessing, rest, share = self._prepared(share, *parted(graph, early))
        body = self._body(preprocessing, rest, share.train)
        # Of a cross-validation, whose networks are several, no weights are kept to go on from.
        earlier = self._go_on(body, proposal, plan.epochs) if share.fold is None else 0
        pace, interrupted = self._fit(body, plan, share, training, proposal, deadline, report, earlier)
        metrics, mirrored, kept = self._judge(body, plan, pace, share.validation, training)
        seen = earlier + len(pace.curve)
        return Trained(share, preprocessing, body, pace, metrics, mirrored, interrupted, seen, kept, self.swift)

    def _graph(self, network):
        """The network as a graph, and the names of its steps that can be computed once."""
        task = self.context.task
        return (network, task.early) if isinstance(network, Graph) else task.wrap(network, task)

    def _prepared(self, share, first, rest):
        """The fitted first part of a graph, the rest of it, and the share's rows as that rest takes them."""
        key = repr([share.fold, [(step.name, written(step.node), step.sources) for step in first.steps]])
        if key not in self.prepared:
            preprocessing = Preprocessing(first, share.train)
            if hasattr(share.train, "x"):
                rows = tuple(part and preprocessing.apply(part) for part in (share.train, share.validation))
            else:
                rows = share.train, share.validation  # too large to keep: prepared again as they stream by
            self.prepared[key] = (preprocessing, *rows)
        preprocessing, train, validation = self.prepared[key]
        return preprocessing, rest, share.prepared(train, validation)

    def _plan(self, training, rows, epochs):
        return Plan.of(training, rows, epochs=epochs, batch_size=self.batch_size)

    def _tracer(self):
        return KerasTracer()

    def _body(self, preprocessing, graph, train):
        task = self.context.task
        inputs = raw_inputs(train)
        features = inputs if hasattr(train, "x") else preprocessing.tensors(inputs)
        tracer = self._tracer()
        outputs = graph.flow(tracer, features, "")
        if tracer.from_data:
            set_from_data(tracer, inputs, train.head(SAMPLE).x)
        if tracer.solved:
            solve(tracer, inputs, train if hasattr(train, "x") else train.head(SOLVED))
        if all(len(output.shape) <= len(answer_shape(task, name)) + 1 for name, output in outputs.items()):
            return self._named(graph, inputs, features, tracer, outputs)
        from kerasnas.evaluators.members import Members

        return named_model(inputs, outputs, Members)

    def _named(self, graph, inputs, features, tracer, outputs):
        """The named model that is trained."""
        return named_model(inputs, outputs)

    def _compile(self, model, plan):
        from kerasnas.backend import jit_compile

        task = self.context.task
        model.compile(
            plan.make_optimizer(), loss=task.losses(), loss_weights=task.loss_weights(),
            metrics=copy.deepcopy(task.metrics()), jit_compile=jit_compile(),
        )  # fmt: skip

    def _go_on(self, body, proposal, epochs):
        """Put the parent's weights in, or a supernet's, if there are any; the epochs they have seen."""
        if proposal.parent is None or self.context.folder is None:
            take(getattr(body, "plain", body), self.context.folder, proposal.architecture)
            return 0
        file = weights(self.context.folder, proposal.parent)
        if not file.exists():
            return 0  # it is trained from the start, as long as a promoted one
        with np.load(file) as stored:
            if int(stored["epochs"]) >= epochs:
                return 0
            body.set_weights([stored[f"arr_{place}"] for place in range(len(stored.files) - 1)])
            return int(stored["epochs"])

    def _fit(self, model, plan, share, training, proposal, deadline, report, earlier=0):
        from kerasnas.evaluators.pace import Pace

        self._compile(model, plan)
        model.optimizer.build(model.trainable_variables)  # while a graph is traced it would take a second graph
        seed = trial_seed(self.context.seed, proposal.number)
        train = plan.smoothed(share.train, self.context.task.losses())
        batches = self._batches(train, plan.batch_size, seed, training)
        patience = max(10, plan.epochs // 2) if self.patience is None else self.patience
        watched = Objective("val_loss") if plan.watch == "loss" else self.context.objective
        pace = Pace(plan, len(batches), watched, deadline, patience, report, earlier)
        interrupted = False
        self.swift = InMemory(model) if usable(train, batches, self.callbacks) else None
        if not model.trainable_weights:  # all of it is fixed or was solved for
            return pace, interrupted
        # Callbacks of the user's may wait for validation at every epoch.
        every = 1 if self.callbacks else max(1, plan.epochs // 20)
        try:
            if self.swift is not None:
                validate = share.validation and (lambda: self._measured(model, share.validation))
                self.swift.train(batches, plan, pace, validate, every, earlier)
            else:
                model.fit(
                    batches, epochs=plan.epochs, initial_epoch=earlier, shuffle=False, verbose=0,
                    validation_data=share.validation and self._batches(share.validation, 256), validation_freq=every,
                    callbacks=[*self._scoring(share), pace, *_following(batches), *copy.deepcopy(self.callbacks)],
                )  # fmt: skip
        except KeyboardInterrupt:
            if not pace.curve:
                raise
            interrupted = True
        return pace, interrupted

    def _judge(self, model, plan, pace, validation, training):
        """Metrics of the best weights, what is mirrored, and the epoch they are of.

        Answers are averaged over mirror images where that is no worse.

        Weights of an earlier epoch must be better by more than chance: at high learning rates accuracies jump, and the
        luckiest of many epochs is no better than the annealed last.
        """
        objective = pace.objective
        metrics, kept = self._measured(model, validation), len(pace.curve)
        if pace.best > objective.score(metrics) + chance(objective, pace.best, len(validation)):
            pace.restore()
            kept = pace.best_epoch + 1
            metrics = self._measured(model, validation)
        names = self._mirrored(training, validation.shapes)
        if names and hasattr(validation, "x"):
            twin = joined(validation, None, bare(model), names)
            self._compile(twin, plan)
            twice = self._measured(twin, validation)
            # A small gain is told sooner by the loss than by most objectives.
            if twice["val_loss"] <= metrics["val_loss"]:
                return twice, names, kept
        return metrics, (), kept

    def _measured(self, model, rows):
        """Metrics on rows, by name with "val_" before it."""
        if self.swift is None or self.swift.model is not model:
            found = model.evaluate(self._batches(rows, 256), verbose=0, return_dict=True)
            return {f"val_{name}": float(value) for name, value in found.items()} | self._scores(model, rows)
        answers = self._joined(self.swift.answers(rows), rows)
        return judge(self.context, answers, rows)(answers)

    def _scoring(self, share):
        """The callback that adds scores to an epoch's metrics, where there are any to add."""
        from kerasnas.evaluators.scoring import Scoring

        if not any(self.context.task.scores().values()):
            return []
        return [Scoring(lambda model: self._scores(model, share.validation))]

    def _scores(self, model, validation):
        from kerasnas.evaluators.scoring import scored

        return scored(self.context.task, model, validation, lambda rows: self._batches(rows, 256))

    def _joined(self, answers, rows):
        """Answers of members as one: their mean, or, by folds, that of the members that have not seen the row."""
        found = {}
        for name, answer in answers.items():
            if answer.ndim > len(answer_shape(self.context.task, name)) + 1:
                by_row = rows.weight is not None and rows.weight.ndim == 2
                answer = answer[np.arange(len(answer)), rows.weight.argmax(axis=1)] if by_row else answer.mean(axis=1)
            found[name] = answer
        return found

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

    # ------------------------------------------------------------------ results
    def _out_of_fold(self, trained):
        """Answers by head name, each row's from what has not been trained on it."""
        folds = self.context.task.folds
        if trained[0].share.held is not None:
            rows = trained[0].share.validation
            if trained[0].swift is not None:
                return self._joined(trained[0].swift.answers(rows), rows)
            found = trained[0].body.predict(self._batches(rows.with_y(None), 256), verbose=0)
            return {name: answer[np.arange(len(folds)), folds] for name, answer in found.items()}
        parts = [self._answers(part) for part in trained]
        answers = {name: np.empty((len(folds), *part.shape[1:]), part.dtype) for name, part in parts[0].items()}
        for part, found in zip(trained, parts):
            for name, answer in found.items():
                answers[name][folds == part.share.fold] = answer
        return answers

    def _answers(self, part):
        """Answers on the validation rows of one training."""
        rows = part.share.validation
        if part.swift is not None and not part.mirrored:
            return self._joined(part.swift.answers(rows), rows)
        twin = joined(rows, None, bare(part.body), part.mirrored)
        return twin.predict(self._batches(rows.with_y(None), 256), verbose=0)

    def _keep(self, number, trained, answers):
        """Write the whole model, raw rows in, and its answers on the validation rows; each appears at once or not.

        Args:
            number: The trial's.
            trained: What was trained: the parts of which the model is the mean.
            answers: Answers out of fold; None for those on the validation rows.
        """
        folder, raw = self.context.folder, self.context.task.train
        path = checkpoint(folder, number)
        path.parent.mkdir(parents=True, exist_ok=True)
        models = [
            joined(raw, part.preprocessing if hasattr(raw, "x") else None, bare(part.body), part.mirrored)
            for part in trained
        ]
        whole = models[0] if len(models) == 1 else averaged(models)
        replace_with(path, plain(whole).save)
        answers = self._answers(trained[0]) if answers is None else answers
        replace_with(predictions(folder, number), lambda at: np.savez(at, **answers))


def _portion(deadline, parts):
    """The end of the first of `parts` equal parts of the time that is left."""
    now = time.monotonic()
    return now + max(deadline - now, 0.0) / parts


def answer_shape(task, name):
    """The shape of one answer of a head."""
    return getattr(task.heads[name].target, "shape", (task.heads[name].target.width,))


def _following(batches):
    """The callback by which batches keep count of epochs, where they have one."""
    return [batches.follow()] if hasattr(batches, "follow") else []
