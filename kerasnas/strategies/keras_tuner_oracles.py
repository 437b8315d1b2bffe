"""KerasTuner's Oracles as strategies."""

import copy
import hashlib

from kerasnas.contract import Proposal
from kerasnas.errors import ArgumentError
from kerasnas.strategies.memory import Remembering


class KerasTunerOracle(Remembering):
    """Any Oracle of KerasTuner, asked and told as strategies are.

    The Oracle's own limits (`max_trials`, failures in a row), its objective, its seed and its folder are the search's.
    What it proposes twice is replaced by a random architecture. `ask` works on a copy, so that it changes nothing; an
    Oracle that keeps a state besides its trials is asked again when a search is resumed.

    Args:
        oracle: Such as `keras_tuner.oracles.GridSearchOracle()`.

    Raises:
        ArgumentError: If it is no Oracle.

    Reference:
        O'Malley et al., "KerasTuner", 2019, https://github.com/keras-team/keras-tuner.
    """

    def __init__(self, oracle):
        if not callable(getattr(oracle, "populate_space", None)):
            raise ArgumentError(f"Expected an Oracle of KerasTuner. Received: {type(oracle).__name__}.")
        self.oracle = oracle
        self.requires = frozenset({"epochs"} if hasattr(oracle, "_brackets") else ())

    def describe(self):
        return {"name": "KerasTunerOracle", "oracle": type(self.oracle).__name__}

    def made(self):
        """The Oracle to work with."""
        return copy.deepcopy(self.oracle)

    def setup(self, context):
        from kerasnas.lowering import hyperparameters

        super().setup(context)
        self.at_work = prepared(self.made(), context, hyperparameters.hyperparameters(context.space))
        self.populated = None

    # -------------------------------------------------------------- proposing
    def ask(self, rng):
        status, values = self._populate()
        if status != "RUNNING":
            waiting = status == "IDLE" or (hasattr(self.at_work, "_brackets") and self.begun)
            return None if waiting else self.proposal(self.drawn(rng))
        found, fidelity, parent = self._translated(values)
        if parent is None and (found is None or self.identity(found) in self.seen):
            found = self.drawn(rng)
        return None if found is None else Proposal(found, fidelity=fidelity, parent=parent)

    def _populate(self):
        """What the Oracle answers now: kept, with the state it is in then, until something changes."""
        mark = self.begun, len(self.trials) + len(self.failed)
        if self.populated is None or self.populated[0] != mark:
            asked = copy.deepcopy(self.at_work)
            reseed(asked, f"{self.context.seed}/{self.begun}")
            if asked.ongoing_trials and hasattr(asked, "_vectorize_trials") and self.trials:
                fit_completed(asked)
            answer = asked.populate_space(str(self.begun))
            self.populated = mark, asked, str(getattr(answer["status"], "value", answer["status"])), answer
        _, _, status, answer = self.populated
        return status, answer.get("values") or {}

    def _translated(self, values):
        from kerasnas.lowering import hyperparameters

        space = self.context.space
        found = space.admitted(hyperparameters.architecture(space, values))
        fidelity = {"epochs": int(values["tuner/epochs"])} if "tuner/epochs" in values else {}
        parent = values.get("tuner/trial_id")
        return found, fidelity, None if parent is None else int(parent)

    def began(self, proposal):
        from keras_tuner.engine.trial import Trial, TrialStatus

        from kerasnas.lowering import hyperparameters

        given = {}
        if not stateless(self.at_work):
            status, given = self._populate()
            if status == "RUNNING":  # KerasTuner holds on to every Oracle that was told something: keep to one
                self.at_work.__dict__.update(self.populated[1].__dict__)
        given = {name: value for name, value in given.items() if name.startswith("tuner/")}
        held = self.at_work.hyperparameters.copy()
        held.values = {**hyperparameters.values(self.context.space, proposal.architecture), **given}
        name = str(self.begun)
        trial = Trial(hyperparameters=held, trial_id=name, status=TrialStatus.RUNNING)
        self.at_work.trials[name] = self.at_work.ongoing_trials[str(proposal.number)] = trial
        self.at_work.start_order.append(name)
        self.at_work._record_values(trial)
        super().began(proposal)

    # --------------------------------------------------------------- learning
    def tell(self, trial):
        from keras_tuner.engine.trial import TrialStatus

        known = len(self.trials)
        super().tell(trial)
        held = self.at_work.ongoing_trials.get(str(trial.number))
        if held is None:
            return
        if len(self.trials) > known:
            name = self.context.objective.name
            self.at_work.update_trial(held.trial_id, {name: float(trial.measurement.metrics[name])})
            held.status = TrialStatus.COMPLETED
        else:
            held.status = TrialStatus.FAILED
        self.at_work.end_trial(held)

    def needs(self):
        """Numbers of trials that may go on: those of a Hyperband's brackets at work."""
        brackets = getattr(self.at_work, "_brackets", ())
        return {int(info["id"]) for bracket in brackets for level in bracket["rounds"][:-1] for info in level}


