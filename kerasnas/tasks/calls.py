"""The call of `fit` beside its journal, so that the command line can make it again: `kerasnas resume`."""

import inspect
import json
import os
from pathlib import Path

from kerasnas.errors import ArgumentError, JournalError
from kerasnas.tasks.described import FACADES, PLACE

FILE = "call.json"
DRAWN = ("AutoModel", "TimeseriesForecaster")  # what they read does not fit the command line's files
READABLE = [name for name in FACADES if name not in DRAWN]


def write(model, folder, arguments, given):
    """Write how `fit` was called, or why that cannot be told in JSON.

    Args:
        model: The facade.
        folder: The run's folder.
        arguments: Dict of the arguments of `fit` that are no data.
        given: Names of the other arguments, beside x and y, that were given: "validation_data", "sample_weight".

    Raises:
        JournalError: If it cannot be written.
    """
    kind = type(model).__name__
    names = [name for name in inspect.signature(type(model).__init__).parameters if name not in ("self", *PLACE)]
    call = {
        "class": kind,
        "arguments": {name: getattr(model, name) for name in names},
        "fit": {**arguments, "class_weight": _told(arguments.get("class_weight"))},
        "data": sorted(given),
    }
    reason = None if kind in READABLE else f"{kind} is drawn in Python"
    reason = "it was given callbacks" if "callbacks" in given else reason
    try:
        text = json.dumps(call, indent=1, default=_plain)
    except TypeError as error:
        reason = reason or f"it was given what is no plain value ({error})"
    if reason is not None:
        text = json.dumps({"class": kind, "reason": reason})
    beside = Path(folder) / f".{FILE}"
    try:
        beside.write_text(text)
        os.replace(beside, Path(folder) / FILE)
    except OSError as error:
        raise JournalError(f"Expected to write {Path(folder) / FILE}. Received: {error.strerror}.") from error


def _told(class_weight):
    """Weights of classes as pairs, for the keys of JSON's objects are strings; "balanced" as it is."""
    return list(class_weight.items()) or None if isinstance(class_weight, dict) else class_weight


def _plain(value):
    """NumPy's numbers as Python's."""
    if hasattr(value, "tolist"):
        return value.tolist()
    raise TypeError(type(value).__name__)


def read(folder, room):
    """The facade of a run folder, unfitted, the arguments of its `fit`, and the names of the data that it was given.

    Args:
        folder: The run's folder.
        room: Where the facades are: `kerasnas.tasks`.

    Raises:
        ArgumentError: If the folder does not tell; the message says what to do instead.
    """
    folder = Path(folder).resolve()
    path = folder / FILE
    known = json.loads(path.read_text()) if path.is_file() else {"reason": f"there is no {FILE} in it"}
    if "reason" in known or known.get("class") not in READABLE:
        reason = known.get("reason", f"unknown class {known.get('class')!r}")
        raise ArgumentError(
            "Expected a run folder that tells how `fit` was called. "
            f"Received: {folder}; {reason}. Make the same call in Python: it goes on where it stopped."
        )
    model = getattr(room, known["class"])(**known["arguments"], directory=folder.parent, project_name=folder.name)
    arguments = known["fit"]
    if isinstance(arguments.get("class_weight"), list):
        arguments["class_weight"] = dict(map(tuple, arguments["class_weight"]))
    return model, arguments, known["data"]
