"""What a user draws with: blocks called on wires, as Keras layers are on tensors."""

import inspect
from dataclasses import dataclass, replace

from kerasnas.errors import ArgumentError, SpaceError, nearest
from kerasnas.lowering.hypermodels import HyperModelNode, Source, decision_of
from kerasnas.space import Choice, Node


@dataclass(frozen=True)
class Signal:
    """What is known of the data that reach a block before any decision is taken.

    Args:
        kind: "image", "array", "text", "table" or "series", as the input upstream was drawn, unless a block between
            gives something else; "members" for what several networks side by side give, `(members, units)`.
        shape: Shape of a row of that input; of a table, the number of its columns.
        rows: Number of training rows.
        mirrors: Whether pictures swapped left and right keep their class; None if that is not known.
        about: What was learnt of the input before (a table's schema, the traits of texts), or None.
        folds: In how many folds rows are cross-validated; 0 where they are not.
        answered: Where what reaches a head is its answer already, before the softmax or the unit, and was not trained
            but solved for: a decision's path and the answers under which that is so; ("", ()) for always, None for
            never. Only the next block is told.
        target: The target of the only head, for a block that is read by that head alone and may answer for it; None
            for others, and where the head has a loss or a dropout of its own.
        values: The least and the greatest value of pictures; "standard" once they are standardized; None where that is
            not known.
    """

    kind: str
    shape: tuple
    rows: int
    mirrors: bool | None = None
    about: object = None
    folds: int = 0
    answered: tuple | None = None
    target: object = None
    values: tuple | str | None = None


class Wire:
    """The output of a block, to be passed on to others."""

    def __init__(self, block, sources=()):
        self.block, self.sources = block, tuple(sources)


class _Constructor:
    """The signature of a class, which `inspect` would take from `__new__`."""

    def __get__(self, instance, owner):
        signature = inspect.signature(owner.__init__)
        return signature.replace(parameters=list(signature.parameters.values())[1:])


class KnownArguments:
    """A class that answers an argument it does not know with the nearest one that it does."""

    __signature__ = _Constructor()

    def __new__(cls, *arguments, **named):
        known = inspect.signature(cls).parameters
        if not any(each.kind is inspect.Parameter.VAR_KEYWORD for each in known.values()):
            for name in named:
                if name not in known:
                    raise ArgumentError(
                        f"Expected an argument that {cls.__name__} knows.{nearest(name, known)} Received: {name!r}."
                    )
        return super().__new__(cls)


class Drawn(KnownArguments):
    """A part of a drawn graph: remembers the arguments that it was made with, so that the graph can be told in JSON.

    Attributes:
        given: Positional arguments, and a dict of those by name.
    """

    def __new__(cls, *arguments, **named):
        part = super().__new__(cls, *arguments, **named)
        part.given = (arguments, named)
        return part


class Block(Drawn):
    """A piece of a drawn graph.

    A subclass says in `node` what it spans. One file and these methods make a block of one's own;
    `kerasnas.testing.check_block` tests it. A subclass as AutoKeras has them, with `build(hp, inputs=None)` in place of
    `node`, is drawn as `HyperModelBlock` is.

    Args:
        name: Its name in the graph and in the paths of its decisions; made from the class if None.
    """

    preprocessing = False  # whether what it does can be done once, before all trials
    several = False  # whether it reads several inputs
    reads = ("image", "array", "series", "members")  # kinds of input it can be drawn on; of a table it gets all columns

    def __init__(self, name=None):
        self.name = name

    def __call__(self, *inputs):
        """Draw this block after `inputs`: wires, or one list of them."""
        wires = inputs[0] if len(inputs) == 1 and isinstance(inputs[0], (list, tuple)) else inputs
        for wire in wires:
            if not isinstance(wire, Wire):
                hint = "; call it on its input first" if isinstance(wire, Block) else ""
                raise SpaceError(
                    f"Expected {type(self).__name__} to be called on inputs or outputs of blocks. "
                    f"Received: {type(wire).__name__}{hint}."
                )
        if not wires:
            raise SpaceError(f"Expected {type(self).__name__} to be called on at least one input. Received: none.")
        if len(wires) > 1 and not self.several:
            raise SpaceError(
                f"Expected {type(self).__name__} to be called on one input. Received: {len(wires)}; put a Merge() "
                "between, or, in a block of your own that reads several, say `several = True`."
            )
        return Wire(self, wires)

    def node(self, signals):
        """The piece of search space this block stands for.

        Args:
            signals: A `Signal` for each of its inputs.

        Returns:
            A `kerasnas.space.Node`; of a block written for AutoKeras, all that its `build(hp, inputs)` can build.
        """
        if not hasattr(self, "build"):
            raise NotImplementedError(f"{type(self).__name__}.node")
        source = Source(self)
        return HyperModelNode(source, source.parameters(tuple(signals[0].shape)))

    def training(self, signals):
        """Decisions about training that come with the block, by name."""
        return {}

    def recipe(self, signals):
        """How what it spans is usually trained: decisions or values in place of the usual ones, by name."""
        return {}

    def gives(self, signals):
        """The `Signal` of what it puts out: the first that came in, of members no longer side by side."""
        kind = "array" if signals[0].kind == "members" or hasattr(self, "build") else signals[0].kind
        return replace(signals[0], kind=kind, answered=None, target=None, values=None)

    def portfolio(self, signals):
        """Configurations known to be strong, the first to try first.

        Returns:
            A list of dicts from path to answer; a path starts below the block, or is under "training/".
        """
        return []


def opened(value, default):
    """An argument as a node or a value: None leaves `default` open, a list or tuple is a choice among its items."""
    if value is None:
        return default
    if isinstance(value, Node):
        return value
    if isinstance(value, (list, tuple)):
        return Choice(*value) if len(value) > 1 else value[0]
    if type(value).__module__.startswith("keras_tuner"):
        return decision_of(value)
    return value
