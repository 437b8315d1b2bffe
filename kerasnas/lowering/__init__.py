"""From a space and an architecture to what can be run or reckoned with."""

from kerasnas.lowering.costing import Cost, CostTracer, cost, cost_of, output_shape
from kerasnas.lowering.hyperparameters import as_hypermodel
from kerasnas.lowering.model import KerasTracer, build, network
from kerasnas.lowering.timing import latency
from kerasnas.lowering.tracer import Tracer

__all__ = [
    "Cost", "CostTracer", "KerasTracer", "Tracer", "as_hypermodel", "build", "cost", "cost_of", "latency", "network",
    "output_shape",
]  # fmt: skip
