"""The fully connected operation."""

from dataclasses import dataclass

from kerasnas.operations.geometry import volume
from kerasnas.space import Operation


@dataclass(frozen=True)
class Dense(Operation):
    """A matrix product over the last axis.

    Args:
        units: Length of the last axis of the output; as that of the input if None.
        activation: Name of an activation, or None.
        use_bias: Whether to add a bias.
        initializer: Name of what the matrix starts from.
    """

    units: int | None = None
    activation: str | None = None
    use_bias: bool = True
    initializer: str = "glorot_uniform"

    def shape(self, shape):
        return (*shape[:-1], shape[-1] if self.units is None else self.units)

    def params(self, shape):
        return (shape[-1] + self.use_bias) * self.shape(shape)[-1]

    def flops(self, shape):
        return 2 * volume(self.shape(shape)) * shape[-1]

    def layer(self, shape, name):
        import keras

        units = self.shape(shape)[-1]
        return keras.layers.Dense(
            units, self.activation, use_bias=self.use_bias, kernel_initializer=self.initializer, name=name
        )
