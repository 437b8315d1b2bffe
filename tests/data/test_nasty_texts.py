"""Texts and targets as they come: any script, odd marks, odd containers; and what must not depend on the order."""

import json

import numpy as np
import pandas as pd
import pytest

from kerasnas.data import ClassTarget, MultiLabelTarget, RegressionTarget, target_from_json
from kerasnas.data.scores import Score, scores_of
from kerasnas.data.texts import LONGEST, TextTraits, as_texts
from kerasnas.data.tokens import counted, counted_ids, pieces, sequences, spelled, standardized, terms, vocabulary
from kerasnas.errors import ArgumentError, DataError
from kerasnas.evaluators.calibration import BINS, calibrate, expected_calibration_error, scaled
from kerasnas.loop.selection import DISTINCT, WAYS, Mixture, greedy, select

SCRIPTS = [
    "plain words here",
    "Ångström naïve café",
    "αβγ Δέλτα ΣΊΣΥΦΟΣ",
    "Привет, мир!",
    "مرحبا بالعالم",
    "שלום עולם",
    "नमस्ते दुनिया",
    "สวัสดีชาวโลก",
    "你好，世界",
    "こんにちは世界",
    "안녕하세요 세계",
    "ሰላም ልዑል",
    "👩‍👩‍👧‍👦 🏳️‍🌈 ok",
    "e\u0301o\u0308 combining",
    "𝔘𝔫𝔦𝔠𝔬𝔡𝔢 plane",
    "a\u0085b next line",
    "a\u2028b c\u2029d",
    "nul\0inside",
    "\ufeffmark first",
    "İstanbul ıssız",
]
UNITS = [("word", 1, 1), ("word", 1, 2), ("word", 2, 3), ("character", 1, 1), ("character", 2, 4)]


def drawn(rows=80, seed=0):
    rng = np.random.default_rng(seed)
    words = np.array([word for text in SCRIPTS for word in text.split()], object)
    return [" ".join(rng.choice(words, rng.integers(0, 9))) for _ in range(rows)]


def again(target):
    return target_from_json(json.loads(json.dumps(target.to_json())))


# ---------------------------------------------------------------------- texts
@pytest.mark.parametrize("text", SCRIPTS, ids=ascii)
@pytest.mark.parametrize(
    "pack",
    [
        list,
        tuple,
        np.array,
        pd.Series,
        lambda rows: pd.Series(rows, dtype="category"),
        lambda rows: np.array(rows, object),
        lambda rows: [row.encode() for row in rows],
        lambda rows: np.array(rows)[:, None],
        lambda rows: pd.DataFrame({"text": rows}),
        lambda rows: [np.str_(row) for row in rows],
    ],
    ids=["list", "tuple", "array", "series", "category", "object", "bytes", "column", "frame", "str_"],
)
def test_any_script_in_any_container(text, pack):
    rows = [text, "other"]
    found = as_texts(pack(rows), "`x`")
    assert found.dtype == object and found.shape == (2,) and found.tolist() == rows
    assert all(type(each) is str for each in found)


@pytest.mark.parametrize("text, told", [("\ud83d", "?"), ("a\udc00b", "a?b"), ("", ""), ("\0", "\0"), (" a ", " a ")])
def test_what_comes_out_can_be_written(text, told):
    assert as_texts([text], "`x`").tolist() == [told]


@pytest.mark.parametrize("data", [b"\xff", b"\xc3", b"ok \xe2\x82", b"\xed\xa0\x80"])
def test_broken_bytes_become_marks(data):
    (found,) = as_texts([data], "`x`")
    assert "\ufffd" in found
    found.encode("utf-8")


def test_ten_megabytes_are_read_up_to_a_length():
    with pytest.warns(UserWarning, match="read up to there"):
        found = as_texts(["字" * 10_000_000, "short"], "`x`")
    assert len(found[0]) == LONGEST and found[1] == "short"


@pytest.mark.parametrize("columns", [2, 3])
@pytest.mark.parametrize("odd", [None, np.nan, 7, ["a"]], ids=str)
def test_odd_cells_of_several_columns(columns, odd):
    cells = np.full((5, columns), "text", object)
    cells[3, columns - 1] = odd
    with pytest.raises(DataError, match="row 3|one shape"):
        as_texts(cells, "`x`")


