"""AutoKeras's names of what is called otherwise here."""

from kerasnas.blocks import Wire
from kerasnas.strategies import Bayesian, Greedy, Hyperband, RandomSearch

Node = Wire
BayesianOptimization = Bayesian

__all__ = ["BayesianOptimization", "Greedy", "Hyperband", "Node", "RandomSearch"]
