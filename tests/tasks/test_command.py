"""Files to facades, exported models to answers: what the command line does."""

import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import load_iris

import kerasnas as kn
from kerasnas.cli import main
from kerasnas.errors import ArgumentError, DataError, ExportError
from kerasnas.tasks.command import answers, inputs, note


@pytest.fixture(scope="module")
def frame():
    rows = load_iris(as_frame=True).frame.rename(columns=lambda name: name.removesuffix(" (cm)").replace(" ", "_"))
    rows["species"] = np.array(["setosa", "versicolor", "virginica"])[rows.pop("target")]
    return rows.sample(frac=1, random_state=0)


@pytest.fixture
def table(frame, tmp_path):
    frame.to_csv(tmp_path / "iris.csv", index=False)
    return tmp_path / "iris.csv"


# ------------------------------------------------------------- from files to facades
@pytest.mark.parametrize(
    ("target", "task", "kind"),
    [
        ("species", None, kn.StructuredDataClassifier),
        ("petal_width", None, kn.StructuredDataRegressor),
        ("petal_width,petal_length", None, kn.StructuredDataRegressor),
    ],
)
def test_the_task_is_told_from_the_target(table, target, task, kind):
    found, rows, known = inputs(table, target, task=task)
    names = target.split(",")
    assert found is kind and known == {"target": names, "text": []}
    assert not set(names) & set(rows["x"].columns) and len(rows["x"]) == len(rows["y"]) == 150
    assert rows["y"].ndim == len(names) if len(names) > 1 else rows["y"].name == target


@pytest.mark.parametrize(
    ("values", "classes"),
    [
        ([0, 1] * 10, True), ([True, False] * 10, True), (["a", "b"] * 10, True), (list(range(100)), False),
        ([0.5, 1.5] * 10, False), ([1.0, 2.0] * 10, True), ([1, 2, 3], False),
    ],
)  # fmt: skip
def test_what_are_classes(values, classes, tmp_path):
    pd.DataFrame({"x": np.arange(len(values)) * 1.5, "y": values}).to_csv(tmp_path / "t.csv", index=False)
    kind, _, _ = inputs(tmp_path / "t.csv", "y")
    assert kind is (kn.StructuredDataClassifier if classes else kn.StructuredDataRegressor)
    assert inputs(tmp_path / "t.csv", "y", task="regression")[0] is kn.StructuredDataRegressor


def test_texts(tmp_path):
    pd.DataFrame({"title": ["a", "b"] * 4, "body": ["c", "d"] * 4, "stars": [1, 2] * 4}).to_csv(
        tmp_path / "t.csv", index=False
    )
    kind, rows, known = inputs(tmp_path / "t.csv", "stars", text=["title"])
    assert kind is kn.TextClassifier and rows["x"].tolist() == ["a", "b"] * 4 and known["text"] == ["title"]
    _, rows, _ = inputs(tmp_path / "t.csv", "stars", text=["title", "body"])
    assert list(rows["x"].columns) == ["title", "body"]
    for name, text in (("good", "fine film"), ("bad", "dull film")):
        (tmp_path / "folder" / name).mkdir(parents=True)
        (tmp_path / "folder" / name / "1.txt").write_text(text)
    kind, rows, _ = inputs(tmp_path / "folder")
    assert kind is kn.TextClassifier and rows == {"x": ["dull film", "fine film"], "y": ["bad", "good"]}


def test_pictures_and_arrays(tmp_path):
    np.savez(tmp_path / "p.npz", x_train=np.zeros((4, 8, 8)), y_train=[0, 1, 0, 1])
    assert inputs(tmp_path / "p.npz")[0] is kn.ImageClassifier
    np.savez(tmp_path / "t.npz", x=np.zeros((4, 8)), y=[0.5, 1, 0, 1])
    assert inputs(tmp_path / "t.npz")[0] is kn.StructuredDataRegressor
    (tmp_path / "folder").mkdir()
    assert inputs(tmp_path / "folder")[:2] == (kn.ImageClassifier, {"x": str(tmp_path / "folder")})


