"""PC-DARTS."""

from dataclasses import dataclass

from kerasnas.errors import ArgumentError
from kerasnas.supernets.rule import Rule


@dataclass(frozen=True)
class PCDARTS(Rule):
    """Softmax gates over a part of the channels, and edges weighed against one another.

    Args:
        warmup: As of `Rule`; three tenths of the epochs, as in the paper, if None.
        share: One of so many channels passes the operations.

    Reference:
        Xu et al., 2020, "PC-DARTS: Partial Channel Connections for Memory-Efficient Architecture Search".
    """

    warmup: int | None = None
    share: int = 4

    published_rate = 6e-4
    edges = True

    def __post_init__(self):
        if self.warmup is None:
            object.__setattr__(self, "warmup", round(0.3 * self.epochs))
        super().__post_init__()
        if not isinstance(self.share, int) or self.share < 1:
            raise ArgumentError(f"Expected `share` to be a whole number from 1 on. Received: {self.share!r}.")

    @property
    def partial(self):
        return self.share
