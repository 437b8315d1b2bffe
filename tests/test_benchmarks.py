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
    path.stem for path in (ROOT / "benchmarks").glob("*.py") if path.stem not in ("__init__", "references", "table")
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
        assert row["dataset"] == "d" and 0 <= row["score"] <= 1 and row["seconds"] <= 20


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