def test_what_is_not_there(table, frame, tmp_path):
    for words, error, message in (
        ((table,), ArgumentError, "Expected `--target` with a table: one of sepal_length"),
        ((table, "specie"), DataError, "column 'specie' in iris.csv. Did you mean 'species'"),
        ((table, "species", ["txt"]), DataError, "column 'txt'"),
        ((tmp_path / "no.csv", "y"), DataError, "where there is none"),
        ((tmp_path, "y"), ArgumentError, "`--target` and `--text` with a table"),
        ((table, "species", None, "ranking"), ArgumentError, "'classification' or 'regression'"),
    ):
        with pytest.raises(error, match=message):
            inputs(*words)
    frame.assign(species=frame["species"].where(frame["species"] != "setosa")).to_csv(table, index=False)
    with pytest.raises(DataError, match="without missing values. Received: 50 rows"):
        inputs(table, "species")


# -------------------------------------------------------------------- there and back
@pytest.fixture(scope="module")
def exported(frame, tmp_path_factory):
    """A model of a table, fitted and exported by the command line."""
    folder = tmp_path_factory.mktemp("command")
    frame.to_csv(folder / "iris.csv", index=False)
    code = main(
        ["fit", str(folder / "iris.csv"), "--target", "species", "--max-trials", "1",
         "--verbose", "0", "--output", str(folder / "run"), "--export", str(folder / "model.keras")]
    )  # fmt: skip
    assert code == 0
    return folder


def test_a_table_there_and_back(exported, frame, capsys):
    new, out = exported / "new.csv", exported / "out.csv"
    frame.drop(columns="species").iloc[:, ::-1].to_csv(new, index=False)  # in another order
    assert main(["predict", str(exported / "model.keras"), str(new), "-o", str(out)]) == 0
    assert "150 rows" in capsys.readouterr().out
    found = pd.read_csv(out)
    assert list(found.columns) == ["species"]
    assert np.mean(found["species"].to_numpy() == frame["species"].to_numpy()) > 0.8
    again = answers(exported / "run", new)
    assert again["species"].tolist() == found["species"].tolist()
    chances = answers(exported / "model.keras", exported / "iris.csv", proba=True)
    assert list(chances.columns) == ["setosa", "versicolor", "virginica"]
    assert np.allclose(chances.sum(axis=1), 1, atol=1e-4)
    assert chances.idxmax(axis=1).tolist() == found["species"].tolist()


def test_a_run_folder_remembers_its_columns(tmp_path):
    """Columns are read by name, in any order, among others; numbers stand for texts, which take longer."""
    rows = np.random.default_rng(0).normal(size=(24, 2))
    frame = pd.DataFrame(rows, columns=["mood", "thing"]).assign(stars=["bad", "good"] * 12)
    frame.to_csv(tmp_path / "t.csv", index=False)
    _, given, known = inputs(tmp_path / "t.csv", "stars", ["mood", "thing"])
    node = kn.Input()
    head = kn.ClassificationHead(dropout=0.0)(kn.DenseBlock(1, 4, False, 0.0)(node))
    model = kn.AutoModel(node, head, seed=0, max_trials=1, directory=tmp_path, project_name="run")
    note(model.fit(**given, epochs=1, batch_size=8, verbose=0).folder_, known)
    frame.iloc[:, ::-1].assign(year=1999).to_csv(tmp_path / "new.csv", index=False)
    found = answers(tmp_path / "run", tmp_path / "new.csv", proba=True)
    pd.testing.assert_frame_equal(found, answers(tmp_path / "run", tmp_path / "t.csv", proba=True))
    assert list(answers(tmp_path / "run", tmp_path / "t.csv").columns) == ["stars"]
    predictor = kn.load(tmp_path / "run").predictor_
    np.testing.assert_array_equal(predictor.predict_proba(frame[["thing", "mood"]]), found)


def test_a_second_table_gets_a_folder_of_its_own(exported, frame, tmp_path, capsys, monkeypatch):
    from kerasnas.tasks import auto_model

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(
        auto_model.Session, "search", lambda self: pytest.fail(str((self.project_name, self.overwrite)))
    )
    frame.drop(columns="petal_width").to_csv("other.csv", index=False)
    words = ["fit", "other.csv", "--target", "species", "--max-trials", "1", "--verbose", "0"]
    with pytest.raises(pytest.fail.Exception, match="None, False"):
        main(words)
    with pytest.raises(pytest.fail.Exception, match="'run', True"):
        main([*words, "--output", "run", "--overwrite"])


