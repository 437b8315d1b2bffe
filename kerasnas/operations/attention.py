"""Attention over sequences `(steps, channels)`."""

from dataclasses import dataclass

from kerasnas.errors import SpaceError
from kerasnas.operations.dense import Dense
from kerasnas.operations.normalization import LayerNorm
from kerasnas.operations.pointwise import Dropout
from kerasnas.operations.residual import Residual
from kerasnas.space import Operation, Sequential


@dataclass(frozen=True)
class SelfAttention(Operation):
    """Multi-head attention of a sequence to itself.

    Args:
        heads: Number of heads.
        size: Length of a head's queries, keys and values; the channels shared out among the heads if None.

    Reference:
        Vaswani et al., "Attention Is All You Need", NeurIPS 2017.
    """

    heads: int = 4
    size: int | None = None

    def shape(self, shape):
        if len(shape) != 2:
            raise SpaceError(
                f"Expected a sequence (steps, channels) for SelfAttention. Received: the shape {tuple(shape)}."
            )
        return shape

    def _width(self, shape):
        return self.heads * (self.size or max(1, shape[1] // self.heads))

    def params(self, shape):
        width, channels = self._width(shape), shape[1]
        return 3 * (channels + 1) * width + (width + 1) * channels

    def flops(self, shape):
        width, (steps, channels) = self._width(shape), shape
        return 2 * steps * width * (4 * channels + 2 * steps)

    def layer(self, shape, name):
        import keras

        size = self._width(shape) // self.heads
        attention = keras.layers.MultiHeadAttention(self.heads, size, name=name)
        return lambda x: attention(x, x)


@dataclass(frozen=True)
class TransformerLayer(Operation):
    """Attention and two dense layers, each normalized before and added to what came in.

    Args:
        heads: Number of heads of the attention.
        widening: The inner dense layer is this many times as wide as the sequence.
        dropout: Rate after the attention and after the dense layers.

    Reference:
        Xiong et al., "On Layer Normalization in the Transformer Architecture", ICML 2020.
    """

    heads: int = 4
    widening: float = 2.0
    dropout: float = 0.1

    def expand(self, shape):
        channels = shape[-1]
        attention = {"norm": LayerNorm(), "attention": SelfAttention(self.heads), "dropout": Dropout(self.dropout)}
        inner = Dense(max(1, round(self.widening * channels)), "gelu")
        dense = {"norm": LayerNorm(), "inner": inner, "outer": Dense(channels), "dropout": Dropout(self.dropout)}
        return Sequential({"mix": Residual(Sequential(attention)), "transform": Residual(Sequential(dense))})
