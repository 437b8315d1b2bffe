"""Checks of arguments that count something."""

import numbers

from kerasnas.errors import ArgumentError


def is_whole(value):
    """Whether it is a whole number; truths are none."""
    return isinstance(value, numbers.Integral) and not isinstance(value, bool)


def whole(name, value, least=1):
    """`value` as an int, or None.

    Raises:
        ArgumentError: If it is no whole number from `least` on.
    """
    if value is None:
        return None
    if not is_whole(value) or value < least:
        kind = "a positive whole number" if least == 1 else f"a whole number from {least} on"
        raise ArgumentError(f"Expected `{name}` to be {kind} or None. Received: {value!r}.")
    return int(value)


def check_whole(**arguments):
    """Refuses an argument that is no whole number; how large it may be, its owner says itself.

    Raises:
        ArgumentError: With its name and what came.
    """
    for name, value in arguments.items():
        if not is_whole(value):
            raise ArgumentError(f"Expected `{name}` to be a whole number. Received: {value!r}.")
