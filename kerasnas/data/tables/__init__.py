"""Tables: what the columns hold, learnt once from the rows of `fit`, and raw arrays for the model's inputs."""

from kerasnas.data.tables.columns import Column
from kerasnas.data.tables.schema import TableSchema, learn_table
from kerasnas.data.tables.target import take_target

__all__ = ["Column", "TableSchema", "learn_table", "take_target"]
