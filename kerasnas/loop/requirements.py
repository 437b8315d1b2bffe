"""What a strategy needs of a search, checked before it begins."""

from kerasnas.errors import ArgumentError, StrategyError
from kerasnas.strategies.registry import NEEDS


def check(strategy, space, evaluator, data):
    """Refuses a search that has not what its strategy needs (`Strategy.requires`).

    Args:
        strategy: The `Strategy`.
        space: The `Space`.
        evaluator: The `Evaluator`.
        data: Whether there are rows to train on.

    Raises:
        StrategyError: With the first thing that is missing.
        ArgumentError: If the strategy names a need that is not known.
    """
    endless = [decision.path for decision in space.decisions() if not decision.domain.finite]
    missing = {
        "finite": f"real values of {endless[0]}" if endless else None,
        "epochs": None if evaluator.varies_epochs else f"a {type(evaluator).__name__} with one number of epochs",
        "supernet": None if data else "none",
    }
    for need in sorted(strategy.requires):
        if need not in missing:
            raise ArgumentError(f"Expected `requires` to be of {', '.join(map(repr, missing))}. Received: {need!r}.")
        if missing[need] is not None:
            raise StrategyError(
                f"Expected {NEEDS[need]}, which {type(strategy).__name__} needs. Received: {missing[need]}."
            )
