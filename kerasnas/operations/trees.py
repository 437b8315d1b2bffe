"""Ensembles of decision trees: grown by scikit-learn on the training rows, computed by stock layers."""

from dataclasses import dataclass

import numpy as np

from kerasnas.errors import SpaceError
from kerasnas.operations.grown import boosted, forest
from kerasnas.space import Operation


@dataclass(frozen=True)
class Trees(Operation):
    """Decision trees over a vector of features, grown on the training rows instead of trained.

    Boosted trees add up to logits, or to numbers in standard units; the trees of a forest are averaged. With folds
    there is an ensemble for each, without the fold's rows. The layers compute exactly what scikit-learn's model does,
    but for rounding to float32.

    Args:
        units: Length of the output.
        kind: "classes" (logits of a softmax), "labels" (of a sigmoid) or "numbers".
        mean: Of the targets, for numbers: the answers are in standard units.
        scale: Likewise.
        folds: Number of folds; 0 for one ensemble from all rows.
        grown: "boosted", "forest" (on bootstrap samples) or "extra" (splits drawn at random).
        trees: Trees of a forest, or rounds of boosting with a tree for each output.
        leaves: Most leaves of a tree.
        depth: Most splits from the root to a leaf.
        fewest: Fewest rows in a leaf.
        rate: Learning rate of boosting.
        share: Part of the features that a split may choose from; 0 for the square root of their number.
        plain: Pairs of a first feature and one after the last: what is looked at as it is; None for all.
        coded: Such pairs of flags of which one is set: each is looked at as one number, the place of that flag.
        seed: Of the drawing of rows and features.

    Reference:
        Friedman, "Greedy Function Approximation", 2001; Breiman, "Random Forests", 2001; Geurts et al., "Extremely
        Randomized Trees", 2006; Ke et al., "LightGBM", NeurIPS 2017 (histograms).
    """

    units: int
    kind: str = "classes"
    mean: tuple = (0.0,)
    scale: tuple = (1.0,)
    folds: int = 0
    grown: str = "boosted"
    trees: int = 100
    leaves: int = 31
    depth: int = 10
    fewest: int = 20
    rate: float = 0.1
    share: float = 1.0
    plain: tuple | None = None
    coded: tuple = ()
    seed: int = 0

    most_cells = 10_000_000  # numbers that it is grown from, at most: more only take longer

    @property
    def label(self):
        return f"{self.grown}({self.trees}×{self.leaves})"

    # ------------------------------------------------------------------ sizes
    @property
    def _sums(self):
        """Sums that the trees of an ensemble make: of two classes one is enough."""
        return 1 if self.grown != "boosted" or (self.kind == "classes" and self.units == 2) else self.units

    @property
    def _count(self):
        """Trees in all."""
        return max(1, self.folds) * self.trees * self._sums

    @property
    def _nodes(self):
        return 2 * self.leaves - 1

    @property
    def _width(self):
        """Numbers at a leaf."""
        return 1 if self.grown == "boosted" else self.units

    def shape(self, shape):
        if len(shape) != 1:
            raise SpaceError(f"Expected vectors for trees. Received: the shape {tuple(shape)}.")
        return (self.folds, self.units) if self.folds else (self.units,)

    def params(self, shape):
        flags, codes = self.codes.shape
        return self._count * self._nodes * (4 + self._width) + flags * codes

    def flops(self, shape):
        return self._count * self.depth

    # --------------------------------------------------------------- looking at
    @property
    def codes(self):
        """The matrix `(flags, codes)` that makes one number of each run of flags."""
        lengths = [stop - first for first, stop in self.coded]
        found, start = np.zeros((sum(lengths), len(lengths)), "float32"), 0
        for code, length in enumerate(lengths):
            found[start : start + length, code] = np.arange(1, length + 1)
            start += length
        return found

    def looked_at(self, rows, ops=np, code=None):
        """The columns of rows `(n, features)` that trees split by.

        Args:
            rows: An array, or a tensor.
            ops: What computes: NumPy or `keras.ops`.
            code: What multiplies by `codes`; NumPy if None.
        """
        if self.plain is None and not self.coded:
            return rows
        code = code or (lambda flags: flags @ self.codes)
        parts = [ops.take(rows, _places(self.plain), axis=1)] if self.plain else []
        parts += [code(ops.take(rows, _places(self.coded), axis=1))] if self.coded else []
        return ops.concatenate(parts, axis=1)

    # -------------------------------------------------------------------- layer
    def layer(self, shape, name):
        return TreeLayers(self, name)

    def answers(self, sums):
        """The output, of a tensor `(rows, folds or 1, sums)`."""
        import keras

        ops = keras.ops
        if self.grown == "boosted":
            found = ops.concatenate([-sums / 2, sums / 2], -1) if self._sums < self.units else sums
        elif self.kind == "numbers":
            found = sums
        else:
            least = 0.5 / self.trees
            sums = ops.clip(sums, least, 1 - least)
            found = ops.log(sums) if self.kind == "classes" else ops.log(sums / (1 - sums))
        return found if self.folds else found[:, 0]

    # -------------------------------------------------------------------- solve
    def solve(self, rows, targets, weight=None):
        """The layers' weights.

        Args:
            rows: What the trees read `(n, features)`.
            targets: Encoded targets `(n, units)`, or class indices `(n,)`.
            weight: Weights of rows `(n,)`, or `(n, folds)` for each ensemble; None for equal ones.

        Returns:
            Nodes `(trees · nodes, 4)`: feature, threshold, where to go up to it, where above; and values
            `(trees · nodes, width)`; before them `codes`, where flags are coded.
        """
        rows, targets = self.looked_at(rows), self._wanted(targets)
        folds = max(1, self.folds)
        weight = np.ones(len(rows)) if weight is None else np.asarray(weight, "float64")
        weight = weight if weight.ndim == 2 else np.repeat(weight[:, None], folds, axis=1)
        nodes = np.zeros((self._count, self._nodes, 4), "float32")
        values = np.zeros((self._count, self._nodes, self._width), "float32")
        nodes[:, :, 1] = np.inf  # what no tree fills goes nowhere
        each = self._count // folds
        for fold, column in enumerate(weight.T):
            used = column > 0
            for place, tree in self._grow(rows[used], targets[used], column[used], fold):
                _put(tree, nodes[fold * each + place], values[fold * each + place])
        starts = np.arange(self._count)[:, None] * self._nodes
        nodes[:, :, 2:] += starts[:, :, None]
        tables = [nodes.reshape(-1, 4), values.reshape(-1, self._width)]
        return [self.codes, *tables] if self.coded else tables

    def _wanted(self, targets):
        if self.kind == "numbers":
            return (targets - np.asarray(self.mean)) / np.asarray(self.scale)
        return targets.argmax(axis=1) if self.kind == "classes" and targets.ndim == 2 else targets

    def _grow(self, rows, targets, weight, fold):
        """Pairs of a tree's place in its ensemble and the tree."""
        grow = boosted if self.grown == "boosted" else forest
        return grow(self, rows, targets, weight, self.seed + fold)


