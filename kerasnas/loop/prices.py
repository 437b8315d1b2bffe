"""What an architecture costs, told before it is trained."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Price:
    """A function from an architecture to its parameters, FLOPs and latency, by name, as far as they can be told.

    Args:
        space: The `Space`.
        shapes: Shapes of the inputs, by name.
        latency: Whether to measure the milliseconds for one example, too, on the machine that searches.
    """

    space: object
    shapes: dict
    latency: bool = False

    def __call__(self, architecture):
        try:
            spent = self.cost(architecture)
            told = {"params": int(spent.params), "flops": int(spent.flops)}
            return {**told, "latency": self.measured(architecture)} if self.latency else told
        except Exception:  # an operation of the user's may not say what it costs: that alone fails no trial
            return {}

    def measured(self, architecture):
        """Milliseconds for one example."""
        from kerasnas.lowering import latency

        return latency(self.space, architecture, self.shapes)

    def cost(self, architecture):
        """The `Cost`."""
        from kerasnas.lowering import cost_of

        network = self.space.resolve(architecture).network
        named = isinstance(getattr(network, "inputs", None), tuple)
        return cost_of(network, self.shapes if named else next(iter(self.shapes.values())))


@dataclass(frozen=True)
class Within:
    """A constraint: the network of an architecture keeps to limits.

    Args:
        price: The `Price`.
        limits: Pairs of "params" or "flops" and the most of it.
    """

    price: Price
    limits: tuple

    def __call__(self, architecture):
        spent = self.price.cost(architecture)
        return all(getattr(spent, name) <= limit for name, limit in self.limits)
