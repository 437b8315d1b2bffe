"""Curves, comparisons, importances, fronts and pages of runs whose truth is known."""

import math
import random
import re

import numpy as np
import pytest
from scipy import stats

from kerasnas.contract import Measurement, Objective, Proposal, Trial
from kerasnas.errors import ArgumentError, JournalError
from kerasnas.report import (
    compare,
    diversity,
    draw_best,
    draw_diversity,
    draw_front,
    draw_importance,
    draw_parallel,
    importance,
    write_page,
)
from kerasnas.report.forest import encoded
from kerasnas.report.record import record
from kerasnas.report.runs import band, gather, rise
from kerasnas.space import Architecture
from tests.report.runs import HEADER, architecture, completed, failed, written


def header(strategy="RandomSearch", seed=0, objective=("val_accuracy", "max"), **more):
    return {**HEADER, "strategy": {"name": strategy}, "seed": seed, "task": {"objective": list(objective), **more}}


def run(folder, values, strategy="RandomSearch", seed=0, **more):
    """A run with these accuracies; None is a failed trial."""
    trials = [
        failed(i, architecture()) if value is None else completed(i, value, architecture(**{"a": i}))
        for i, value in enumerate(values)
    ]
    return written(folder, trials, header=header(strategy, seed, **more))


def drawn(folder, count=120, seed=0):
    """A run in which `kind` matters most, `depth` less, `name` not at all; big networks are better and dearer."""
    rng, trials = random.Random(seed), []
    for number in range(count):
        kind, depth = rng.choice(["conv", "pool", "skip"]), rng.randint(1, 20)
        answers = {"kind": kind, "depth": depth, "name": rng.choice("abcd"), "training/rate": 10 ** rng.uniform(-4, -1)}
        answers |= {"conv/kernel": rng.choice([3, 5])} if kind == "conv" else {}
        score = {"conv": 0.6, "pool": 0.3, "skip": 0.1}[kind] + 0.01 * depth
        metrics = {"val_accuracy": score, "params": 1000 * depth * (3 if kind == "conv" else 1)}
        measured = Measurement(metrics, (), 1.0, {"epochs": 1})
        trials.append(Trial(Proposal(Architecture(answers), number), "completed", measured))
    objectives = [["val_accuracy", "max"], ["params", "min"]]
    return written(folder, trials, header=header(objectives=objectives))


@pytest.fixture(scope="module")
def known(tmp_path_factory):
    return drawn(tmp_path_factory.mktemp("drawn"))


# --------------------------------------------------------------- side by side
def test_runs_of_one_strategy_are_repetitions(tmp_path):
    folders = [run(tmp_path / f"{s}_{i}", [0.5], s, i) for s in ("Greedy", "RandomSearch") for i in (0, 1)]
    found = gather(folders)
    assert {name: len(records) for name, records in found.items()} == {"Greedy": 2, "RandomSearch": 2}
    assert list(gather(folders[0])) == ["Greedy"]
    assert list(gather({"mine": folders[0], "theirs": folders[1:]})) == ["mine", "theirs"]
    other = written(tmp_path / "other", [completed(0, 0.5, architecture())], header={**header(), "data": "z"})
    assert list(gather([folders[2], other])) == ["RandomSearch, RandomSearch_0", "RandomSearch, other"]


def test_what_cannot_be_put_side_by_side(tmp_path):
    with pytest.raises(ArgumentError, match="at least one run"):
        gather([])
    with pytest.raises(JournalError):
        gather(tmp_path)
    loss = written(tmp_path / "loss", [completed(0, 0.5, architecture())], header=header(objective=("val_loss", "min")))
    with pytest.raises(ArgumentError, match="Expected runs of one objective. Received: val_accuracy, val_loss"):
        gather([run(tmp_path / "accuracy", [0.5]), loss])


def test_the_best_so_far_rises(tmp_path):
    risen = rise(record(run(tmp_path, [None, 0.5, 0.4, 0.7, None])))
    assert risen.trials == (2, 3, 4, 5) and risen.values == (0.5, 0.5, 0.7, 0.7)
    assert list(risen.seconds) == sorted(risen.seconds)


