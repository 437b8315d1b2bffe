"""What a rule of differentiable search is: how gates come from architecture weights, and how those are trained."""

from dataclasses import dataclass

import keras
import numpy as np

from kerasnas.arguments import is_whole
from kerasnas.errors import ArgumentError

PUBLISHED = 50 * 25_000 // 64  # steps of the published searches
FASTEST = 0.05


@dataclass(frozen=True)
class Rule:
    """How a supernet is trained by gradients, and what is read from it.

    Subclasses say what the gates are (`gates`) and what joins the loss (`penalty`).

    Args:
        epochs: Passes over the smaller half of the training rows.
        batch_size: Rows in a step: so many for the weights, and so many others for the architecture weights.
        learning_rate: Of the weights, by SGD with momentum .9; falls along a cosine to a twenty-fifth.
        weight_decay: L2 of the weights, added to their gradient.
        clip: Global norm at which gradients of the weights are clipped.
        alpha_learning_rate: Of the architecture weights, by Adam with β (.5, .999), of which each step moves them by
            about this much. If None, as published (`published_rate`) in a search of the published 19,531 steps or more,
            and larger by as much as a search is shorter, up to .05: else they would hardly move.
        alpha_decay: L2 of the architecture weights, added to their gradient.
        warmup: Epochs at the beginning in which the architecture weights stay as they are, fewer than `epochs`. Where a
            search is cut to fewer epochs, they keep their share.
        stop_skips: The search ends before one cell of the derived network has so many skip connections; None for never.
            Cells whose name tells that they lower the resolution ("reduction") do not count.
        most_skips: Skip connections that a derived cell may have; the weakest beyond become what is second best.
        stop_curvature: The search ends, and goes back, when the dominant eigenvalue of the Hessian of the loss on rows
            apart has risen so far that earlier / now is below this (0.75 in the paper); None for never.
        curvature_window: Epochs that such an eigenvalue is a mean over, and that the search goes back.
        apart: Whether architecture weights learn from rows that the weights do not learn from; False to see why they
            must.
        recompute: The share of what fused cells hold that is computed anew in the backward pass: see `Supernet`.
        price: An `ExpectedCost` that joins the loss of the architecture weights, or None.

    Raises:
        ArgumentError: If a number is out of range.

    Reference:
        Liu et al., 2019, "DARTS"; Liang et al., 2019, "DARTS+" (stop_skips); Chen et al., 2019, "P-DARTS" (most_skips);
        Zela et al., 2020, "Understanding and Robustifying Differentiable Architecture Search" (stop_curvature).
    """

    epochs: int = 50
    batch_size: int = 64
    learning_rate: float = 0.025
    weight_decay: float = 3e-4
    clip: float = 5.0
    alpha_learning_rate: float | None = None
    alpha_decay: float = 1e-3
    warmup: int = 0
    stop_skips: int | None = None
    most_skips: int | None = None
    stop_curvature: float | None = None
    curvature_window: int = 5
    apart: bool = True
    recompute: float = 0.0
    price: object = None

    published_rate = 3e-4  # of the architecture weights
    partial = 1  # only one of so many channels passes a cell's operations
    edges = False  # whether the edges into a node are weighed against one another
    sampled = False  # whether gates are one-hot
    second_order = False

    def __post_init__(self):
        for name, least in (
            ("epochs", 1),
            ("batch_size", 1),
            ("warmup", 0),
            ("learning_rate", 0),
            ("clip", 0),
            ("curvature_window", 1),
        ):
            if not getattr(self, name) >= least:
                raise ArgumentError(f"Expected `{name}` to be at least {least}. Received: {getattr(self, name)!r}.")
        for name in ("epochs", "batch_size", "warmup"):
            if not is_whole(getattr(self, name)):
                raise ArgumentError(f"Expected `{name}` to be a whole number. Received: {getattr(self, name)!r}.")
        if self.warmup >= self.epochs:
            raise ArgumentError(
                f"Expected `warmup` below `epochs`, or no architecture weight ever moves. Received: {self.warmup} of "
                f"{self.epochs}."
            )
        for name in ("stop_skips", "most_skips"):
            value = getattr(self, name)
            if value is not None and (not is_whole(value) or value < (name == "stop_skips")):
                raise ArgumentError(f"Expected `{name}` to be a whole number, or None. Received: {value!r}.")

        if self.alpha_learning_rate is not None and not self.alpha_learning_rate >= 0:
            raise ArgumentError(
                f"Expected `alpha_learning_rate` to be at least 0, or None. Received: {self.alpha_learning_rate!r}."
            )
        if self.stop_curvature is not None and not 0 < self.stop_curvature < 1:
            raise ArgumentError(f"Expected `stop_curvature` between 0 and 1. Received: {self.stop_curvature!r}.")

    def alpha_rate(self, steps):
        """The learning rate of the architecture weights in a search of so many steps, a number or a float tensor."""
        if self.alpha_learning_rate is not None:
            return self.alpha_learning_rate
        return keras.ops.minimum(self.published_rate * keras.ops.maximum(PUBLISHED / steps, 1.0), FASTEST)

    def gates(self, supernet, progress, seed):
        """Gates by decision, for one step.

        Args:
            supernet: The `Supernet`.
            progress: How much of the search is over, a number or tensor from 0 to 1.
            seed: A `keras.random.SeedGenerator`.
        """
        return supernet.softmax_gates(self.edges)

    def means(self, supernet):
        """Gates to derive from, and to judge by: those without chance."""
        return supernet.softmax_gates(self.edges)

    def penalty(self, supernet, progress):
        """What joins the loss of the architecture weights."""
        return 0.0

    def weighed(self, supernet):
        """Paths of the decisions whose architecture weights count."""
        return [
            path
            for path, labels in supernet.labels.items()
            if len(labels) > 1 and (self.edges or supernet.exclusive[path])
        ]


def entropy(gates):
    """The mean entropy of gates, in nats: how undecided they are.

    Args:
        gates: Arrays by decision, of each of which the sum is one.
    """
    found = [-float(np.sum(g * np.log(np.maximum(g, 1e-12)))) for g in gates.values()]
    return float(np.mean(found)) if found else 0.0
