"""Networks over texts and other sequences as operations, trained from scratch."""

from dataclasses import dataclass

from kerasnas.operations import (
    Activation,
    Bag,
    Conv,
    Dense,
    Dropout,
    Embedding,
    GlobalAvgPool,
    GlobalMaxPool,
    LayerNorm,
    Positions,
    Recurrent,
    Reshape,
    SpatialDropout,
    TransformerLayer,
)
from kerasnas.space import Operation, Parallel, Sequential


@dataclass(frozen=True)
class BagNetwork(Operation):
    """One layer over the weighted terms of a text: their embeddings, averaged by weight.

    Args:
        terms: How many terms there are.
        units: Units of the layer: the length of an embedding.
        activation: "relu", or "linear", with which it is a linear model.
        term_dropout: Part of the terms that is left out while training.
        dropout: Rate after the layer.

    Reference:
        Joulin et al., "Bag of Tricks for Efficient Text Classification", EACL 2017.
    """

    terms: int
    units: int = 32
    activation: str = "relu"
    term_dropout: float = 0.0
    dropout: float = 0.0

    def expand(self, shape):
        bag = Bag(self.terms, self.units, self.term_dropout)
        return Sequential({"bag": bag, "activation": Activation(self.activation), "dropout": Dropout(self.dropout)})


@dataclass(frozen=True)
class ConvolutionalText(Operation):
    """Convolutions with windows of several lengths over embedded tokens, and the greatest value of each channel.

    Args:
        tokens: How many tokens there are.
        units: Length of an embedding.
        filters: Channels of each window.
        dropout: Rate of embedding channels, and of twice that at the end.

    Reference:
        Kim, "Convolutional Neural Networks for Sentence Classification", EMNLP 2014.
    """

    tokens: int
    units: int = 64
    filters: int = 64
    dropout: float = 0.2

    def expand(self, shape):
        windows = {
            f"window_{size}": Sequential({"conv": Conv(self.filters, size, activation="relu"), "max": GlobalMaxPool()})
            for size in (2, 3, 4)
        }
        return Sequential({
            "embedding": Embedding(self.tokens, self.units), "thinning": SpatialDropout(self.dropout),
            "windows": Parallel(windows, merge="concatenate"), "dropout": Dropout(min(2 * self.dropout, 0.8)),
        })  # fmt: skip


@dataclass(frozen=True)
class RecurrentText(Operation):
    """A bidirectional recurrent layer over embedded tokens, and the greatest value of each channel over the steps.

    Args:
        tokens: How many tokens there are.
        units: Length of an embedding, and of the state of each direction.
        kind: "lstm" or "gru".
        dropout: Rate of embedding channels, and of twice that at the end.

    Reference:
        Conneau et al., "Supervised Learning of Universal Sentence Representations", EMNLP 2017.
    """

    tokens: int
    units: int = 32
    kind: str = "gru"
    dropout: float = 0.2

    def expand(self, shape):
        return Sequential({
            "embedding": Embedding(self.tokens, self.units), "thinning": SpatialDropout(self.dropout),
            "recurrent": Recurrent(self.units, self.kind, bidirectional=True, sequences=True),
            "max": GlobalMaxPool(), "dropout": Dropout(min(2 * self.dropout, 0.8)),
        })  # fmt: skip


@dataclass(frozen=True)
class TransformerText(Operation):
    """Layers of attention over embedded tokens; mean and greatest value of each channel.

    Args:
        tokens: How many tokens there are.
        units: Length of an embedding.
        heads: Heads of the attention.
        layers: How many.
        dropout: Rate inside the layers, and of twice that at the end.

    Reference:
        Vaswani et al., "Attention Is All You Need", NeurIPS 2017.
    """

    tokens: int
    units: int = 64
    heads: int = 4
    layers: int = 1
    dropout: float = 0.2

    def expand(self, shape):
        pooled = Parallel({"average": GlobalAvgPool(), "max": GlobalMaxPool()}, merge="concatenate")
        layers = TransformerStack(self.tokens, self.units, self.heads, 2.0, self.layers, self.dropout)
        return Sequential({"layers": layers, "pooled": pooled, "dropout": Dropout(min(2 * self.dropout, 0.8))})


@dataclass(frozen=True)
class TransformerStack(Operation):
    """Layers of attention over a sequence with its positions; ids of tokens are embedded, channels projected.

    Args:
        tokens: How many tokens there are, where ids come in.
        units: Channels that are put out.
        heads, widening, dropout: See `kerasnas.operations.TransformerLayer`.
        layers: How many.
    """

    tokens: int
    units: int = 64
    heads: int = 4
    widening: float = 2.0
    layers: int = 1
    dropout: float = 0.1

    def expand(self, shape):
        channels = Embedding(self.tokens, self.units) if len(shape) == 1 else Dense(self.units)
        layers = {f"layer_{i}": TransformerLayer(self.heads, self.widening, self.dropout) for i in range(self.layers)}
        return Sequential({"channels": channels, "positions": Positions(), **layers, "norm": LayerNorm()})


@dataclass(frozen=True)
class RecurrentStack(Operation):
    """Recurrent layers one after another; numbers without channels get one.

    Args:
        layers: How many.
        units: Length of the states; as many as there are channels if None.
        kind, bidirectional: See `kerasnas.operations.Recurrent`.
        sequences: Whether the last layer puts out all its states, rather than the last one.
    """

    layers: int = 1
    units: int | None = None
    kind: str = "lstm"
    bidirectional: bool = True
    sequences: bool = False

    def expand(self, shape):
        shape, steps = (shape, {}) if len(shape) > 1 else ((*shape, 1), {"channel": Reshape((*shape, 1))})
        for i in range(self.layers):
            sequences = self.sequences or i < self.layers - 1
            steps[f"layer_{i}"] = Recurrent(self.units or shape[-1], self.kind, self.bidirectional, sequences)
        return Sequential(steps)