def test_a_band_is_mean_and_standard_error(tmp_path):
    rises = [rise(record(run(tmp_path / str(i), v))) for i, v in enumerate([[0.1, 0.2, 0.3], [None, 0.4]])]
    places, means, errors = band(rises)
    assert list(places) == [2, 3] and means == pytest.approx([0.3, 0.35])
    assert errors == pytest.approx(
        [np.std([0.2, 0.4], ddof=1) / math.sqrt(2), np.std([0.3, 0.4], ddof=1) / math.sqrt(2)]
    )
    assert band(rises[:1])[2] is None and list(band(rises[:1])[1]) == [0.1, 0.2, 0.3]
    assert len(band([rise(record(run(tmp_path / "none", [None])))])[0]) == 0


def test_a_comparison_against_scipy(tmp_path):
    rng = np.random.default_rng(0)
    good, bad = rng.normal(0.9, 0.01, 6), rng.normal(0.87, 0.02, 6)
    folders = {
        name: [run(tmp_path / f"{name}{i}", [0.1, v, 0.2], seed=i) for i, v in enumerate(values)]
        for name, values in (("bad", bad), ("good", good))
    }
    table = compare(folders)
    assert list(table["strategy"]) == ["good", "bad"] and list(table["runs"]) == [6, 6]
    assert table["mean"][0] == pytest.approx(good.mean())
    assert table["stderr"][0] == pytest.approx(good.std(ddof=1) / math.sqrt(6))
    assert table["best"][0] == good.max() and math.isnan(table["p"][1])
    assert table["p"][0] == pytest.approx(stats.ttest_ind(good, bad, equal_var=False).pvalue)
    assert table["difference"][0] == pytest.approx(good.mean() - bad.mean())
    assert compare(folders, test="paired")["p"][0] == pytest.approx(stats.ttest_rel(good, bad).pvalue)
    assert compare(folders, test="wilcoxon")["p"][0] == pytest.approx(stats.wilcoxon(good, bad).pvalue)
    assert compare(folders, against="good")["difference"][1] < 0
    assert list(compare(folders, trials=1)["mean"]) == pytest.approx([0.1, 0.1])
    assert compare(folders, trials=1)["p"].dropna().tolist() == [1.0]


def test_a_comparison_where_less_is_better_and_of_single_runs(tmp_path):
    make = lambda name, loss: written(  # noqa: E731
        tmp_path / name, [completed(0, 0.5, architecture(), loss)], header=header(objective=("val_loss", "min"))
    )
    table = compare({"a": make("a", 2.0), "b": make("b", 1.0)})
    assert list(table["strategy"]) == ["b", "a"] and table["stderr"].isna().all() and table["p"].isna().all()
    assert table["difference"][0] == -1.0


def test_comparisons_that_make_no_sense(tmp_path):
    a, b = run(tmp_path / "a", [0.5], seed=0), run(tmp_path / "b", [0.5], seed=1)
    with pytest.raises(ArgumentError, match="Expected `test` to be one of welch, paired, wilcoxon. Received: 't'"):
        compare(a, test="t")
    with pytest.raises(ArgumentError, match="Expected `against` to be one of a, b"):
        compare({"a": a, "b": b}, against="c")
    with pytest.raises(ArgumentError, match="with equal seeds for a paired test"):
        compare({"a": a, "b": b}, test="paired")


# ---------------------------------------------------------------- what matters
def test_answers_as_numbers():
    matrix, groups = encoded([{"a": 1, "b": "x", "c": 5}, {"a": 2, "b": "y", "c": 5}, {"b": "x", "c": 5, "d": True}])
    assert set(groups) == {"a", "b", "d"}, "what never varies tells nothing"
    assert matrix[:, groups["a"]].tolist() == [[1, 1], [2, 1], [1, 0]]
    assert matrix[:, groups["b"]].tolist() == [[1, 0], [0, 1], [1, 0]]


