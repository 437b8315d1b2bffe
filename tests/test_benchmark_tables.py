"""The pure parts of the benchmarks: splits, ranks, controls, rows, on small tables made up here."""

import argparse
import json
import random

import numpy as np
import pandas as pd
import pytest

from benchmarks import fidelities, fronts, nas_table, peer, proposals, series, tabular, text
from benchmarks.table import show, write
from kerasnas import spaces
from kerasnas.contract import Measurement, Proposal, Trial
from kerasnas.evaluators import Table
from kerasnas.operations import Dense
from kerasnas.space import Choice, Sequential, Space
from kerasnas.strategies import RandomSearch, RegularizedEvolution

SPACE = Space(Sequential(Dense(Choice(1, 2, 3)), Dense(Choice(1, 2, 3))))


def bench(queries=4, direction="max", **more):
    """Nine architectures; what is searched grows with the widths, what is reported falls with them."""
    rows = [(a, b, a * 10.0 + b, 100.0 - a * 10 - b, a * b) for a in (1, 2, 3) for b in (1, 2, 3)]
    frame = pd.DataFrame(rows, columns=["a", "b", "s", "r", "params"])
    table = Table(frame, SPACE, {"0/units": "a", "1/units": "b"}, {"search": "s", "report": "r"})
    return nas_table.Bench(table, queries, direction, **more)


# ------------------------------------------------------------- nas_table
def test_a_run_asks_as_often_as_it_may_and_no_oftener_than_there_are():
    trials, spent = bench(4).run(RandomSearch(), 0)
    assert [trial.number for trial in trials] == [0, 1, 2, 3] and spent >= 0
    assert len({trial.proposal.architecture for trial in trials}) == 4
    assert len(bench(50).run(RandomSearch(), 0)[0]) == 9


def test_a_run_repeats_by_its_seed():
    runs = [[t.proposal.architecture for t in bench(5).run(RandomSearch(), seed)[0]] for seed in (0, 0, 1)]
    assert runs[0] == runs[1] != runs[2]


def test_the_reported_column_is_of_the_best_by_the_searched_one():
    made = bench(50, chosen=False)
    row = made.row("all", [made.run(RandomSearch(), seed) for seed in range(3)])
    assert row["report"] == 67.0 and row["error"] == 0.0 and row["regret"] == 89.0 - 67.0
    assert row["optimum"] == 0 and row["unique"] == 9 and row["seeds"] == 3
    assert row["chosen"] is None and row["chosen_error"] is None and row["raw"] == 67.0
    assert json.loads(json.dumps(row)) == row


def test_a_column_of_which_less_is_better():
    made = bench(50, "min", chosen=False)
    row = made.row("all", [made.run(RandomSearch(), 0)])
    assert row["report"] == 89.0 and row["regret"] == 89.0 - 67.0


def test_the_choice_of_a_short_run_is_the_best_measured():
    made = bench(5)
    row = made.row("some", [made.run(RandomSearch(), seed) for seed in range(2)])
    assert row["chosen"] == row["raw"] == row["report"]


def test_the_control_tries_the_largest_first():
    row = bench(2).sorting("params")
    assert row["strategy"] == "most params" and row["report"] == 100 - 33 and row["seeds"] == 1
    assert nas_table.costs(bench().table, "params") == [1, 2, 3, 2, 4, 6, 3, 6, 9]


def test_classes_are_those_of_the_space():
    row = bench(50, chosen=False).classes(2)
    assert row["strategy"] == "random, classes" and row["unique"] == 9 and row["report"] == 67.0


def test_isomorphic_cells_are_one_class():
    edges = spaces.NASBENCH201_EDGES
    cells = [["skip_connect", "none", "none", "none", "nor_conv_3x3", "none", 1.0],
             ["none", "none", "none", "nor_conv_3x3", "none", "none", 2.0]]  # fmt: skip
    frame = pd.DataFrame(cells, columns=[*"abcdef", "v"])
    table = Table(frame, spaces.nasbench201(cells=1), dict(zip(edges, "abcdef")), {"search": "v", "report": "v"})
    assert nas_table.Bench(table, 9, chosen=False).classes(1)["unique"] == 1


