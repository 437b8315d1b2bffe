"""What the facades have in common: one input, the usual blocks, one head."""

from kerasnas.blocks import ClassificationHead, RegressionHead
from kerasnas.errors import ArgumentError
from kerasnas.tasks.auto_model import AutoModel


class _NoProbabilitiesError(ArgumentError, AttributeError):
    """A method that is not there."""


class Facade(AutoModel):
    """One input through the usual blocks to one head; a subclass draws the blocks in `_blocks`."""

    def __init__(
        self, loss=None, metrics=None, project_name=None, max_trials=None, directory=None, objective=None, tuner=None,
        overwrite=False, seed=None, max_model_size=None, strategy=None, time_limit=None, epochs=None, isolate=False,
        workers=None, executor=None, trial_timeout=None,
    ):  # fmt: skip
        super().__init__(
            None, None, project_name=project_name, max_trials=max_trials, directory=directory, objective=objective,
            tuner=tuner, overwrite=overwrite, seed=seed, max_model_size=max_model_size, strategy=strategy,
            time_limit=time_limit, epochs=epochs, isolate=isolate, workers=workers, executor=executor,
            trial_timeout=trial_timeout,
        )  # fmt: skip
        self.loss, self.metrics = loss, metrics

    def _blocks(self):
        """The input, and the last block's output."""
        raise NotImplementedError(f"{type(self).__name__}._blocks")

    def _head(self):
        """The head."""
        raise NotImplementedError(f"{type(self).__name__}._head")

    def _draw(self):
        inputs, wire = self._blocks()
        return inputs, self._head()(wire)


class Classifier(Facade):
    """A facade that tells classes apart; arguments as of `ImageClassifier`."""

    def __init__(
        self, num_classes=None, multi_label=False, loss=None, metrics=None, project_name=None, max_trials=None,
        directory=None, objective=None, tuner=None, overwrite=False, seed=None, max_model_size=None, strategy=None,
        time_limit=None, epochs=None, isolate=False, workers=None, executor=None, trial_timeout=None,
    ):  # fmt: skip
        super().__init__(
            loss, metrics, project_name, max_trials, directory, objective, tuner, overwrite, seed, max_model_size,
            strategy, time_limit, epochs, isolate, workers, executor, trial_timeout,
        )  # fmt: skip
        self.num_classes, self.multi_label = num_classes, multi_label

    def _head(self):
        return ClassificationHead(self.num_classes, self.multi_label, self.loss, self.metrics, name="label")


class Regressor(Facade):
    """A facade that gives numbers; arguments as of `ImageRegressor`."""

    def __init__(
        self, output_dim=None, loss=None, metrics=None, project_name=None, max_trials=None, directory=None,
        objective=None, tuner=None, overwrite=False, seed=None, max_model_size=None, strategy=None, time_limit=None,
        epochs=None, isolate=False, workers=None, executor=None, trial_timeout=None,
    ):  # fmt: skip
        super().__init__(
            loss, metrics, project_name, max_trials, directory, objective, tuner, overwrite, seed, max_model_size,
            strategy, time_limit, epochs, isolate, workers, executor, trial_timeout,
        )  # fmt: skip
        self.output_dim = output_dim

    @property
    def predict_proba(self):
        """Numbers have no probabilities: to scikit-learn, there is no such method."""
        raise _NoProbabilitiesError(
            "Expected a model of classes for `predict_proba`. Received: a regression; use `predict`."
        )

    def _head(self):
        return RegressionHead(self.output_dim, self.loss, self.metrics, name="value")