def _places(pairs):
    return np.concatenate([np.arange(first, stop) for first, stop in pairs])


def _put(tree, nodes, values):
    """Write a tree into its rows of the tables; thresholds so that float32 rows go where they went while it grew."""
    count = len(tree.feature)
    threshold = tree.threshold.astype("float32")
    threshold = np.where(threshold > tree.threshold, np.nextafter(threshold, np.float32(-np.inf)), threshold)
    nodes[:count, 0] = np.where(tree.leaf, 0, tree.feature)
    nodes[:count, 1] = np.where(tree.leaf, np.inf, threshold)
    places = np.arange(count)
    nodes[:count, 2] = np.where(tree.leaf, places, tree.left)
    nodes[:count, 3] = np.where(tree.leaf, places, tree.right)
    values[:count] = tree.value


class TreeLayers:
    """The stock layers of `Trees`, called as one: tables of nodes and of values through which rows are sent down.

    Args:
        trees: The resolved `Trees`.
        name: Put before the names of the two layers.
    """

    def __init__(self, trees, name):
        import keras

        size = trees._count * trees._nodes
        self.trees, codes = trees, len(trees.coded)
        named = (lambda what: f"{name}_{what}") if name else (lambda what: None)
        self.codes = []
        if codes:
            dense = keras.layers.Dense(codes, use_bias=False, trainable=False, dtype="float32", name=named("codes"))
            self.codes = [dense]
        self.tables = [
            keras.layers.Embedding(
                size, width, embeddings_initializer="zeros", trainable=False, dtype="float32",
                name=named(what),
            )
            for what, width in (("nodes", 4), ("values", trees._width))
        ]  # fmt: skip

    def __call__(self, x):
        import keras

        ops, trees = keras.ops, self.trees
        nodes, values = self.tables
        x = trees.looked_at(x, ops, *self.codes)
        roots = np.arange(trees._count, dtype="int32")[None] * trees._nodes
        place = ops.cast(ops.zeros_like(x[:, :1]), "int32") + roots
        for _ in range(trees.depth):
            node = nodes(place)
            value = ops.take_along_axis(x, ops.cast(node[..., 0], "int32"), axis=1)
            place = ops.cast(ops.where(value <= node[..., 1], node[..., 2], node[..., 3]), "int32")
        found = values(place)
        folds, outputs = max(1, trees.folds), trees._sums
        found = ops.reshape(found, (-1, folds, trees.trees, outputs * trees._width))
        return trees.answers(ops.sum(found, axis=2))

    @property
    def weights(self):
        return [weight for layer in (*self.codes, *self.tables) for weight in layer.weights]

    def set_weights(self, values):
        for layer, value in zip((*self.codes, *self.tables), values):
            layer.set_weights([value])
