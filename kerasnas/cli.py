"""The command line: `kerasnas demo | leaderboard | report | resume | export | fit | predict | strategies`."""

import argparse
import logging
import os
import sys
from pathlib import Path

from kerasnas.errors import ArgumentError, DataError, ExportError, KerasnasError
from kerasnas.version import __version__


def main(arguments=None):
    """Run a command.

    Args:
        arguments: Words of the command line; those of the process if None.

    Returns:
        The exit code: 0, 2 where kerasnas says what is wrong, 130 after Ctrl-C.
    """
    asked = _parser().parse_args(arguments)
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # TensorFlow's remarks on the machine
    logging.getLogger("tensorflow").setLevel(logging.ERROR)
    try:
        asked.command(asked)
        sys.stdout.flush()
    except KerasnasError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return 130
    except BrokenPipeError:  # as in `kerasnas leaderboard FOLDER | head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 0


# -------------------------------------------------------------------- commands
def _demo(asked):
    from kerasnas.demo import demo

    demo(asked.time_limit, asked.output)


def _leaderboard(asked):
    from kerasnas.report import board

    if not asked.csv:
        board.show(asked.folder, top=asked.top)
        return
    import csv
    import json

    listed = board.rows(asked.folder)
    writer = csv.DictWriter(sys.stdout, list(listed[0]) if listed else ["rank", "trial", "status"])
    writer.writeheader()
    writer.writerows({**row, "architecture": json.dumps(row["architecture"])} for row in listed)


def _report(asked):
    from kerasnas.report import write_page

    print(write_page(asked.folders, asked.out))


def _strategies(asked):
    from kerasnas.strategies import listing

    for name, line, papers, needs in listing():
        print(f"{name}\n    {line}\n    {papers}" + (f"\n    Needs {needs}." if needs else ""))


def _resume(asked):
    from kerasnas.tasks import calls

    model, arguments, given = calls.read(asked.folder)
    if asked.max_trials is not None:
        model.max_trials = asked.max_trials
    if asked.time_limit is not None:
        arguments["time_limit"] = asked.time_limit
    if asked.single:
        arguments["ensemble"] = False
    found, known = _again(asked, model, given)
    model.fit(**found, **arguments, verbose=asked.verbose)
    _told(model, asked.data, known)


def _fit(asked):
    from kerasnas.tasks import command, exporting

    if Path(asked.export or "").suffix == ".onnx":
        exporting.converter()  # what is not installed is said now, not after the search
    task = "regression" if asked.regression else asked.task
    kind, rows, known = command.inputs(asked.data, asked.target, asked.text, task)
    print(f"{kind.__name__} on {asked.data}")
    folder = Path(asked.output) if asked.output else None
    model = kind(
        seed=asked.seed, time_limit=asked.time_limit, max_trials=asked.max_trials, directory=folder and folder.parent,
        project_name=folder and folder.name, objective=asked.objective, overwrite=asked.overwrite,
    )  # fmt: skip
    model.fit(**rows, ensemble=not asked.single, verbose=asked.verbose)
    _told(model, asked.data, known)
    if asked.export:
        about = command.export(model, asked.export, known)
        print(f"{_in_words(asked.export, model.export_model())}; {about} for `kerasnas predict`")


def _predict(asked):
    from kerasnas.tasks import command

    found = command.answers(asked.model, asked.data, asked.proba)
    index = found.index.name == "file"
    if not asked.out:
        print(found.to_csv(index=index), end="")
        return
    try:
        found.to_csv(asked.out, index=index)
    except OSError as error:
        raise ExportError(f"Expected to write {asked.out}. Received: {error}.") from error
    print(f"{asked.out}: {len(found)} rows")


def _export(asked):
    chosen = _chosen(Path(asked.folder), asked.trial)
    import keras

    _written(keras.models.load_model(chosen), asked.path)


