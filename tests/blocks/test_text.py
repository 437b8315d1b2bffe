"""What the text blocks span: sizes from the texts, a portfolio that fits them, weights of terms."""

import numpy as np
import pytest
from scipy.sparse import csr_matrix

import kerasnas as kn
from kerasnas.blocks import Signal
from kerasnas.blocks.term_weights import AT_ONCE, binary_targets, document_weights, likelihood_weights
from kerasnas.blocks.text import LONG, MOST_OF_A_ROW, MOST_TERMS, traits_of, view_of
from kerasnas.data.texts import TextTraits
from kerasnas.space import Space

SHORT = TextTraits(5000, 40, 200, 100_000, 500_000)
FEW = TextTraits(20, 5, 25, 80, 400)
ESSAYS = TextTraits(5000, 900, 5000, 2_000_000, 10_000_000)
UNSPACED = TextTraits(5000, 2, 40, 8000, 150_000, spaced=False)
IDS = TextTraits(500, 30, 30, 15_000, 15_000, tokens=100)


def signal(traits, rows=None):
    return Signal("text", (), rows or getattr(traits, "rows", 100), about=traits)


def kinds(block, traits):
    return [entry[""] for entry in block.portfolio([signal(traits)])]


def test_views_hold_what_there_is():
    assert view_of(SHORT, "word", 1, 2).size == MOST_TERMS
    assert view_of(SHORT, "word", 1, 2).length == 80
    assert view_of(FEW, "word", 1, 2).size == 160
    assert view_of(ESSAYS, "word", 1, 2).length == MOST_OF_A_ROW
    assert view_of(SHORT, "character", 3, 4, 5000).size == 5000
    ids = view_of(IDS, "word", 1, 2)
    assert (ids.unit, ids.size, ids.length) == ("token", 99, 30)


def test_texts_that_could_not_be_looked_at():
    traits = traits_of(signal(None))
    assert traits.rows == 100 and traits.spaced and traits.tokens is None
    assert traits_of(signal(SHORT)) is SHORT


@pytest.mark.parametrize("traits", [SHORT, FEW, ESSAYS, UNSPACED, IDS, None])
def test_every_entry_of_the_portfolio_is_a_configuration(traits):
    block = kn.TextBlock(name="network")
    space = Space(block.node([signal(traits)]), block.recipe([signal(traits)]))
    entries = block.portfolio([signal(traits)])
    assert len(entries) >= 4
    completed = [space.complete(entry) for entry in entries]
    for entry, architecture in zip(entries, completed):
        assert all(architecture[path] == answer for path, answer in entry.items())
    assert len(set(completed)) == len(completed)


def test_the_portfolio_begins_with_words_and_ends_with_sequences():
    order = kinds(kn.TextBlock(), SHORT)
    assert order[:2] == ["words", "both"] and order[-1] == "recurrent"
    assert set(order) == {"words", "both", "characters", "convolution", "transformer", "recurrent"}


def test_long_texts_are_not_cut_into_characters_first():
    assert ESSAYS.characters > LONG
    assert not {"both", "characters", "recurrent"} & set(kinds(kn.TextBlock(), ESSAYS))
    assert kinds(kn.TextBlock("recurrent"), ESSAYS) == ["recurrent"]  # what was asked for is tried all the same


def test_ids_have_no_characters():
    block = kn.TextBlock()
    assert "both" not in block.node([signal(IDS)]).options
    assert not {"both", "characters"} & set(kinds(block, IDS))


def test_scripts_without_spaces_are_cut_into_characters():
    node = kn.TextBlock("ngram").node([signal(UNSPACED)])
    (view,) = node.options["words"].nodes["terms"].views
    assert (view.unit, view.least, view.most) == ("character", 1, 2)
    ids = kn.TextBlock("vanilla").node([signal(UNSPACED)]).options["convolution"].nodes["ids"]
    assert ids.unit == "character"


@pytest.mark.parametrize(
    "block_type, options",
    [
        ("ngram", {"words", "both", "characters"}),
        ("vanilla", {"convolution"}),
        (["transformer", "recurrent"], {"transformer", "recurrent"}),
    ],
)
def test_types_of_block(block_type, options):
    assert set(kn.TextBlock(block_type).node([signal(SHORT)]).options) == options


def test_most_tokens():
    node = kn.TextBlock(max_tokens=500).node([signal(SHORT)])
    assert node.options["words"].nodes["terms"].views[0].size == 500
    assert node.options["convolution"].nodes["ids"].size == 502


@pytest.mark.parametrize("rows", [8, 200, 1000, 2000, 10_000, 1_000_000])
def test_epochs_make_a_few_hundred_steps(rows):
    recipe = kn.TextBlock().recipe([signal(SHORT, rows)])
    epochs = recipe["epochs"].options["usual"]
    steps = epochs * rows / recipe["batch_size"].domain.default
    assert 6 <= epochs <= 100 and recipe["epochs"].options["short"] < epochs
    assert steps >= 149 or epochs == 100


def test_what_blocks_give():
    texts = signal(SHORT)
    assert kn.TextBlock().gives([texts]).kind == "array"
    assert kn.TextToIntSequence(12).gives([texts]).shape == (12,)
    vector = kn.TextToNgramVector(300).gives([texts])
    assert (vector.kind, vector.shape, vector.about) == ("array", (300,), None)
    assert kn.Embedding().gives([vector]).kind == kn.TransformerBlock().gives([vector]).kind == "series"
    series = Signal("series", (9, 3), 10)
    assert kn.RNNBlock().gives([series]).kind == kn.TemporalReduction().gives([series]).kind == "array"
    assert kn.RNNBlock(return_sequences=True).gives([series]).kind == "series"


# --------------------------------------------------------- weights of terms


def test_binary_targets():
    np.testing.assert_array_equal(binary_targets([2, 0, 2]).toarray(), [[0, 0, 1], [1, 0, 0], [0, 0, 1]])
    labels = np.array([[1, 0], [0, 0], [1, 1]], "float32")
    np.testing.assert_array_equal(binary_targets(labels).toarray(), labels)
    numbers = np.array([[5.0], [1.0], [9.0]])
    np.testing.assert_array_equal(binary_targets(numbers).toarray(), [[0], [0], [1]])


@pytest.mark.parametrize("targets", [1, 3, AT_ONCE + 5])
def test_likelihood_weights_are_those_of_a_loop(targets):
    rng = np.random.default_rng(0)
    counts = rng.poisson(0.5, (40, 7)).astype("float32")
    y = (rng.random((40, targets)) < 0.4).astype("float32")
    wanted = np.zeros(7)
    for target in y.T:
        having = (counts[target == 1] > 0).sum(axis=0) + 1
        lacking = (counts[target == 0] > 0).sum(axis=0) + 1
        ratio = np.log(having / having.sum() / (lacking / lacking.sum()))
        wanted = np.maximum(wanted, np.abs(ratio))
    found = likelihood_weights(csr_matrix(counts), csr_matrix(y))
    np.testing.assert_allclose(found, wanted, atol=1e-5)


def test_document_weights_are_those_of_scikit_learn():
    from sklearn.feature_extraction.text import TfidfTransformer

    counts = np.random.default_rng(0).poisson(0.5, (30, 6)).astype("float32")
    np.testing.assert_allclose(document_weights(csr_matrix(counts)), TfidfTransformer().fit(counts).idf_, rtol=1e-5)
