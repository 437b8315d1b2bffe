"""The facades for pictures."""

from kerasnas.blocks import ImageAugmentation, ImageBlock, ImageInput, Normalization
from kerasnas.tasks.facade import Classifier, Regressor


def _drawn():
    inputs = ImageInput(name="image")
    pictures = ImageAugmentation(name="augmentation")(Normalization(name="normalization")(inputs))
    return inputs, ImageBlock(name="network")(pictures)


class ImageClassifier(Classifier):
    """Finds a network that tells pictures apart.

    Args:
        num_classes: Number of classes; found from the labels if None.
        multi_label: Whether a picture may have several labels.
        loss: Keras loss; cross-entropy if None.
        metrics: Keras metrics; accuracy if None.
        project_name, max_trials, directory, objective, tuner, overwrite, seed, max_model_size, strategy, time_limit,
            epochs, isolate, workers, executor, trial_timeout: See `AutoModel`.
    """

    def _blocks(self):
        return _drawn()

    def _default_name(self):
        return "image_classifier"


class ImageRegressor(Regressor):
    """Finds a network that reads numbers off pictures.

    Args:
        output_dim: Number of outputs; found from the targets if None.
        loss: Keras loss; the mean squared error if None.
        metrics: Keras metrics; the mean squared error if None.
        project_name, max_trials, directory, objective, tuner, overwrite, seed, max_model_size, strategy, time_limit,
            epochs, isolate, workers, executor, trial_timeout: See `AutoModel`.
    """

    def _blocks(self):
        return _drawn()

    def _default_name(self):
        return "image_regressor"
