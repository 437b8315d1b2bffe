"""A fitted model with what it takes to use it on raw rows: saved and loaded without pickle."""

import json
import shutil
import warnings
from pathlib import Path

import numpy as np

from kerasnas.data import RegressionTarget, read, target_from_json
from kerasnas.data.columns import in_order, indexed, rows_in_order
from kerasnas.data.schemas import schema_from_json
from kerasnas.data.scores import Score, scores_of
from kerasnas.data.task import encode
from kerasnas.errors import ArgumentError, ExportError
from kerasnas.evaluators.keeping import replace_with
from kerasnas.tasks.exporting import write
from kerasnas.tasks.plain_values import keras_told
from kerasnas.version import __version__

FINAL, MODEL, ABOUT = "final.keras", "model.keras", "model.json"


def _alone(data):
    return next(iter(data.values())) if len(data) == 1 else data


class Predictor:
    """Answers for raw rows.

    Args:
        model: The plain Keras model.
        kinds: Kind of each input ("image", "array"), by name.
        shapes: Shape of a row of each input, by name.
        targets: Fitted target of each head, by name.
        losses: Keras loss of each head, by name.
        metrics: Keras metrics of each head, by name.
        folder: Folder of the run it came from, or None.
        value_range: Least and greatest value seen of each image input, by name.
        schemas: What was learnt of inputs that are several arrays (tables), by input name.
        scores: `Score`s of each head, by name.
        columns: Names of the columns of inputs that were data frames in the data of `fit`, by input name: later
            frames are read by them, in any order.
        loss_weights: How much the loss of each head counts, by name, or None.
    """

    def __init__(
        self, model, kinds, shapes, targets, losses, metrics, folder=None, value_range=None, schemas=None, scores=None,
        columns=None, loss_weights=None,
    ):  # fmt: skip
        self.model, self.kinds, self.targets = model, dict(kinds), dict(targets)
        self.shapes = {name: tuple(shape) for name, shape in shapes.items()}
        self.losses, self.metrics, self.folder = dict(losses), dict(metrics), folder
        self.value_range = dict(value_range or {})
        self.schemas, self.scores = dict(schemas or {}), dict(scores or {})
        self.columns, self.loss_weights = dict(columns or {}), loss_weights
        self._named = None

    # ---------------------------------------------------------------- answers
    @property
    def classes_(self):
        """Labels in the order of the probabilities; a dict by head name if there are several."""
        return _alone({name: target.classes for name, target in self.targets.items()})

    def predict(self, x, batch_size=256, verbose=0):
        """Labels, or numbers, for rows `x`, in the type `fit` was given; a dict by head name if there are several."""
        answers = self._answers(x, batch_size, verbose)
        return _alone({name: indexed(target.decode(answers[name]), x) for name, target in self.targets.items()})

    def predict_proba(self, x, batch_size=256, verbose=0):
        """Probabilities `(rows, classes)`, in the order of `classes_`; a dict by head name if there are several.

        Raises:
            ArgumentError: If no head tells classes apart.
        """
        answers = self._answers(x, batch_size, verbose)
        probable = {n: a for n, a in answers.items() if not isinstance(self.targets[n], RegressionTarget)}
        if not probable:
            raise ArgumentError(
                "Expected a model of classes for `predict_proba`. Received: a regression; use `predict`."
            )
        return _alone(probable)

    def evaluate(self, x, y=None, batch_size=256, verbose=0, sample_weight=None, return_dict=False):
        """Loss and metrics on rows, as Keras gives them: `[loss, accuracy]`, or a dict by name; then the scores."""
        rows = self._labelled(x, y, sample_weight)
        encoded = {n: encode(target, rows.y[n], self.losses[n]) for n, target in self.targets.items()}
        rows = rows.with_y(encoded)
        found = self._model().evaluate(rows.batches(batch_size), verbose=verbose, return_dict=return_dict)
        if not any(self.scores.values()):
            return found
        answers = self._predicted(rows.with_y(None), batch_size, 0)
        told = scores_of(self.targets, self.scores, encoded, answers, rows.weight)
        if return_dict:
            return {**found, **told}
        return [*(found if isinstance(found, list) else [found]), *told.values()]

    def score(self, x, y=None, sample_weight=None):
        """Accuracy of a classifier (of exact label sets with several labels), R² of a regressor: scikit-learn's.

        A label that was not in the data of `fit` is one that is answered wrongly.

        Raises:
            ArgumentError: With several heads.
        """
        from sklearn.metrics import r2_score

        if len(self.targets) != 1:
            raise ArgumentError("Expected a model of one head to score. Received: several; use `evaluate`.")
        ((name, target),) = self.targets.items()
        rows = self._labelled(x, y, sample_weight)
        answers = self._predicted(rows.with_y(None), 256, 0)[name]
        if isinstance(target, RegressionTarget):
            truth = np.reshape(target.encode(rows.y[name]), (len(answers), -1))
            numbers = np.reshape(np.asarray(target.decode(answers)), (len(answers), -1))
            return float(r2_score(truth, numbers, sample_weight=rows.weight))
        return float(np.average(target.correct(rows.y[name], answers), weights=rows.weight))

    def _labelled(self, x, y, sample_weight=None):
        x = rows_in_order(x, self.columns, self.kinds)
        y = in_order(y, {name: getattr(target, "columns", None) for name, target in self.targets.items()})
        return read(
            x, y, inputs=self.kinds, targets=tuple(self.targets), sample_weight=sample_weight, shapes=self.shapes,
            schemas=self.schemas,
        )  # fmt: skip

    def _answers(self, x, batch_size, verbose):
        return self._predicted(self._unlabelled(x), batch_size, verbose)

    def _unlabelled(self, x):
        x = rows_in_order(x, self.columns, self.kinds)
        rows = read(x, None, inputs=self.kinds, targets=(), shapes=self.shapes, schemas=self.schemas)
        for name, (low, high) in self.value_range.items():
            if high > 2 and hasattr(rows, "x") and rows.x[name].max(initial=0.0) <= 1.0 and rows.x[name].any():
                warnings.warn(
                    f"Expected pictures with values from {low:g} to {high:g}, as in the data of `fit`. Received: "
                    "values up to 1; were they rescaled?",
                    stacklevel=4,
                )
        return rows

    def _predicted(self, rows, batch_size, verbose):
        answers = self._model().predict(rows.batches(batch_size), verbose=verbose)
        return {name: np.asarray(answer) for name, answer in answers.items()}

    def _model(self):
        """The model with inputs and outputs by name, compiled to be evaluated."""
        if self._named is None:
            from kerasnas.backend import jit_compile
            from kerasnas.lowering.joining import named

            self._named = named(self.model, list(self.targets))
            self._named.compile(
                loss=self.losses, loss_weights=self.loss_weights, metrics=self.metrics, jit_compile=jit_compile()
            )
        return self._named

    # ---------------------------------------------------------------- results
    def export_model(self):
        """The plain Keras model, raw rows in."""
        return self.model

    def summary(self):
        """Print Keras's summary of the model."""
        self.model.summary()

    def leaderboard(self):
        """A data frame of all trials of the run it came from, the best first.

        Raises:
            ExportError: If its journal is not beside it.
        """
        from kerasnas.report import leaderboard

        if self.folder is None:
            raise ExportError("Expected a model with the journal of its run beside it. Received: one without.")
        return leaderboard(self.folder)

    # ------------------------------------------------------------------ files
    def export(self, path):
        """Write the plain Keras model: `.keras`, `.onnx`, or a SavedModel folder for any other name.

        Raises:
            ExportError: If it cannot be written, or ONNX lacks what it does: strings.
        """
        return write(self.model, path)

    def save(self, folder, facade=None):
        """Write the model and what it takes to use it into a folder, which `kerasnas.load` reads in any process.

        Args:
            folder: The folder. The journal of the run is copied into it.
            facade: What a facade tells of itself, to be given back as such; then the trials that the model is made of
                are copied too, so that the search can go on from there.
        """
        folder = Path(folder)
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self.model.save(folder / MODEL)
            write_about(self, folder, facade)
            if self.folder is not None and Path(self.folder).resolve() != folder.resolve():
                _copy_run(Path(self.folder), folder, facade is not None)
        except OSError as error:
            raise ExportError(f"Expected to write {folder}. Received: {error}.") from error
        return folder

    def about(self):
        """Everything but the model, as plain JSON values."""

        def described(part):
            return part if isinstance(part, str) else keras_told(part)

        return {
            "kerasnas": __version__,
            "kinds": self.kinds,
            "shapes": self.shapes,
            "targets": {name: target.to_json() for name, target in self.targets.items()},
            "losses": {name: described(loss) for name, loss in self.losses.items()},
            "metrics": {name: [described(metric) for metric in metrics] for name, metrics in self.metrics.items()},
            "scores": {name: described_scores(scores) for name, scores in self.scores.items()},
            "value_range": self.value_range,
            "schemas": {name: schema.to_json() for name, schema in self.schemas.items()},
            "columns": self.columns,
            "loss_weights": self.loss_weights,
        }


