"""Blocks over tables."""

from dataclasses import replace

from kerasnas.blocks.block import Block, opened
from kerasnas.blocks.table_features import Layout, TableFeatures
from kerasnas.blocks.table_networks import TableNetwork
from kerasnas.space import Choice, Float, Int, Sequential

FEW = 3000  # rows below which networks are cross-validated and small
WIDE = 200  # numbers above which none is embedded


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
        name: Its name.
        seed: AutoKeras's argument; the task's seed counts.
    """

    reads = ("table", "array", "members")

    def __init__(
        self, categorical_encoding=True, normalize=None, embedding=None, kind=None, width=None, depth=None,
        dropout=None, members=None, name=None, seed=None,
    ):  # fmt: skip
        super().__init__(name)
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
        if signal.kind != "table":
            return network
        features = TableFeatures(signal.about.columns, scaling_of(self.normalize), self.categorical_encoding)
        return Sequential({"features": features, "network": network})

    def _layout(self, signal):
        if signal.kind == "table":
            return TableFeatures(signal.about.columns, one_hot=self.categorical_encoding).layout
        return signal.about if isinstance(signal.about, Layout) else Layout(signal.shape[-1])

    def gives(self, signals):
        folds = signals[0].folds
        return replace(signals[0], kind="members", shape=(max(folds, 1), signals[0].shape[-1]), about=None)

    # ---------------------------------------------------------------- training
    def recipe(self, signals):
        rows, folds = signals[0].rows, signals[0].folds
        usual = 100 if folds else int(min(max(500_000 / rows, 16), 60))
        return {
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

    def portfolio(self, signals):
        """The first is cheap, the next are strong and differ from one another, so that their mean is stronger still."""
        signal = signals[0]
        entries = _of_few() if signal.folds else _of_many()
        fixed = {name: getattr(self, name) for name in ("embedding", "kind", "width", "depth", "dropout", "members")}
        closed = {f"network/{name}" for name, value in fixed.items() if value is not None}
        layout = self._layout(signal)
        if layout.numbers > WIDE or not layout.numbers or (signal.kind != "table" and signal.about is None):
            closed |= {"network/embedding", "network/bins"}
        place = "" if signal.kind != "table" else "network/"
        return [
            {name if name.startswith("training/") else place + name.removeprefix("network/"): answer
             for name, answer in entry.items() if name not in closed}
            for entry in entries
        ]  # fmt: skip


def _of_many():
    """Configurations for tables of many rows."""
    single = {"network/embedding": "both", "network/bins": 48}
    sharing = {
        "network/embedding": "bins_alone", "network/members": 8, "network/width": 192, "network/depth": 2,
        "network/activation": "relu", "training/label_smoothing": 0.0, "training/schedule": "one_cycle",
    }  # fmt: skip
    return [
        {"network/width": 128, "network/depth": 2, "training/epochs": "short", "training/schedule": "one_cycle"},
        single,
        {"network/embedding": "bins", "network/kind": "residual", "network/width": 128},
        sharing,
        {"training/schedule": "one_cycle", "training/epochs": "long"},
        {**single, "training/epochs": "long", "training/schedule": "one_cycle"},
        {**sharing, "network/dropout": 0.3, "training/weight_decay": 0.05, "training/epochs": "short"},
        {**sharing, "network/members": 16, "network/width": 256, "network/depth": 3, "network/bins": 48},
    ]


def _of_few():
    """Configurations for tables of few rows, with a member for each fold."""
    strict = {"network/dropout": 0.3, "training/weight_decay": 0.05}
    return [
        {"network/embedding": "bins", **strict},
        {"network/embedding": "both"},
        {"network/embedding": "cosines", **strict},
        {"network/embedding": "both", **strict, "training/schedule": "one_cycle", "training/epochs": "short"},
        {"network/embedding": "bins", "network/kind": "gated", "network/width": 96, **strict},
        {"network/embedding": "plain", **strict},
    ]


def batch_of(rows):
    """Rows in a step: a sixth of few, so that an epoch has some steps, and at most 256."""
    return next(size for size in (64, 128, 256) if size >= min(rows / 6, 256))
