"""Blocks over sequences: ids of tokens `(steps,)`, or `(steps, channels)`."""

from dataclasses import replace

from kerasnas.blocks.block import Block, opened
from kerasnas.blocks.reduction import Reduce
from kerasnas.blocks.text import no_pretraining, whole_size
from kerasnas.blocks.text_networks import RecurrentStack, TransformerStack
from kerasnas.errors import ArgumentError, nearest
from kerasnas.operations import Embedding as Looking
from kerasnas.operations import SpatialDropout
from kerasnas.space import Choice, Sequential

FEATURES = 20_001


class Embedding(Block):
    """A learnt vector for each id of a token: `(steps,)` to `(steps, channels)`.

    Args:
        max_features: How many ids there are; greater ones are taken for the last.
        pretraining: AutoKeras's argument; "none" is all there is.
        embedding_dim: Length of a vector; open: 32, 64 or 128.
        dropout: Rate of channels left out while training; open: 0, .25 or .5.
        name: Its name.
    """

    reads = ("array", "text")

    def __init__(self, max_features=FEATURES, pretraining=None, embedding_dim=None, dropout=None, name=None):
        super().__init__(name)
        self.max_features = whole_size("max_features", max_features)
        self.pretraining, self.embedding_dim, self.dropout = pretraining, embedding_dim, dropout
        no_pretraining(pretraining)

    def node(self, signals):
        vectors = Looking(self.max_features, opened(self.embedding_dim, Choice(32, 64, 128, default=64)))
        dropout = opened(self.dropout, Choice(0.0, 0.25, 0.5, default=0.25))
        return Sequential({"vectors": vectors, "dropout": SpatialDropout(dropout)})

    def gives(self, signals):
        return replace(signals[0], kind="series", about=None)


class RNNBlock(Block):
    """Recurrent layers over a sequence.

    Args:
        return_sequences: Whether the states of all steps are put out, rather than the last.
        bidirectional: Whether the sequence is read backwards too; open: yes or no.
        num_layers: Layers; open: 1 to 3.
        layer_type: "gru" or "lstm"; open: either.
        units: Length of the states; open: 16 to 64. AutoKeras takes as many as there are channels.
        name: Its name.
    """

    reads = ("series", "array")

    def __init__(
        self, return_sequences=False, bidirectional=None, num_layers=None, layer_type=None, units=None, name=None,
    ):  # fmt: skip
        super().__init__(name)
        self.return_sequences, self.bidirectional, self.num_layers = return_sequences, bidirectional, num_layers
        self.layer_type, self.units = layer_type, units
        if isinstance(layer_type, str) and layer_type not in ("gru", "lstm"):
            hint = nearest(layer_type, ("gru", "lstm"))
            raise ArgumentError(f"Expected `layer_type` to be 'gru' or 'lstm'.{hint} Received: {layer_type!r}.")

    def node(self, signals):
        return RecurrentStack(
            layers=opened(self.num_layers, Choice(1, 2, 3)), units=opened(self.units, Choice(16, 32, 64, default=32)),
            kind=opened(self.layer_type, Choice("gru", "lstm")), sequences=bool(self.return_sequences),
            bidirectional=opened(self.bidirectional, Choice(True, False)),
        )  # fmt: skip

    def gives(self, signals):
        return replace(signals[0], kind="series" if self.return_sequences else "array", about=None)


class TransformerBlock(Block):
    """Layers of attention over ids of tokens, which it embeds, or over a sequence `(steps, channels)`.

    Args:
        max_features: How many ids there are; greater ones are taken for the last.
        pretraining: AutoKeras's argument; "none" is all there is.
        embedding_dim: Channels; open: 32, 64 or 128.
        num_heads: Heads of the attention; open: 2, 4 or 8.
        dense_dim: Units of the inner dense layers; open: 1, 2 or 4 times the channels. Fixed, it needs a fixed
            `embedding_dim`.
        dropout: Rate inside the layers; open: 0, .1 or .25.
        num_layers: Layers; open: 1 to 3.
        name: Its name.
    """

    reads = ("array", "series", "text")

    def __init__(
        self, max_features=FEATURES, pretraining=None, embedding_dim=None, num_heads=None, dense_dim=None, dropout=None,
        num_layers=None, name=None,
    ):  # fmt: skip
        super().__init__(name)
        self.max_features, self.pretraining = whole_size("max_features", max_features), pretraining
        self.embedding_dim, self.num_heads, self.dense_dim = embedding_dim, num_heads, dense_dim
        self.dropout, self.num_layers = dropout, num_layers
        no_pretraining(pretraining)
        if dense_dim is not None and not (isinstance(dense_dim, int) and isinstance(embedding_dim, int)):
            raise ArgumentError(
                "Expected `dense_dim` to be a whole number beside such an `embedding_dim`, or None. "
                f"Received: {dense_dim!r} beside {embedding_dim!r}."
            )

    def node(self, signals):
        widening = Choice(1.0, 2.0, 4.0, default=2.0)
        if self.dense_dim is not None:
            widening = self.dense_dim / self.embedding_dim
        return TransformerStack(
            self.max_features, units=opened(self.embedding_dim, Choice(32, 64, 128, default=64)),
            heads=opened(self.num_heads, Choice(2, 4, 8, default=4)), widening=widening,
            layers=opened(self.num_layers, Choice(1, 2, 3)),
            dropout=opened(self.dropout, Choice(0.0, 0.1, 0.25, default=0.1)),
        )  # fmt: skip

    def gives(self, signals):
        return replace(signals[0], kind="series", about=None)


class TemporalReduction(Block):
    """A sequence as a vector.

    Args:
        reduction_type: "flatten", "global_max", "global_avg"; open: any of them, or both means.
        name: Its name.
    """

    NAMES = {"flatten": "flatten", "global_max": "max", "global_avg": "average"}
    reads = ("series", "array")

    def __init__(self, reduction_type=None, name=None):
        super().__init__(name)
        self.reduction_type = reduction_type
        if isinstance(reduction_type, str) and reduction_type not in self.NAMES:
            hint = nearest(reduction_type, self.NAMES)
            raise ArgumentError(
                f"Expected `reduction_type` among {list(self.NAMES)}.{hint} Received: {reduction_type!r}."
            )

    def node(self, signals):
        fixed = self.NAMES.get(self.reduction_type, self.reduction_type)
        return Reduce(opened(fixed, Choice("average_max", "average", "max", "flatten")))

    def gives(self, signals):
        return replace(signals[0], kind="array", about=None)