def test_what_matters_is_found(known):
    found = importance(known)
    assert list(found["decision"][:2]) == ["kind", "depth"] or found["decision"][0] == "kind"
    shares = dict(zip(found["decision"], found["importance"]))
    assert shares["kind"] + shares.get("conv/kernel", 0) > 0.6 > 0.1 > shares["name"] + shares["training/rate"]
    assert shares["depth"] > shares["name"] and found["importance"].sum() == pytest.approx(1)
    assert found.attrs["r2"] > 0.8
    assert importance(known).equals(found), "it repeats"
    of_size = importance(known, Objective("params"))
    assert of_size["decision"][0] in ("depth", "kind") and of_size.attrs["r2"] > 0.5


def test_noise_is_called_noise(tmp_path):
    rng = random.Random(0)
    trials = [completed(i, rng.random(), Architecture({"a": rng.choice("xyz"), "b": rng.random()})) for i in range(60)]
    folder = written(tmp_path, trials)
    assert importance(folder).attrs["r2"] < 0.2
    (axes,) = draw_importance(folder).axes
    assert "too little to rely on" in axes.get_title()


def test_too_few_trials_to_tell(tmp_path):
    with pytest.raises(
        ArgumentError, match="Expected at least 8 completed trials of different architectures. Received: 3"
    ):
        importance(run(tmp_path, [0.1, 0.2, 0.3]))


# ------------------------------------------------------------------- variety
def test_variety_falls_as_a_population_closes_in(tmp_path):
    rng = random.Random(0)
    answers = [{"a": rng.choice("xyzw"), "b": rng.choice("xyzw")} for _ in range(40)] + [{"a": "x", "b": "y"}] * 40
    trials = [completed(i, 0.5, Architecture(each)) for i, each in enumerate(answers)]
    found = diversity(written(tmp_path, trials), window=20)
    assert list(found["trial"]) == list(range(19, 80))
    assert found["entropy"].iloc[0] > 0.8 and found["distance"].iloc[0] > 0.6
    assert found.iloc[-1][["entropy", "distance"]].tolist() == [0, 0] and found["unique"].iloc[-1] == 1 / 20
    first = answers[:20]
    pairs = [(p, q) for i, p in enumerate(first) for q in first[:i]]
    assert found["distance"].iloc[0] == pytest.approx(
        sum((p["a"] != q["a"]) + (p["b"] != q["b"]) for p, q in pairs) / len(pairs) / 2
    )


def test_variety_of_few_trials(tmp_path):
    assert len(diversity(run(tmp_path / "three", [0.1, 0.2, 0.3]))) == 1
    assert len(diversity(run(tmp_path / "one", [0.1]))) == 0
    with pytest.raises(ArgumentError, match="`window` to be a whole number from 2"):
        diversity(tmp_path / "three", window=1)


# ------------------------------------------------------------------ drawings
def test_best_so_far_of_several(tmp_path):
    folders = [run(tmp_path / f"{s}{i}", [0.1, 0.5 + i / 10, 0.7], s, i) for s in ("Greedy", "Random") for i in (0, 1)]
    for against in ("trials", "seconds"):
        (axes,) = draw_best(folders, tmp_path / f"{against}.svg", against).axes
        assert axes.get_xlabel() == against and len(axes.collections) == 2, "a band each"
        assert [text.get_text() for text in axes.get_legend().get_texts()] == ["Greedy (2 runs)", "Random (2 runs)"]
        assert (tmp_path / f"{against}.svg").read_text().startswith("<?xml")
    with pytest.raises(ArgumentError, match="'trials' or 'seconds'. Received: 'epochs'"):
        draw_best(folders, against="epochs")
    assert draw_best(run(tmp_path / "none", [None])).axes[0].lines[:] == []


