"""What was learnt of inputs that are several arrays, so that later data are read alike: one line a kind."""

import importlib

from kerasnas.errors import ArgumentError

KINDS = {"table": "kerasnas.data.tables:TableSchema"}


def schema_from_json(values):
    """The schema that `to_json` wrote: a dict of plain values with its "type".

    Raises:
        ArgumentError: If the type is unknown.
    """
    values = dict(values)
    kind = values.pop("type", None)
    if kind not in KINDS:
        raise ArgumentError(f"Expected a schema of type {', '.join(KINDS)}. Received: {kind!r}.")
    module, name = KINDS[kind].split(":")
    return getattr(importlib.import_module(module), name).from_json(values)
