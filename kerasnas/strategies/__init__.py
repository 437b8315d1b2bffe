"""What to try next: one file a strategy, one line here."""

from kerasnas.fronts import hypervolume, pareto_front
from kerasnas.strategies.asha import ASHA
from kerasnas.strategies.bayesian import Bayesian
from kerasnas.strategies.derive import Derive
from kerasnas.strategies.epsilon_greedy import EpsilonGreedy
from kerasnas.strategies.evolution import RegularizedEvolution
from kerasnas.strategies.genetic import Genetic
from kerasnas.strategies.greedy import Greedy
from kerasnas.strategies.grid import Grid
from kerasnas.strategies.halving import Hyperband, SuccessiveHalving
from kerasnas.strategies.keras_tuner_oracles import KerasTunerBayesian, KerasTunerHyperband, KerasTunerOracle
from kerasnas.strategies.local_search import LocalSearch
from kerasnas.strategies.nsga2 import NSGA2
from kerasnas.strategies.predictor import Predictor
from kerasnas.strategies.progressive import Progressive
from kerasnas.strategies.random_search import RandomSearch
from kerasnas.strategies.registry import STRATEGIES, get, listing
from kerasnas.strategies.reinforcement import Reinforcement
from kerasnas.strategies.relay import Relay
from kerasnas.strategies.warm_start import WarmStart

STRATEGIES |= {
    "asha": ASHA,
    "bayesian": Bayesian,
    "epsilon_greedy": EpsilonGreedy,
    "evolution": RegularizedEvolution,
    "genetic": Genetic,
    "greedy": Greedy,
    "grid": Grid,
    "hyperband": Hyperband,
    "kt_bayesian": KerasTunerBayesian,
    "kt_hyperband": KerasTunerHyperband,
    "local_search": LocalSearch,
    "nsga2": NSGA2,
    "predictor": Predictor,
    "predictor_evolution": Relay,
    "progressive": Progressive,
    "random": RandomSearch,
    "reinforcement": Reinforcement,
    "successive_halving": SuccessiveHalving,
}

__all__ = [
    "ASHA",
    "NSGA2",
    "STRATEGIES",
    "Bayesian",
    "Derive",
    "EpsilonGreedy",
    "Genetic",
    "Greedy",
    "Grid",
    "Hyperband",
    "KerasTunerBayesian",
    "KerasTunerHyperband",
    "KerasTunerOracle",
    "LocalSearch",
    "Predictor",
    "Progressive",
    "RandomSearch",
    "RegularizedEvolution",
    "Reinforcement",
    "Relay",
    "SuccessiveHalving",
    "WarmStart",
    "get",
    "hypervolume",
    "listing",
    "pareto_front",
]  # fmt: skip
