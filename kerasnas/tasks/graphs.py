"""A drawn graph of kerasnas's own blocks as plain JSON values: class, arguments and wires of each part."""

from kerasnas import blocks
from kerasnas.blocks import Block, Head, Input, Wire
from kerasnas.errors import KerasnasError
from kerasnas.tasks.plain_values import back, told

KINDS = [getattr(blocks, name) for name in blocks.__all__]
STOCK = {
    kind.__name__: kind
    for kind in KINDS
    if isinstance(kind, type) and issubclass(kind, (Block, Input)) and kind not in (Block, Head)
}


def graph_told(inputs, outputs):
    """A graph in JSON.

    Args:
        inputs, outputs: As of `AutoModel`.

    Returns:
        A dict: "parts", each with its class, its arguments and, where it was called, the places of the parts it reads,
        which stand before it; "inputs" and "outputs", the places of these.

    Raises:
        TypeError: If a block is of another class, or was made with what JSON cannot hold; the message says which.
    """
    parts, places = [], {}

    def place(part):
        if id(part) not in places:
            sources = [place(source) for source in getattr(part, "sources", ())]
            parts.append(_part(part, sources))
            places[id(part)] = len(parts) - 1
        return places[id(part)]

    found = {"inputs": _each(inputs, place), "outputs": _each(outputs, place), "parts": parts}
    try:
        graph_drawn(found)
    except KerasnasError as error:  # a KerasTuner hyperparameter where a decision of kerasnas's is not taken
        raise TypeError(f"a graph that cannot be drawn again ({error})") from error
    return found


def graph_drawn(values):
    """The inputs and outputs that `graph_told` told, drawn anew."""
    parts = []
    for part in values["parts"]:
        arguments, named = part["arguments"]
        made = STOCK[part["class"]](*map(back, arguments), **{name: back(value) for name, value in named.items()})
        # Not called on its sources: a call may draw further blocks before it, which are parts of their own here.
        called = isinstance(made, Block) and part["reads"] is not None
        parts.append(Wire(made, [parts[place] for place in part["reads"]]) if called else made)
    return tuple(_each(values[name], parts.__getitem__) for name in ("inputs", "outputs"))


def _each(value, change):
    """A list as a list, one thing as one thing."""
    return [change(item) for item in value] if isinstance(value, (list, tuple)) else change(value)


def _part(part, sources):
    made = part if isinstance(part, (Block, Input)) else part.block
    kind = type(made)
    if STOCK.get(kind.__name__) is not kind:
        raise TypeError(f"{kind.__name__}, which is no block of kerasnas's own")
    arguments, named = made.given
    return {
        "class": kind.__name__,
        "arguments": [
            [_argument(kind, value) for value in arguments],
            {name: _argument(kind, value, name) for name, value in named.items()},
        ],
        "reads": None if made is part else sources,
    }


def _argument(kind, value, name=None):
    try:
        return told(value)
    except TypeError as error:
        which = "an argument" if name is None else f"`{name}`"
        raise TypeError(f"{kind.__name__} with {error} as {which}") from error
