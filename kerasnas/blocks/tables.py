"""Blocks over tables."""

from dataclasses import replace

from kerasnas.blocks.answering import UNTRAINED, answerable
from kerasnas.blocks.block import Block, opened
from kerasnas.blocks.measures import listed
from kerasnas.blocks.table_features import Layout, TableFeatures
from kerasnas.blocks.table_models import MODELS, OF_FEW, OF_MANY, ready_models
from kerasnas.blocks.table_networks import TableNetwork
from kerasnas.errors import ArgumentError, nearest
from kerasnas.space import Choice, Float, Int, Node, Sequential, When, join

FEW = 3000  # rows below which networks are cross-validated and small
WIDE = 200  # numbers above which none is embedded
NETWORK_ARGUMENTS = ("embedding", "kind", "width", "depth", "dropout", "members")


class _Features(Block):
    """A block that makes features of raw columns."""

    reads = ("table",)
    preprocessing = True

    def __init__(self, normalize=None, one_hot=True, name=None):
        super().__init__(name)
        self.normalize, self.one_hot = normalize, one_hot

    def node(self, signals):
        return TableFeatures(signals[0].about.columns, scaling_of(self.normalize), self.one_hot)

    def gives(self, signals):
        layout = TableFeatures(signals[0].about.columns, one_hot=self.one_hot).layout
        return replace(signals[0], kind="array", shape=(layout.width,), about=layout)


class CategoricalToNumerical(_Features):
    """The columns of a table as one vector of numbers: numbers scaled, categories as flags or, of many, as embeddings.

    Args:
        normalize: How numbers are scaled: "robust", "standard", "quantile", "none"; True for the first, False for the
            last.
        name: Its name.
    """

    def __init__(self, normalize=True, name=None):
        super().__init__(normalize, True, name)


class CategoricalEncoding(_Features):
    """The columns of a table as one vector, each category as the number of its value, to be embedded.

    Args:
        normalize: As of `CategoricalToNumerical`.
        name: Its name.
    """

    def __init__(self, normalize=True, name=None):
        super().__init__(normalize, False, name)


def scaling_of(normalize):
    """The argument `normalize` as a scaling, or a choice of scalings."""
    named = {None: Choice("robust", "quantile"), True: "robust", False: "none"}
    return named[normalize] if normalize is None or isinstance(normalize, bool) else opened(normalize, None)