@pytest.mark.parametrize("dtype", ["int8", "uint16", "int64"])
def test_ids_of_any_dtype(dtype):
    ids = np.array([[0, 1], [100, 2]], dtype)
    found = as_texts(ids, "`x`")
    assert found.dtype == np.int32
    np.testing.assert_array_equal(found, ids)
    assert TextTraits.of(found).tokens == 101


@pytest.mark.parametrize("text", SCRIPTS, ids=ascii)
def test_traits_of_any_script(text):
    traits = TextTraits.of(as_texts([text] * 9, "`x`"))
    assert (traits.rows, traits.characters, traits.words) == (9, len(text), len(text.split()))
    assert (traits.total_words, traits.total_characters) == (9 * traits.words, 9 * traits.characters)
    assert traits.tokens is None


@pytest.mark.parametrize(
    "script, spaced",
    [("a few plain words", True), ("这是一个没有空格的很长的句子而且还有更多", False), ("สวัสดีชาวโลกวันนี้อากาศดี", False)],
)
def test_scripts_without_spaces_are_told(script, spaced):
    assert TextTraits.of(as_texts([script] * 5, "`x`")).spaced is spaced


# --------------------------------------------------------------------- tokens
@pytest.mark.parametrize("text", SCRIPTS, ids=ascii)
def test_pieces_are_whole_and_bare(text):
    assert standardized(text) == standardized(standardized(text).decode())
    assert b" ".join(pieces(text, "word")) == b" ".join(standardized(text).split())
    assert b"".join(pieces(text, "character")) == standardized(text)
    for each in pieces(text, "character"):
        assert len(each.decode()) == 1


@pytest.mark.parametrize("unit, least, most", UNITS)
@pytest.mark.parametrize("text", [*SCRIPTS, "", " ", "!?", "one"], ids=ascii)
def test_terms_are_as_many_as_can_be_counted(unit, least, most, text):
    count = len(pieces(text, unit))
    found = list(terms(text, unit, least, most))
    assert len(found) == sum(max(0, count - n + 1) for n in range(least, most + 1))
    assert list(terms((text, text), unit, least, most)) == found * 2
    assert all(isinstance(spelled(term), str) for term in found)


@pytest.mark.parametrize("unit, least, most", UNITS)
@pytest.mark.parametrize("seed", range(3))
def test_vocabularies_do_not_depend_on_the_order_of_rows(unit, least, most, seed):
    rows = drawn(seed=seed)
    known = vocabulary(rows, 50, unit, least, most)
    assert known == vocabulary(np.random.default_rng(seed).permutation(np.array(rows, object)), 50, unit, least, most)
    assert len(known) == len(set(known)) <= 50
    assert known[:10] == vocabulary(rows, 10, unit, least, most)
    assert all(len(term.splitlines()) == 1 and "\0" not in term and term.strip() for term in known)
    met = [np.count_nonzero(column) for column in counted(rows, known, unit, least, most).toarray().T]
    assert met == sorted(met, reverse=True) and min(met) >= 1


@pytest.mark.parametrize("unit, least, most", UNITS)
def test_counts_of_one_row_are_those_of_a_batch(unit, least, most):
    rows = [*SCRIPTS, *drawn(20), ""]
    known = vocabulary(rows, 200, unit, least, most)
    whole = counted(rows, known, unit, least, most)
    assert whole.shape == (len(rows), len(known)) and whole.dtype == np.float32
    for place, row in enumerate(rows):
        one = counted([row], known, unit, least, most).toarray()[0]
        np.testing.assert_array_equal(one, whole[[place]].toarray()[0])
        naive = [spelled(term) for term in terms(row, unit, least, most)]
        np.testing.assert_array_equal(one, [naive.count(term) for term in known])


@pytest.mark.parametrize("unit", ["word", "character"])
@pytest.mark.parametrize("length", [1, 3, 40])
def test_sequences_of_one_row_are_those_of_a_batch(unit, length):
    rows = [*SCRIPTS, ""]
    known = vocabulary(rows, 30, unit, 1, 1)
    whole = sequences(rows, known, length, unit)
    assert whole.shape == (len(rows), length) and whole.dtype == np.int32
    assert whole.min() == 0 and whole.max() <= len(known) + 1 and not whole[-1].any()
    for place, row in enumerate(rows):
        np.testing.assert_array_equal(sequences([row], known, length, unit)[0], whole[place])
        wanted = [known.index(each.decode()) + 2 if each.decode() in known else 1 for each in pieces(row, unit)]
        np.testing.assert_array_equal(whole[place], [*wanted, *[0] * length][:length])


