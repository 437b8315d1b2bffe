"""`AutoModel`: a drawn graph of blocks, searched, trained and handed over as a plain Keras model."""

import time

from kerasnas import strategies
from kerasnas.arguments import whole
from kerasnas.blocks import Drawing
from kerasnas.blocks.block import KnownArguments
from kerasnas.data.validation import Validation
from kerasnas.errors import ArgumentError
from kerasnas.evaluators import Training
from kerasnas.evaluators.training import checkpoint
from kerasnas.loop import Budget, Session, place
from kerasnas.loop.journal import writing
from kerasnas.tasks import calls
from kerasnas.tasks.arguments import check_call, check_fraction, listed, tuner
from kerasnas.tasks.described import described
from kerasnas.tasks.estimator import Estimator, dense, not_fitted
from kerasnas.tasks.measuring import check_measured, objectives_of
from kerasnas.tasks.predictor import Predictor, write_about
from kerasnas.tasks.preparation import prepare, usual_split


class AutoModel(Estimator, KnownArguments):
    """Finds, trains and hands over a Keras model for a drawn graph of blocks.

    Args:
        inputs: An input (`ImageInput()`), or a list of them.
        outputs: What a head gave when it was called on a block's output, or a list of that.
        project_name: Name of the run's folder; made from the data and the space if None, so that the same call goes
            on where it stopped and other data get a folder of their own.
        max_trials: Trials at most; 100 if neither this nor a time limit is given.
        directory: Where run folders lie; `kerasnas_runs` in the working directory if None.
        objective: What is improved: "val_accuracy", "val_loss", ..., an `Objective` or KerasTuner's, a weighted sum or
            a list of them; see `search`. The head's own (accuracy for classes, loss for numbers) if None.
        tuner: AutoKeras's word for `strategy`: "greedy", "bayesian", "hyperband", "random", or the class of one.
        overwrite: Whether to start anew where the folder holds a run.
        seed: Seed of everything random; 0 is one. Drawn, and kept in the journal, if None.
        max_model_size: Parameters a model may have.
        strategy: Name of a search strategy, or one: `"greedy"`, `"random"`, `Greedy(elite=5)`.
        time_limit: Seconds for everything: analysis, search and final fit.
        epochs: Epochs of every trial; found by the search if None.
        isolate: Whether trials run in a process of their own, so that a crash costs only the trial.
        workers, executor, trial_timeout: Trials at once, and where they run; see `search`.

    Attributes:
        best_architecture_: The architecture of the best trial.
        trials_: All trials of the run.
        folder_: The run's folder.
        seed_: The seed used.
    """

    def __init__(
        self, inputs, outputs, project_name=None, max_trials=None, directory=None, objective=None, tuner=None,
        overwrite=False, seed=None, max_model_size=None, strategy=None, time_limit=None, epochs=None, isolate=False,
        workers=None, executor=None, trial_timeout=None,
    ):  # fmt: skip
        self.inputs, self.outputs = inputs, outputs
        self.project_name, self.max_trials, self.directory = project_name, max_trials, directory
        self.objective, self.tuner, self.overwrite, self.seed = objective, tuner, overwrite, seed
        self.max_model_size, self.strategy, self.time_limit = max_model_size, strategy, time_limit
        self.epochs, self.isolate = epochs, isolate
        self.workers, self.executor, self.trial_timeout = workers, executor, trial_timeout

    # -------------------------------------------------------------------- fit
    def fit(
        self, x=None, y=None, epochs=None, callbacks=None, validation_split=None, validation_data=None, batch_size=None,
        verbose=1, time_limit=None, class_weight=None, sample_weight=None, validation=None, groups=None,
        refit=None, ensemble=True, **unknown,
    ):  # fmt: skip
        """Search, train and keep the best model. Calling it again goes on where the run stopped.

        Args:
            x: Rows of the inputs: arrays, lists, data frames, a tf.data.Dataset, a generator, a folder of pictures;
                a dict by input name or a list where there are several.
            y: Targets likewise; None where `x` brings them.
            epochs: Epochs of every trial, or the most of one where the strategy decides ("hyperband"); found by the
                search if None.
            callbacks: Keras callbacks; each trial gets copies.
            validation_split: Part of the rows on which trials are compared, drawn by the seed, stratified by class; a
                tenth (a fifth of fewer than 2,000 rows; of a table up to a quarter, to have a thousand rows) if None.
            validation_data: `(x, y)` or `(x, y, weights)` to compare trials on instead.
            batch_size: Rows in a step; found by the search if None.
            verbose: 0 silent, 1 a live display (plain lines where there is no terminal), 2 lines.
            time_limit: Seconds for everything; the constructor's if None.
            class_weight: Dict from label to the weight of its rows; or "balanced", for weights by which all classes
                count alike. Loss and scikit-learn's scores of validation rows are weighted so too, Keras's metrics are
                not: with `objective="val_loss"` or "balanced_accuracy" trials are compared by it.
            sample_weight: Weight of each row.
            validation: How trials are compared where no `validation_data` are given: "holdout" (a part that is drawn),
                "cv5" (cross-validation in that many folds, whose models are averaged), "time" (the last part); what
                suits the task if None.
            groups: Group of each row; rows of one group are never both trained on and validated by.
            refit: Whether the final model is trained again on all rows, the validation rows among them; a time limit
                counts that too. Cross-validated models have seen all rows as they are. What suits the task if None:
                tables, texts and forecasts are, others not.
            ensemble: Whether the model may be a mean of the best few trials. With False it is the best one alone:
                smaller and faster, and most often a little less accurate.

        Returns:
            This object.

        Raises:
            DataError, ArgumentError, SpaceError: Before any training, if something cannot be used.
            JournalError: If the folder holds another run or cannot be written.
            SearchError: If every trial failed.
        """
        started = time.monotonic()
        check_call(unknown, verbose, callbacks, (self.fit, AutoModel.fit))
        refit, ensemble = self._usual_refit() if refit is None else bool(refit), bool(ensemble)
        budget = self._budget(time_limit, refit, ensemble)
        fixed = self._fixed(epochs, batch_size)
        strategy = strategies.get(self.strategy or tuner(self.tuner), max_epochs=fixed["epochs"])
        seed = whole("seed", self.seed, 0)
        executor = place(self.executor, self.workers, self.trial_timeout, self.isolate)
        if validation_split is not None:
            check_fraction(validation_split)
        drawing = Drawing(*self._draw())
        x = dense(x)
        prepared = prepare(drawing, x, y, validation_data, sample_weight, class_weight)
        objectives = objectives_of(self.objective, prepared.heads)
        check_measured(prepared.heads, prepared.rows, objectives)
        held = self._validation(validation, validation_split, groups, prepared)

        call = {
            "epochs": epochs, "validation_split": validation_split, "batch_size": batch_size, "ensemble": ensemble,
            "time_limit": time_limit, "class_weight": class_weight, "validation": validation, "refit": refit,
        }  # fmt: skip
        data = {
            "validation_data": validation_data, "sample_weight": sample_weight, "callbacks": callbacks or None,
            "groups": groups,
        }  # fmt: skip
        run, context, model = Session(
            space=prepared.space(fixed, held), objectives=objectives, strategy=strategy,
            evaluator=Training(callbacks=listed(callbacks)), budget=budget,
            data=prepared.fingerprint(held), heads=prepared.heads,
            task=lambda seed: prepared.task(held, seed), seed=seed, directory=self.directory,
            project_name=self.project_name, default_name=self._default_name(), overwrite=self.overwrite,
            executor=executor, show=self._showing(verbose, call, data), started=started,
        ).search()  # fmt: skip
        self._found(run, context, model, prepared)
        self._note_features(x)
        with writing(f"what the model is, in {self.folder_}"):
            write_about(self.predictor_, self.folder_, described(self))
        return self

    def _found(self, run, context, model, prepared):
        """Takes over what a search gave."""
        self.folder_, self.seed_, self.trials_ = context.folder, context.seed, run.trials
        self.best_architecture_ = run.best.proposal.architecture
        self.predictor_ = _predictor(model, context, prepared)

    def _showing(self, verbose, call, data):
        """A function that writes how `fit` was called beside the journal, and opens the display."""

        def show(context, limits, journal):
            from kerasnas.report.display import display

            calls.write(self, context.folder, call, [name for name, value in data.items() if value is not None])
            return display(verbose, context, limits, journal)

        return show

    # ------------------------------------------------------------- arguments
    def _fixed(self, epochs, batch_size):
        """Training values that the user gave, by name; None for those left open."""
        epochs = whole("epochs", self.epochs if epochs is None else epochs)
        return {"epochs": epochs, "batch_size": whole("batch_size", batch_size)}

    def _draw(self):
        return self.inputs, self.outputs

    def _default_name(self):
        return "auto_model"

    def _validation(self, given, fraction, groups, prepared):
        """The `Validation` by which trials are compared."""
        if given is None and fraction is None and groups is None and hasattr(prepared.rows, "x"):
            given = self._usual_validation(len(prepared.rows))
        found = Validation.of(given, fraction or self._usual_split(len(prepared.rows)), groups)
        if prepared.validation is None:
            found.check(len(prepared.rows))
        return found

    def _usual_validation(self, rows):
        """How trials are compared where the user does not say: a word as of `fit`."""
        return "holdout"

    def _usual_split(self, rows):
        """The part of the rows that is held out where the user does not say."""
        return usual_split(rows)

    def _usual_refit(self):
        """Whether the final model is trained again on all rows where the user does not say."""
        return False

    def _budget(self, time_limit, refit, ensemble):
        limit = self.time_limit if time_limit is None else time_limit
        trials = self.max_trials
        if trials is None and limit is None:
            trials = 100
        return Budget(trials, limit, self.max_model_size, refit=refit, ensemble=ensemble)

    # ---------------------------------------------------------------- results
    def _fitted(self):
        if getattr(self, "predictor_", None) is None:
            raise not_fitted(self)
        return self.predictor_

    @property
    def classes_(self):
        """Labels in the order of the probabilities."""
        return self._fitted().classes_

    @property
    def history(self):
        """The best trial epoch by epoch: lists of its metrics by name, as Keras's `History.history`.

        One value each where a network is not trained in epochs but solved for. Long trainings are validated every few
        epochs: lists of validation metrics are shorter then.
        """
        self._fitted()
        from kerasnas.report.record import record

        found = record(self.folder_).ranked[0].measurement
        curve = found.curve or (found.metrics,)
        names = dict.fromkeys(name for each in curve for name in each if name != "epoch")
        return {name: [each[name] for each in curve if name in each] for name in names}

    @property
    def calibration_(self):
        """How far the probabilities were off on the validation rows, and what was done about it.

        A dict with "temperature" (log-odds are divided by it; 1 is no change), "ece" (expected calibration error before
        and after), "log_loss" (likewise) and "rows"; by head name if there are several heads; empty for numbers.
        """
        self._fitted()
        from kerasnas.report.record import record

        found = record(self.folder_).final.get("calibration", {})
        return next(iter(found.values())) if len(found) == 1 else found

    def predict(self, x, batch_size=256, verbose=0):
        """Labels, or numbers, for rows `x`, in the type `fit` was given; a dict by head name if there are several."""
        return self._fitted().predict(self._rows(x), batch_size, verbose)

    def predict_proba(self, x, batch_size=256, verbose=0):
        """Probabilities `(rows, classes)`, in the order of `classes_`."""
        return self._fitted().predict_proba(self._rows(x), batch_size, verbose)

    def evaluate(self, x, y=None, batch_size=256, verbose=0, sample_weight=None, return_dict=False):
        """Loss and metrics on rows, as Keras gives them: `[loss, accuracy]`, or a dict by name."""
        return self._fitted().evaluate(self._rows(x), y, batch_size, verbose, sample_weight, return_dict)

    def score(self, x, y=None, sample_weight=None):
        """Accuracy of a classifier, R² of a regressor, as scikit-learn's `score`."""
        return self._fitted().score(self._rows(x), y, sample_weight)

    def export_model(self, trial=None):
        """The plain Keras model, raw rows in: the final one, or that of a trial.

        Args:
            trial: Number of a trial; its model must be among the best that are kept.

        Raises:
            ArgumentError: If that trial's model is not kept.
        """
        predictor = self._fitted()
        if trial is None:
            return predictor.model
        import keras

        path = checkpoint(self.folder_, trial)
        if not path.exists():
            kept = sorted(int(file.stem) for file in path.parent.glob("[0-9]*.keras"))
            raise ArgumentError(f"Expected a trial whose model is kept: {kept}. Received: {trial}.")
        return keras.models.load_model(path)

    def leaderboard(self):
        """A data frame of all trials, the best first."""
        self._fitted()
        from kerasnas.report import leaderboard

        return leaderboard(self.folder_)

    def save(self, folder):
        """Write the fitted model and all it needs into a folder; `kerasnas.load(folder)` reads it in any process.

        Loaded, it answers, exports and searches on, a drawn graph of blocks too. Where a block is of a class of the
        user's own, or has a function as an argument, that cannot be told in JSON: `load` says so, and gives a
        `Predictor`, which answers and exports.
        """
        return self._fitted().save(folder, described(self))

    def _remembered(self):
        """What is known of the data of `fit` beside the model, as plain JSON values.

        Raises:
            TypeError: If that cannot be told.
        """
        return {}

    def _remember(self, values):
        """Take back what `_remembered` told."""

    def summary(self):
        """Print Keras's summary of the final model."""
        self._fitted().model.summary()

    def _repr_html_(self):
        """What a notebook shows: the leaderboard's top, once there is one."""
        if getattr(self, "predictor_", None) is None:
            return f"<b>{type(self).__name__}</b>, not fitted"
        return f"<b>{type(self).__name__}</b>" + self.leaderboard().head(5).drop(columns="architecture").to_html(
            index=False
        )


def _predictor(model, context, prepared):
    task, kinds = context.task, prepared.drawing.kinds
    targets = {name: head.target for name, head in task.heads.items()}
    ranges = {}
    if hasattr(task.train, "x"):
        pictures = {name: rows for name, rows in task.train.x.items() if kinds.get(name) == "image"}
        ranges = {name: (float(rows.min()), float(rows.max())) for name, rows in pictures.items()}
    return Predictor(
        model, kinds, task.shapes, targets, task.losses(), task.metrics(), context.folder, ranges, prepared.schemas,
        task.scores(), prepared.columns, task.loss_weights(),
    )  # fmt: skip
