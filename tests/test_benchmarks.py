"""Benchmarks answer --help, and write what they say on a small run."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from sklearn.datasets import load_digits

ROOT = Path(__file__).parent.parent
MODULES = sorted(
    path.stem
    for path in (ROOT / "benchmarks").glob("*.py")
    if path.stem not in ("__init__", "peer", "references", "table")
)


def run(*arguments):
    return subprocess.run([sys.executable, "-m", *arguments], cwd=ROOT, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("module", MODULES)
def test_help(module):
    done = run(f"benchmarks.{module}", "--help")
    assert done.returncode == 0 and "--out" in done.stdout


def test_mean_and_error():
    from benchmarks.table import mean_and_error

    mean, error = mean_and_error([1.0, 2.0, 3.0, 4.0])
    assert mean == 2.5 and error == pytest.approx(np.std([1, 2, 3, 4], ddof=1) / 2)
    assert mean_and_error([7.0]) == (7.0, 0.0)


@pytest.mark.slow
def test_images_on_a_file(tmp_path):
    digits = load_digits()
    x, y = digits.images.astype("uint8"), digits.target
    np.savez(tmp_path / "d.npz", x_train=x[:300], y_train=y[:300], x_test=x[300:400], y_test=y[300:400])
    out = tmp_path / "out.json"
    done = run("benchmarks.images", "--data", str(tmp_path / "d.npz"), "--time-limit", "15", "--out", str(out))
    assert done.returncode == 0, done.stderr[-2000:]
    result = json.loads(out.read_text())
    assert {row["model"] for row in result["rows"]} == {"kerasnas", "cnn"}
    for row in result["rows"]:
        assert row["dataset"] == "d" and 0 <= row["score"] <= 1 and row["first_s"] <= row["seconds"] <= 20


@pytest.mark.slow
def test_texts_on_a_file(tmp_path):
    rows = [f"{label},{word} {number},{word}" for number in range(60) for label, word in ((0, "bad"), (1, "good"))]
    (tmp_path / "reviews.csv").write_text("\n".join(["label,text,title", *rows]))
    out = tmp_path / "out.json"
    arguments = ["--data", str(tmp_path / "reviews.csv"), "--text", "text", "title", "--label", "label"]
    done = run("benchmarks.text", *arguments, "--time-limit", "15", "--out", str(out))
    assert done.returncode == 0, done.stderr[-2000:]
    result = json.loads(out.read_text())
    assert {row["model"]: row["score"] for row in result["rows"]} == {"kerasnas": 1.0, "reference": 1.0}


def test_the_references_of_series():
    from benchmarks.references import dtw, filled, last_season, nearest_by_dtw, rocket

    rng = np.random.default_rng(0)
    one, other = rng.normal(size=(2, 9, 2)), rng.normal(size=(3, 9, 2))

    def by_hand(a, b, window):
        table = np.full((10, 10), np.inf)
        table[0, 0] = 0
        for i in range(9):
            for j in range(9):
                if abs(i - j) <= window:
                    least = min(table[i, j], table[i, j + 1], table[i + 1, j])
                    table[i + 1, j + 1] = np.square(a[i] - b[j]).sum() + least
        return table[9, 9]

    for window in (0, 2, 9):
        expected = [[by_hand(a, b, window) for b in other] for a in one]
        np.testing.assert_allclose(dtw(one, other, window), expected, rtol=1e-5)
    gaps = one.copy()
    gaps[0, 3:5, 1] = np.nan
    assert (filled(gaps)[0, 3:5, 1] == one[0, 2, 1]).all()
    # Bumps at different places, up or down.
    x, y = np.zeros((40, 30, 1)), np.arange(40) % 2
    for row, (label, at) in enumerate(zip(y, rng.integers(2, 24, 40))):
        x[row, at : at + 5, 0] = 2.0 * label - 1
    x += 0.05 * rng.normal(size=x.shape)
    for reference in (nearest_by_dtw, lambda *data: rocket(*data, kernels=200)):
        assert (reference(x[:30], y[:30], 0)(x[30:]) == y[30:]).all()
    assert last_season(None, 0, 5, 3, 0)(np.arange(10), [9]).tolist() == [[6, 7, 8, 6, 7]]


@pytest.mark.slow
def test_series_on_a_file(tmp_path):
    rng = np.random.default_rng(0)
    x = rng.normal(size=(60, 1, 40)).astype("float32")
    y = np.array(["a", "b"])[np.arange(60) % 2]
    x[y == "a", :, 10:20] += 2
    np.savez(tmp_path / "d.npz", x_train=x[:40], y_train=y[:40], x_test=x[40:], y_test=y[40:])
    out = tmp_path / "out.json"
    done = run("benchmarks.series", "--data", str(tmp_path / "d.npz"), "--time-limit", "15", "--out", str(out))
    assert done.returncode == 0, done.stderr[-2000:]
    rows = json.loads(out.read_text())["rows"]
    assert [row["model"] for row in rows] == ["kerasnas", "dtw", "rocket"] and all(
        row["accuracy"] > 0.7 for row in rows
    )


def test_paths_beside_a_supernet_are_balanced():
    from benchmarks.paths import balanced
    from kerasnas import spaces

    found = balanced(spaces.nasbench_macro(), 6)
    assert len(found) == 6
    for path in found[0]:
        assert sorted(architecture[path] for architecture in found) == sorted(
            2 * ["identity", "mbconv_e3_k3", "mbconv_e6_k5"]
        )


@pytest.mark.slow
def test_paths_on_small_pictures(tmp_path):
    out = tmp_path / "out.json"
    arguments = ["--size", "8", "--batch-size", "4", "--steps", "2", "--paths", "3", "--rounds", "1", "--checks", "1"]
    done = run("benchmarks.paths", *arguments, "--out", str(out))
    assert done.returncode == 0, done.stderr[-2000:]
    ours, beside = json.loads(out.read_text())["rows"]
    assert ours["traces"] == 1 and ours["new_paths"] == 6 and ours["moved"] == 0 < ours["off_path"]
    assert ours["ratio"] == pytest.approx(ours["step_s"] / beside["step_s"])


def test_steps_of_a_search_are_taken_in_turn(monkeypatch):
    from argparse import Namespace

    from benchmarks import darts

    taken = []

    class Made(darts.Process):
        def __init__(self, model, args):
            self.model, self.steps, self.peak = model, [], 7.0
            self.build, self.first = [1.0, 0.5], [9.0, 4.0]

        def step(self):
            taken.append(self.model)
            return [2.0, 1.0] if self.model == "pytorch" else [0.5 + len(self.steps), 0.25]

        def end(self):
            taken.append("end")

    monkeypatch.setattr(darts, "Process", Made)
    args = Namespace(models=["kerasnas", "pytorch"], steps=3, size="small", rule="darts", backend="torch")
    first, second = darts.measure(args)
    assert taken == ["kerasnas", "pytorch"] * 3 + ["end"] * 2
    assert (
        first["model"] == "kerasnas" and first["step_s"] == 1.5 and first["ratio"] == 0.75
    )  # the median to the other's
    assert first["cpu_ratio"] == 0.25 and first["build_s"] == 1.0 and first["first_step_s"] == 9.0
    assert second["ratio"] == 1.0 and second["backend"] == "-" and second["peak_mb"] == 7.0


@pytest.mark.slow
def test_a_step_of_a_search_is_measured(tmp_path):
    out = tmp_path / "out.json"
    done = run("benchmarks.darts", "--models", "kerasnas", "--steps", "2", "--out", str(out))
    assert done.returncode == 0, done.stderr[-2000:]
    (row,) = json.loads(out.read_text())["rows"]
    assert row["model"] == "kerasnas" and row["ratio"] == 1.0
    assert 0 < row["step_s"] < row["first_step_s"] and row["build_s"] > 0 and row["peak_mb"] > 100
