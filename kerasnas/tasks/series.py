"""The facades for series that are rows: one answer for each."""

from kerasnas.blocks import TimeseriesBlock, TimeseriesInput
from kerasnas.tasks.facade import Classifier, Regressor

CROSS_VALIDATED = 1000  # rows below which trials are compared by cross-validation


class _OfSeries:
    """What classification and regression of series share."""

    def _blocks(self):
        inputs = TimeseriesInput(name="series")
        return inputs, TimeseriesBlock(name="network")(inputs)

    def _usual_validation(self, rows):
        return "cv5" if 10 <= rows < CROSS_VALIDATED else "holdout"


class TimeseriesClassifier(_OfSeries, Classifier):
    """Finds a network that tells series apart.

    Series are arrays `(n, steps)` or `(n, steps, channels)`, or lists of series of different lengths; a missing value
    is NaN. `kerasnas.data.series_of` makes them of a long DataFrame with a column of times. Fewer than 1,000 are
    cross-validated unless `fit` is told otherwise.

    Args:
        num_classes: Number of classes; found from the labels if None.
        multi_label: Whether a series may have several labels.
        loss: Keras loss; cross-entropy if None.
        metrics: Keras metrics; accuracy if None.
        project_name, max_trials, directory, objective, tuner, overwrite, seed, max_model_size, strategy, time_limit,
            epochs, isolate, workers, executor, trial_timeout: See `AutoModel`.
    """

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
    """

    def _default_name(self):
        return "timeseries_regressor"
