"""What an architecture costs, told before it is trained."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Price:
    """A function from an architecture to its parameters and FLOPs, by name; empty where they cannot be told.

    Args:
        space: The `Space`.
        shapes: Shapes of the inputs, by name.
    """

    space: object
    shapes: dict

    def __call__(self, architecture):
        try:
            spent = self.cost(architecture)
        except Exception:  # an operation of the user's may not say what it costs: that alone fails no trial
            return {}
        return {"params": int(spent.params), "flops": int(spent.flops)}

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
