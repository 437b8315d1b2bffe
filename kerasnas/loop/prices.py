"""What an architecture costs, told before it is trained."""

import math
from dataclasses import dataclass, field, replace

from kerasnas.evaluators.shares import operations


@dataclass(frozen=True)
class Price:
    """A function from an architecture to its parameters, FLOPs and latency, by name, as far as they can be told.

    Args:
        space: The `Space`.
        shapes: Shapes of the inputs, by name.
        latency: Whether to measure the milliseconds for one example, too, on the machine that searches.
        folds: In how many folds rows are cross-validated. A network without members is then trained once a fold, and
            the model is the mean of these networks: its price is that of all of them.
    """

    space: object
    shapes: dict
    latency: bool = False
    folds: int = 0
    known: dict = field(default_factory=dict, repr=False, compare=False)

    def __call__(self, architecture):
        try:
            told = self.told(architecture)
            return {**told, "latency": self.measured(architecture)} if self.latency else told
        except Exception:  # an operation of the user's may not say what it costs: that alone fails no trial
            return {}

    def told(self, architecture):
        """Its parameters and FLOPs; unlike a call, it raises where they cannot be told."""
        spent = self.cost(architecture)
        return {"params": int(spent.params), "flops": int(spent.flops)}

    def measured(self, architecture):
        """Milliseconds for one example, measured once for each architecture: two measurements differ."""
        from kerasnas.lowering import latency

        key = architecture.without_training().key
        if key not in self.known:
            network = self.space.resolve(architecture).network
            self.known[key] = self._networks(network) * latency(self.space, architecture, self.shapes)
        return self.known[key]

    def cost(self, architecture):
        """The `Cost`."""
        from kerasnas.lowering import cost_of

        network = self.space.resolve(architecture).network
        named = isinstance(getattr(network, "inputs", None), tuple)
        spent = cost_of(network, self.shapes if named else next(iter(self.shapes.values())))
        times = self._networks(network)
        return replace(spent, params=times * spent.params, flops=times * spent.flops)

    def _networks(self, network):
        """How many networks a model is the mean of."""
        together = any(getattr(operation, "folds", 0) for operation in operations(network))
        return 1 if together else max(1, self.folds)


@dataclass(frozen=True)
class Within:
    """A constraint: an architecture keeps to limits. What it is not known to cost, it is not known to keep to.

    Args:
        told: A function from an architecture to a dict of what it costs.
        limits: The most of it, by the same names.
    """

    told: object
    limits: dict

    def __call__(self, architecture):
        spent = self.told(architecture)
        return all(spent.get(name, math.inf) <= limit for name, limit in self.limits.items())


@dataclass(frozen=True)
class Fast:
    """Why an architecture is not trained: the milliseconds it takes for one example are over a limit.

    Args:
        price: The `Price` that measures them.
        most: The limit.
    """

    price: Price
    most: float

    def __call__(self, architecture):
        """The reason, or None."""
        try:
            taken = self.price.measured(architecture)
        except Exception:  # a network that cannot be built: its trial says why
            return None
        return None if taken <= self.most else f"a latency of {taken:.3g} ms, over max_latency={self.most:g}"