def test_a_front(known, tmp_path):
    (axes,) = draw_front(known, tmp_path / "front.png").axes
    assert axes.get_xlabel() == "params (less is better)" and axes.get_ylabel() == "val_accuracy (more is better)"
    front = axes.lines[2].get_xydata()
    points = [(t.measurement.metrics["params"], t.measurement.metrics["val_accuracy"]) for t in record(known).trials]
    best = {(p, a) for p, a in points if not any(q <= p and b >= a and (q, b) != (p, a) for q, b in points)}
    assert set(map(tuple, front)) == best and (np.diff(front[:, 0]) >= 0).all()
    assert (tmp_path / "front.png").stat().st_size > 5000
    with pytest.raises(ArgumentError, match="Expected trials with 'val_accuracy' and 'flops'"):
        draw_front(known, objectives=["val_accuracy", "flops"])


def test_lines_through_answers(known, tmp_path):
    (axes,) = draw_parallel(known, tmp_path / "lines.png").axes
    labels = [text.get_text() for text in axes.get_xticklabels()]
    assert labels[0] == "kind" and labels[-1] == "val_accuracy" and "conv\nkernel" in labels
    assert "not asked" in {text.get_text() for text in axes.texts}
    chosen = draw_parallel(known, decisions=["depth", "training/rate"]).axes[0]
    assert [text.get_text() for text in chosen.get_xticklabels()] == ["depth", "rate", "val_accuracy"]
    with pytest.raises(ArgumentError, match=r"some completed trial answers. Received: \['width'\]"):
        draw_parallel(known, decisions=["width"])
    assert draw_parallel(run(tmp_path / "few", [0.1, 0.2])).axes, "few trials: whatever varies"


def test_pictures_of_variety_and_importance(known, tmp_path):
    left, right = draw_diversity({"a": known}, tmp_path / "variety.png").axes
    assert len(left.lines) == len(right.lines) == 1
    (axes,) = draw_importance(known, tmp_path / "importance.svg", top=3).axes
    assert len(axes.patches) == 3 and axes.get_yticklabels()[-1].get_text() == "kind"


def test_nothing_is_left_in_pyplot(known):
    import sys

    draw_front(known)
    pyplot = sys.modules.get("matplotlib.pyplot")
    assert pyplot is None or not pyplot.get_fignums()


# --------------------------------------------------------------------- pages
def test_a_page_of_one_run_holds_its_pictures(known, tmp_path):
    page = write_page(known, tmp_path / "page")
    text = page.read_text()
    assert page == tmp_path / "page" / "index.html"
    names = {"best", "best_by_time", "diversity", "front", "importance", "parallel"}  # no trial has a learning curve
    assert {file.stem for file in page.parent.glob("*.png")} == names == {f.stem for f in page.parent.glob("*.svg")}
    assert text.count("data:image/png;base64,") == len(names) and "src='http" not in text
    assert "120 trials, 0 failed" in text and "<table" in text


def test_a_page_of_several_compares_them(tmp_path):
    rng = random.Random(0)
    folders = [
        run(tmp_path / f"{s}_{i}", [rng.random() for _ in range(12)], s, i)
        for s in ("Greedy", "Random<b>")
        for i in range(2)
    ]
    text = write_page(folders, tmp_path / "page").read_text()
    assert len(list((tmp_path / "page").glob("*_curves.svg"))) == 2
    assert "<h2>Strategies</h2>" in text and text.count("the best of 2") == 2
    assert "Random&lt;b&gt;" in text and "<b>" not in re.sub(r"base64,[^']+", "", text)


def test_a_page_of_a_run_that_has_just_begun(tmp_path):
    assert "0 trials" in write_page(written(tmp_path / "run", []), tmp_path / "page").read_text()
    all_failed = run(tmp_path / "failed", [None, None])
    assert "2 failed" in write_page(all_failed, tmp_path / "page").read_text()


def test_a_page_that_cannot_be_written(known, tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(ArgumentError, match="Expected a folder that can be written"):
        write_page(known, tmp_path / "file" / "inside")


def test_a_page_from_the_command_line(known, tmp_path, capsys):
    from kerasnas.cli import main

    assert main(["report", str(known), "--out", str(tmp_path / "page")]) == 0
    assert capsys.readouterr().out.strip() == str(tmp_path / "page" / "index.html")
    assert main(["report", str(tmp_path)]) == 2
    assert "Expected a run folder with a journal.jsonl" in capsys.readouterr().err
