"""A block that code written for KerasTuner or AutoKeras builds."""

from dataclasses import replace

from kerasnas.blocks.block import Block
from kerasnas.lowering.hypermodels import HyperModelNode, Source


class HyperModelBlock(Block):
    """What a KerasTuner `HyperModel` builds, or a block of AutoKeras's, or a function of hyperparameters.

    Its hyperparameters become decisions of the space, under their names and conditions. It is drawn on an input, or on
    what keeps the input's shape. Strategies that train one network for all architectures cannot use it, for it builds
    one network at a time.

    Args:
        hypermodel: An object with a method `build`, or a function: of `(hp, inputs)`, which gives a tensor; or of
            `hp`, which gives a Keras model, whose own loss and optimizer do not count.
        name: Its name in the graph.

    Raises:
        SpaceError: If it cannot be called, or does not build with the default values.
    """

    several = True

    def __init__(self, hypermodel, name=None):
        super().__init__(name)
        self.hypermodel = hypermodel

    def node(self, signals):
        source = Source(self.hypermodel)
        return HyperModelNode(source, source.parameters(tuple(signals[0].shape)))

    def gives(self, signals):
        return replace(signals[0], kind="array")