def write_about(predictor, folder, facade=None):
    """Write everything but the model beside it."""
    text = json.dumps({**predictor.about(), "facade": facade}, indent=1)
    replace_with(Path(folder) / ABOUT, lambda at: at.write_text(text))


def _copy_run(run, folder, whole):
    """Copy the journal; on request what a search needs to go on: the call, and the trials of the final model."""
    from kerasnas.report.record import record

    if not (run / "journal.jsonl").exists():
        return
    for name in ("journal.jsonl", "call.json")[: 2 if whole else 1]:
        if (run / name).exists():
            shutil.copy(run / name, folder / name)
    if not whole:
        return
    for number in record(run).final.get("members", ()):
        for path in (run / "trials").glob(f"{number:04d}.*"):
            (folder / "trials").mkdir(exist_ok=True)
            shutil.copy(path, folder / "trials" / path.name)


def load(folder):
    """The `Predictor` that was saved into a folder, by `save` or by a run.

    Raises:
        ExportError: If the folder does not hold one.
    """
    folder = Path(folder)
    path = next((folder / name for name in (FINAL, MODEL) if (folder / name).exists()), None)
    if path is None or not (folder / ABOUT).exists():
        raise ExportError(f"Expected a folder with a model and {ABOUT}. Received: {folder}.")
    return read_predictor(path, json.loads((folder / ABOUT).read_text()))


