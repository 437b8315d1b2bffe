"""Features of tables and of texts, worked out by plain loops; layouts, and blocks that make features."""

import math
from collections import Counter

import numpy as np
import pytest
from sklearn.feature_extraction.text import TfidfVectorizer

import kerasnas as kn
from kerasnas.blocks import Signal
from kerasnas.blocks.table_features import KNOTS, MOST_FLAGS, ONE_HOT, Layout, TableFeatures, quantiles
from kerasnas.blocks.tables import batch_of, scaling_of
from kerasnas.blocks.term_views import View
from kerasnas.blocks.vectorizing import NgramVector, Terms, TokenIds
from kerasnas.data.tables.columns import Column
from kerasnas.space import Choice, Space

RNG = np.random.default_rng(23)


def number(name="n", **named):
    return Column(name, name, "numerical", **named)


def category(name="c", values=("a", "b"), rare=0):
    return Column(name, name, "categorical", "string", tuple(values), (5,) * len(values), rare)


def column(values, dtype="float32"):
    return np.array(values, dtype)[:, None]


def strings(values):
    return np.array(values, object)[:, None]


# -------------------------------------------------------------------- numbers
def quartiles(values):
    """By interpolation between the sorted values."""
    ordered = sorted(float(value) for value in values)

    def at(part):
        place = part * (len(ordered) - 1)
        low = int(place)
        high = min(low + 1, len(ordered) - 1)
        return ordered[low] + (place - low) * (ordered[high] - ordered[low])

    return at(0.25), at(0.5), at(0.75)


@pytest.mark.parametrize("level, spread", [(0, 1), (1000, 3), (-5, 0.01)])
def test_robust_scaling_by_hand(level, spread):
    values = column(level + spread * RNG.normal(size=101))
    features = TableFeatures((number(),)).fit(values)
    low, middle, high = quartiles(values[:, 0])
    for value, found in zip(values[:, 0], features.transform(values)[:, 0]):
        scaled = (float(value) - middle) / (high - low)
        assert found == pytest.approx(scaled / math.sqrt(1 + (scaled / 3) ** 2), rel=1e-4, abs=1e-5)


