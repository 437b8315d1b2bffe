"""What the command line does with files: from a path to a facade and its rows, from an exported model to answers."""

import json
from pathlib import Path

import numpy as np

from kerasnas.blocks import Drawing
from kerasnas.data.folders import pictures_in
from kerasnas.data.stored import stored_arrays
from kerasnas.data.tables.frames import as_frame
from kerasnas.errors import ArgumentError, DataError, ExportError, nearest
from kerasnas.tasks.image import ImageClassifier, ImageRegressor
from kerasnas.tasks.predictor import ABOUT, Predictor, read_predictor
from kerasnas.tasks.structured_data import StructuredDataClassifier, StructuredDataRegressor
from kerasnas.tasks.text import TextClassifier, TextRegressor

KINDS = {
    "image": (ImageClassifier, ImageRegressor),
    "table": (StructuredDataClassifier, StructuredDataRegressor),
    "text": (TextClassifier, TextRegressor),
}
CLASSES = 20  # different whole numbers up to which a target tells classes apart


def inputs(path, target=None, text=None, task=None):
    """The facade for what a path holds, and the arguments `x` and `y` of its `fit`.

    Args:
        path: A folder of pictures or of text files, with a folder inside for each class; an .npz file with the arrays
            x and y (or x_train and y_train); or a table: .csv, .tsv, .parquet.
        target: Column of a table that is to be predicted, or several with commas between.
        text: Columns of a table that hold texts: the model reads these alone.
        task: "classification" or "regression"; told from the target if None.

    Returns:
        A class, a dict of arguments of `fit`, and what is to be known later: a dict of "text" and "target".

    Raises:
        ArgumentError, DataError: If it cannot be read, or the target is not there.
    """
    path = Path(path)
    if not path.exists():
        raise DataError(f"Expected the path of a folder or file. Received: {path}, where there is none.")
    if path.is_dir() or path.suffix == ".npz":
        if target or text:
            raise ArgumentError(f"Expected `--target` and `--text` with a table. Received: {path}.")
        kind, rows = _folder(path) if path.is_dir() else ("image", arrays(path, "_train"))
        if kind == "image" and path.suffix == ".npz" and np.ndim(rows["x"]) == 2:
            kind = "table"
        classes = _are_classes(rows["y"]) if rows.get("y") is not None else True
        return KINDS[kind][_regression(task, classes)], rows, {}
    frame = as_frame(path, path.name)
    x, y, names = _apart(frame, target, path.name)
    known = {"target": names, "text": list(text or [])}
    if text:
        x = chosen(x, text, path.name)
    classes = y.shape[1] == 1 and _are_classes(y.iloc[:, 0])
    kind = KINDS["text" if text else "table"][_regression(task, classes)]
    return kind, {"x": x, "y": y.iloc[:, 0] if y.shape[1] == 1 else y}, known


def again(model, path, target=None, text=None):
    """What `fit` of a model was given, from a file: its arguments `x` and `y`, and what is to be known later.

    Args:
        model: A facade, unfitted.
        path, target, text: As of `inputs`; a forecaster's table is read with all its columns, of which `target` are
            forecast; several inputs or heads are arrays by their names in an .npz file.

    Returns:
        (arguments, known), or None where the file is one of arrays x and y, or a folder of pictures.

    Raises:
        ArgumentError, DataError: If it cannot be read.
    """
    path = Path(path)
    if type(model).__name__ == "TimeseriesForecaster" and path.suffix != ".npz" and not path.is_dir():
        frame = as_frame(path, path.name)
        names = target.split(",") if target and target not in frame.columns else target
        return {"x": frame, "y": names or None}, {}
    if target or text:
        return inputs(path, target, text)[1:]
    drawing = Drawing(*model._draw()) if type(model).__name__ == "AutoModel" else None
    if drawing is None or len(drawing.kinds) == len(drawing.heads) == 1:
        return None
    if path.suffix != ".npz" or "table" in drawing.kinds.values():
        raise ArgumentError(
            "Expected an .npz file with an array for each input and head: "
            f"{', '.join([*drawing.kinds, *drawing.heads])}; tables among several inputs need the same call in "
            f"Python. Received: {path}."
        )
    found = stored_arrays(path)
    for name in (*drawing.kinds, *drawing.heads):
        if name not in found:
            raise DataError(f"Expected an array '{name}' in {path}. Received: {', '.join(found) or 'none'}.")
    return {"x": {name: found[name] for name in drawing.kinds}, "y": {name: found[name] for name in drawing.heads}}, {}


def arrays(path, ending):
    """The arrays x and y, or x and y with this ending, of an .npz file: `{"x": ..., "y": ...}`."""
    found = stored_arrays(path)
    ending = ending if f"x{ending}" in found else ""
    for name in ("x", "y"):
        if f"{name}{ending}" not in found:
            raise DataError(f"Expected an array '{name}' in {path}. Received: {', '.join(found) or 'none'}.")
    return {name: found[f"{name}{ending}"] for name in ("x", "y")}


def chosen(frame, names, what):
    """The columns of these names: one as a Series, several as a frame."""
    for name in names:
        if name not in frame.columns:
            raise DataError(_missing(name, frame, what))
    return frame[names[0]] if len(names) == 1 else frame[list(names)]


def _apart(frame, target, what):
    if not target:
        raise ArgumentError(f"Expected `--target` with a table: one of {_some(frame)}. Received: none.")
    names = [target] if target in frame.columns else [name.strip() for name in target.split(",")]
    y = chosen(frame, names, what)
    y = y.to_frame() if y.ndim == 1 else y
    kept = y.notna().all(axis=1)
    if not kept.all():
        raise DataError(
            f"Expected the target {', '.join(names)} of {what} without missing values. Received: "
            f"{int((~kept).sum())} rows without; drop them first."
        )
    return frame.drop(columns=names), y, names