def read_predictor(path, about):
    """The `Predictor` of a model file.

    Args:
        path: The .keras file.
        about: What `Predictor.about` said of it.
    """
    import keras

    metrics = {name: [_revived(metric) for metric in each] for name, each in about["metrics"].items()}
    beside = path.parent
    return Predictor(
        keras.models.load_model(path),
        about["kinds"],
        about["shapes"],
        {name: target_from_json(values) for name, values in about["targets"].items()},
        {name: _revived(loss) for name, loss in about["losses"].items()},
        {name: [metric for metric in each if metric is not None] for name, each in metrics.items()},
        beside if (beside / "journal.jsonl").exists() else None,
        about.get("value_range"),
        {name: schema_from_json(values) for name, values in about.get("schemas", {}).items()},
        {name: [Score(*each) for each in scores] for name, scores in about.get("scores", {}).items()},
        about.get("columns"),
        about.get("loss_weights"),
    )


def described_scores(scores):
    """Scores as plain JSON values; functions, which cannot be told so, are left out."""
    return [[each.function, each.name, each.direction] for each in scores if isinstance(each.function, str)]


def _revived(part):
    """A loss or metric from its name or config; None, with a warning, where this process does not know it."""
    import keras

    if isinstance(part, str):
        return part
    try:
        return keras.saving.deserialize_keras_object(part)
    except (TypeError, ValueError):
        name = part["config"] if isinstance(part.get("config"), str) else part.get("registered_name")
        warnings.warn(
            f"Expected a loss or metric that is known here. Received: {name!r}; `evaluate` goes without. Register it "
            "with keras.saving.register_keras_serializable before loading.",
            stacklevel=3,
        )
        return None
