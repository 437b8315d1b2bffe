"""The facades for tables."""

from kerasnas.blocks import StructuredDataBlock, StructuredDataInput
from kerasnas.blocks.tables import FEW
from kerasnas.data.tables import take_target
from kerasnas.tasks.facade import Classifier, Regressor
from kerasnas.tasks.preparation import usual_split

FOLDS = 8


class _Tables:
    """What both facades do: tables in, of which `y` may name a column."""

    def _blocks(self):
        inputs = StructuredDataInput(self.column_names, self.column_types, name="table")
        return inputs, StructuredDataBlock(name="network")(inputs)

    def _usual_validation(self, rows):
        return f"cv{FOLDS}" if FOLDS <= rows < FEW else "holdout"

    def _usual_split(self, rows):
        """A thousand rows where a quarter of the table has them: errors of a few hundred hang on a handful of rows.

        What is set apart costs little, for tables are trained on again as a whole.
        """
        usual = usual_split(rows)
        return usual if rows < 2000 else max(usual, min(0.25, 1000 / rows))

    def _usual_refit(self):
        return True  # trees and networks of tables take seconds, and a fifth more rows is worth them

    def fit(self, x=None, y=None, epochs=None, callbacks=None, validation_split=None, validation_data=None, **named):
        """Search, train and keep the best model; see `AutoModel.fit`.

        Args:
            x: A table: a DataFrame, the path of a CSV or Parquet file, an array `(n, columns)`, a dict of columns, or a
                list of dicts or rows.
            y: Targets, or the name of a column of `x`.
            validation_data: As of `AutoModel.fit`; a table alone where `y` names a column.
            epochs, callbacks, validation_split, **named: As of `AutoModel.fit`.
        """
        if isinstance(y, str) and not isinstance(validation_data, (tuple, list, type(None))):
            validation_data = (validation_data, y)
        x, y = take_target(x, y)
        if isinstance(validation_data, (tuple, list)) and len(validation_data) > 1:
            held, targets = take_target(*validation_data[:2], "validation `x`")
            validation_data = (held, targets, *validation_data[2:])
        return super().fit(x, y, epochs, callbacks, validation_split, validation_data, **named)

    def evaluate(self, x, y=None, batch_size=256, verbose=0, sample_weight=None, return_dict=False):
        """Loss and metrics on rows; `y` may name a column of `x`."""
        x, y = take_target(x, y)
        return super().evaluate(x, y, batch_size, verbose, sample_weight, return_dict)

    def score(self, x, y=None, sample_weight=None):
        """Accuracy of a classifier, R² of a regressor; `y` may name a column of `x`."""
        return super().score(*take_target(x, y), sample_weight)


class StructuredDataClassifier(_Tables, Classifier):
    """Finds a network that tells the rows of a table apart.

    Args:
        column_names: Names for rows that bring none; of a table with names, the columns that are used.
        column_types: "numerical", "categorical", "date" or "text" by column name; told from the values where not given.
        num_classes: Number of classes; found from the labels if None.
        multi_label: Whether a row may have several labels.
        loss: Keras loss; cross-entropy if None.
        metrics: Keras metrics; accuracy if None.
        project_name, max_trials, directory, objective, tuner, overwrite, seed, max_model_size, strategy, time_limit,
            epochs, isolate, workers, executor, trial_timeout: See `AutoModel`.
    """

    def __init__(
        self, column_names=None, column_types=None, num_classes=None, multi_label=False, loss=None, metrics=None,
        project_name=None, max_trials=None, directory=None, objective=None, tuner=None, overwrite=False, seed=None,
        max_model_size=None, strategy=None, time_limit=None, epochs=None, isolate=False, workers=None, executor=None,
        trial_timeout=None,
    ):  # fmt: skip
        super().__init__(
            num_classes, multi_label, loss, metrics, project_name, max_trials, directory, objective, tuner, overwrite,
            seed, max_model_size, strategy, time_limit, epochs, isolate, workers, executor, trial_timeout,
        )  # fmt: skip
        self.column_names, self.column_types = column_names, column_types

    def _default_name(self):
        return "structured_data_classifier"


class StructuredDataRegressor(_Tables, Regressor):
    """Finds a network that reads numbers off the rows of a table.

    Args:
        column_names, column_types: As of `StructuredDataClassifier`.
        output_dim: Number of outputs; found from the targets if None.
        loss: Keras loss; the mean squared error if None.
        metrics: Keras metrics; the mean squared error if None.
        project_name, max_trials, directory, objective, tuner, overwrite, seed, max_model_size, strategy, time_limit,
            epochs, isolate, workers, executor, trial_timeout: See `AutoModel`.
    """

    def __init__(
        self, column_names=None, column_types=None, output_dim=None, loss=None, metrics=None, project_name=None,
        max_trials=None, directory=None, objective=None, tuner=None, overwrite=False, seed=None, max_model_size=None,
        strategy=None, time_limit=None, epochs=None, isolate=False, workers=None, executor=None, trial_timeout=None,
    ):  # fmt: skip
        super().__init__(
            output_dim, loss, metrics, project_name, max_trials, directory, objective, tuner, overwrite, seed,
            max_model_size, strategy, time_limit, epochs, isolate, workers, executor, trial_timeout,
        )  # fmt: skip
        self.column_names, self.column_types = column_names, column_types

    def _default_name(self):
        return "structured_data_regressor"