class StructuredDataBlock(Block):
    """Networks over a table, or over numbers of any kind.

    Every argument may be fixed, left open (None), or narrowed to a list or a node of choices.

    Args:
        categorical_encoding: Whether categories of few values are flags (True) or embedded like those of many (False).
        normalize: How numbers are scaled: "robust", "standard", "quantile" or "none"; open: the first or third; True
            for the first, False for the last.
        embedding: How numbers enter: "plain", "cosines", "bins", "both" or "bins_alone"; see `TableNetwork`.
        kind: "plain", "residual" or "gated" layers.
        width, depth: Units of a layer, and layers.
        dropout: Rate after each layer.
        members: Networks that share their matrices and whose answers are averaged.
        model: "dense" for such a network, "linear" for a ridge regression, "boosted_trees" or "random_forest". The last
            three are not trained but solved for and grown; they are there where the block's answer goes to the only
            head, that head's loss is the usual one, and no argument of networks is fixed.
        name: Its name.
        seed: AutoKeras's argument; the task's seed counts.
    """

    reads = ("table", "array", "members")

    def __init__(
        self, categorical_encoding=True, normalize=None, embedding=None, kind=None, width=None, depth=None,
        dropout=None, members=None, model=None, name=None, seed=None,
    ):  # fmt: skip
        super().__init__(name)
        for each in () if model is None else listed(model):
            if each not in MODELS:
                raise ArgumentError(
                    f"Expected `model` to be of {list(MODELS)}.{nearest(each, MODELS)} Received: {each!r}."
                )
        self.model = model
        self.categorical_encoding, self.normalize = bool(categorical_encoding), normalize
        self.embedding, self.kind, self.width, self.depth = embedding, kind, width, depth
        self.dropout, self.members = dropout, members

    # ------------------------------------------------------------------- space
    def node(self, signals):
        signal, layout = signals[0], self._layout(signals[0])
        few, folds = signal.rows < FEW, signal.folds
        ranked = signal.kind == "table" or isinstance(signal.about, Layout)
        embeddings = ("cosines", "bins", "both", "bins_alone", "plain") if ranked else ("cosines", "plain")
        usual = "plain" if layout.numbers > WIDE or not layout.numbers else "cosines"
        network = TableNetwork(
            layout.numbers, layout.flags, layout.sizes,
            embedding=opened(self.embedding, Choice(*embeddings, default=usual)) if layout.numbers else "plain",
            bins=Choice(12, 24, 48, default=12 if few else 24) if ranked and layout.numbers else 24,
            kind=opened(self.kind, Choice("plain", "gated", *([] if folds else ["residual"]))),
            width=opened(self.width, Choice(32, 64, 96, 128, 192, 256, 384, 512, default=128 if few else 256)),
            depth=opened(self.depth, Int(1, 4, default=2 if few else 3)),
            activation=Choice("mish", "relu", "selu"),
            dropout=opened(self.dropout, Choice(0.0, 0.1, 0.15, 0.3, 0.5, default=0.15)),
            members=1 if folds else opened(self.members, Choice(1, 8, 16)),
            folds=folds,
        )  # fmt: skip
        models = self._models(signal, network)
        network = Choice(**models) if len(models) > 1 else next(iter(models.values()))
        if signal.kind != "table":
            return network
        features = TableFeatures(signal.about.columns, scaling_of(self.normalize), self.categorical_encoding)
        return Sequential({"features": features, "network": network})

    def _models(self, signal, network):
        """The nodes that may answer, by name; a network alone where its arguments are fixed or it is not the last."""
        if not answerable(signal.target) or signal.kind == "members" or self._fixed():
            return {"dense": network}
        known = {"dense": network, **ready_models(signal, self._layout(signal))}
        wanted = MODELS if self.model is None else listed(self.model)
        return {name: known[name] for name in wanted if name in known} or {"dense": network}

    def _fixed(self):
        """Names of the arguments of networks that the user fixed."""
        return {name for name in NETWORK_ARGUMENTS if getattr(self, name) is not None}

    def _choice(self, signal):
        """The whole path of the decision which model answers."""
        name = self.name or "structured_data_block"
        return name if signal.kind != "table" else f"{name}/network"

    def _layout(self, signal):
        if signal.kind == "table":
            return TableFeatures(signal.about.columns, one_hot=self.categorical_encoding).layout
        return signal.about if isinstance(signal.about, Layout) else Layout(signal.shape[-1])

    def gives(self, signals):
        signal, folds = signals[0], signals[0].folds
        given = replace(signal, kind="members", shape=(max(folds, 1), signal.shape[-1]), about=None, target=None)
        ready = tuple(name for name in self._models(signal, None) if name != "dense")
        if not ready:
            return given
        several = len(self._models(signal, None)) > 1
        return replace(given, answered=(self._choice(signal), ready) if several else ("", ()))

    # ---------------------------------------------------------------- training
    def recipe(self, signals):
        rows, folds = signals[0].rows, signals[0].folds
        usual = 100 if folds else int(min(max(500_000 / rows, 16), 60))
        recipe = {
            "optimizer": "adamw",
            "learning_rate": Float(5e-4, 2e-2, log=True, default=3e-3),
            "weight_decay": Choice(0.0, 0.02, 0.05, 0.1, default=0.02),
            "label_smoothing": Choice(0.0, 0.1, default=0.1),
            "batch_size": Choice(64, 128, 256, 512, default=batch_of(rows)),
            "epochs": Choice(short=usual // 3, usual=usual, long=2 * usual, default="usual"),
            "beta_2": Choice(0.95, 0.999),
            "schedule": Choice("waves", "one_cycle"),
            # Accuracies of few rows tell too little to stop by.
            "watch": "loss" if folds else "objective",
        }
        models = self._models(signals[0], None)
        if len(models) == 1:
            return recipe if "dense" in models else {**recipe, **UNTRAINED}
        path = self._choice(signals[0])
        return {
            name: When(path, ("dense",), node, UNTRAINED.get(name, node)) if isinstance(node, Node) else node
            for name, node in recipe.items()
        }

    def portfolio(self, signals):
        """The first is cheap, the next are strong and differ from one another, so that their mean is stronger still."""
        signal, models = signals[0], self._models(signals[0], None)
        layout, place = self._layout(signal), "" if signal.kind != "table" else "network"
        closed = set(self._fixed())
        if layout.numbers > WIDE or not layout.numbers or (signal.kind != "table" and signal.about is None):
            closed |= {"embedding", "bins"}
        entries = []
        for model, answers in OF_FEW if signal.folds else OF_MANY:
            if model in models:
                below = join(place, model) if len(models) > 1 else place
                entries.append({place: model} if len(models) > 1 else {})
                entries[-1] |= {
                    name if name.startswith("training/") else join(below, name): answer
                    for name, answer in answers.items()
                    if name not in closed
                }
        return entries


def batch_of(rows):
    """Rows in a step: a sixth of few, so that an epoch has some steps, and at most 256."""
    return next(size for size in (64, 128, 256) if size >= min(rows / 6, 256))
