"""What the README and the tutorials show is run, on less time than they ask for."""

import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).parent.parent


def blocks(text):
    return re.findall(r"```python\n(.*?)```", text, re.DOTALL)


def run(arguments, folder):
    done = subprocess.run([sys.executable, *arguments], cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    return done.stdout


def test_the_readme_runs_from_top_to_bottom(tmp_path):
    code = "\n".join(blocks((ROOT / "README.md").read_text()))
    assert "time_limit=60" in code
    (tmp_path / "readme.py").write_text(code.replace("time_limit=60", "time_limit=15"))
    printed = run(["readme.py"], tmp_path)
    assert (tmp_path / "model.keras").exists() and (tmp_path / "saved_model" / "saved_model.pb").exists()
    assert "15625" in printed


def test_the_readme_names_what_exists():
    import kerasnas

    text = (ROOT / "README.md").read_text()
    for name in re.findall(r"\bkn\.([A-Za-z_]+)", text):
        assert hasattr(kerasnas, name), name
    for path in re.findall(r"\]\(([\w./]+)\)", text):
        assert (ROOT / path).exists(), path
    for strategy in kerasnas.strategies.STRATEGIES:
        assert f"`{strategy}`" in text, strategy


def test_every_room_is_in_the_architecture():
    text = (ROOT / "docs" / "architecture.md").read_text()
    rooms = [path.parent.name for path in (ROOT / "kerasnas").glob("*/__init__.py")]
    assert rooms and all(f"`{room}/`" in text for room in rooms)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("script", "argument"),
    [
        ("images.py", "15"), ("own_space.py", "2"), ("own_block.py", "1"), ("tables.py", "15"), ("text.py", "15"),
        ("series.py", "15"), ("several_inputs.py", "15"), ("darts.py", "1 digits"), ("collapse.py", "2"),
    ],
)  # fmt: skip
def test_a_tutorial_runs(script, argument, tmp_path):
    run([str(ROOT / "tutorials" / script), *argument.split()], tmp_path)


@pytest.mark.slow
def test_the_tutorial_of_differentiable_search_runs_on_a_file(staged, tmp_path):
    with np.load(staged("fashion_mnist/fashion_mnist_15k.npz")) as stored:
        few = {name: stored[name][:300] for name in ("x_train", "y_train", "x_test", "y_test")}
    np.savez(tmp_path / "few.npz", **few)
    run([str(ROOT / "tutorials" / "darts.py"), "1", str(tmp_path / "few.npz")], tmp_path)


def test_every_tutorial_is_tested():
    tested = Path(__file__).read_text()
    assert all(f'"{path.name}"' in tested for path in (ROOT / "tutorials").glob("*.py"))


PAGE = ROOT / "docs" / "from_autokeras.md"


@pytest.mark.slow
def test_the_page_for_those_who_come_from_autokeras_runs(tmp_path):
    (tmp_path / "page.py").write_text("\n".join(blocks(PAGE.read_text())))
    printed = run(["page.py"], tmp_path)
    assert "StructuredDataClassifier [" in printed and (tmp_path / "saved" / "model.keras").exists()


def test_the_page_for_those_who_come_from_autokeras_names_what_exists():
    import inspect

    import kerasnas

    text = PAGE.read_text()
    for name in re.findall(r"\bak\.([A-Za-z_]+)", text):
        assert hasattr(kerasnas, name), name
    for name in re.findall(r"`([A-Z][A-Za-z]+)`", text):
        assert hasattr(kerasnas, name) or name in ("History", "HyperModel", "Pipeline"), name
    methods = {name for name in dir(kerasnas.ImageClassifier) if not name.startswith("_")}
    assert {"predict_proba", "score", "leaderboard", "save", "summary", "calibration_"} <= methods
    known = inspect.signature(kerasnas.ImageClassifier.fit).parameters
    assert {"time_limit", "class_weight", "sample_weight", "groups", "validation", "refit"} <= set(known)
