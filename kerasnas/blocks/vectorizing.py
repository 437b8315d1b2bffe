"""Raw texts as numbers: operations that learn a vocabulary from the training rows, and do their work once."""

from dataclasses import dataclass, field, replace

import numpy as np

from kerasnas.blocks.term_views import View
from kerasnas.blocks.term_weights import binary_targets, document_weights, likelihood_weights
from kerasnas.data import tokens
from kerasnas.space import Operation

NORM = 4.0  # length of a row's weights: at 1, first layers learn too slowly
TINY = 1e-6


class _Vectorizing(Operation):
    """What operations on raw texts have in common."""

    preprocessing = True


@dataclass(frozen=True)
class Terms(_Vectorizing):
    """The terms of texts with their weights, `(length, 2)`: number of a term from 1 on, or 0, and its weight.

    A row's weights of each view have the length 4. The same as a dense row of n-grams, in a fraction of the memory;
    `kerasnas.operations.Bag` reads it.

    Args:
        views: `View`s, side by side.
        weighting: "likelihood" (how much more frequent a term is in one class, by the training rows), "document"
            (logarithm of its count by how few rows have it), or "equal".
        vocabularies: Fitted terms of each view.
        weights: Fitted weights of each view's terms.

    Reference:
        Wang & Manning, "Baselines and Bigrams: Simple, Good Sentiment and Topic Classification", ACL 2012;
        Jones, "A Statistical Interpretation of Term Specificity", 1972.
    """

    views: tuple
    weighting: str = "likelihood"
    vocabularies: tuple | None = field(default=None, repr=False, compare=False)
    weights: tuple | None = field(default=None, repr=False, compare=False)

    @property
    def terms(self):
        """How many numbers of terms there may be, 0 included."""
        return 1 + sum(view.size for view in self.views)

    def fit_with(self, rows, y):
        """A fitted copy.

        Args:
            rows: Texts `(n,)`, `(n, columns)`, or ids `(n, steps)`.
            y: Encoded targets of the rows.
        """
        vocabularies, weights = [], []
        for view in self.views:
            known, counts = view.learn(rows)
            vocabularies.append(known)
            weights.append(self._weights(counts, y).astype("float32"))
        return replace(self, vocabularies=tuple(vocabularies), weights=tuple(weights))

    def _weights(self, counts, y):
        if self.weighting == "likelihood" and y is not None:
            return likelihood_weights(counts, binary_targets(y))
        return document_weights(counts) if self.weighting == "document" else np.ones(counts.shape[1])

    def transform(self, rows):
        """The terms of rows, the weightiest first."""
        parts, offset = [], 1
        for view, known, weights in zip(self.views, self.vocabularies, self.weights):
            parts.append(self._table(view.count(rows, known), weights, view.length, offset))
            offset += view.size
        return np.concatenate(parts, axis=1)

    def _table(self, counts, weights, length, offset):
        table = np.zeros((counts.shape[0], length, 2), "float32")
        for row, (start, end) in enumerate(zip(counts.indptr, counts.indptr[1:])):
            found = counts.indices[start:end]
            values = self._graded(counts.data[start:end], np) * weights[found]
            order = np.lexsort((found, -values))[:length]
            order = order[values[order] > 0]
            values = values[order]
            table[row, : len(order), 0] = found[order] + offset
            table[row, : len(order), 1] = NORM * values / max(np.sqrt(np.square(values).sum()), TINY)
        return table

    def _graded(self, counts, numpy):
        """What a count amounts to: its logarithm by rarity of terms, else one."""
        return numpy.log1p(counts) if self.weighting == "document" else numpy.minimum(counts, 1)

    def shape(self, shape):
        return (sum(view.length for view in self.views), 2)

    def params(self, shape):
        return sum(view.size for view in self.views)

    def layer(self, shape, name):
        from keras import ops

        def layers(x):
            parts, offset = [], 1
            for place, view in enumerate(self.views):
                counts = view.layers(self.vocabularies[place], shape, f"{name}_{view.unit}" if name else None)(x)
                scaling = _scaling(self.weights[place], view.size, f"{name}_{view.unit}_weights")
                weighted = scaling(self._graded(counts, ops))
                parts.append(_weightiest(weighted, view.length, offset))
                offset += view.size
            return ops.concatenate(parts, axis=1) if len(parts) > 1 else parts[0]

        return layers