@pytest.mark.parametrize("size", [1, 5, 50])
def test_counted_ids_are_those_of_bincount(size):
    ids = np.random.default_rng(0).integers(0, 20, (30, 7))
    found = counted_ids(ids, size).toarray()
    naive = [np.bincount(row, minlength=max(size, 20) + 1)[1 : size + 1] for row in ids]
    np.testing.assert_array_equal(found, naive)


@pytest.mark.parametrize("unit", ["word", "character"])
def test_nothing_is_known_of_nothing(unit):
    assert vocabulary(["", " ", "!!"], 9, unit, 1, 1) == []
    assert counted(["a", ""], [], unit, 1, 1).shape == (2, 0)
    assert sequences(["!", ""], [], 3, unit).tolist() == [[0] * 3] * 2


# -------------------------------------------------------------------- targets
@pytest.mark.parametrize(
    "labels", [SCRIPTS[:2], SCRIPTS[5:9], SCRIPTS[12:16], ["", " "], ["1", "01"], ["True", "true"]]
)
def test_classes_in_any_script(labels):
    y = np.array(labels * 3)
    target = again(ClassTarget.fit(y))
    assert target.classes.tolist() == sorted(labels)
    assert target.decode(np.eye(target.width)[target.encode(y)]).tolist() == y.tolist()
    assert target.encode(y[:1]).tolist() == target.encode(y).tolist()[:1]


@pytest.mark.parametrize("seed", range(4))
def test_sets_in_any_script(seed):
    rng = np.random.default_rng(seed)
    sets = [{str(each) for each in rng.choice(SCRIPTS, rng.integers(0, 5))} for _ in range(30)]
    target = again(MultiLabelTarget.fit(sets))
    encoded = target.encode(sets)
    assert encoded.shape == (30, target.width) and encoded.sum() == sum(map(len, sets))
    assert target.decode(encoded).tolist() == sets
    assert MultiLabelTarget.fit(sets[::-1]).labels == target.labels
    with pytest.raises(DataError, match="only labels that were in the data of `fit`.*Received: 'never'"):
        target.encode([{"never"}, set()])


@pytest.mark.parametrize("width", [1, 2, 40])
@pytest.mark.parametrize("form", ["array", "frame"])
def test_indicators_of_any_width(width, form):
    y = np.random.default_rng(width).integers(0, 2, (30, width))
    target = again(MultiLabelTarget.fit(pd.DataFrame(y) if form == "frame" else y))
    np.testing.assert_array_equal(target.decode(target.encode(y)), y)
    np.testing.assert_array_equal(np.concatenate([target.encode(y[i : i + 1]) for i in range(30)]), y)


@pytest.mark.parametrize("width", [1, 3])
@pytest.mark.parametrize("unit", [1e-30, 1.0, 1e6, 1e30])
@pytest.mark.parametrize("shift", [0, 10])
def test_numbers_of_any_unit(width, unit, shift):
    y = unit * (np.random.default_rng(0).normal(size=(50, width)) + shift)
    target = RegressionTarget.fit(y)
    assert again(target).to_json() == target.to_json()
    np.testing.assert_allclose(target.mean, y.mean(axis=0), rtol=1e-6)
    np.testing.assert_allclose(target.scale, y.std(axis=0), rtol=1e-6)
    np.testing.assert_array_equal(again(target).decode(target.encode(y)), y.astype("float32"))


