"""What a strategy needs, and what has not got it, before anything is tried."""

import pandas as pd
import pytest

import kerasnas as kn
from kerasnas.errors import ArgumentError, StrategyError
from kerasnas.evaluators import Table
from kerasnas.strategies import STRATEGIES, RandomSearch

from .work import Made, layers, tiny

FRAME = pd.DataFrame({"units": [4, 8, 16], "at_1": [0.1, 0.2, 0.3], "at_3": [0.3, 0.2, 0.4]})


def table(column):
    return Table(FRAME, tiny(), {"units": "units"}, {"val_accuracy": column}, fidelity={"epochs": 3})


@pytest.mark.parametrize("name", [name for name, made in STRATEGIES.items() if "epochs" in made.requires])
def test_one_number_of_epochs_is_too_few(tmp_path, name):
    with pytest.raises(StrategyError, match="as many epochs as it is told, which .* Received: a Table with one"):
        kn.search(tiny(), evaluator=table("at_1"), strategy=name, directory=tmp_path)
    assert not list(tmp_path.iterdir())


def test_several_numbers_of_epochs_will_do(tmp_path):
    strategy = kn.strategies.SuccessiveHalving(max_epochs=3)
    found = kn.search(tiny(), evaluator=table("at_{epochs}"), strategy=strategy, max_trials=4, directory=tmp_path)
    assert {trial.proposal.fidelity["epochs"] for trial in found.trials} == {1, 3}


def test_a_supernet_needs_rows(tmp_path):
    with pytest.raises(StrategyError, match="to train a supernet on, which Derive needs. Received: none"):
        kn.search(tiny(), evaluator=Made(), strategy="darts", directory=tmp_path)


@pytest.mark.parametrize("need, error", [("finite", StrategyError), ("infinite", ArgumentError)])
def test_needs_of_ones_own(tmp_path, need, error):
    class Picky(RandomSearch):
        requires = frozenset({need})

    with pytest.raises(error, match="real values of training/rate" if need == "finite" else "`requires` to be of"):
        kn.search(layers(), evaluator=Made(), strategy=Picky(), directory=tmp_path, max_trials=1)
    if need == "finite":
        assert kn.search(tiny(), evaluator=Made(), strategy=Picky(), directory=tmp_path, max_trials=1).best
