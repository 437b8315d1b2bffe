"""From what was drawn to a space: order, names, and the pieces put together."""

import copy
import re
from dataclasses import replace

from kerasnas.blocks.block import Signal
from kerasnas.blocks.heads import Head
from kerasnas.blocks.image import ImageBlock
from kerasnas.blocks.inputs import Input
from kerasnas.blocks.preprocessing import ImageAugmentation, Normalization
from kerasnas.blocks.reduction import DenseBlock, Merge
from kerasnas.blocks.series import TimeseriesBlock
from kerasnas.blocks.tables import StructuredDataBlock
from kerasnas.blocks.text import TextBlock
from kerasnas.errors import SpaceError
from kerasnas.space import Graph, Node, Space, Step, When, join


def _listed(value):
    return list(value) if isinstance(value, (list, tuple)) else [value]


def _assembled(inputs, heads):
    """Heads drawn on all inputs, each through the usual blocks of its kind, where the user drew nothing between."""
    branches = [_usual(wire) for wire in inputs if isinstance(wire, Input)]
    if not branches:
        return heads
    merged = branches[0] if len(branches) == 1 else Merge()(branches)
    return [head(merged) for head in heads]


def _usual(wire):
    """An input through the usual blocks of its kind."""
    alone = {"text": TextBlock, "table": StructuredDataBlock, "series": TimeseriesBlock}
    if wire.kind in alone:
        return alone[wire.kind]()(wire)
    normal = Normalization()(wire)
    return ImageBlock()(ImageAugmentation()(normal)) if wire.kind == "image" else DenseBlock()(normal)


