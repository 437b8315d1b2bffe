"""The target as the name of a column of the table."""

from kerasnas.data.tables.frames import as_frame, is_path, missing_column
from kerasnas.errors import DataError


def take_target(x, y, what="`x`"):
    """Rows and targets apart, where `y` names a column (or several) of the table `x`.

    Args:
        x: a table, or the path of one; see `frames.as_frame`.
        y: name of a column, a list of names, or the targets themselves.
        what: how a message calls `x`.

    Returns:
        (x, y): without and with the named columns; as they came, where `y` names none (a path is read in any case).

    Raises:
        DataError: if there is no such column, or nothing else in the table.
    """
    names = [y] if isinstance(y, str) else y if _are_names(y, x) else None
    if names is None:
        return (as_frame(x, what) if is_path(x) else x), y
    frame = as_frame(x, what)
    for name in names:
        if name not in frame.columns:
            raise missing_column(name, frame.columns, what)
    rest = frame.drop(columns=list(names))
    if rest.shape[1] == 0:
        raise DataError(f"Expected {what} to have columns beside the target. Received: {', '.join(names)} alone.")
    target = frame[y] if isinstance(y, str) else frame[list(names)]
    if target.isna().to_numpy().any():
        row = int(target.isna().to_numpy().reshape(len(frame), -1).any(axis=1).argmax())
        count = int(target.isna().to_numpy().reshape(len(frame), -1).any(axis=1).sum())
        raise DataError(
            f"Expected the target {', '.join(map(repr, names))} without missing values. Received: a missing one in row "
            f"{row} ({count} in all); fill them in or drop those rows."
        )
    return rest, target


def _are_names(y, x):
    """Whether a list is one of column names: of strings that differ, as labels do not, and that `x` has."""
    if not isinstance(y, list) or not y or not all(isinstance(name, str) for name in y) or len(set(y)) < len(y):
        return False
    columns = [str(name) for name in getattr(x, "columns", ())] or (list(x) if isinstance(x, dict) else [])
    return is_path(x) or all(name in columns for name in y)
