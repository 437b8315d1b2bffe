"""Validation, windows, series and tokens: laws over many seeds, and bad input that was let through once."""

import warnings

import numpy as np
import pandas as pd
import pytest

from kerasnas.data.series import as_series, series_of
from kerasnas.data.texts import TextTraits, as_texts
from kerasnas.data.tokens import counted, sequences, vocabulary
from kerasnas.data.validation import Validation
from kerasnas.data.windows import Span, season_of, usual_lookback
from kerasnas.errors import ArgumentError, DataError


# ---------------------------------------------------------------- validation
@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("said", ["cv2", "cv3", "cv5"])
@pytest.mark.parametrize("grouped", [False, True])
def test_folds_are_a_partition_that_keeps_groups_together(seed, said, grouped):
    rng = np.random.default_rng(seed)
    strata, groups = rng.integers(0, 3, 60), rng.integers(0, 9, 60)
    validation = Validation.of(said, None, groups if grouped else None)
    fold = validation.fold_of(strata, 60, seed)
    np.testing.assert_array_equal(fold, validation.fold_of(strata, 60, seed))
    assert set(fold) == set(range(validation.folds))
    if grouped:
        assert all(len(set(fold[groups == group])) == 1 for group in set(groups))
    else:
        counts = np.array([[np.sum((fold == f) & (strata == s)) for s in range(3)] for f in set(fold)])
        assert np.ptp(counts, axis=0).max() <= 1


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("said", ["holdout", "time", None])
def test_held_out_rows_are_on_one_side(seed, said):
    validation = Validation.of(said, 0.25)
    train, held = validation.split(None, 41, seed)
    assert sorted([*train, *held]) == list(range(41)) and len(held) == 10
    assert said != "time" or train.max() < held.min()


@pytest.mark.parametrize("seed", range(6))
def test_a_group_is_never_on_both_sides(seed):
    groups = np.random.default_rng(seed).choice(["a", "b", "c", "d", "e"], 50)
    train, held = Validation.of("holdout", 0.3, groups).split(None, 50, seed)
    assert not set(groups[train]) & set(groups[held]) and len(train) and len(held)


@pytest.mark.parametrize("said", ["cv1", "cv0", "cv", "cv-3", "cross", 5, 0.2, True, "CV5", "cv5 "])
def test_words_that_say_no_validation(said):
    with pytest.raises(ArgumentError, match="'holdout', 'time', or a cross-validation such as 'cv5'"):
        Validation.of(said, 0.2)


def test_groups_that_do_not_fit():
    with pytest.raises(DataError, match="`groups` to have 9 values"):
        Validation.of("cv2", None, np.zeros(8)).fold_of(None, 9, 0)
    with pytest.raises(DataError, match="at least 3 groups. Received: 2"):
        Validation.of("cv3", None, np.arange(9) % 2).fold_of(None, 9, 0)
    with pytest.raises(DataError, match="at least 5 rows for 5 folds. Received: 4"):
        Validation.of("cv5", None).fold_of(None, 4, 0)


def test_groups_that_would_be_passed_over():
    with pytest.raises(ArgumentError, match="`groups` with 'holdout' .* Received: validation='time'"):
        Validation.of("time", 0.2, np.arange(9) % 3)


@pytest.mark.parametrize("groups", ["patient", np.zeros(8), np.zeros(9)], ids=str)
def test_groups_are_checked_before_anything_is_asked_of_them(groups):
    with pytest.raises(DataError, match="`groups` to have 9 values|at least 3 groups"):
        Validation.of("cv3", None, groups).check(9)


