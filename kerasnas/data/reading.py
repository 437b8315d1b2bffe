"""`read`: anything a user may pass, checked, as a Dataset or a Stream."""

from collections.abc import Mapping
from pathlib import Path

from kerasnas.data.dataset import Dataset
from kerasnas.data.flows import at_once, is_flow, read_flow
from kerasnas.data.folders import read_folder
from kerasnas.data.inputs import as_input, check_kinds
from kerasnas.data.labels import as_labels, as_weight
from kerasnas.data.memory import checked_limit
from kerasnas.data.naming import by_name, title
from kerasnas.data.series import filled_up_to
from kerasnas.errors import ArgumentError, DataError


def read(
    x, y=None, *, inputs, targets=(), sample_weight=None, shapes=None, memory_limit=None, image_size=None, schemas=None,
):  # fmt: skip
    """Reads and checks what a user passed, so that whatever is wrong is said before any time is spent.

    Args:
        x: an array, list, nested lists, DataFrame, Series or tensor; for several inputs a dict by input name or a list
            with a value for each; a tf.data.Dataset, a finite generator or a keras.utils.PyDataset of x, (x,), (x, y)
            or (x, y, weights), batched or not (see `flows.is_batched`); or the path of a folder of pictures, with one
            folder inside for each class where there are targets.
        y: labels or numbers like `x`, for several heads a dict by head name or a list; None where `x` brings them.
        inputs: dict from input name to its kind: "image" for pictures `(n, height, width)` or `(n, height, width,
            channels)`, "array" for numbers `(n, ...)`.
        targets: names of the heads; empty to read `x` alone, as for predictions.
        sample_weight: weights `(n,)`, or None.
        shapes: shape of one row of each input, by name, where it is known (as from the data of `fit`): rows of another
            shape are refused, pictures of a folder resized, and a list of shorter series filled up at their ends.
        memory_limit: bytes of rows to hold in memory; a tf.data.Dataset or folder with more becomes a Stream, a
            generator or PyDataset with more is refused. None: a quarter of the available memory.
        image_size: (height, width) in pixels to which pictures of a folder are resized; None: their most common size.
        schemas: for inputs that are several arrays (a table's columns): by input name, an object whose `arrays(value,
            what)` gives them by name.

    Returns:
        A `Dataset`, or a `Stream` where the rows do not fit in memory.

    Raises:
        DataError: if the data cannot be learnt from.
        ArgumentError: if the arguments contradict each other.
    """
    check_kinds(inputs)
    limit = checked_limit(memory_limit)
    if image_size is not None and not isinstance(x, (str, Path)):
        raise ArgumentError("Expected `image_size` only with a folder of pictures. Received: data of another kind.")
    schemas = schemas or {}
    x, y, sample_weight = whole_tables(x, y, sample_weight, inputs, bool(targets), memory_limit)
    if isinstance(x, str) and "text" in inputs.values():
        raise DataError(f"Expected `x` to hold rows. Received: the string {x[:40]!r}; a single text is a row: [x].")
    if not schemas and (isinstance(x, (str, Path)) or is_flow(x)):
        _refuse_beside(x, y, sample_weight)
        if is_flow(x):
            data = read_flow(x, inputs, tuple(targets), shapes, limit)
        else:
            data = read_folder(x, inputs, tuple(targets), _size_of(inputs, shapes), image_size, limit)
    else:
        data = _read_arrays(x, y, inputs, tuple(targets), sample_weight, schemas, shapes or {})
    check_shapes(data, shapes)
    return data


def whole_tables(x, y, sample_weight, inputs, keep_y=True, memory_limit=None):
    """x, y and weights as whole arrays where a table's rows come as a flow; as they are otherwise.

    Args:
        x, y, sample_weight, inputs, memory_limit: As of `read`.
        keep_y: Whether targets that the flow brings are wanted.
    """
    if "table" not in inputs.values() or not is_flow(x):
        return x, y, sample_weight
    rows, own_y, own_weight = at_once(x, inputs, checked_limit(memory_limit))
    _refuse_beside(x, None if own_y is None else y, None if own_weight is None else sample_weight)
    if keep_y:
        y = own_y if y is None else y
        sample_weight = own_weight if sample_weight is None else sample_weight
    return rows, y, sample_weight


def check_shapes(data, shapes):
    """Raises DataError unless the rows of `data` have these shapes (a dict by input name, or None)."""
    for name, expected in (shapes or {}).items():
        found = data.shapes.get(name)
        if found != tuple(expected):
            what = title("`x`", name, data.shapes)
            raise DataError(
                f"Expected rows of {what} of shape {tuple(expected)}, as in the data of `fit`. Received: {found}; "
                "a single row needs a row axis: x[None]."
            )


def _read_arrays(x, y, inputs, targets, sample_weight, schemas, shapes):
    rows = {}
    for name, value in parts_of(x, inputs).items():
        what = title("`x`", name, inputs)
        rows |= schemas[name].arrays(value, what) if name in schemas else {name: as_input(value, inputs[name], what)}
        if inputs[name] == "series" and name in shapes and isinstance(value, (list, tuple)):
            rows[name] = filled_up_to(rows[name], shapes[name][0])
    labels = None
    if targets:
        labels = {
            name: as_labels(value, title("`y`", name, targets)) for name, value in _named(y, targets, "`y`").items()
        }
    elif y is not None:
        raise ArgumentError("Expected no `y`, for there are no heads to learn it. Received: a `y`.")
    return Dataset(rows, labels, None if sample_weight is None else as_weight(sample_weight))


def parts_of(x, inputs):
    """What was passed as `x`, by input name; a dict of columns is one table.

    Args:
        x: As of `read`.
        inputs: Kind of each input, by name.
    """
    (name, kind), *others = inputs.items()
    if not others and kind == "table" and isinstance(x, Mapping) and name not in x:
        return {name: x}
    return _named(x, inputs, "`x`")


def _named(value, names, what):
    if value is None:
        hint = " A head needs targets to learn from." if what == "`y`" else ""
        raise DataError(f"Expected {what} to hold data. Received: None.{hint}")
    return by_name(value, names, what)


def _refuse_beside(x, y, sample_weight):
    for name, value in (("y", y), ("sample_weight", sample_weight)):
        if value is not None:
            raise ArgumentError(
                f"Expected no `{name}` beside a {type(x).__name__} as `x`, which brings its own. Received: a `{name}`."
            )


def _size_of(inputs, shapes):
    return (shapes or {}).get(next(iter(inputs)))