def test_pictures_without_hidden_files(tmp_path):
    from PIL import Image

    from kerasnas.tasks.command import _rows

    for name in ("b", "a"):
        (tmp_path / "in" / name).mkdir(parents=True)
        Image.new("L", (8, 8)).save(tmp_path / "in" / name / "1.png")
    (tmp_path / "in" / "a" / "._1.png").write_bytes(b"Mac OS X")
    assert list(_rows(tmp_path / "in", None, {})[1]) == ["a/1.png", "b/1.png"]


@pytest.mark.parametrize("content", [b"", b"x,y", b"PK\x03\x04 cut short"])
def test_a_file_of_arrays_that_is_none(exported, content, tmp_path, capsys):
    (tmp_path / "rows.npz").write_bytes(content)
    assert main(["predict", str(exported / "model.keras"), str(tmp_path / "rows.npz")]) == 2
    assert "error: Expected an .npz file of arrays" in capsys.readouterr().err


def test_answers_to_standard_output(exported, capsys):
    assert main(["predict", str(exported / "model.keras"), str(exported / "iris.csv")]) == 0
    assert capsys.readouterr().out.splitlines()[0] == "species"


def test_a_model_without_what_belongs_to_it(exported, frame, capsys, tmp_path):
    code = main(["predict", str(tmp_path / "no.keras"), str(exported / "iris.csv")])
    assert code == 2 and "Expected a .keras file" in capsys.readouterr().err
    (tmp_path / "model.keras").write_bytes((exported / "model.keras").read_bytes())
    with pytest.raises(ExportError, match="Expected model.json beside model.keras"):
        answers(tmp_path / "model.keras", exported / "iris.csv")
    frame.drop(columns="petal_width").to_csv(tmp_path / "less.csv", index=False)
    with pytest.raises(DataError, match="petal_width"):
        answers(exported / "model.keras", tmp_path / "less.csv")
    with pytest.raises(DataError, match="where there is none"):
        answers(exported / "model.keras", tmp_path / "none.csv")


def test_resuming_a_table(exported, capsys):
    words = ["resume", str(exported / "run"), "--data", str(exported / "iris.csv"), "--max-trials", "1"]
    assert main([*words, "--verbose", "0", "--target", "species"]) == 0
    assert "val_accuracy" in capsys.readouterr().out


@pytest.mark.slow
def test_texts_there_and_back(tmp_path, capsys):
    rng = np.random.default_rng(0)
    good, bad = ["fine", "great", "lovely", "superb"], ["dull", "poor", "awful", "weak"]
    for name, words in (("good", good), ("bad", bad)):
        (tmp_path / "folder" / name).mkdir(parents=True)
        for number in range(30):
            text = " ".join([*rng.choice(words, 3), "film"])
            (tmp_path / "folder" / name / f"{number}.txt").write_text(text)
    words = ["--max-trials", "1", "--time-limit", "40", "--verbose", "0", "--output", str(tmp_path / "run")]
    assert main(["fit", str(tmp_path / "folder"), *words, "--export", str(tmp_path / "m.keras")]) == 0
    found = answers(tmp_path / "m.keras", tmp_path / "folder")
    truth = [name.split("/")[0] for name in found.index]
    assert found.index.name == "file" and np.mean(found["prediction"] == truth) > 0.9


@pytest.mark.slow
def test_pictures_there_and_back(tmp_path):
    from PIL import Image

    for name, shade in (("dark", 40), ("light", 200)):
        (tmp_path / "folder" / name).mkdir(parents=True)
        for number in range(12):
            Image.new("L", (8, 8), shade + number).save(tmp_path / "folder" / name / f"{number:02d}.png")
    words = ["--max-trials", "1", "--time-limit", "40", "--verbose", "0", "--output", str(tmp_path / "run")]
    assert main(["fit", str(tmp_path / "folder"), *words, "--export", str(tmp_path / "m.keras")]) == 0
    found = answers(tmp_path / "m.keras", tmp_path / "folder")
    assert len(found) == 24 and list(found.index[:2]) == ["dark/00.png", "dark/01.png"]
