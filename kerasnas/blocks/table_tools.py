"""One description of features, computed by NumPy on arrays or by `keras.ops` on tensors."""

import numpy as np

from kerasnas.data.tables.guessing import calendar, words_of


class Arrays:
    """NumPy and pandas: for all rows at once, before a search."""

    ops = np

    @staticmethod
    def float32(value):
        return value.astype("float32")

    @staticmethod
    def float64(value):
        return value.astype("float64")

    @staticmethod
    def joined(columns):
        """Columns `(n, 1)` side by side; None if there are none."""
        return np.concatenate(columns, axis=1) if columns else None

    @staticmethod
    def calendar(seconds):
        """Parts of dates by name; NaN where the date is missing."""
        with np.errstate(invalid="ignore"):
            parts = calendar(np, seconds)
        return parts

    @staticmethod
    def place(column, value):
        """Which of a category's values each row holds, from 1; 0 for none of these."""
        import pandas

        cells = value.reshape(-1)
        cells = cells if column.stored == "string" else cells.astype("float64")
        return pandas.Index(list(column.values)).get_indexer(cells)[:, None] + 1

    @staticmethod
    def choose(table, places):
        return table[places.astype(int)]

    @staticmethod
    def flags(sources, looked, values):
        """1 where column `looked[i]` of `sources` holds `values[i]`, else 0; the columns come in order."""
        found = np.empty((len(sources), len(looked)), "float32")
        start = 0
        while start < len(looked):
            stop = start
            while stop < len(looked) and looked[stop] == looked[start]:
                stop += 1
            np.equal(sources[:, looked[start], None], values[start:stop], out=found[:, start:stop], casting="unsafe")
            start = stop
        return found

    @staticmethod
    def ranks(numbers, knots):
        """Where numbers `(n, f)` stand between the knots of their column: 0 to 1."""
        columns = [np.interp(column, at, np.linspace(0, 1, len(at))) for column, at in zip(numbers.T, knots)]
        return np.stack(columns, axis=1).astype("float32")

    @staticmethod
    def words(column, value):
        """Whether a text holds each of the column's words, `(n, words)`."""
        places = {word: place for place, word in enumerate(column.words)}
        found = np.zeros((len(value), len(places)), "float32")
        for row, text in enumerate(value.reshape(-1)):
            found[row, [places[word] for word in words_of(text) if word in places]] = 1
        return found


class Tensors:
    """Stock layers and `keras.ops`: for the exported model.

    Args:
        name: Put before the names of layers; None for names that Keras makes.
    """

    def __init__(self, name=None):
        import keras

        self.name, self.keras, self.ops = name, keras, keras.ops

    def _named(self, column, what):
        return f"{self.name}_{column.raw}_{what}" if self.name else None

    def float32(self, value):
        return self.ops.cast(value, "float32")

    def float64(self, value):
        return self.ops.cast(value, "float64")

    def joined(self, columns):
        if not columns:
            return None
        return columns[0] if len(columns) == 1 else self.ops.concatenate(columns, axis=1)

    def calendar(self, seconds):
        return calendar(self.ops, seconds)

    def place(self, column, value):
        if column.stored != "string":
            same = self.ops.equal(self.float64(value), np.array(column.values, "float64"))
            numbers = np.arange(1, len(column.values) + 1, dtype="float64")
            return self.ops.sum(self.float64(same) * numbers, axis=1, keepdims=True)
        lookup = self.keras.layers.StringLookup(
            vocabulary=list(column.values), mask_token=None, name=self._named(column, "lookup")
        )
        return lookup(value)

    def choose(self, table, places):
        return self.ops.take(table, self.ops.cast(places, "int32"), axis=0)

    def flags(self, sources, looked, values):
        return self.float32(self.ops.equal(self.ops.take(sources, looked, axis=1), np.array(values, "float64")))

    def ranks(self, numbers, knots):
        # Columns with fewer knots get parts of no weight at their end.
        most = max(map(len, knots)) - 1
        low, step, weight = np.zeros((3, len(knots), most), "float32")
        step[:] = 1
        for place, at in enumerate(np.asarray(each, "float64") for each in knots):
            parts = len(at) - 1
            low[place, :parts], step[place, :parts], weight[place, :parts] = at[:-1], np.diff(at), 1 / parts
        reached = self.ops.clip((self.ops.expand_dims(numbers, -1) - low) / step, 0, 1)
        return self.ops.sum(reached * weight, axis=-1)

    def words(self, column, value):
        vectorize = self.keras.layers.TextVectorization(
            output_mode="multi_hot", vocabulary=list(column.words), name=self._named(column, "words")
        )
        return vectorize(self.ops.reshape(value, (-1,)))[:, 1:]