class Drawing:
    """A graph of blocks with its inputs and heads, named and in order.

    Args:
        inputs: An input or a list of them.
        outputs: A wire out of a head, or a list of them; heads that were not called are put on the usual blocks.

    Raises:
        SpaceError: If the graph does not lead from the inputs to heads, or two parts have one name.
    """

    def __init__(self, inputs, outputs):
        self.inputs, outputs = _listed(inputs), _listed(outputs)
        if outputs and all(isinstance(output, Head) for output in outputs):
            outputs = _assembled(self.inputs, outputs)
        for wire in self.inputs:
            if not isinstance(wire, Input):
                raise SpaceError(
                    f"Expected `inputs` to be inputs such as ImageInput(). Received: {type(wire).__name__}."
                )
        self.wires = []
        for output in outputs:
            self._visit(output)
        self._check_ends(outputs)
        self.names = self._named()
        self.heads = {self.names[id(wire)]: wire.block for wire in outputs}
        late = set(self.blocks(ImageAugmentation)) - self.preprocessing()
        if late:
            raise SpaceError(
                "Expected every ImageAugmentation to follow an input or a Normalization. "
                f"Received: '{min(late)}', which follows a block that is trained."
            )

    def _visit(self, wire, above=()):
        if any(wire is other for other in above):
            raise SpaceError("Expected a graph without circles. Received: a block that feeds itself.")
        if isinstance(wire, Input):
            if not any(wire is known for known in self.inputs):
                raise SpaceError(
                    f"Expected every input to be in `inputs`. Received: {type(wire).__name__} beside them."
                )
            return
        if any(wire is known for known in self.wires):
            return
        for source in getattr(wire, "sources", ()):
            self._visit(source, (*above, wire))
        self.wires.append(wire)

    def _check_ends(self, outputs):
        for wire in outputs:
            if isinstance(wire, Input) or not isinstance(getattr(wire, "block", None), Head):
                what = type(getattr(wire, "block", wire)).__name__
                raise SpaceError(
                    f"Expected outputs to come out of heads such as ClassificationHead(). Received: {what}."
                )
        read = [source for wire in self.wires for source in wire.sources]
        for wire in self.inputs:
            if not any(wire is source for source in read):
                raise SpaceError("Expected every input to lead to an output. Received: an input that nothing reads.")

    def _named(self):
        names, used = {}, set()
        for wire in [*self.inputs, *self.wires]:
            part = wire.block or wire
            base = (
                part.name or re.sub(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", type(part).__name__).lower()
            )
            name, count = base, 1
            while name in used:
                if part.name:
                    raise SpaceError(f"Expected names that differ. Received: '{base}' twice.")
                count += 1
                name = f"{base}_{count}"
            used.add(name)
            names[id(wire)] = name
        return names

    def learn(self, parts):
        """What has to be known of inputs before they can be read: by input name, a schema of a table's columns.

        Args:
            parts: What was passed as `x`, by input name.
        """
        found = {}
        for wire in self.inputs:
            name = self.names[id(wire)]
            if hasattr(wire, "learn"):
                prefix = f"{name}_" if len(self.inputs) > 1 else ""
                found[name] = wire.learn(parts[name], "`x`" if len(self.inputs) == 1 else f"`x['{name}']`", prefix)
        return found

    @property
    def kinds(self):
        """Kind of each input, by name."""
        return {self.names[id(wire)]: wire.kind for wire in self.inputs}

    @property
    def shapes(self):
        """Shapes of rows that were drawn, by input name; None where they were left open."""
        return {self.names[id(wire)]: wire.shape for wire in self.inputs}

    def blocks(self, kind):
        """The blocks of a class, by name."""
        return {self.names[id(wire)]: wire.block for wire in self.wires if isinstance(wire.block, kind)}

    def space(
        self, shapes, rows, targets, training=None, mirrors=None, fixed=None, schemas=None, folds=0, texts=None,
        values=None,
    ):  # fmt: skip
        """The search space of this drawing over data of these shapes.

        Args:
            shapes: Shape of a row of each input, by name.
            rows: Number of training rows.
            targets: The fitted target of each head, by name.
            training: Decisions about training beside those of the blocks, by name.
            mirrors: Whether pictures may be mirrored, by input name, where that is known.
            fixed: Training values that the user gave, by name.
            schemas: What was learnt of inputs that are several arrays, by input name; see `learn`.
            folds: In how many folds rows are cross-validated; 0 where they are not.
            texts: The `TextTraits` of text inputs, by input name, where they could be looked at.
            values: The least and the greatest value of pictures, by input name, where they could be looked at.
        """
        known, schemas = {**(texts or {}), **(schemas or {})}, schemas or {}
        signals = self._signals(shapes, rows, mirrors or {}, known, folds, values or {})
        steps, decisions, recipe, portfolios = [], {}, {}, []
        for wire in self.wires:
            name, incoming = self.names[id(wire)], [signals[id(source)] for source in wire.sources]
            block = copy.copy(wire.block)
            block.name = name
            block = block.with_target(targets[name]) if name in targets else block
            _check_reads(block, name, incoming)
            incoming = self._aiming(wire, incoming, targets)
            steps.append(Step(name, block.node(incoming), self._sources(wire, schemas)))
            signals[id(wire)] = block.gives(incoming)
            decisions.update({f"{name}/{key}": node for key, node in block.training(incoming).items()})
            recipe = {**block.recipe(incoming), **recipe}
            portfolios.append(_prefixed(name, block.portfolio(incoming)))
        if folds and not self._members_answer(signals):
            return self.space(shapes, rows, targets, training, mirrors, fixed, schemas, 0, texts, values)
        raw = [each for name in self.kinds for each in (schemas[name].names if name in schemas else (name,))]
        graph = Graph(raw, steps, self.heads)
        training = {**(training or {}), **recipe, **decisions, **(fixed or {})}
        return Space(graph, training, name="drawing", portfolio=_fitting(_joined(portfolios), training))

    def _members_answer(self, signals):
        """Whether members, one a fold, go straight to every head or to none: else a network is trained a fold."""
        read = [(wire.block, signals[id(source)]) for wire in self.wires for source in wire.sources]
        between = any(signal.kind == "members" for block, signal in read if not isinstance(block, Head))
        answers = {s.kind == "members" or s.answered is not None for block, s in read if isinstance(block, Head)}
        return not between and len(answers) == 1

    def _signals(self, shapes, rows, mirrors, known, folds, values):
        """The signal of each input, by the input's id."""
        found = {}
        for wire in self.inputs:
            name = self.names[id(wire)]
            about = known.get(name)
            shape = (len(about.names),) if hasattr(about, "names") else tuple(shapes[name])
            signal = Signal(wire.kind, shape, rows, mirrors.get(name), about, folds)
            found[id(wire)] = replace(signal, values=values.get(name))
        return found

    def _aiming(self, wire, signals, targets):
        """Signals that know the target where their block may answer for the only head."""
        readers = [other for other in self.wires if any(source is wire for source in other.sources)]
        alone = len(self.heads) == 1 == len(readers) and isinstance(readers[0].block, Head)
        target = None
        if alone and len(readers[0].sources) == 1 and readers[0].block.usual:
            target = targets[self.names[id(readers[0])]]
        return [replace(signal, target=target) for signal in signals]

    def _sources(self, wire, schemas):
        """Names of what a block reads: of a table, all its columns."""
        names = [self.names[id(source)] for source in wire.sources]
        return tuple(each for name in names for each in (schemas[name].names if name in schemas else (name,)))

    def places(self, name):
        """Names under which the rows that a step changes may be met: its own, those of steps after it, its input's."""
        below = [name]
        for wire in self.wires:
            if any(self.names[id(source)] in below for source in wire.sources):
                below.append(self.names[id(wire)])
        (wire,) = (wire for wire in self.wires if self.names[id(wire)] == name)
        while wire.sources:
            wire = wire.sources[0]
        return (*below, self.names[id(wire)])

    def preprocessing(self):
        """Names of the steps that can be computed once: those that only inputs and other such steps feed."""
        early = set(self.kinds)
        for wire in self.wires:
            sources = {self.names[id(source)] for source in wire.sources}
            if wire.block.preprocessing and sources <= early:
                early.add(self.names[id(wire)])
        return early - set(self.kinds)


BETWEEN = {"text": "a TextBlock", "table": "a StructuredDataBlock or CategoricalToNumerical"}


def _check_reads(block, name, signals):
    """Refuses a block on an input that it cannot read."""
    for signal in signals:
        if signal.kind not in block.reads:
            hint = f"; put {BETWEEN[signal.kind]} between" if signal.kind in BETWEEN else ""
            raise SpaceError(
                f"Expected '{name}' ({type(block).__name__}) to read one of {list(block.reads)}. "
                f"Received: a {signal.kind}{hint}."
            )


def _prefixed(name, portfolio):
    return [
        {path if path.startswith("training/") else join(name, path): answer for path, answer in entry.items()}
        for entry in portfolio
    ]


def _fitting(portfolio, training):
    """A portfolio without the training answers that another block's recipe, or the user, leaves no room for."""

    def fits(path, answer):
        node = training.get(path.removeprefix("training/")) if path.startswith("training/") else None
        node = node.node if isinstance(node, When) else node
        return node is None or (isinstance(node, Node) and node.domain.contains(answer))

    return [{path: answer for path, answer in entry.items() if fits(path, answer)} for entry in portfolio]


def _joined(portfolios):
    """Entry i of the whole is made of the entries i of its parts; a shorter portfolio repeats its first."""
    portfolios = [portfolio for portfolio in portfolios if portfolio]
    longest = max(map(len, portfolios), default=0)
    entries = []
    for i in range(longest):
        merged = {}
        for portfolio in portfolios:
            merged.update(portfolio[i] if i < len(portfolio) else portfolio[0])
        entries.append(merged)
    return entries