@pytest.mark.parametrize(
    "make, told",
    [
        (lambda rng: rng.lognormal(3, 1.5, 300), True),
        (lambda rng: np.c_[rng.lognormal(3, 1.5, 300), rng.lognormal(0, 2, 300) * 100], True),
        (lambda rng: np.round(rng.lognormal(3, 1.5, 300)), True),
        (lambda rng: rng.normal(size=300), False),
        (lambda rng: rng.uniform(size=300), False),
        (lambda rng: -rng.lognormal(3, 1.5, 300), False),
        (lambda rng: np.r_[-1, rng.lognormal(3, 1.5, 300)], False),
        (lambda rng: rng.lognormal(3, 1.5, 19), False),
        (lambda rng: np.c_[rng.lognormal(3, 1.5, 300), rng.uniform(size=300)], False),
        (lambda rng: np.zeros(300), False),
        (lambda rng: (np.arange(300) == 5) * 1.0, False),
    ],
    ids=range(11),
)
def test_logarithms_for_what_is_skewed_and_not_negative(make, told):
    y = make(np.random.default_rng(0))
    target = again(RegressionTarget.fit(y))
    assert (target.logs is not None) is told
    if told:
        logs = np.log1p(y.reshape(len(y), -1))
        np.testing.assert_allclose(target.logs, (logs.mean(0), logs.std(0), logs.max(0)))


# --------------------------------------------------------------------- scores
@pytest.mark.parametrize("function", ["acuracy", "", "val_loss", 3, None, ["accuracy"]], ids=str)
def test_scores_that_are_none(function):
    with pytest.raises(ArgumentError, match="Expected a .* Received: "):
        Score(function)


@pytest.mark.parametrize("direction", ["up", None, "MAX", 1])
def test_directions_that_are_none(direction):
    with pytest.raises(ArgumentError, match="`direction`.*Received: "):
        Score("accuracy", direction=direction)


@pytest.mark.parametrize(
    "name", ["accuracy", "balanced_accuracy", "f1_macro", "neg_log_loss", "roc_auc", "matthews_corrcoef"]
)
@pytest.mark.parametrize("width", [2, 4])
def test_scores_do_not_depend_on_the_order_of_rows(name, width):
    rng = np.random.default_rng(width)
    y, answers = rng.integers(0, width, 90), rng.dirichlet(np.ones(width), 90)
    target, order = ClassTarget(np.arange(width)), rng.permutation(90)
    assert Score(name)(target, y, answers) == pytest.approx(Score(name)(target, y[order], answers[order]))
    repeated = Score(name)(target, np.repeat(y, 2), np.repeat(answers, 2, axis=0))
    assert repeated == pytest.approx(Score(name)(target, y, answers))


@pytest.mark.parametrize("names", [("a",), ("a", "b")])
def test_scores_of_several_heads_bear_their_names(names):
    target, y, answers = ClassTarget(np.arange(2)), np.array([0, 1]), np.eye(2)
    every = [dict.fromkeys(names, each) for each in (target, [Score("accuracy")], y, answers)]
    told = scores_of(every[0], every[1], every[2], every[3])
    assert told == ({"accuracy": 1.0} if len(names) == 1 else {"a_accuracy": 1.0, "b_accuracy": 1.0})


# ---------------------------------------------------------------- calibration
@pytest.mark.parametrize("width", [2, 5, 100])
@pytest.mark.parametrize("temperature", [0.05, 0.5, 1.0, 2.0, 20.0])
def test_a_temperature_keeps_the_order_and_the_sum(width, temperature):
    answers = np.random.default_rng(0).dirichlet(np.ones(width), 50)
    found = scaled(ClassTarget(np.arange(width)), answers, temperature)
    np.testing.assert_allclose(found.sum(axis=1), 1)
    np.testing.assert_array_equal(found.argmax(axis=1), answers.argmax(axis=1))
    assert (found.max(axis=1) <= answers.max(axis=1) + 1e-9).all() == (temperature >= 1)


@pytest.mark.parametrize("temperature", [0.05, 1.0, 20.0])
def test_sure_answers_stay_finite(temperature):
    for target in (ClassTarget(np.arange(2)), MultiLabelTarget(2)):
        found = scaled(target, np.eye(2), temperature)
        assert np.isfinite(found).all() and (found.argmax(axis=1) == [0, 1]).all()


@pytest.mark.parametrize("rows", [2, 3, 10, 500])
@pytest.mark.parametrize("seed", range(3))
def test_calibration_never_makes_the_log_loss_worse(rows, seed):
    rng = np.random.default_rng(seed)
    target, y, answers = ClassTarget(np.arange(3)), rng.integers(0, 3, rows), rng.dirichlet(np.ones(3), rows)
    found = calibrate(target, y, answers)
    assert found.log_loss[1] <= found.log_loss[0] and found.rows == rows and 1 / 21 < found.temperature < 21
    order = rng.permutation(rows)
    assert calibrate(target, y[order], answers[order]).log_loss == pytest.approx(found.log_loss)
    undone = found.undone()
    assert undone.temperature == 1 and undone.ece == (found.ece[0],) * 2 and json.loads(json.dumps(undone.to_json()))


