"""Normalizations over the channels."""

from dataclasses import dataclass, replace

from kerasnas.space import Operation


@dataclass(frozen=True)
class BatchNorm(Operation):
    """Batch normalization.

    Args:
        affine: Whether a learnt scale and shift follow.
        momentum: Of the moving statistics. Keras's own .99 lags behind in trainings of a few hundred steps.
        epsilon: Added to the variance.
    """

    affine: bool = True
    momentum: float = 0.9
    epsilon: float = 1e-3

    def shape(self, shape):
        return shape

    def params(self, shape):
        return (4 if self.affine else 2) * shape[-1]

    def layer(self, shape, name):
        import keras

        return keras.layers.BatchNormalization(
            momentum=self.momentum, epsilon=self.epsilon, scale=self.affine, center=self.affine, name=name
        )


@dataclass(frozen=True)
class LayerNorm(Operation):
    """Layer normalization over the last axis."""

    epsilon: float = 1e-3

    def shape(self, shape):
        return shape

    def params(self, shape):
        return 2 * shape[-1]

    def layer(self, shape, name):
        import keras

        return keras.layers.LayerNormalization(epsilon=self.epsilon, name=name)


def without_scale(operation):
    """A batch normalization without scale and shift; any other operation as it is."""
    return replace(operation, affine=False) if isinstance(operation, BatchNorm) else operation
