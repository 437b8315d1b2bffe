"""Strategies by name; `kerasnas.strategies` fills in which."""

import inspect

from kerasnas.contract import Strategy
from kerasnas.errors import ArgumentError, nearest
from kerasnas.strategies.derive import RULES, Derive

STRATEGIES = {}
# What strategies may require, in words; see `Strategy`.
NEEDS = {
    "finite": "a space without real-valued decisions",
    "epochs": "an evaluator that trains for as many epochs as it is told",
    "supernet": "`data=(x, y)` to train a supernet on",
}


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
    """Rows of (name, what it does in one line, the papers, what it needs) of all strategies."""
    from kerasnas import supernets

    derived = {}
    for name, rule in RULES.items():
        line, *rest = _told(getattr(supernets, rule), Derive.requires)
        derived[name] = f"A supernet trained by gradients. {line}", *rest
    rows = {name: _told(strategy, strategy.requires) for name, strategy in STRATEGIES.items()} | derived
    return [(name, *rows[name]) for name in sorted(rows)]


def _told(part, requires):
    text = inspect.getdoc(part)
    line = " ".join(text.split("\n\n")[0].split())
    reference = text.partition("Reference:")[2]
    return line, " ".join(reference.split()), ", ".join(NEEDS[need] for need in sorted(requires))