# ----------------------------------------------------------------------- parts
def _again(asked, model, given):
    """Arguments of `fit` with the data that it was given before, and what `command.inputs` says is to be known later.

    The data are a table, or a file of arrays or a folder of pictures.
    """
    from kerasnas.tasks import command

    found = command.again(model, asked.data, asked.target, asked.text)
    if found is None:
        return rows(asked.data, given), {}
    if given:
        raise ArgumentError(
            f"Expected a file of arrays with {' and '.join(given)}, as `fit` had. Received: rows and targets alone."
        )
    return found


def rows(path, given=()):
    """Arguments of `fit` from a file or a folder.

    Args:
        path: An .npz file with the arrays x and y (or x_train and y_train), or a folder of pictures with one folder
            inside for each class.
        given: Further arguments that are wanted: "validation_data" (arrays x_val and y_val), "sample_weight".

    Raises:
        DataError: If it is neither, or lacks an array.
    """
    from kerasnas.data.stored import stored_arrays

    if Path(path).is_dir():
        if given:
            raise DataError(f"Expected an .npz file with {' and '.join(given)}, as `fit` had. Received: a folder.")
        return {"x": str(path)}
    arrays = stored_arrays(path)
    train = "_train" if "x_train" in arrays else ""
    found = {"x": _array(arrays, f"x{train}", path), "y": _array(arrays, f"y{train}", path)}
    if "validation_data" in given:
        found["validation_data"] = tuple(_array(arrays, name, path) for name in ("x_val", "y_val"))
    if "sample_weight" in given:
        found["sample_weight"] = _array(arrays, "sample_weight", path)
    return found


def _array(arrays, name, path):
    if name not in arrays:
        raise DataError(f"Expected an array '{name}' in {path}. Received: {', '.join(arrays) or 'none'}.")
    return arrays[name]


def _told(model, path, known):
    """Print what was found, where it lies, and how good it is on test rows, where the file has some."""
    from kerasnas.data.stored import stored_arrays
    from kerasnas.report import show
    from kerasnas.tasks import command

    command.note(model.folder_, known)
    print()
    show(model.folder_, top=10)
    print(f"the run lies in {model.folder_}")
    arrays = stored_arrays(path) if Path(path).suffix == ".npz" else {}
    if "x_test" in arrays and "y_test" in arrays:
        print(f"test score {model.score(arrays['x_test'], arrays['y_test']):.4f}")


def _in_words(path, model):
    """A model that was written, in a few words."""
    inputs = f"input {model.inputs[0].shape[1:]}" if len(model.inputs) == 1 else f"{len(model.inputs)} inputs"
    return f"{path}: {model.count_params():,} parameters, {inputs}"


def _chosen(folder, trial):
    """The file of a run's final model, of a trial's, or of the best trial's where there is no final one yet."""
    from kerasnas.report import board

    listed = board.rows(folder)
    final = next((folder / name for name in ("final.keras", "model.keras") if (folder / name).is_file()), None)
    if trial is None and final is not None:
        return final
    files = {row["trial"]: folder / "trials" / f"{row['trial']:04d}.keras" for row in listed}
    kept = [number for number, file in files.items() if file.is_file()]
    if trial is None and kept:
        print(f"no final model yet: taking that of trial {kept[0]}, the best so far")
        return files[kept[0]]
    if trial not in kept:
        came = "none" if trial is None else trial
        raise ArgumentError(f"Expected a trial whose model is kept: {sorted(kept)}. Received: {came}.")
    return files[trial]


def _written(model, path):
    """Write a model in the form that its path's ending asks for."""
    from kerasnas.tasks.exporting import write

    print(_in_words(write(model, path), model))


