"""The facades for texts."""

from kerasnas.blocks import TextBlock, TextInput
from kerasnas.tasks.facade import Classifier, Regressor


class _Texts:
    """What both facades do."""

    def _blocks(self):
        inputs = TextInput(name="text")
        return inputs, TextBlock(name="network")(inputs)

    def _usual_refit(self):
        # Every row brings words that no other has, and networks over terms train in seconds.
        return True


class TextClassifier(_Texts, Classifier):
    """Finds a network that tells texts apart: strings, several of them in a row, or padded sequences of token ids.

    Args:
        num_classes: Number of classes; found from the labels if None.
        multi_label: Whether a text may have several labels.
        loss: Keras loss; cross-entropy if None.
        metrics: Keras metrics; accuracy if None.
        project_name, max_trials, directory, objective, tuner, overwrite, seed, max_model_size, strategy, time_limit,
            epochs, isolate, workers, executor, trial_timeout: See `AutoModel`.
    """

    def _default_name(self):
        return "text_classifier"


class TextRegressor(_Texts, Regressor):
    """Finds a network that reads numbers off texts; what it takes is as of `TextClassifier`.

    Args:
        output_dim: Number of outputs; found from the targets if None.
        loss: Keras loss; the mean squared error if None.
        metrics: Keras metrics; the mean squared error if None.
        project_name, max_trials, directory, objective, tuner, overwrite, seed, max_model_size, strategy, time_limit,
            epochs, isolate, workers, executor, trial_timeout: See `AutoModel`.
    """

    def _default_name(self):
        return "text_regressor"
