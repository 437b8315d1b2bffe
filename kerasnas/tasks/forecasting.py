"""The facade for forecasts: the next steps of series, from those before."""

from kerasnas.arguments import whole
from kerasnas.blocks import ForecastBlock, ForecastHead, RegressionHead, TimeseriesInput
from kerasnas.data.forecasting import History, InTime
from kerasnas.data.windows import Span, season_of, too_short, usual_lookback
from kerasnas.errors import ArgumentError, DataError
from kerasnas.tasks.arguments import check_fraction
from kerasnas.tasks.facade import Facade


class TimeseriesForecaster(Facade):
    """Finds a network that tells how series go on.

    The exported model takes windows `(lookback, channels)` and answers `(horizon, targets)`, all in the unit of the
    data. Trials are compared on the last part of the steps, none of which any training has seen.

    Args:
        output_dim: Number of targets; found from the data if None.
        column_names: Names of the columns of an array.
        column_types: AutoKeras's argument; columns are numbers.
        lookback: Steps of a window; chosen by the season and the length of the series if None, and shortened by trials.
        predict_from: First step of the forecast; 1 is the one after the window.
        predict_until: Last step of the forecast; `predict_from` if None.
        loss: Keras loss; the mean squared error if None.
        metrics: Keras metrics; the mean squared error if None.
        project_name, max_trials, directory, objective, tuner, overwrite, seed, max_model_size: See `AutoModel`.
        horizon: Steps of the forecast: `predict_until` in other words.
        season: Steps of a season; found from the data if None.
        time_column: Name of the column of times of a DataFrame: dates or numbers at equal distances.
        series_column: Name of the column that tells several series of a DataFrame apart.
        block_type: Networks to search; see `ForecastBlock`.
        strategy, time_limit, epochs, isolate, workers, executor, trial_timeout: See `AutoModel`.

    Attributes:
        lookback_, season_: As chosen.
    """

    def __init__(
        self, output_dim=None, column_names=None, column_types=None, lookback=None, predict_from=1, predict_until=None,
        loss=None, metrics=None, project_name=None, max_trials=None, directory=None, objective=None, tuner=None,
        overwrite=False, seed=None, max_model_size=None, horizon=None, season=None, time_column=None,
        series_column=None, block_type=None, strategy=None, time_limit=None, epochs=None, isolate=False,
        workers=None, executor=None, trial_timeout=None,
    ):  # fmt: skip
        super().__init__(
            loss, metrics, project_name, max_trials, directory, objective, tuner, overwrite, seed, max_model_size,
            strategy, time_limit, epochs, isolate, workers, executor, trial_timeout,
        )  # fmt: skip
        self.output_dim, self.column_names, self.column_types = output_dim, column_names, column_types
        self.lookback, self.predict_from, self.predict_until = lookback, predict_from, predict_until
        self.horizon, self.season, self.time_column, self.series_column = horizon, season, time_column, series_column
        self.block_type = block_type

    # -------------------------------------------------------------------- fit
    def fit(
        self, x=None, y=None, epochs=None, callbacks=None, validation_split=None, validation_data=None, batch_size=None,
        verbose=1, time_limit=None, refit=None, ensemble=True, **unknown,
    ):  # fmt: skip
        """Search, train and keep the best model.

        Args:
            x: One row a step, in the order of time: a DataFrame, or an array `(steps,)` or `(steps, channels)`.
            y: What is forecast: names of columns of `x` (one or a list), or an array `(steps,)` or `(steps, targets)`
                beside it; all columns if None.
            validation_split: Part of the steps, the last ones, on whose forecasts trials are compared; a fifth if None.
            validation_data: `x`, or `(x, y)`, of later or other steps to compare on instead.
            refit: Whether the final model is trained again on all steps; yes if None.
            epochs, callbacks, batch_size, verbose, time_limit, ensemble: See `AutoModel.fit`.

        Returns:
            This object.

        Raises:
            DataError: If times leave a gap or occur twice, values are missing, or there are too few steps.
            ArgumentError: If an argument cannot be used.
            SearchError: If every trial failed.
        """
        if validation_split is not None:
            check_fraction(validation_split)
        span = self._given_span()
        history = History.of(x, y, self.time_column, self.series_column, self.column_names)
        self._check_width(history)
        fraction = 0.2 if validation_split is None else validation_split
        seen = history if validation_data is not None else history.before(fraction)
        self.season_ = whole("season", self.season) or season_of(seen.targets[0][:, 0])
        steps = min(map(len, history.inputs))
        if span.lookback is None:
            span = Span(usual_lookback(steps, span.horizon + span.gap, self.season_), span.horizon, span.gap)
        self.lookback_, self._span, self._history = span.lookback, span, history
        self._mean, self._scale = seen.moments()
        windows, held = self._windows(history, fraction, validation_data)
        super().fit(
            *windows, epochs=epochs, callbacks=callbacks, validation_split=validation_split, validation_data=held,
            batch_size=batch_size, verbose=verbose, time_limit=time_limit, refit=refit,
            ensemble=ensemble, **unknown,
        )  # fmt: skip
        return self

    def _given_span(self):
        first, last = whole("predict_from", self.predict_from), whole("predict_until", self.predict_until)
        horizon = whole("horizon", self.horizon)
        if horizon is not None and last is not None and last - first + 1 != horizon:
            raise ArgumentError(f"Expected either `horizon` or `predict_until`. Received: {horizon} and {last}.")
        last = last or first + (horizon or 1) - 1
        if last < first:
            raise ArgumentError(f"Expected `predict_until` from `predict_from` on. Received: {last} and {first}.")
        return Span(whole("lookback", self.lookback), last - first + 1, first - 1)

    def _check_width(self, history):
        width = history.targets[0].shape[1]
        if self.output_dim is not None and self.output_dim != width:
            raise DataError(f"Expected {self.output_dim} targets, as `output_dim` says. Received: {width}.")

    def _windows(self, history, fraction, validation_data):
        """All windows with what follows them; those of `validation_data`, or None where a part is held out."""
        self._held = None
        if validation_data is None:
            self._held = InTime(fraction, in_time=True, parts=history.split(self._span, fraction))
            return history.windows(self._span), None
        vx, vy = validation_data if isinstance(validation_data, (tuple, list)) else (validation_data, None)
        held = history.alike(vx, vy, "`validation_data`")
        for part in (*history.inputs, *held.inputs):
            if len(part) < self._span.steps:
                raise too_short(len(part), self._span, self._span.steps)
        return [each.windows(self._span) for each in (history, held)]

    def _validation(self, given, fraction, groups, prepared):
        if given not in (None, "time") or groups is not None:
            raise ArgumentError(
                "Expected forecasts to be compared on the last steps (validation='time'), or on `validation_data`. "
                f"Received: {'groups' if groups is not None else given!r}."
            )
        return self._held or super()._validation(None, fraction, None, prepared)

    def _usual_refit(self):
        return True  # the last steps tell most of the next ones

    # ------------------------------------------------------------------ drawn
    def _blocks(self):
        history, count = self._history, self._history.inputs[0].shape[1]
        inputs = TimeseriesInput(name="window")
        mean, scale = self._mean, self._scale
        block = ForecastBlock(
            self._span.horizon, history.places, history.targets[0].shape[1], mean[:count], scale[:count],
            *self._unit(), season=self.season_, gap=self._span.gap, block_type=self.block_type, name="network",
        )  # fmt: skip
        return inputs, block(inputs)

    def _unit(self):
        """Mean and standard deviation of each target."""
        count = self._history.inputs[0].shape[1]
        return self._mean[count:], self._scale[count:]

    def _head(self):
        mean, scale = self._unit()
        return ForecastHead(None, self.loss, self.metrics, name="forecast", mean=mean, scale=scale)

    def _sketch(self):
        return ["series"], [RegressionHead(self.output_dim)]

    def _default_name(self):
        return "timeseries_forecaster"

    def _remembered(self):
        span = self._span
        return {
            "season": self.season_,
            "span": [span.lookback, span.horizon, span.gap],
            "history": self._history.ending(span.lookback).to_json(),
        }

    def _remember(self, values):
        self.season_, self._span = values["season"], Span(*values["span"])
        self.lookback_, self._history = self._span.lookback, History.from_json(values["history"])

    # ---------------------------------------------------------------- results
    def predict(self, x=None, batch_size=256, verbose=0):
        """The steps after the end of the data of `fit`, or of other steps.

        Args:
            x: At least `lookback_` steps, in the form that `fit` was given; those of `fit` if None.

        Returns:
            A DataFrame with the times of the steps where `fit` was given a DataFrame with a column of times; else an
            array `(horizon,)` or `(horizon, targets)`, of several series `(series, horizon, targets)`.
        """
        predictor = self._fitted()
        history = self._history if x is None else self._history.alike(x, None, "`x`", False)
        found = predictor.predict(history.ends(self._span.lookback), batch_size, verbose)
        return history.told(found.reshape(len(found), self._span.horizon, -1), self._span.gap)

    def forecasts(self, x, y=None, batch_size=256):
        """Forecasts from every window of steps, and what came: `(windows, horizon, targets)` both.

        Args:
            x, y: As of `fit`.
        """
        seen, wanted = self._told(x, y)
        found = self._fitted().predict(seen, batch_size)
        return found.reshape(wanted.shape), wanted

    def evaluate(self, x, y=None, batch_size=256, verbose=0, sample_weight=None, return_dict=False):
        """Loss and metrics over every window of steps, in the unit of the targets."""
        return self._fitted().evaluate(*self._told(x, y), batch_size, verbose, sample_weight, return_dict)

    def score(self, x, y=None):
        """R² over every window of steps."""
        return self._fitted().score(*self._told(x, y))

    def _told(self, x, y):
        self._fitted()
        history = self._history.alike(x, y, "`x`")
        for part in history.inputs:
            if len(part) < self._span.steps:
                raise too_short(len(part), self._span, self._span.steps)
        return history.windows(self._span)
