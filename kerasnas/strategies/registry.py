"""Strategies by name; `kerasnas.strategies` fills in which."""

import inspect

from kerasnas.contract import Strategy
from kerasnas.errors import ArgumentError, nearest
from kerasnas.strategies.derive import RULES, Derive

STRATEGIES = {}


def get(strategy, max_epochs=None):
    """A strategy from its name, or itself.

    Args:
        strategy: A name or a `Strategy`.
        max_epochs: The most epochs of a trial, for one made by its name that decides about epochs; its usual if None.

    Raises:
        ArgumentError: If the name is unknown.
    """
    if isinstance(strategy, Strategy):
        return strategy
    if isinstance(strategy, str) and strategy in STRATEGIES:
        made = STRATEGIES[strategy]
        own = max_epochs is not None and "max_epochs" in inspect.signature(made).parameters
        return made(max_epochs=max_epochs) if own else made()
    if isinstance(strategy, str) and strategy in RULES:
        return Derive(strategy)
    names = sorted([*STRATEGIES, *RULES])
    known = ", ".join(names)
    if isinstance(strategy, type):
        raise ArgumentError(f"Expected a strategy or its name. Received: the class {strategy.__name__}; call it.")
    raise ArgumentError(f"Expected `strategy` to be one of: {known}.{nearest(strategy, names)} Received: {strategy!r}.")


def listing():
    """Rows of (name, what it does in one line, the papers) of all strategies, from their docstrings."""
    return [(name, *_told(STRATEGIES[name])) for name in sorted(STRATEGIES)]


def _told(strategy):
    text = inspect.getdoc(strategy)
    line = " ".join(text.split("\n\n")[0].split())
    reference = text.partition("Reference:")[2]
    return line, " ".join(reference.split())