# ---------------------------------------------------------------------- parser
def _parser():
    parser = argparse.ArgumentParser("kerasnas", description="Finds Keras models.")
    parser.add_argument("--version", action="version", version=f"kerasnas {__version__}")
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")

    demo = _command(commands, _demo, "demo", "search on handwritten digits, export, and use the exports alone")
    demo.add_argument("--time-limit", type=seconds, default=90, help="seconds for the search (90)")
    demo.add_argument("--output", default="demo_output", help="folder for everything (demo_output)")

    _command(commands, _strategies, "strategies", "the strategies, what each does, and the papers")

    board = _command(commands, _leaderboard, "leaderboard", "the trials of a run, the best first")
    board.add_argument("folder", help="a run's folder")
    board.add_argument("--csv", action="store_true", help="all trials with all their columns, as CSV")
    board.add_argument("--top", type=int, default=20, help="trials to show (20)")

    report = _command(commands, _report, "report", "a page about runs: curves, comparison, front, what mattered")
    report.add_argument("folders", nargs="+", metavar="FOLDER", help="a run's folder; several are compared")
    report.add_argument("--out", default="kerasnas_report", help="folder for the page (kerasnas_report)")

    resume = _command(commands, _resume, "resume", "go on with a search")
    resume.add_argument("folder", help="the run's folder")
    resume.add_argument(
        "--data",
        required=True,
        help="what `fit` was given: a table, .npz with x and y (or the inputs and heads by name), "
        "or a folder of pictures",
    )
    resume.add_argument("--target", help="of a table: as `fit` was given")
    resume.add_argument("--text", nargs="+", metavar="COLUMN", help="likewise")
    _limits(resume)

    export = _command(commands, _export, "export", "write a run's model for use without kerasnas")
    export.add_argument("folder", help="a run's folder")
    export.add_argument("path", help="a .keras or .onnx file, or a folder for a SavedModel")
    export.add_argument("--trial", type=int, help="number of a trial; the final model if absent")

    fit = _command(commands, _fit, "fit", "search a network for a table, texts or pictures")
    fit.add_argument(
        "data",
        help="a table (.csv, .tsv, .parquet); .npz with x and y (or x_train, y_train); a folder of pictures or of .txt "
        "files with a folder for each class",
    )
    fit.add_argument("--target", help="column of the table that is predicted; several with commas between")
    fit.add_argument("--text", nargs="+", metavar="COLUMN", help="columns that hold texts, which alone are read")
    fit.add_argument("--task", choices=("classification", "regression"), help="told from the target if absent")
    fit.add_argument("--regression", action="store_true", help="the same as --task regression")
    fit.add_argument("--objective", help='what is improved: "accuracy", "roc_auc", "neg_log_loss", "r2", ...')
    fit.add_argument("--output", help="the run's folder; below kerasnas_runs, named after the data, if absent")
    fit.add_argument("--overwrite", action="store_true", help="start anew where --output holds a run")
    fit.add_argument(
        "--export", metavar="PATH", help="write the model: a .keras or .onnx file, or a folder for a SavedModel"
    )
    fit.add_argument("--seed", type=int, default=0, help="seed of everything random (0)")
    _limits(fit)

    predict = _command(commands, _predict, "predict", "answers of an exported model for the rows of a file")
    predict.add_argument("model", help="a .keras file that `fit --export` wrote, or the folder of a run or saved model")
    predict.add_argument("data", help="a table, an .npz with x, or a folder of pictures or .txt files")
    predict.add_argument("-o", "--out", help="a .csv file; standard output if absent")
    predict.add_argument("--proba", action="store_true", help="probabilities, a column for each class")
    return parser


def _command(commands, function, name, about):
    parser = commands.add_parser(name, help=about, description=f"{about[0].upper()}{about[1:]}.")
    parser.set_defaults(command=function)
    return parser


def _limits(parser):
    parser.add_argument("--time-limit", type=seconds, help="seconds for everything")
    parser.add_argument("--max-trials", type=int, help="trials at most")
    parser.add_argument("--single", action="store_true", help="the best trial alone, not a mean of several")
    parser.add_argument("--verbose", type=int, choices=(0, 1, 2), default=1, help="0 silent, 1 display, 2 lines")


def seconds(text):
    value = float(text)
    return int(value) if value == int(value) else value


if __name__ == "__main__":
    sys.exit(main())
