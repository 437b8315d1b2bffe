"""Recurrent layers over sequences `(steps, channels)`."""

from dataclasses import dataclass

from kerasnas.errors import SpaceError
from kerasnas.space import Operation

GATES = {"lstm": 4, "gru": 3, "simple": 1}


@dataclass(frozen=True)
class Recurrent(Operation):
    """A recurrent layer.

    Args:
        units: Length of its state.
        kind: "lstm", "gru" or "simple".
        bidirectional: Whether a second one reads the sequence backwards; the two are put side by side.
        sequences: Whether the states of all steps are put out, rather than the last.

    Reference:
        Hochreiter & Schmidhuber, "Long Short-Term Memory", 1997; Cho et al., "Learning Phrase Representations using
        RNN Encoder-Decoder", EMNLP 2014.
    """

    units: int = 32
    kind: str = "lstm"
    bidirectional: bool = False
    sequences: bool = False

    def _directions(self):
        return 2 if self.bidirectional else 1

    def _gates(self):
        if self.kind not in GATES:
            raise SpaceError(f"Expected `kind` of Recurrent among {list(GATES)}. Received: {self.kind!r}.")
        return GATES[self.kind]

    def shape(self, shape):
        if len(shape) != 2:
            raise SpaceError(
                f"Expected a sequence (steps, channels) for Recurrent. Received: the shape {tuple(shape)}."
            )
        units = self._directions() * self.units
        return (shape[0], units) if self.sequences else (units,)

    def params(self, shape):
        biases = 2 if self.kind == "gru" else 1  # Keras's GRU has one for the input and one for the state
        return self._directions() * self._gates() * self.units * (shape[1] + self.units + biases)

    def flops(self, shape):
        return 2 * shape[0] * self._directions() * self._gates() * self.units * (shape[1] + self.units)

    def layer(self, shape, name):
        import keras

        makers = {"lstm": keras.layers.LSTM, "gru": keras.layers.GRU, "simple": keras.layers.SimpleRNN}
        self._gates()
        if not self.bidirectional:
            return makers[self.kind](self.units, return_sequences=self.sequences, name=name)
        layer = makers[self.kind](self.units, return_sequences=self.sequences)
        return keras.layers.Bidirectional(layer, name=name)
