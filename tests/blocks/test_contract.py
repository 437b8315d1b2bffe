"""Every block keeps the contract that users' own blocks are held to."""

from dataclasses import replace

import numpy as np
import pytest

import kerasnas as kn
from kerasnas.testing import check_block

BLOCKS = {
    "normalization": lambda: kn.Normalization(),
    "augmentation": lambda: kn.ImageAugmentation(),
    "conv": lambda: kn.ConvBlock(num_blocks=2),
    "resnet": lambda: kn.ResNetBlock(width=16, blocks=1),
    "xception": lambda: kn.XceptionBlock(width=16, middle=1),
    "efficient": lambda: kn.EfficientNetBlock(width=16, depth=1),
    "image": lambda: kn.ImageBlock("vanilla"),
    "flatten": lambda: kn.Flatten(),
    "spatial": lambda: kn.SpatialReduction(),
    "dense": lambda: kn.DenseBlock(),
}


@pytest.mark.parametrize("name", BLOCKS)
def test_a_block_over_pictures(name):
    check_block(BLOCKS[name](), (8, 8, 1), architectures=1, rows=8)


@pytest.mark.parametrize("name", ["normalization", "flatten", "dense"])
def test_a_block_over_numbers(name):
    check_block(BLOCKS[name](), (5,), architectures=1, rows=8)


@pytest.mark.parametrize("shapes", [[(5,), (3,)], [(8, 8, 1), (5,)], [(8, 8, 1), (8, 8, 3)]])
def test_merge(shapes):
    check_block(kn.Merge(), shapes, architectures=1, rows=8)


@pytest.mark.parametrize(
    "head, y",
    [
        (lambda: kn.ClassificationHead(), None),
        (lambda: kn.ClassificationHead(num_classes=4, dropout=0.0), None),
        (lambda: kn.ClassificationHead(), np.array(["no", "yes"] * 4)),
        (lambda: kn.ClassificationHead(multi_label=True), None),
        (lambda: kn.RegressionHead(), None),
        (lambda: kn.RegressionHead(output_dim=3), None),
    ],
    ids=["classes", "four", "binary", "labels", "number", "numbers"],
)
def test_a_head(head, y):
    check_block(head(), (8, 8, 1), y=y, architectures=1, rows=8)


@pytest.mark.slow
@pytest.mark.parametrize("shape", [(8, 8, 1), (32, 32, 3), (1, 1, 1), (5, 31, 3)])
def test_the_whole_image_block(shape):
    check_block(kn.ImageBlock(), shape, architectures=4, rows=6)


@pytest.mark.slow
@pytest.mark.parametrize("shape", [(32, 32, 3), (1, 1, 1), (5, 31, 3)])
@pytest.mark.parametrize("name", ["conv", "resnet", "xception", "efficient"])
def test_networks_over_other_pictures(name, shape):
    check_block(BLOCKS[name](), shape, architectures=2, rows=6)


TEXT_BLOCKS = {
    "ngram": lambda: kn.TextBlock("ngram", max_tokens=40),
    "vanilla": lambda: kn.TextBlock("vanilla"),
    "recurrent": lambda: kn.TextBlock("recurrent"),
    "transformer": lambda: kn.TextBlock("transformer"),
    "ids": lambda: kn.TextToIntSequence(9, 20),
    "ngrams": lambda: kn.TextToNgramVector(50, 2),
}


@pytest.mark.parametrize("name", TEXT_BLOCKS)
def test_a_block_over_texts(name):
    check_block(TEXT_BLOCKS[name](), (), "text", architectures=0, rows=8)


@pytest.mark.parametrize("name", ["ngram", "ids", "ngrams"])
def test_a_block_over_pairs_of_texts(name):
    check_block(TEXT_BLOCKS[name](), (2,), "text", architectures=0, rows=8)


SEQUENCE_BLOCKS = {
    "rnn": (lambda: kn.RNNBlock(), (6, 3), "series"),
    "rnn_sequences": (lambda: kn.RNNBlock(return_sequences=True, units=4), (6, 3), "series"),
    "rnn_numbers": (lambda: kn.RNNBlock(layer_type="gru", num_layers=1, units=4), (6,), "array"),
    "embedding": (lambda: kn.Embedding(20, embedding_dim=8), (6,), "array"),
    "transformer": (lambda: kn.TransformerBlock(20, embedding_dim=8, dense_dim=24, num_layers=1), (6,), "array"),
    "transformer_series": (lambda: kn.TransformerBlock(num_layers=[1, 2]), (6, 3), "series"),
    "reduction": (lambda: kn.TemporalReduction(), (6, 3), "series"),
    "global_max": (lambda: kn.TemporalReduction("global_max"), (6, 3), "series"),
    "conv": (lambda: kn.ConvBlock(num_blocks=1), (6, 3), "series"),
}


@pytest.mark.parametrize("name", SEQUENCE_BLOCKS)
def test_a_block_over_sequences(name):
    block, shape, kind = SEQUENCE_BLOCKS[name]
    check_block(block(), shape, kind, architectures=1, rows=8)


class Scaled(kn.Block):
    """A block of a user's own over a table."""

    reads = ("table",)
    preprocessing = True

    def __init__(self, scaling="robust", name=None):
        super().__init__(name)
        self.scaling = scaling

    def node(self, signals):
        from kerasnas.blocks.table_features import TableFeatures

        return TableFeatures(signals[0].about.columns, self.scaling)

    def gives(self, signals):
        return replace(signals[0], kind="array", shape=(self.node(signals).layout.width,), about=None)


TABLE_BLOCKS = {
    "own": lambda: Scaled(kn.Choice("robust", "standard")),
    "numbers": lambda: kn.CategoricalToNumerical(),
    "encoding": lambda: kn.CategoricalEncoding(),
    "network": lambda: kn.StructuredDataBlock(model="dense", width=8, depth=1),
}


@pytest.mark.parametrize("name", TABLE_BLOCKS)
def test_a_block_over_a_table(name):
    check_block(TABLE_BLOCKS[name](), (4,), "table", architectures=1, rows=12)


def test_a_block_that_reads_no_tables_is_told():
    with pytest.raises(kn.errors.SpaceError, match="put a StructuredDataBlock or CategoricalToNumerical between"):
        check_block(kn.DenseBlock(), (4,), "table", rows=12)