@pytest.mark.parametrize("scaling", ["standard", "none", "quantile"])
def test_other_scalings_by_hand(scaling):
    values = column(7 + 2 * RNG.normal(size=30))
    found = TableFeatures((number(),), scaling).fit(values).transform(values)
    numbers, ranks = found.T
    order = values[:, 0].argsort().argsort() / 29  # 30 values are their own quantiles
    np.testing.assert_allclose(ranks, order, atol=1e-5)
    standard = (values[:, 0] - values.mean()) / values.std()
    expected = {
        "standard": standard / np.sqrt(1 + (standard / 3) ** 2), "none": values[:, 0], "quantile": (order - 0.5) * 3.5,
    }  # fmt: skip
    np.testing.assert_allclose(numbers, expected[scaling], rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("values, middle, scale", [
    ([1, 1, 1, 1, 1, 1, 1, 9], 1, 4), ([3, 3, 3], 3, 1), ([np.nan, np.nan], 0, 1), ([np.inf, -np.inf, np.nan], 0, 1),
    ([np.nan, 2, 4, np.inf], 3, 1),
])  # fmt: skip
def test_columns_that_hardly_vary_are_scaled_too(values, middle, scale):
    features = TableFeatures((number(),)).fit(column(values))
    assert features.middle == (middle,) and features.scale == (scale,)
    assert type(features.scale[0]) is float and len(features.knots[0]) >= 2
    assert np.isfinite(features.transform(column(values))).all()


def test_what_is_missing_stands_in_the_middle_and_says_so():
    values = column([1, 2, 3, 4, 5, np.nan])
    found = TableFeatures((number(missing=True),)).fit(values).transform(values)
    assert found[:, 2].tolist() == [0, 0, 0, 0, 0, 1] and found[5, :2].tolist() == [0, 0.5]
    assert TableFeatures((number(),)).fit(values).transform(values).shape == (6, 2)


@pytest.mark.parametrize("count", [2, 10, KNOTS, KNOTS + 1])
def test_few_distinct_values_are_all_quantiles(count):
    values = RNG.permutation(np.repeat(np.arange(count), 3)).astype("float32")
    assert quantiles(values, KNOTS) == tuple(float(each) for each in range(count))


@pytest.mark.parametrize("value", [-2.0, 0.0, 7.5])
def test_a_single_value_lies_between_its_quantiles(value):
    assert quantiles(np.full(5, value, "float32"), KNOTS) == (value - 0.5, value + 0.5)


@pytest.mark.parametrize("parts", [2, 5, 48])
def test_between_quantiles_lie_as_many_rows(parts):
    values = RNG.exponential(size=960).astype("float32")
    found = quantiles(values, parts)
    inside = np.histogram(values, found)[0]
    assert len(found) == parts + 1 and inside.max() - inside.min() <= 2
    assert found[0] == values.min() and found[-1] == values.max()


# ----------------------------------------------------------------- categories
@pytest.mark.parametrize("rare, expected", [
    (0, {"a": [1, 0], "b": [0, 1], "other": [0, 0]}), (3, {"a": [0, 1, 0], "b": [0, 0, 1], "other": [1, 0, 0]}),
])  # fmt: skip
def test_categories_are_flags(rare, expected):
    features = TableFeatures((category(rare=rare),))
    assert features.layout == Layout(0, 2 + (rare > 0))
    rows = strings(list(expected))
    assert features.fit(rows).transform(rows).tolist() == list(expected.values())


@pytest.mark.parametrize("count, one_hot, layout", [
    (2, True, Layout(0, 2)), (ONE_HOT, True, Layout(0, ONE_HOT)), (ONE_HOT + 1, True, Layout(1, 0, (ONE_HOT + 2,))),
    (2, False, Layout(1, 0, (3,))),
])  # fmt: skip
def test_categories_of_many_values_are_embedded(count, one_hot, layout):
    features = TableFeatures((category(values=[f"v{i}" for i in range(count)]),), one_hot=one_hot)
    assert features.layout == layout
    assert features.shape(((1,),)) == (layout.width,) == (2 * layout.numbers + layout.flags + len(layout.sizes),)


def test_an_embedded_category_is_its_number_and_how_often_it_occurs():
    made = Column("c", "c", "categorical", "string", ("x", "y", "z"), (40, 9, 2), 4)
    rows = strings(["x", "y", "z", "new"])
    found = TableFeatures((made,), "none", one_hot=False).fit(rows).transform(rows)
    np.testing.assert_allclose(found[:, 0], np.log1p([40, 9, 2, 4]), rtol=1e-6)
    assert found[:, 2].tolist() == [1, 2, 3, 0]


@pytest.mark.parametrize("each, flags", [(10, 2 * 10), (MOST_FLAGS // 2, MOST_FLAGS), (MOST_FLAGS // 2 + 1, 0)])
def test_values_of_numbers_are_flags_where_there_is_room(each, flags):
    columns = tuple(number(f"n{i}", values=tuple(float(value) for value in range(each))) for i in range(2))
    assert TableFeatures(columns).layout == Layout(2, flags)


def test_columns_stand_in_the_order_of_their_kinds():
    columns = (category("c"), number("n", missing=True), category("d", ("u", "v", "w")), number("m", values=(1.0, 2.0)))
    features = TableFeatures(columns, "none")
    rows = (strings(["a", "b"]), column([5.0, np.nan]), strings(["w", "u"]), column([2.0, 3.0]))
    found = features.fit(rows).transform(rows)
    assert features.layout == Layout(2, 1 + 2 + 2 + 3)
    assert found[:, :2].tolist() == [[5, 2], [0, 3]]  # numbers, then ranks
    # Missing; values of numbers; of the first category; of the second.
    assert found[:, 4:].tolist() == [[0, 0, 1, 1, 0, 0, 0, 1], [1, 0, 0, 0, 1, 1, 0, 0]]


@pytest.mark.parametrize("layout, width", [(Layout(0), 0), (Layout(3), 6), (Layout(3, 4, (5, 6)), 12)])
def test_the_width_of_a_layout(layout, width):
    assert layout.width == width


# --------------------------------------------------------------------- blocks
def table(rows=500, folds=0):
    columns = (number("n"), category("c"), category("many", [f"v{i}" for i in range(ONE_HOT + 5)]))
    schema = type("Schema", (), {"columns": columns, "names": ("n", "c", "many")})
    return Signal("table", (3,), rows, about=schema, folds=folds)


@pytest.mark.parametrize("normalize, scaling", [
    (True, "robust"), (False, "none"), ("quantile", "quantile"), ("standard", "standard"), (["robust"], "robust"),
])  # fmt: skip
def test_how_numbers_are_scaled(normalize, scaling):
    assert scaling_of(normalize) == scaling


def test_scalings_may_be_searched():
    assert list(scaling_of(None).options.values()) == ["robust", "quantile"]
    assert list(scaling_of(["none", "standard"]).options.values()) == ["none", "standard"]
    node = Choice("robust", "none")
    assert scaling_of(node) is node


@pytest.mark.parametrize("make, layout", [
    (kn.CategoricalToNumerical, Layout(2, 2, (ONE_HOT + 6,))), (kn.CategoricalEncoding, Layout(3, 0, (3, ONE_HOT + 6))),
])  # fmt: skip
def test_what_blocks_of_features_give(make, layout):
    given = make().gives([table(folds=3)])
    assert (given.kind, given.shape, given.about, given.folds) == ("array", (layout.width,), layout, 3)
    assert make().node([table()]).layout == layout


@pytest.mark.parametrize("rows, batch", [(1, 64), (384, 64), (385, 128), (768, 128), (769, 256), (10**6, 256)])
def test_a_step_takes_a_sixth_of_few_rows(rows, batch):
    assert batch_of(rows) == batch


@pytest.mark.parametrize("rows, usual", [(5000, 60), (10_000, 50), (31_250, 16), (10**7, 16)])
def test_epochs_over_tables(rows, usual):
    made = kn.StructuredDataBlock()
    space = Space(made.node([table(rows)]), made.recipe([table(rows)]))
    training = space.resolve(space.default()).training
    assert (training["epochs"], training["optimizer"], training["watch"]) == (usual, "adamw", "objective")
    assert training["batch_size"] == batch_of(rows)
    crossed = made.recipe([table(rows, folds=4)])
    assert crossed["watch"] == "loss" and crossed["epochs"].options["usual"] == 100


@pytest.mark.parametrize("folds", [0, 4])
@pytest.mark.parametrize(
    "closed", [{}, {"width": 8, "depth": 1}, {"embedding": "bins"}, {"dropout": [0.0, 0.3]}], ids=str
)
def test_portfolios_answer_only_what_is_asked(closed, folds):
    made, seen = kn.StructuredDataBlock(**closed), table(folds=folds)
    space = Space(made.node([seen]), made.recipe([seen]))
    for entry in made.portfolio([seen]):
        architecture = space.complete(entry)
        assert architecture in space and entry.items() <= dict(architecture).items()


# ---------------------------------------------------------------------- texts
TEXTS = ["red fish blue fish", "one fish two fish", "the red boat", "a boat, a BOAT", "blue sky"]
ROWS = np.array(TEXTS, object)


def cut(text, least=1, most=1):
    words = "".join(each for each in text.lower() if each.isalnum() or each == " ").split()
    return [" ".join(words[i : i + n]) for n in range(least, most + 1) for i in range(len(words) - n + 1)]


@pytest.mark.parametrize("most", [1, 2])
def test_dense_vectors_are_scikit_learns(most):
    operation = NgramVector(View("word", 1, most, 60, 60)).fit(ROWS)
    known = TfidfVectorizer(ngram_range=(1, most), token_pattern=r"(?u)\b\w+\b").fit(ROWS)
    found, expected = operation.transform(ROWS), known.transform(ROWS).toarray()
    assert set(operation.vocabulary) == set(known.vocabulary_)
    for place, term in enumerate(operation.vocabulary):
        np.testing.assert_allclose(found[:, place], expected[:, known.vocabulary_[term]], rtol=1e-5, atol=1e-6)
    assert not found[:, len(operation.vocabulary) :].any()
    assert operation.params(()) == 60 and operation.shape(()) == (60,)


@pytest.mark.parametrize("weighting", ["document", "equal"])
@pytest.mark.parametrize("most", [1, 2])
def test_terms_by_a_loop(weighting, most):
    operation = Terms((View("word", 1, most, 50, 12),), weighting).fit_with(ROWS, None)
    having = Counter(term for text in TEXTS for term in set(cut(text, 1, most)))
    places = {term: place for place, term in enumerate(operation.vocabularies[0], 1)}
    assert set(places) == set(having)
    for text, row in zip(TEXTS, operation.transform(ROWS)):
        expected = {}
        for term, count in Counter(cut(text, 1, most)).items():
            rarity = math.log((1 + len(TEXTS)) / (1 + having[term])) + 1
            expected[places[term]] = math.log1p(count) * rarity if weighting == "document" else 1.0
        length = math.sqrt(sum(value**2 for value in expected.values()))
        found = {int(place): weight for place, weight in row if place}
        assert found == pytest.approx({place: 4 * value / length for place, value in expected.items()}, rel=1e-5)
        assert (np.diff(row[:, 1]) <= 1e-6).all()  # the weightiest first


@pytest.mark.parametrize("length", [1, 2, 3])
def test_of_long_texts_the_weightiest_terms_are_kept(length):
    view = View("word", 1, 1, 50, length)
    table = Terms((view,), "document").fit_with(ROWS, None).transform(ROWS)
    whole = Terms((View("word", 1, 1, 50, 12),), "document").fit_with(ROWS, None).transform(ROWS)
    np.testing.assert_array_equal(table[..., 0], whole[:, :length, 0])
    lengths = np.linalg.norm(table[..., 1], axis=1)
    np.testing.assert_allclose(lengths, 4, rtol=1e-5)


def test_each_view_has_numbers_and_a_length_of_its_own():
    views = (View("word", 1, 1, 30, 6), View("character", 2, 2, 40, 9))
    operation = Terms(views, "equal").fit_with(ROWS, None)
    found = operation.transform(ROWS)
    assert operation.terms == 71 and operation.shape(()) == (15, 2) and operation.params(()) == 70
    words, characters = found[:, :6], found[:, 6:]
    assert words[..., 0].max() <= 30 and characters[characters[..., 1] > 0][:, 0].min() > 30
    for part in (words, characters):
        np.testing.assert_allclose(np.linalg.norm(part[..., 1], axis=1), 4, rtol=1e-5)


@pytest.mark.parametrize("size, length", [(50, 3), (50, 8), (4, 5), (3, 5)])
def test_ids_by_a_loop(size, length):
    operation = TokenIds(size, length).fit(ROWS)
    having = Counter(word for text in TEXTS for word in set(cut(text)))
    kept = sorted(having, key=lambda word: (-having[word], word))[: size - 2]
    assert list(operation.vocabulary) == kept
    for text, row in zip(TEXTS, operation.transform(ROWS)):
        ids = [kept.index(word) + 2 if word in kept else 1 for word in cut(text)][:length]
        assert row.tolist() == ids + [0] * (length - len(ids))


@pytest.mark.parametrize("length, columns, expected", [(12, 3, 12), (13, 3, 12), (2, 3, 3), (8, 1, 8)])
def test_several_texts_share_a_length(length, columns, expected):
    assert TokenIds(9, length).shape((columns,)) == (expected,)
    rows = np.array([TEXTS[:columns]], object)
    assert TokenIds(9, length).fit(rows).transform(rows).shape == (1, expected)
