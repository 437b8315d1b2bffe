"""Where data enter a drawn graph."""

from kerasnas.blocks.block import Drawn, Wire
from kerasnas.data.tables import learn_table


class Input(Drawn, Wire):
    """Numbers of any shape: `(rows, ...)`.

    Args:
        shape: Shape of a row, if it is to be checked; found from the data otherwise.
        name: Name of the input: the key of a dict passed as `x`, and of the exported model's input.
        dtype: AutoKeras's argument; the data tell.
    """

    kind = "array"

    def __init__(self, shape=None, name=None, dtype=None):
        super().__init__(block=None)
        self.shape = None if shape is None else tuple(shape)
        self.name = name


class TextInput(Input):
    """Texts: `(rows,)`, or `(rows, columns)` for several texts in a row."""

    kind = "text"


class TimeseriesInput(Input):
    """Series of numbers: `(rows, steps)` or `(rows, steps, channels)`.

    Args:
        lookback: Steps of a series, if that is to be checked; `TimeseriesForecaster` cuts long series into windows.
        shape, name, dtype: See `Input`.
        column_names, column_types: AutoKeras's arguments; channels are numbers.
    """

    kind = "series"

    def __init__(self, lookback=None, shape=None, column_names=None, column_types=None, name=None, dtype=None):
        super().__init__(shape, name, dtype)
        self.lookback, self.column_names, self.column_types = lookback, column_names, column_types


class ImageInput(Input):
    """Pictures: `(rows, height, width)` or `(rows, height, width, channels)`."""

    kind = "image"


class StructuredDataInput(Input):
    """A table: a DataFrame, a CSV or Parquet file, a dict of columns, or rows of any of these.

    Args:
        column_names: Names for rows that bring none; of a table with names, the columns that are used. All if None.
        column_types: "numerical", "categorical", "date" or "text" by column name; told from the values where it is not
            given.
        shape, name, dtype: See `Input`.
    """

    kind = "table"

    def __init__(self, column_names=None, column_types=None, shape=None, name=None, dtype=None):
        super().__init__(shape, name, dtype)
        self.column_names = None if column_names is None else list(column_names)
        self.column_types = dict(column_types or {})

    def learn(self, value, what, prefix=""):
        """The `TableSchema` of the rows of `fit`."""
        return learn_table(value, what, self.column_names, self.column_types, prefix)
