"""A space of what code written for KerasTuner builds."""

from kerasnas.lowering.hypermodels import HyperModelNode, Source
from kerasnas.space import Space


def from_hypermodel(hypermodel, input_shape=None):
    """The space of the models that a KerasTuner `HyperModel` builds.

    Its hyperparameters become decisions, under their names and conditions. The models' last layer must give class
    probabilities, or numbers; their loss and optimizer do not count. Strategies that train one network for all
    architectures cannot search it, for it builds one model at a time.

    Args:
        hypermodel: A `HyperModel`, or a function of `hp` that gives a Keras model, or of `(hp, inputs)` that gives a
            tensor.
        input_shape: Shape of a row, without the batch axis; needed for the latter only.

    Raises:
        SpaceError: If it cannot be called, or does not build with the default values.
    """
    source = Source(hypermodel)
    return Space(HyperModelNode(source, source.parameters(input_shape)), name=source.name)