def test_a_part_of_nasbench201_is_searched_within_itself(tmp_path):
    frame = pd.DataFrame([[i % 5, 3, 3, 3, 3, i // 5, 50.0 + i, 60.0 + i] for i in range(25)])
    frame.columns = [*(f"op{i}" for i in range(6)), "val", "test"]
    frame.to_csv(tmp_path / "part.csv", index=False)
    table = nas_table.load(tmp_path / "part.csv", "val", "test")
    assert table.space.size() == 25 and table.column("report")[-1] == 84.0
    trials, _ = nas_table.Bench(table, 10, chosen=False).run(RandomSearch(), 0)
    assert len(trials) == 10


def test_the_line_of_a_row():
    row = {"strategy": "greedy", "report": 94.0, "error": 0.05, "chosen": None, "raw": 93.5}
    assert nas_table._line(row) == "greedy: 94.000 ± 0.050"
    assert nas_table._line({**row, "chosen": 93.6}) == "greedy: 94.000 ± 0.050, chosen 93.600 of 93.500"


def test_what_a_trial_is_reported_as():
    architecture = SPACE.complete({"0/units": 2, "1/units": 3})
    assert bench().report(Trial(Proposal(architecture, 0), "completed", Measurement({"search": 23.0}))) == 77.0


# --------------------------------------------------------------- tabular
def entry(task="classification"):
    return {"name": "t", "file": "t.csv", "task": task, "target": "y", "drop": ["id"]}


@pytest.fixture
def tables(tmp_path):
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"id": range(80), "n": rng.normal(size=80), "c": ["red", "blue", None, "red"] * 20})
    frame["y"] = np.where(np.arange(80) % 4 == 0, "rare", "often")
    frame.loc[0, "n"] = np.nan
    frame.loc[[1, 2], "y"] = np.nan
    frame.to_csv(tmp_path / "t.csv", index=False)
    return tmp_path


def test_a_quarter_is_held_out_and_stratified(tables):
    x, y, x_test, y_test, regression = tabular.parts(tables, entry())
    assert not regression and list(x) == ["n", "c"] and len(x) + len(x_test) == 78
    assert len(x_test) == 20 and (y_test == "rare").sum() == 5
    assert not set(x.index) & set(x_test.index)
    again = tabular.parts(tables, entry())
    pd.testing.assert_frame_equal(x_test, again[2])


def test_inner_scores_never_touch_the_rows_held_out(tables):
    _, _, held, _, _ = tabular.parts(tables, entry())
    x, _, x_test, _, _ = tabular.parts(tables, entry(), inner=True)
    assert len(x) + len(x_test) == 58 and not (set(x.index) | set(x_test.index)) & set(held.index)


def test_large_tables_are_drawn_from(tables, monkeypatch):
    monkeypatch.setattr(tabular, "MOST_ROWS", 40)
    x, y, x_test, y_test, _ = tabular.parts(tables, entry())
    assert len(x) + len(x_test) == 40


@pytest.mark.parametrize("model", ["linear", "hist_gb", "random_forest"])
def test_references_take_raw_columns(model, tables):
    result = tabular.run(model, tables, entry(), 1, 0, False)
    assert set(result) == {"score", "seconds", "train", "test"} and 0 <= result["score"] <= 1
    assert (result["train"], result["test"]) == (58, 20)


def test_ranks_share_what_is_equal():
    scores = {"kerasnas": 0.9, "linear": 0.9 + 1e-9, "hist_gb": 0.95, "random_forest": 0.1}
    ranks = tabular.ranked({name: {"score": score} for name, score in scores.items()})
    assert ranks == {"kerasnas": 2.5, "linear": 2.5, "hist_gb": 1.0, "random_forest": 4.0}


def test_the_summary_counts_wins():
    found = [
        {"kerasnas": {"score": 0.9}, "hist_gb": {"score": 0.8}, "linear": {"score": 0.95}},
        {"kerasnas": {"score": 0.7}, "hist_gb": {"score": 0.7}, "linear": {"score": 0.6}},
        {"kerasnas": {"score": 0.5}, "hist_gb": {"score": 0.6}, "linear": {"score": 0.4}},
    ]
    told = tabular.summary(found)
    assert told["at least as good as hist_gb"] == 2 and told["at least as good as the best"] == 1
    assert told["mean rank of kerasnas"] == pytest.approx((2 + 1.5 + 2) / 3)
    assert "mean rank of random_forest" not in told and json.dumps(told)


def test_the_summary_of_others_alone():
    assert tabular.summary([{"linear": {"score": 0.5}}]) == {"mean rank of linear": 1.0}
    assert tabular.summary([{"kerasnas": {"score": 0.5}}])["at least as good as the best"] == 1


# ------------------------------------------------------------------ text
def texts(folder, **more):
    frame = pd.DataFrame({"a": ["good", "bad", None, "bad"] * 5, "b": ["x"] * 20, "y": [1, 0, 1, 0] * 5, **more})
    frame.to_csv(folder / "t.csv", index=False)
    return folder / "t.csv"


def test_texts_are_split_by_label(tmp_path):
    x, y, x_test, y_test = text.load(texts(tmp_path), ["a"], "y")
    assert x.shape == (15,) and x_test.shape == (5,) and set(x) | set(x_test) == {"good", "bad", ""}
    assert sum(y_test) in (2, 3)


def test_a_split_of_the_files_own_is_kept(tmp_path):
    path = texts(tmp_path, split=["train"] * 14 + ["test"] * 6)
    x, y, x_test, y_test = text.load(path, ["a", "b"], "y")
    assert x.shape == (14, 2) and x_test.shape == (6, 2) and y_test.tolist() == [1, 0, 1, 0, 1, 0]


def test_columns_are_joined_for_the_reference():
    assert text._joined(np.array([["a", "b"], ["c", "d"]], object)).tolist() == ["a b", "c d"]
    assert text._joined(np.array(["a", "b"], object)).tolist() == ["a", "b"]


def test_the_reference_tells_texts_apart():
    x = np.array(["so good it is", "so bad it is"] * 6, object)
    predict, first = text.run_reference(x, np.array([1, 0] * 6), 1, 0)
    assert predict(x).tolist() == [1, 0] * 6 and first > 0


# ---------------------------------------------------------------- AutoKeras
def test_what_autokeras_takes():
    frame = pd.DataFrame({"a": [1.5, np.nan], "b": ["x", None]})
    assert peer.as_taken(frame).tolist() == [["1.5", "x"], ["", ""]]
    assert peer.as_taken(np.array([["a", "b"], ["c", "d"]], object)).tolist() == ["a b", "c d"]
    pictures = np.zeros((2, 3, 3))
    assert peer.as_taken(pictures) is pictures


def test_when_the_first_model_was_there(tmp_path):
    events = [
        {"event": "told", "status": "failed", "at": 1.0},
        {"event": "told", "status": "completed", "at": 2.5},
        {"event": "told", "status": "completed", "at": 4.0},
    ]
    (tmp_path / "journal.jsonl").write_text("".join(json.dumps(event) + "\n" for event in events))
    assert peer.first_model(tmp_path) == 2.5


# ---------------------------------------------------------------- series
def test_series_have_their_steps_first(tmp_path):
    x = np.arange(24.0).reshape(2, 3, 4)
    np.savez(tmp_path / "s.npz", x_train=x, y_train=[0, 1], x_test=x[:1], y_test=[0])
    train, y, test, y_test = series.load(tmp_path / "s.npz")
    assert train.shape == (2, 4, 3) and test.shape == (1, 4, 3)
    np.testing.assert_array_equal(train[1, :, 2], x[1, 2])


def test_means_over_sets():
    rows = [{"dataset": d, "model": m, "accuracy": a, "seconds": 2.0, "se": 0.0}
            for d, m, a in (("one", "dtw", 0.5), ("two", "dtw", 0.7), ("one", "rocket", 0.9))]  # fmt: skip
    dtw, rocket = series.mean_rows(rows)
    assert dtw == {"dataset": "mean", "model": "dtw", "accuracy": pytest.approx(0.6), "seconds": 2.0}
    assert rocket["accuracy"] == 0.9


def test_rows_of_runs(monkeypatch, tmp_path):
    told = {0: {"accuracy": 0.5, "seconds": 1.0}, 1: {"accuracy": 0.7, "seconds": 3.0}, 2: None}
    monkeypatch.setattr(series, "measure", lambda model, path, args, seed: told[seed])
    rows = series.measured(["kerasnas", "dtw"], tmp_path / "set.npz", argparse.Namespace(seeds=3))
    assert [row["model"] for row in rows] == ["kerasnas", "dtw"] and rows[0]["dataset"] == "set"
    assert rows[0]["accuracy"] == pytest.approx(0.6) and rows[0]["se"] == pytest.approx(0.1)
    assert len(rows[0]["runs"]) == 2 and len(rows[1]["runs"]) == 1, "what is not random runs once"


def test_runs_that_all_fail_have_no_row(monkeypatch, tmp_path):
    monkeypatch.setattr(series, "measure", lambda *_: None)
    assert series.measured(["rocket"], tmp_path / "set.npz", argparse.Namespace(seeds=2)) == []


def test_forecasts_beside_the_last_season(tmp_path):
    steps = 20 * series.MONTH
    frame = pd.DataFrame({"date": pd.date_range("2020-01-01", periods=steps, freq="h")})
    frame["OT"] = np.sin(2 * np.pi * np.arange(steps) / 24)
    frame.to_csv(tmp_path / "f.csv", index=False)
    args = argparse.Namespace(data=str(tmp_path / "f.csv"), target="OT", horizon=12, season=24)
    result = series.forecast("naive", args, 1, 0)
    assert result["mse"] == pytest.approx(0, abs=1e-12) and result["mae"] == pytest.approx(0, abs=1e-6)


# ----------------------------------------------------------------- files
def test_json_has_the_machine_and_the_rows(tmp_path, capsys):
    rows = [{"model": "a", "score": 0.123456, "n": 3}]
    write(tmp_path / "new" / "out.json", {"benchmark": "mine"}, rows)
    told = json.loads((tmp_path / "new" / "out.json").read_text())
    assert told["rows"] == rows and told["meta"]["benchmark"] == "mine" and told["meta"]["cores"] >= 1
    write(None, {}, rows)
    show("title", rows, ["model", "score", "n", "absent"])
    assert "0.1235" in (said := capsys.readouterr().out) and "title" in said


# ------------------------------------------------------------- proposals
def test_made_up_scores_repeat_and_are_alike_where_answers_are():
    one, two, other = ({"a": 1, "b": 2}, {"a": 1, "b": 3}, {"a": 5, "b": 7})
    assert proposals.score(one) == proposals.score(dict(one)) and 0 < proposals.score(one) < 1
    shared = abs(proposals.score(one) - proposals.score(two))
    assert shared <= 0.5 and proposals.score(one) != proposals.score(other)


def test_proposals_are_timed_to_the_end_of_a_small_space():
    for space, told in ((spaces.mlp(), 10), (SPACE, 50)):
        asking, telling = proposals.proposing(RegularizedEvolution(), space, told)
        assert asking > telling >= 0 and asking < 1000


def test_a_journal_is_read_again():
    assert 0 < proposals.replaying(5, "random") < 10


# ------------------------------------------------------------- fronts
def accel(rows=40):
    """Random networks of Accel-NASBench's space with made-up figures; the last has no latency."""
    space, rng = spaces.accel_nasbench(), random.Random(0)
    found = [space.sample(rng) for _ in range(rows)]
    columns = {f"block{i}_{short}": f"block_{i}/{name}" for i in range(7) for name, short in spaces.ACCEL_COLUMNS}
    frame = pd.DataFrame({column: [each[path] for each in found] for column, path in columns.items()})
    for name in ("val_top1", "params", "macs", "train_time", "latency_zcu102"):
        frame[name] = [rng.uniform(1, 2) for _ in found]
    frame.loc[rows - 1, "latency_zcu102"] = np.nan
    return frame


def test_the_whole_table_is_the_whole_volume_and_less_is_less():
    whole = fronts.Fronts(accel(), "zcu102", 40).run(RandomSearch(), 0)
    part = fronts.Fronts(accel(), "zcu102", 5).run(RandomSearch(), 0)
    assert whole == pytest.approx(1) and 0 < part < 1


# ------------------------------------------------------------- fidelities
def test_epochs_until_a_score_was_reached():
    def trial(number, score, epochs):
        measured = Measurement({"val_accuracy": score}, extra={"epochs": epochs})
        return Trial(Proposal(None, number), "completed", measured)

    trials = [trial(0, 0.5, 1), trial(1, 0.7, 2), trial(2, 0.9, 6)]
    assert [fidelities.reached(trials, score) for score in (0.5, 0.7, 0.71, 0.95)] == [1, 3, 9, None]
    row = fidelities.row("asha", 0, trials, 2.0, 0.7, 30)
    assert row["score"] == 0.9 and row["epochs"] == 9 and row["reached"] == 0.1
    assert fidelities.row("random", 0, trials, 2.0, None, 9)["reached"] == 1.0
