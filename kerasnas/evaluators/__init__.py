"""How good an architecture is."""

from kerasnas.evaluators.nas_benchmarks import accel_nasbench_table, nasbench201_table, nasbench_macro_table
from kerasnas.evaluators.retraining import Retraining
from kerasnas.evaluators.table import Table
from kerasnas.evaluators.table import read as read_table
from kerasnas.evaluators.training import Training

__all__ = [
    "Retraining", "Table", "Training", "accel_nasbench_table", "nasbench201_table", "nasbench_macro_table",
    "read_table",
]  # fmt: skip
