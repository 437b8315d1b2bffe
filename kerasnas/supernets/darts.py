"""DARTS, of the first and of the second order."""

from dataclasses import dataclass

from kerasnas.errors import ArgumentError
from kerasnas.supernets.rule import Rule


@dataclass(frozen=True)
class DARTS(Rule):
    """Softmax gates.

    Args:
        order: 2 to look a step of the weights ahead in each step of the architecture weights; 1 to save two thirds of
            the time.

    Reference:
        Liu et al., 2019, "DARTS: Differentiable Architecture Search".
    """

    order: int = 1

    def __post_init__(self):
        super().__post_init__()
        if self.order not in (1, 2):
            raise ArgumentError(f"Expected `order` to be 1 or 2. Received: {self.order!r}.")

    @property
    def second_order(self):
        return self.order == 2