def _missing(name, frame, what):
    return f"Expected a column {name!r} in {what}.{nearest(name, frame.columns)} Received: {_some(frame)}."


def _some(frame):
    names = list(map(str, frame.columns))
    return ", ".join(names[:8]) + (" ..." if len(names) > 8 else "")


def _are_classes(y):
    """Whether a target's values tell classes apart: words, yes and no, or few whole numbers."""
    import pandas

    values = np.asarray(y)
    if values.ndim > 1 and values.shape[1] > 1:
        return set(np.unique(values)) <= {0, 1}
    values = values.ravel()
    if not pandas.api.types.is_numeric_dtype(values) or values.dtype == bool:
        return True
    return bool((values == np.floor(values)).all()) and len(np.unique(values)) <= min(CLASSES, len(values) // 2)


def _regression(task, classes):
    """The place in `KINDS` of the facade for a task."""
    if task not in (None, "classification", "regression"):
        raise ArgumentError(f"Expected `task` to be 'classification' or 'regression'. Received: {task!r}.")
    return int(task == "regression" or (task is None and not classes))


def _folder(path):
    """The kind of a folder and its rows."""
    texts = _texts(path, "*/*.txt")
    if not texts:
        return "image", {"x": str(path)}
    content = [file.read_text("utf-8", "replace") for file in texts]
    return "text", {"x": content, "y": [file.parent.name for file in texts]}


def _texts(path, *patterns):
    """The text files of a folder, sorted; hidden ones are none."""
    return sorted(file for each in patterns for file in path.glob(each) if not file.name.startswith("."))


# ------------------------------------------------------------- exported models
def export(model, path, known):
    """Write a fitted model for `kerasnas predict` and for Keras alone.

    Args:
        model: A fitted facade.
        path: A .keras or .onnx file, beside which a .json with what it takes to read rows and to name classes; or the
            name of a folder, for a SavedModel with that file inside.
        known: What `inputs` said is to be known later.
    """
    path = Path(path)
    model.predictor_.export(path)
    about = path.with_suffix(".json") if path.suffix in (".keras", ".onnx") else path / "model.json"
    about.write_text(json.dumps({**model.predictor_.about(), "command": known}, indent=1))
    return about


def note(folder, known):
    """Write into a run's folder what `inputs` said is to be known later."""
    path = Path(folder) / ABOUT
    path.write_text(json.dumps({**json.loads(path.read_text()), "command": known}, indent=1))


def answers(model, data, proba=False):
    """Answers of an exported model for the rows of a file, as a frame.

    Args:
        model: A .keras file with its .json beside it, or a folder that `save` or a run wrote.
        data: Rows of the kind that it was fitted to: a table, a folder of pictures or texts, an .npz file with x.
        proba: Whether to give probabilities, a column for each class, instead of labels.

    Raises:
        ExportError, DataError: If either cannot be read.
    """
    import pandas

    predictor, known = _exported(Path(model))
    x, index = _rows(Path(data), predictor, known)
    found = predictor.predict_proba(x) if proba else predictor.predict(x)
    if isinstance(found, dict):
        return pandas.concat({name: pandas.DataFrame(each) for name, each in found.items()}, axis=1)
    names = known.get("target") or ["prediction"]
    if proba:
        names = [str(label) for label in np.asarray(predictor.classes_).tolist()]
    found = np.asarray(found)
    found = found.reshape(len(found), -1)
    if len(names) != found.shape[1]:
        names = [f"{names[0]}_{place}" for place in range(found.shape[1])]
    return pandas.DataFrame(found, columns=names, index=index)


def _exported(path):
    if path.is_dir():
        from kerasnas.tasks.loading import load

        found = load(path)
        known = json.loads((path / ABOUT).read_text()).get("command", {})
        return (found if isinstance(found, Predictor) else found.predictor_), known
    about = path.with_suffix(".json")
    if path.suffix != ".keras" or not path.is_file():
        raise ExportError(f"Expected a .keras file, or a folder with a saved model. Received: {path}.")
    if not about.is_file():
        raise ExportError(
            f"Expected {about.name} beside {path.name}, as `kerasnas fit --export` writes it: rows are read by it. "
            "Received: none."
        )
    told = json.loads(about.read_text())
    return read_predictor(path, told), told.get("command", {})


def _rows(path, predictor, known):
    """Rows as the predictor takes them, and an index that names them."""
    if not path.exists():
        raise DataError(f"Expected the path of a folder or file. Received: {path}, where there is none.")
    if path.is_dir():
        texts = _texts(path, "*.txt", "*/*.txt")
        if texts:
            names = [str(file.relative_to(path)) for file in texts]
            return [file.read_text("utf-8", "replace") for file in texts], _named(names)
        return str(path), _named([str(file.relative_to(path)) for file in pictures_in(path)])
    if path.suffix == ".npz":
        found = stored_arrays(path)
        name = next((each for each in ("x", "x_test") if each in found), None)
        if name is None:
            raise DataError(f"Expected an array 'x' in {path}. Received: {', '.join(found) or 'none'}.")
        return found[name], None
    frame = as_frame(path, path.name)
    frame = frame.drop(columns=[name for name in known.get("target", ()) if name in frame.columns])
    return (chosen(frame, known["text"], path.name) if known.get("text") else frame), None


def _named(files):
    import pandas

    return pandas.Index(files, name="file")