@pytest.mark.parametrize("shape", [(1, 3), (3,), (4, 3, 2)])
def test_answers_that_cannot_be_calibrated(shape):
    assert calibrate(ClassTarget(np.arange(3)), np.zeros(shape[0], int), np.full(shape, 1 / 3)) is None


@pytest.mark.parametrize(
    "answers", [np.full((5, 3), 0.9), np.full((5, 3), -1.0), np.full((5, 3), 7.0), np.zeros((5, 3))]
)
def test_answers_that_are_no_probabilities(answers):
    assert calibrate(ClassTarget(np.arange(3)), np.arange(5) % 3, answers) is None


@pytest.mark.parametrize("seed", range(4))
def test_the_calibration_error_is_that_of_a_loop(seed):
    rng = np.random.default_rng(seed)
    y, answers, weight = rng.integers(0, 4, 200), rng.dirichlet(np.ones(4), 200), rng.random(200)
    sums = {}
    for label, row, each in zip(y, answers, weight):
        place = min(int(row.max() * BINS), BINS - 1)
        sums[place] = sums.get(place, 0) + each * (row.max() - (row.argmax() == label))
    naive = sum(map(abs, sums.values())) / weight.sum()
    assert expected_calibration_error(ClassTarget(np.arange(4)), np.eye(4)[y], answers, weight) == pytest.approx(naive)


# ------------------------------------------------------------------ selection
def squares(y):
    return lambda answers, rows: ((answers["out"] - y[rows]) ** 2).mean(axis=1)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("count, rows", [(1, 9), (2, 40), (9, 40), (20, 7)])
def test_mixtures_are_means_of_a_few(way, count, rows):
    rng = np.random.default_rng(count)
    y = rng.normal(size=(rows, 2))
    answers = [{"out": y + rng.normal(size=y.shape)} for _ in range(count)]
    found = way(squares(y), answers, np.arange(rows))
    assert sum(found.weights.values()) == pytest.approx(1) and min(found.weights.values()) > 0
    assert len(found.weights) <= DISTINCT and set(found.weights) <= set(range(count)) and found.how == way.__name__
    naive = sum(weight * answers[place]["out"] for place, weight in found.weights.items())
    np.testing.assert_allclose(found.of(answers)["out"], naive)


@pytest.mark.parametrize("seed", range(4))
def test_the_greedy_mixture_is_no_worse_on_the_rows_it_saw(seed):
    rng = np.random.default_rng(seed)
    y, rows = rng.normal(size=(60, 1)), np.arange(60)
    answers = [{"out": y + rng.normal(size=y.shape)} for _ in range(6)]
    losses = squares(y)
    found = losses(greedy(losses, answers, rows).of(answers), rows).mean()
    assert found <= min(losses(each, rows).mean() for each in answers)


@pytest.mark.parametrize("seed", range(3))
def test_copies_of_one_model_are_no_mixture(seed):
    y = np.random.default_rng(seed).normal(size=(50, 1))
    answers = [{"out": y + 1}] * 5
    assert select(squares(y), answers, seed) == Mixture({0: 1.0}, "single")


@pytest.mark.parametrize("rows", [1, 2, 4, 6])
def test_a_choice_by_few_rows(rows):
    y = np.zeros((rows, 1))
    found = select(squares(y), [{"out": y + 1}, {"out": y - 1}], 0)
    assert sum(found.weights.values()) == pytest.approx(1)
    assert found.how == ("single" if rows == 1 else "uniform")


def test_several_heads_are_mixed_by_the_same_weights():
    answers = [{"a": np.zeros((3, 1)), "b": np.ones((3, 2))}, {"a": np.ones((3, 1)), "b": np.zeros((3, 2))}]
    mixed = Mixture({0: 0.25, 1: 0.75}, "greedy").of(answers)
    assert (mixed["a"] == 0.75).all() and (mixed["b"] == 0.25).all()
