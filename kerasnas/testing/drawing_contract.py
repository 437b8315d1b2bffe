"""What holds of every block, and of every graph that is drawn with blocks."""

import random

import numpy as np

from kerasnas.blocks import (
    Block,
    ClassificationHead,
    Drawing,
    Head,
    ImageInput,
    Input,
    Signal,
    StructuredDataInput,
    TextInput,
    TimeseriesInput,
)
from kerasnas.space import Node
from kerasnas.testing.expectations import expect, expect_plain, expect_space_error
from kerasnas.testing.networks import check_network, noise, phrases, table
from kerasnas.testing.space_contract import check_space

INPUTS = {
    "image": ImageInput, "array": Input, "series": TimeseriesInput, "text": TextInput, "table": StructuredDataInput,
}  # fmt: skip


def check_block(block, input_shapes, kinds=None, y=None, rows=24, architectures=3, seed=0):
    """Check a block: that it can be drawn, searched, costed, built, saved.

    Args:
        block: The block, not called yet.
        input_shapes: Shape of a row of its input, without the batch axis; of a table, `(columns,)`. A list of shapes
            for several inputs.
        kinds: "image", "array", "series", "text" or "table" for each input; by the number of axes if None. A table's
            columns are numbers and categories by turns, with missing values.
        y: Raw targets `(rows, ...)` for a head; three classes, or numbers, if None.
        rows: Number of rows to fit and predict on.
        architectures: Number of random architectures to build, beside the default and the portfolio.
        seed: Seed of data and architectures.

    Raises:
        AssertionError: Where the block breaks the contract.
    """
    expect(isinstance(block, Block), f"Expected a kerasnas.Block. Received: {type(block).__name__}.")
    shapes = [tuple(shape) for shape in ([input_shapes] if _is_shape(input_shapes) else input_shapes)]
    if not isinstance(kinds, (list, tuple)):
        kinds = [kinds or ("image" if len(shape) == 3 else "array") for shape in shapes]
    _check_wires(block)
    inputs = [INPUTS[kind]() for kind in kinds]
    if not isinstance(block, Head):
        _check_pieces(block, [_signal(wire, shape, rows, seed) for wire, shape in zip(inputs, shapes)])
    wire = block(*inputs)
    outputs = wire if isinstance(block, Head) else ClassificationHead(dropout=0)(wire)
    check_graph(inputs, outputs, shapes, y, rows, architectures, seed)


def check_graph(inputs, outputs, shapes, y=None, rows=24, architectures=3, seed=0):
    """Check a drawn graph: its space, and that its architectures are costed, built and saved.

    Args:
        inputs: An input or a list of them.
        outputs: What heads gave, or a list of that.
        shapes: Shape of a row of each input, in order; one shape for a single input.
        y: Raw targets `(rows, ...)` by head name, or those of a single head; made up if None.
        rows: Number of rows to fit and predict on.
        architectures: Number of random architectures to build, beside the default and the portfolio.
        seed: Seed of data and architectures.

    Raises:
        AssertionError: Where it breaks the contract.
    """
    drawing = Drawing(inputs, outputs)
    shapes = [shapes] if _is_shape(shapes) else shapes
    named = {drawing.names[id(wire)]: tuple(shape) for wire, shape in zip(drawing.inputs, shapes)}
    targets = _targets(drawing, y, rows)
    data, schemas = _data(drawing, named, rows, seed)
    space = drawing.space({name: each.shape[1:] for name, each in data.items()}, rows, targets, schemas=schemas)
    check_space(space, trials=20, seed=seed)
    rng = random.Random(seed)
    known = [space.default(), *map(space.complete, space.portfolio)]
    drawn = [space.sample(rng) for _ in range(architectures)]
    for architecture in dict.fromkeys([*known, *drawn]):
        _check_built(drawing, space.resolve(architecture).network, data, architecture)


def _signal(wire, shape, rows, seed):
    """What a block is told of an input of this shape."""
    about = wire.learn(table(shape[0], rows, seed), "`x`") if hasattr(wire, "learn") else None
    return Signal(wire.kind, shape, rows, about=about)


def _data(drawing, shapes, rows, seed):
    """Made-up rows by raw input, of a table one a column, and what was learnt of tables."""
    frames = {name: table(shapes[name][0], rows, seed) for name, kind in drawing.kinds.items() if kind == "table"}
    schemas, data = drawing.learn(frames), {}
    for name, kind in drawing.kinds.items():
        made = {"text": phrases}.get(kind, noise)
        data |= schemas[name].arrays(frames[name]) if name in frames else {name: made(shapes[name], rows, seed)}
    return data, schemas


def _is_shape(value):
    return all(isinstance(axis, (int, np.integer)) for axis in value)


def _check_wires(block):
    with expect_space_error("a block called on a number"):
        block(5)
    with expect_space_error("a block called on nothing"):
        block()
    with expect_space_error("a block called on a block that was not called"):
        block(block)


def _check_pieces(block, signals):
    node, again = block.node(signals), block.node(signals)
    expect(isinstance(node, Node), f"Expected `node` to return a kerasnas.space.Node. Received: {node!r}.")
    paths, others = ([decision.path for decision in _decisions(each)] for each in (node, again))
    expect(paths == others, f"Expected `node` to give the same decisions each time. Received: {paths} and {others}.")
    training = block.training(signals)
    expect(isinstance(training, dict), f"Expected `training` to return a dict. Received: {training!r}.")
    for name, value in training.items():
        if not isinstance(value, Node):
            expect_plain(value, f"the training value '{name}'")
    portfolio = block.portfolio(signals)
    expect(
        all(isinstance(entry, dict) for entry in portfolio),
        f"Expected `portfolio` to return dicts from path to answer. Received: {portfolio!r}.",
    )


def _decisions(node):
    from kerasnas.space import Space

    return Space(node).decisions()


def _targets(drawing, y, rows):
    given = y if isinstance(y, dict) else dict.fromkeys(drawing.heads, y)
    return {name: head.fit_target(_raw(head, given[name], rows)) for name, head in drawing.heads.items()}


def _raw(head, y, rows):
    """Targets made up for a head: three classes, or as many as it was drawn for; several labels; numbers."""
    if y is not None:
        return y
    classes = getattr(head, "num_classes", None) or 3
    if getattr(head, "multi_label", False):
        return (np.arange(rows)[:, None] + np.arange(classes)) % 2
    if isinstance(head, ClassificationHead):
        return np.arange(rows) % classes
    return noise((getattr(head, "output_dim", None) or 1,), rows)


def _check_built(drawing, graph, data, architecture):
    import keras

    from kerasnas import backend
    from kerasnas.data import Dataset
    from kerasnas.lowering import cost_of, network, output_shape
    from kerasnas.lowering.joining import raw_inputs
    from kerasnas.lowering.preprocessing import Preprocessing, parted

    shapes = {name: rows.shape[1:] for name, rows in data.items()}
    first, rest = parted(graph, drawing.preprocessing())
    inputs = raw_inputs(Dataset(data))
    outputs = network(rest, Preprocessing(first, Dataset(data)).tensors(inputs))
    model = keras.Model(inputs, {name: keras.layers.Identity(name=name)(out) for name, out in outputs.items()})
    as_tensor = keras.ops.convert_to_tensor
    tensors = {name: backend.strings(rows) if rows.dtype == object else as_tensor(rows) for name, rows in data.items()}
    check_network(model, cost_of(graph, shapes), output_shape(graph, shapes), tensors, repr(architecture))
