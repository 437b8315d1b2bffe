"""The facades for series that are rows: one answer for each."""

from kerasnas.blocks import TimeseriesBlock, TimeseriesInput
from kerasnas.data.long_frames import series_with_targets
from kerasnas.errors import ArgumentError
from kerasnas.tasks.facade import Classifier, Regressor

CROSS_VALIDATED = 1000  # rows below which trials are compared by cross-validation


class _OfSeries:
    """What classification and regression of series share."""

    _channels = None  # names of the columns of values of a long frame, as in the data of `fit`

    def _blocks(self):
        inputs = TimeseriesInput(name="series")
        return inputs, TimeseriesBlock(name="network")(inputs)

    def _usual_validation(self, rows):
        return "cv5" if 10 <= rows < CROSS_VALIDATED else "holdout"

    def fit(self, x=None, y=None, epochs=None, callbacks=None, validation_split=None, validation_data=None, **named):
        """Search, train and keep the best model; see `AutoModel.fit`.

        Args:
            x: Series: an array, a list of series, or, with a `series_column`, a long DataFrame with one row a step.
            y: A target for each series, of a long DataFrame in the order of the first rows of the series; a Series or
                dict by what the series are called in `series_column`; or the name of a column of `x` that has one value
                in each series. `sample_weight` and `groups` likewise hold a value for each series, in that order.
            validation_data: As of `AutoModel.fit`; a long DataFrame alone where `y` names a column.
            epochs, callbacks, validation_split, **named: As of `AutoModel.fit`.
        """
        self._channels = None
        if validation_data is not None:
            alone = not isinstance(validation_data, (tuple, list))
            held = (validation_data, y if isinstance(y, (str, list)) else None) if alone else validation_data
        x, y, self._channels = self._told(x, y)
        if validation_data is not None and self._channels is not None:
            *held, _ = (*self._told(*held[:2], "validation `x`")[:2], *held[2:], None)
            validation_data = tuple(held)
        return super().fit(x, y, epochs, callbacks, validation_split, validation_data, **named)

    def evaluate(self, x, y=None, batch_size=256, verbose=0, sample_weight=None, return_dict=False):
        """Loss and metrics on series; `x` and `y` as of `fit`."""
        self._fitted()
        x, y, _ = self._told(x, y)
        return super().evaluate(x, y, batch_size, verbose, sample_weight, return_dict)

    def score(self, x, y=None, sample_weight=None):
        """Accuracy of a classifier, R² of a regressor; `x` and `y` as of `fit`."""
        self._fitted()
        x, y, _ = self._told(x, y)
        return super().score(x, y, sample_weight)

    def _rows(self, x):
        return super()._rows(self._told(x)[0])

    def _told(self, x, y=None, what="`x`"):
        """Series, their targets and the names of their channels out of a long frame; other data as they are."""
        if self.series_column is None:
            if self.time_column is not None:
                raise ArgumentError(
                    "Expected `series_column` beside `time_column`: one answer is for one series of several. "
                    "Received: None."
                )
            return x, y, None
        if not hasattr(x, "columns"):
            return x, y, None
        return series_with_targets(x, y, self.time_column, self.series_column, self._channels, what)

    def _remembered(self):
        return {"channels": self._channels}

    def _remember(self, values):
        self._channels = values.get("channels")


class TimeseriesClassifier(_OfSeries, Classifier):
    """Finds a network that tells series apart.

    Series are arrays `(n, steps)` or `(n, steps, channels)`, or lists of series of different lengths; a missing value
    is NaN. With a `series_column`, they are long DataFrames with one row a step; answers are then arrays with one for
    each series, in the order of their first rows. Fewer than 1,000 are cross-validated unless `fit` is told otherwise.

    Args:
        num_classes: Number of classes; found from the labels if None.
        multi_label: Whether a series may have several labels.
        loss: Keras loss; cross-entropy if None.
        metrics: Keras metrics; accuracy if None.
        project_name, max_trials, directory, objective, tuner, overwrite, seed, max_model_size, strategy, time_limit,
            epochs, isolate, workers, executor, trial_timeout: See `AutoModel`.
        time_column: Name of the column of times of a long DataFrame: dates or numbers at equal distances; rows of a
            series are in the order of time if None.
        series_column: Name of the column of a long DataFrame that tells the series apart.
    """

    def __init__(
        self, num_classes=None, multi_label=False, loss=None, metrics=None, project_name=None, max_trials=None,
        directory=None, objective=None, tuner=None, overwrite=False, seed=None, max_model_size=None, strategy=None,
        time_limit=None, epochs=None, isolate=False, workers=None, executor=None, trial_timeout=None, time_column=None,
        series_column=None,
    ):  # fmt: skip
        super().__init__(
            num_classes, multi_label, loss, metrics, project_name, max_trials, directory, objective, tuner, overwrite,
            seed, max_model_size, strategy, time_limit, epochs, isolate, workers, executor, trial_timeout,
        )  # fmt: skip
        self.time_column, self.series_column = time_column, series_column

    def _default_name(self):
        return "timeseries_classifier"


class TimeseriesRegressor(_OfSeries, Regressor):
    """Finds a network that reads numbers off series; see `TimeseriesClassifier` for what series may be.

    Args:
        output_dim: Number of outputs; found from the targets if None.
        loss: Keras loss; the mean squared error if None.
        metrics: Keras metrics; the mean squared error if None.
        project_name, max_trials, directory, objective, tuner, overwrite, seed, max_model_size, strategy, time_limit,
            epochs, isolate, workers, executor, trial_timeout: See `AutoModel`.
        time_column: Name of the column of times of a long DataFrame: dates or numbers at equal distances; rows of a
            series are in the order of time if None.
        series_column: Name of the column of a long DataFrame that tells the series apart.
    """

    def __init__(
        self, output_dim=None, loss=None, metrics=None, project_name=None, max_trials=None, directory=None,
        objective=None, tuner=None, overwrite=False, seed=None, max_model_size=None, strategy=None, time_limit=None,
        epochs=None, isolate=False, workers=None, executor=None, trial_timeout=None, time_column=None,
        series_column=None,
    ):  # fmt: skip
        super().__init__(
            output_dim, loss, metrics, project_name, max_trials, directory, objective, tuner, overwrite, seed,
            max_model_size, strategy, time_limit, epochs, isolate, workers, executor, trial_timeout,
        )  # fmt: skip
        self.time_column, self.series_column = time_column, series_column

    def _default_name(self):
        return "timeseries_regressor"
