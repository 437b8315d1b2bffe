"""Weights looked up by whole numbers: embeddings of tokens, of positions, and sums of them."""

from dataclasses import dataclass

from kerasnas.errors import SpaceError
from kerasnas.operations.geometry import volume
from kerasnas.space import Operation


def _sequence(shape, asking):
    if len(shape) != 2:
        raise SpaceError(f"Expected a sequence (steps, channels) for {asking}. Received: the shape {tuple(shape)}.")
    return shape


@dataclass(frozen=True)
class Embedding(Operation):
    """A vector for each whole number: `(...,)` to `(..., units)`. Numbers from `tokens` on are taken for the last.

    Args:
        tokens: How many numbers have a vector of their own.
        units: Length of a vector.
    """

    tokens: int
    units: int = 32

    def shape(self, shape):
        return (*shape, self.units)

    def params(self, shape):
        return self.tokens * self.units

    def layer(self, shape, name):
        import keras

        embedding = keras.layers.Embedding(self.tokens, self.units, name=name)
        ops = keras.ops
        return lambda x: embedding(ops.clip(ops.cast(x, "int32"), 0, self.tokens - 1))


@dataclass(frozen=True)
class Positions(Operation):
    """Adds a learnt vector for its position to each step of a sequence.

    Reference:
        Gehring et al., "Convolutional Sequence to Sequence Learning", ICML 2017.
    """

    def shape(self, shape):
        return _sequence(shape, "Positions")

    def params(self, shape):
        return volume(shape)

    def layer(self, shape, name):
        import keras

        ops = keras.ops
        embedding = keras.layers.Embedding(*shape, name=name)

        def layers(x):
            places = ops.cumsum(ops.ones_like(x[..., 0], dtype="int32"), axis=1) - 1
            return x + embedding(places)

        return layers


@dataclass(frozen=True)
class Bag(Operation):
    """A weighted sum of vectors, one for each term of a sparse row: a Dense layer without bias on very wide rows.

    Data are `(length, 2)`: number of a term and its weight; terms of weight 0 do not count.

    Args:
        terms: How many terms there are; their numbers are smaller.
        units: Length of a vector.
        dropout: Part of the terms of a row that is left out while training.

    Reference:
        Joulin et al., "Bag of Tricks for Efficient Text Classification", EACL 2017.
    """

    terms: int
    units: int = 32
    dropout: float = 0.0

    def shape(self, shape):
        if len(shape) != 2 or shape[1] != 2:
            raise SpaceError(f"Expected terms and weights (length, 2) for Bag. Received: the shape {tuple(shape)}.")
        return (self.units,)

    def params(self, shape):
        return self.terms * self.units

    def flops(self, shape):
        return 2 * shape[0] * self.units

    def layer(self, shape, name):
        import keras

        ops = keras.ops
        embedding = keras.layers.Embedding(self.terms, self.units, name=name)

        def layers(x):
            weights = x[..., 1]
            if self.dropout:
                weights = keras.layers.Dropout(self.dropout, name=f"{name}_dropout" if name else None)(weights)
            vectors = embedding(ops.cast(x[..., 0], "int32"))
            return ops.squeeze(ops.matmul(ops.expand_dims(weights, 1), vectors), 1)

        return layers
