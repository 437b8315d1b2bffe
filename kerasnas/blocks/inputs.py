"""Where data enter a drawn graph."""

from kerasnas.blocks.block import KnownArguments, Wire


class Input(KnownArguments, Wire):
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
    """Series of numbers: `(rows, steps)` or `(rows, steps, channels)`."""

    kind = "series"


class ImageInput(Input):
    """Pictures: `(rows, height, width)` or `(rows, height, width, channels)`."""

    kind = "image"