def test_validations_that_differ_describe_themselves_otherwise():
    groups = np.arange(6)
    some = [Validation.of(*said) for said in [("holdout", 0.2), ("time", 0.2), ("holdout", 0.3), ("cv5", 0.2),
            ("cv3", 0.2), ("holdout", 0.2, groups), ("holdout", 0.2, groups // 2), ("cv3", 0.2, groups)]]  # fmt: skip
    assert len({each.describe() for each in some}) == len(some)
    assert Validation.of("cv5", 0.2).held(50) == 10 == Validation.of("holdout", 0.2).held(50)


# ------------------------------------------------------------------- windows
@pytest.mark.parametrize("seed", range(20))
def test_windows_of_both_sides_never_share_a_forecast(seed):
    rng = np.random.default_rng(seed)
    span = Span(*(int(n) for n in rng.integers(1, 9, 2)), gap=int(rng.integers(0, 4)))
    total, fraction = int(rng.integers(2 * span.steps + span.horizon, 120)), float(rng.uniform(0.1, 0.5))
    steps = np.arange(total)[:, None]
    seen, wanted = span.windows(steps, steps)
    assert len(seen) == len(wanted) == total - span.steps + 1
    assert (wanted[:, 0, 0] - seen[:, -1, 0] == span.gap + 1).all()
    train, held = span.split(total, fraction)
    first = wanted[held].min()
    assert max(seen[train].max(), wanted[train].max()) == first - 1 and wanted[held].max() == total - 1
    assert first == min(round(total * (1 - fraction)), total - span.horizon)


@pytest.mark.parametrize("seed", range(5))
def test_a_season_is_found_whatever_its_unit_and_level(seed):
    rng, season = np.random.default_rng(seed), 5 + 2 * seed
    values = np.tile(rng.normal(size=season), 30)
    assert season_of(values) == season == season_of(1e6 + 1e-3 * values) == season_of(-7 * values)


@pytest.mark.parametrize("steps", [2, 10, 100, 1000, 100_000])
@pytest.mark.parametrize("horizon", [1, 24])
def test_the_usual_lookback_is_a_window(steps, horizon):
    assert 1 <= usual_lookback(steps, horizon, 7) <= 512


# -------------------------------------------------------------------- series
def long(**columns):
    return pd.DataFrame({"t": [0, 1, 2, 0, 1, 2], "s": list("aaabbb"), "v": range(6), **columns})


@pytest.mark.parametrize("missing", [None, np.nan, pd.NA])
def test_rows_of_no_series_are_told_not_dropped(missing):
    with pytest.raises(DataError, match="'s' of `x` to name the series of every row. Received: 3 missing"):
        series_of(long(s=["a"] * 3 + [missing] * 3), "t", "s")


@pytest.mark.parametrize("value", [np.inf, -np.inf])
def test_times_are_finite(value):
    with pytest.raises(DataError, match="Expected finite times in 't' of `x`"):
        series_of(pd.DataFrame({"t": [0, 1, value], "v": [1, 2, 3]}), "t")


@pytest.mark.parametrize("times", [[1 + 2j, 2, 3], [True, False, True], ["1", "2", "3"]])
def test_what_is_no_time(times):
    with pytest.raises(DataError, match="Expected 't' of `x` to hold times"):
        series_of(pd.DataFrame({"t": times, "v": [1, 2, 3]}), "t")


@pytest.mark.parametrize("seed", range(5))
def test_shuffled_rows_are_the_same_series(seed):
    rng = np.random.default_rng(seed)
    table = long(v=rng.normal(size=6))
    expected = series_of(table, "t", "s")
    shuffled = table.sample(frac=1, random_state=seed)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = series_of(shuffled, "t", "s")
    for name in "ab":
        ours, theirs = (each[0][each[1].index(name)] for each in (found, expected))
        np.testing.assert_array_equal(ours, theirs)


@pytest.mark.parametrize("value", [[[1, 2], [np.inf, 3]], ["ab", "cd"], [[1, "x"], [2, 3]], 5.0, [], {"a": 1}])
def test_what_is_no_series(value):
    with pytest.raises(DataError, match="Expected .* Received: "):
        as_series(value, "`x`")


# --------------------------------------------------------------------- texts
NASTY = ["", "\n", "line\nbreak\r\n\x0b", "日本語", "a\u2028b", "😀", "ß é", "A a. A!", "\ud83d", "0", "[UNK]", "<pad>"]


@pytest.mark.parametrize("unit, least, most", [("word", 1, 1), ("word", 1, 3), ("character", 1, 3)])
@pytest.mark.parametrize("seed", range(4))
def test_vocabularies_hold_what_files_can_and_no_term_twice(unit, least, most, seed):
    rng = np.random.default_rng(seed)
    rows = as_texts([" ".join(rng.choice(NASTY, 5)) for _ in range(40)], "`x`")
    known = vocabulary(rows, 60, unit, least, most)
    assert len(set(known)) == len(known) <= 60 and known == vocabulary(rows[::-1], 60, unit, least, most)
    assert all(term.strip() and len(term.splitlines()) == 1 for term in known)
    matrix = counted(rows, known, unit, least, most)
    having = np.asarray((matrix > 0).sum(axis=0)).ravel()
    assert (np.diff(having) <= 0).all() and (having > 0).all()
    if most == 1:
        ids = sequences(rows, known, 500, unit)
        again = np.stack([(ids == place).sum(axis=1) for place in range(2, 2 + len(known))], axis=1)
        np.testing.assert_array_equal(again, matrix.toarray())


def test_a_very_long_text_is_read_to_its_limit():
    with pytest.warns(UserWarning, match="longer than 1,000,000 characters"):
        (found,) = as_texts(["é " * 5_000_000], "`x`")
    assert len(found) == 1_000_000
    assert TextTraits.of(np.array([found, "b"], object)).words >= 1