class KerasTunerBayesian(KerasTunerOracle):
    """KerasTuner's Bayesian optimization: a Gaussian process on option numbers, seconds a proposal. A control.

    Args:
        initial: Random architectures first; three times the number of decisions if None.
        beta: Weight of the uncertainty.

    Reference:
        O'Malley et al., "KerasTuner", 2019; Srinivas et al., "Gaussian Process Optimization in the
        Bandit Setting", ICML 2010.
    """

    def __init__(self, initial=None, beta=2.6):
        self.initial, self.beta = initial, beta

    describe = Remembering.describe

    def made(self):
        from keras_tuner.oracles import BayesianOptimizationOracle

        return BayesianOptimizationOracle(num_initial_points=self.initial, beta=self.beta, seed=1)


class KerasTunerHyperband(KerasTunerOracle):
    """KerasTuner's Hyperband, its promotions continued from checkpoints.

    Args:
        max_epochs: Epochs of the last rounds.
        factor: How many times more epochs a round has than the one before.
        iterations: How often the whole is run.

    Reference:
        O'Malley et al., "KerasTuner", 2019; Li et al., "Hyperband", JMLR 2018.
    """

    def __init__(self, max_epochs=27, factor=3, iterations=1):
        self.max_epochs, self.factor, self.iterations = max_epochs, factor, iterations

    requires = frozenset({"epochs"})
    describe = Remembering.describe

    def made(self):
        from keras_tuner.oracles import HyperbandOracle

        return HyperbandOracle(
            max_epochs=self.max_epochs, factor=self.factor, hyperband_iterations=self.iterations, seed=1
        )


# ------------------------------------------------------------------ the Oracle
def prepared(oracle, context, space):
    """An Oracle that searches `space` for the search's objective, in silence and without a folder."""
    import keras_tuner

    objective = context.objective
    oracle.objective = keras_tuner.Objective(objective.name, objective.direction)
    oracle.hyperparameters, oracle.verbose = space, 0
    oracle.max_consecutive_failed_trials = None  # the loop judges failures
    oracle.save = oracle._save_trial = _keep_nothing
    reseed(oracle, str(context.seed))
    return oracle


def _keep_nothing(*_):
    """The journal keeps what an Oracle would write into its folder."""


def reseed(oracle, text):
    """Make what an Oracle draws next follow from `text`; 0 would be no seed to it."""
    import numpy as np

    seed = 1 + int.from_bytes(hashlib.blake2b(text.encode(), digest_size=4).digest(), "big") % (2**31 - 2)
    oracle.seed = oracle._seed_state = seed
    if hasattr(oracle, "_random_state"):
        oracle._random_state = np.random.RandomState(seed)
    if hasattr(oracle, "_make_gpr"):
        oracle.gpr = oracle._make_gpr()


def fit_completed(oracle):
    """Fit a Bayesian Oracle's process to what has ended: by it, it makes up scores for trials that are still out."""
    trials, ongoing = oracle.trials, oracle.ongoing_trials
    oracle.trials = {name: trial for name, trial in trials.items() if trial.status != "RUNNING"}
    oracle.ongoing_trials = {}
    oracle.gpr.fit(*oracle._vectorize_trials())
    oracle.trials, oracle.ongoing_trials = trials, ongoing


def stateless(oracle):
    """Whether trials are all an Oracle remembers, so that it need not be asked again for a resumed search."""
    return type(oracle).__name__ in ("BayesianOptimizationOracle", "RandomSearchOracle")
