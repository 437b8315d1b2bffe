"""Ready search spaces, those of the papers under their own names."""

from kerasnas.spaces.accel_bench import ACCEL_COLUMNS, accel_nasbench
from kerasnas.spaces.bench201 import NASBENCH201_EDGES, nasbench201
from kerasnas.spaces.bench_macro import nasbench_macro
from kerasnas.spaces.chain import CellChain, Link
from kerasnas.spaces.connected import Connected
from kerasnas.spaces.darts_cells import darts
from kerasnas.spaces.hypermodel import from_hypermodel
from kerasnas.spaces.listed import Listed
from kerasnas.spaces.macro_layers import macro
from kerasnas.spaces.nasnet_cells import nasnet_cell
from kerasnas.spaces.perceptron import mlp

__all__ = [
    "ACCEL_COLUMNS", "NASBENCH201_EDGES", "CellChain", "Connected", "Link", "Listed", "accel_nasbench", "darts",
    "from_hypermodel", "macro", "mlp", "nasbench201", "nasbench_macro", "nasnet_cell",
]  # fmt: skip
