"""The facades for pictures."""

from kerasnas.blocks import (
    ClassificationHead,
    ImageAugmentation,
    ImageBlock,
    ImageInput,
    Normalization,
    RegressionHead,
)
from kerasnas.tasks.auto_model import AutoModel


class _ImageModel(AutoModel):
    """Pictures in, one head out."""

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

    def _draw(self):
        inputs = ImageInput(name="image")
        pictures = ImageAugmentation(name="augmentation")(Normalization(name="normalization")(inputs))
        return inputs, self._head()(ImageBlock(name="network")(pictures))


class ImageClassifier(_ImageModel):
    """Finds a network that tells pictures apart.

    Args:
        num_classes: Number of classes; found from the labels if None.
        multi_label: Whether a picture may have several labels.
        loss: Keras loss; cross-entropy if None.
        metrics: Keras metrics; accuracy if None.
        project_name, max_trials, directory, objective, tuner, overwrite, seed, max_model_size, strategy, time_limit,
            epochs, isolate, workers, executor, trial_timeout: See `AutoModel`.
    """

    def __init__(self, num_classes=None, multi_label=False, loss=None, metrics=None, project_name=None, max_trials=None,
        directory=None, objective=None, tuner=None, overwrite=False, seed=None, max_model_size=None, strategy=None,
        time_limit=None, epochs=None, isolate=False,
        workers=None, executor=None, trial_timeout=None,
    ):  # fmt: skip
        super().__init__(
            loss, metrics, project_name, max_trials, directory, objective, tuner, overwrite, seed, max_model_size,
            strategy, time_limit, epochs, isolate, workers, executor, trial_timeout,
        )  # fmt: skip
        self.num_classes, self.multi_label = num_classes, multi_label

    def _head(self):
        return ClassificationHead(self.num_classes, self.multi_label, self.loss, self.metrics, name="label")

    def _default_name(self):
        return "image_classifier"


class ImageRegressor(_ImageModel):
    """Finds a network that reads numbers off pictures.

    Args:
        output_dim: Number of outputs; found from the targets if None.
        loss: Keras loss; the mean squared error if None.
        metrics: Keras metrics; the mean squared error if None.
        project_name, max_trials, directory, objective, tuner, overwrite, seed, max_model_size, strategy, time_limit,
            epochs, isolate, workers, executor, trial_timeout: See `AutoModel`.
    """

    def __init__(self, output_dim=None, loss=None, metrics=None, project_name=None, max_trials=None, directory=None,
        objective=None, tuner=None, overwrite=False, seed=None, max_model_size=None, strategy=None, time_limit=None,
        epochs=None, isolate=False,
        workers=None, executor=None, trial_timeout=None,
    ):  # fmt: skip
        super().__init__(
            loss, metrics, project_name, max_trials, directory, objective, tuner, overwrite, seed, max_model_size,
            strategy, time_limit, epochs, isolate, workers, executor, trial_timeout,
        )  # fmt: skip
        self.output_dim = output_dim

    def _head(self):
        return RegressionHead(self.output_dim, self.loss, self.metrics, name="value")

    def _default_name(self):
        return "image_regressor"
