"""Arguments of strategies that count something."""

import numbers

from kerasnas.errors import ArgumentError


def check_whole(**arguments):
    """Refuses an argument that is no whole number; how large it may be, each strategy says itself.

    Raises:
        ArgumentError: With its name and what came.
    """
    for name, value in arguments.items():
        if not isinstance(value, numbers.Integral) or isinstance(value, bool):
            raise ArgumentError(f"Expected `{name}` to be a whole number. Received: {value!r}.")
