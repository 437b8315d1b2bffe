"""Ways to cut texts into terms, and how often rows have them."""

import weakref
from dataclasses import dataclass

import numpy as np

from kerasnas.data import tokens

_KEPT = {}  # by (id of rows, view): terms and counts, for as long as the rows live


@dataclass(frozen=True)
class View:
    """One way to cut texts into terms.

    Args:
        unit: "word", "character", or "token" for rows that are ids of tokens.
        least, most: Length of the shortest and of the longest run of units that is a term.
        size: Terms at most; the most frequent are kept.
        length: Terms of a row at most; the weightiest are kept.
    """

    unit: str
    least: int
    most: int
    size: int
    length: int

    def learn(self, rows):
        """The terms of training rows, and the rows' counts of them: found once, whatever is made of them then."""
        key = (id(rows), self)
        if key not in _KEPT:
            known = self._terms(rows)
            _KEPT[key] = known, self._counts(rows, known)
            weakref.finalize(rows, _KEPT.pop, key, None)
        return _KEPT[key]

    def _terms(self, rows):
        if self.unit == "token":
            return np.arange(1, self.size + 1).astype(object)
        return np.array(tokens.vocabulary(rows, self.size, self.unit, self.least, self.most), object)

    def count(self, rows, known):
        """How often each row has each known term: a sparse matrix `(n, known)`."""
        terms, counts = _KEPT.get((id(rows), self), (None, None))
        return counts if terms is known else self._counts(rows, known)

    def _counts(self, rows, known):
        if self.unit == "token":
            return tokens.counted_ids(rows, self.size)
        return tokens.counted(rows, known, self.unit, self.least, self.most)

    def layers(self, known, shape, name):
        """A function from a tensor of rows to their counts `(n, size)`, made of stock layers."""
        import keras

        ops = keras.ops
        if self.unit == "token":
            encoding = keras.layers.CategoryEncoding(self.size + 1, output_mode="count", name=name)
            return lambda x: encoding(ops.where(x > self.size, 0, x))[:, 1:]

        def padded(counts):  # without the column of what is unknown
            return ops.pad(counts[:, 1:], ((0, 0), (0, self.size + 1 - counts.shape[1])))

        vectorization = keras.layers.TextVectorization(
            ngrams=tuple(range(self.least, self.most + 1)), output_mode="count", vocabulary=list(known) or ["\u00b7"],
            split="whitespace" if self.unit == "word" else "character", name=name,
        )  # fmt: skip
        if not shape:
            return lambda x: padded(vectorization(x))
        return lambda x: padded(sum(vectorization(x[:, column]) for column in range(shape[0])))
