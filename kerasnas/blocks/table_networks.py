"""Whole networks over the features of a table, as operations."""

from dataclasses import dataclass

from kerasnas.operations import Activation, Dense, Dropout, LayerNorm
from kerasnas.operations.features import Bins, FeatureDense, JoinFeatures, Lookup, Scale, Take, Waves
from kerasnas.operations.members import MemberDense, Members, SharedDense
from kerasnas.space import Operation, Parallel, Sequential


@dataclass(frozen=True)
class FeatureEmbedding(Operation):
    """Features as `TableFeatures` gives them, the numbers among them embedded, as one vector.

    Args:
        numbers, flags, sizes: What the features are; see `Layout`.
        waves: Length of each number's embedding by learnt cosines; 0 for none.
        sigma: Standard deviation of their frequencies at first.
        bins: Parts of the piecewise linear encoding of ranks; 0 for none.
        units: Length of each number's embedding by those.
        plain: Whether the numbers themselves go along.
        members: Whether the features come once for each member, whose embeddings differ then.
    """

    numbers: int
    flags: int = 0
    sizes: tuple = ()
    waves: int = 0
    sigma: float = 0.1
    bins: int = 0
    units: int = 8
    plain: bool = True
    members: bool = False

    def expand(self, shape):
        parts, numbers = {}, self.numbers
        if numbers and (self.plain or not (self.waves or self.bins)):
            parts["numbers"] = Take(0, numbers)
        if numbers and self.waves:
            parts["waves"] = self._joined(
                {"numbers": Take(0, numbers), "cosines": Waves(16, self.sigma), "dense": FeatureDense(self.waves)}
            )
        if numbers and self.bins:
            binned = {"ranks": Take(numbers, 2 * numbers), "bins": Bins(self.bins), "dense": FeatureDense(self.units)}
            parts["bins"] = self._joined({**binned, "activation": Activation("relu")})
        if self.flags:
            parts["flags"] = Take(2 * numbers, 2 * numbers + self.flags)
        for place, size in enumerate(self.sizes, 2 * numbers + self.flags):
            taken = Take(place, place + 1)
            parts[f"category_{place}"] = Sequential({"number": taken, "lookup": Lookup(size, embedded(size))})
        return Parallel(parts, merge="concatenate") if len(parts) > 1 else Sequential(parts)

    def _joined(self, steps):
        return Sequential({**steps, "join": JoinFeatures(self.members)})


def embedded(size):
    """Length of the vectors of a category of `size` values."""
    return max(2, min(24, round(1.6 * size**0.5)))


@dataclass(frozen=True)
class Gate(Operation):
    """The first half of the last axis, each value as far as the second half lets it through."""

    def shape(self, shape):
        return (*shape[:-1], shape[-1] // 2)

    def layer(self, shape, name):
        import keras

        half = shape[-1] // 2
        return lambda x: x[..., :half] * keras.ops.sigmoid(x[..., half:])


@dataclass(frozen=True)
class Trunk(Operation):
    """Dense layers over a vector, or over a vector for each member.

    Args:
        kind: "plain", "residual" or "gated".
        width: Units of a layer.
        depth: Layers, or residual blocks of two.
        activation: Name of the activation.
        dropout: Rate after each layer.
        dense: "one" for a single network, "separate" for members with weights of their own, "shared" for members that
            share their matrices.

    Reference:
        Gorishniy et al., "Revisiting Deep Learning Models for Tabular Data", NeurIPS 2021 (residual).
    """

    kind: str = "plain"
    width: int = 256
    depth: int = 3
    activation: str = "mish"
    dropout: float = 0.15
    dense: str = "one"

    def _dense(self, units):
        return {"one": Dense, "separate": MemberDense, "shared": SharedDense}[self.dense](units)

    def _layer(self, units):
        act = {"activation": Activation(self.activation)}
        if self.kind == "gated":
            return {"dense": self._dense(2 * units), "gate": Gate(), "dropout": Dropout(self.dropout)}
        return {"dense": self._dense(units), **act, "dropout": Dropout(self.dropout)}

    def _block(self):
        inside = {"normalization": LayerNorm(), **self._layer(2 * self.width), "back": self._dense(self.width)}
        return Parallel({"body": Sequential(inside), "input": Sequential()})

    def expand(self, shape):
        if self.kind == "residual":
            blocks = {f"block_{i}": self._block() for i in range(self.depth)}
            end = {"normalization": LayerNorm(), "activation": Activation(self.activation)}
            return Sequential({"stem": self._dense(self.width), **blocks, **end})
        return Sequential({f"layer_{i}": Sequential(self._layer(self.width)) for i in range(self.depth)})


@dataclass(frozen=True)
class TableNetwork(Operation):
    """A network over the features of a table that gives one vector, or one for each member: `(members, units)`.

    Args:
        numbers, flags, sizes: What the features are; see `Layout`.
        embedding: How numbers enter: "plain" as they are, with learnt "cosines", with "bins" of ranks, with "both", or
            by "bins_alone".
        bins: Parts of the ranks.
        kind, width, depth, activation, dropout: See `Trunk`.
        members: Networks side by side. They share their matrices, but for where they are one a fold.
        folds: In how many folds rows are cross-validated; then there is a member for each, with weights of its own.

    Reference:
        Gorishniy et al., "TabM: Advancing Tabular Deep Learning with Parameter-Efficient Ensembling", ICLR 2025;
        Holzmüller et al., "Better by Default", NeurIPS 2024 (RealMLP: cosines, feature scales, mish).
    """

    numbers: int
    flags: int = 0
    sizes: tuple = ()
    embedding: str = "cosines"
    bins: int = 24
    kind: str = "plain"
    width: int = 256
    depth: int = 3
    activation: str = "mish"
    dropout: float = 0.15
    members: int = 1
    folds: int = 0

    def expand(self, shape):
        embedding = FeatureEmbedding(
            self.numbers, self.flags, self.sizes,
            waves=4 if self.embedding in ("cosines", "both") else 0,
            bins=self.bins if self.embedding in ("bins", "both", "bins_alone") else 0,
            plain=self.embedding != "bins_alone", members=self.folds > 0,
        )  # fmt: skip
        sharing = "separate" if self.folds else "shared" if self.members > 1 else "one"
        trunk = Trunk(self.kind, self.width, self.depth, self.activation, self.dropout, sharing)
        if self.folds:
            return Sequential(
                {"members": Members(self.folds), "embedding": embedding, "scale": Scale(), "trunk": trunk}
            )
        if self.members > 1:
            apart = {"members": Members(self.members), "scale": Scale("normal")}
            return Sequential({"embedding": embedding, **apart, "trunk": trunk})
        return Sequential({"embedding": embedding, "scale": Scale(), "trunk": trunk, "members": Members(1)})
