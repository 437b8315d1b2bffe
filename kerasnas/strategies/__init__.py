"""What to try next: one file a strategy, one line here."""

from kerasnas.contract import Strategy
from kerasnas.errors import ArgumentError, nearest
from kerasnas.strategies.derive import RULES, Derive
from kerasnas.strategies.greedy import Greedy
from kerasnas.strategies.random_search import RandomSearch
from kerasnas.strategies.warm_start import WarmStart

STRATEGIES = {
    "greedy": Greedy,
    "random": RandomSearch,
}


def get(strategy):
    """A strategy from its name, or itself.

    Raises:
        ArgumentError: If the name is unknown.
    """
    if isinstance(strategy, Strategy):
        return strategy
    if isinstance(strategy, str) and strategy in STRATEGIES:
        return STRATEGIES[strategy]()
    if isinstance(strategy, str) and strategy in RULES:
        return Derive(strategy)
    names = sorted([*STRATEGIES, *RULES])
    known = ", ".join(names)
    if isinstance(strategy, type):
        raise ArgumentError(f"Expected a strategy or its name. Received: the class {strategy.__name__}; call it.")
    raise ArgumentError(f"Expected `strategy` to be one of: {known}.{nearest(strategy, names)} Received: {strategy!r}.")


__all__ = ["STRATEGIES", "Derive", "Greedy", "RandomSearch", "WarmStart", "get"]