def _scaling(weights, size, name):
    """A function that multiplies each of `size` columns by a fixed weight, 0 where there are fewer weights."""
    import keras

    layer = keras.layers.EinsumDense("bt,t->bt", (size,), trainable=False, name=name)

    def scaled(x):
        y = layer(x)
        layer.set_weights([np.pad(weights, (0, size - len(weights)))])
        return y

    return scaled


def _weightiest(values, length, offset):
    """Numbers and weights of the greatest of values `(n, terms)`, as `Terms.transform` gives them."""
    from keras import ops

    count = min(length, values.shape[1])
    top, places = ops.top_k(values, count)
    top = NORM * top / ops.maximum(ops.sqrt(ops.sum(ops.square(top), axis=1, keepdims=True)), TINY)
    numbers = ops.where(top > 0, ops.cast(places + offset, "float32"), 0.0)
    return ops.pad(ops.stack([numbers, top], axis=-1), ((0, 0), (0, length - count), (0, 0)))


@dataclass(frozen=True)
class TokenIds(_Vectorizing):
    """Texts as sequences of ids: 0 fills up, 1 stands for what is unknown.

    Args:
        size: Ids at most; the most frequent words are kept.
        length: Ids of a row; what is longer is cut off. Several texts in a row get equal parts of it.
        unit: "word" or "character".
        vocabulary: Fitted words.
    """

    size: int = 20_000
    length: int = 128
    unit: str = "word"
    vocabulary: np.ndarray | None = field(default=None, repr=False, compare=False)

    output_dtype = "int32"

    def fit(self, rows):
        """A fitted copy. `rows` are texts `(n,)` or `(n, columns)`."""
        known = tokens.vocabulary(rows, self.size - 2, self.unit, 1, 1)
        return replace(self, vocabulary=np.array(known, object))

    def transform(self, rows):
        """int32 `(n, length)`."""
        return tokens.sequences(rows, self.vocabulary, self.shape(rows.shape[1:])[0], self.unit)

    def shape(self, shape):
        columns = shape[0] if shape else 1
        return (columns * max(1, self.length // columns),)

    def layer(self, shape, name):
        import keras

        columns = shape[0] if shape else 1
        vectorization = keras.layers.TextVectorization(
            output_mode="int", output_sequence_length=max(1, self.length // columns), name=name,
            vocabulary=list(self.vocabulary) or ["\u00b7"], split="whitespace" if self.unit == "word" else "character",
        )  # fmt: skip
        ops = keras.ops

        def layers(x):
            parts = [vectorization(x[:, column]) for column in range(columns)] if shape else [vectorization(x)]
            return ops.cast(ops.concatenate(parts, axis=1) if len(parts) > 1 else parts[0], "int32")

        return layers


@dataclass(frozen=True)
class NgramVector(_Vectorizing):
    """Texts as dense vectors of weighted n-grams, of length 1.

    Args:
        view: The `View`; its `size` is the vector's length.
        vocabulary: Fitted terms.
        weights: Fitted weights of the terms.

    Reference:
        Jones, "A Statistical Interpretation of Term Specificity", 1972.
    """

    view: View
    vocabulary: np.ndarray | None = field(default=None, repr=False, compare=False)
    weights: np.ndarray | None = field(default=None, repr=False, compare=False)

    def fit(self, rows):
        """A fitted copy. `rows` are texts `(n,)` or `(n, columns)`, or ids `(n, steps)`."""
        known, counts = self.view.learn(rows)
        return replace(self, vocabulary=known, weights=document_weights(counts).astype("float32"))

    def transform(self, rows):
        """float32 `(n, size)`."""
        counts = self.view.count(rows, self.vocabulary)
        dense = np.zeros((counts.shape[0], self.view.size), "float32")
        dense[:, : counts.shape[1]] = counts.multiply(self.weights).toarray()
        return dense / np.maximum(np.sqrt(np.square(dense).sum(axis=1, keepdims=True)), TINY)

    def shape(self, shape):
        return (self.view.size,)

    def params(self, shape):
        return self.view.size

    def layer(self, shape, name):
        from keras import ops

        def layers(x):
            counts = self.view.layers(self.vocabulary, shape, name)(x)
            values = _scaling(self.weights, self.view.size, f"{name}_weights")(counts)
            return values / ops.maximum(ops.sqrt(ops.sum(ops.square(values), axis=1, keepdims=True)), TINY)

        return layers
