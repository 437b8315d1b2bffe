"""The call of `fit` beside its journal, so that the command line can make it again: `kerasnas resume`."""

import json
import os
from pathlib import Path

from kerasnas.errors import ArgumentError, JournalError
from kerasnas.tasks.described import FACADES, made_again, unfitted

FILE = "call.json"


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
    facade = unfitted(model)
    reason = f"it was given what is no plain value ({facade['left_out'][0]})" if facade.get("left_out") else None
    reason = f"it has {facade['reason']}" if "reason" in facade else reason
    reason = "it was given callbacks" if "callbacks" in given else reason
    call = {
        "facade": facade,
        "fit": {**arguments, "class_weight": _told(arguments.get("class_weight"))},
        "data": sorted(given),
    }
    try:
        text = json.dumps(call, indent=1, default=_plain)
    except TypeError as error:
        reason = reason or f"it was given what is no plain value ({error})"
    if reason is not None:
        text = json.dumps({"class": facade["class"], "reason": reason})
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


def read(folder):
    """The facade of a run folder, unfitted, the arguments of its `fit`, and the names of the data that it was given.

    Args:
        folder: The run's folder.

    Raises:
        ArgumentError: If the folder does not tell; the message says what to do instead.
    """
    folder = Path(folder).resolve()
    path = folder / FILE
    known = json.loads(path.read_text()) if path.is_file() else {"reason": f"there is no {FILE} in it"}
    kind = known.get("facade", known).get("class")
    if "reason" in known or "facade" not in known or kind not in FACADES:
        reason = known.get("reason", f"unknown class {kind!r}")
        raise ArgumentError(
            "Expected a run folder that tells how `fit` was called. "
            f"Received: {folder}; {reason}. Make the same call in Python: it goes on where it stopped."
        )
    arguments = known["fit"]
    if isinstance(arguments.get("class_weight"), list):
        arguments["class_weight"] = dict(map(tuple, arguments["class_weight"]))
    return made_again(known["facade"], folder), arguments, known["data"]
