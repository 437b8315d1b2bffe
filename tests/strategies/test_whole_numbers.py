"""Arguments that count something are whole numbers."""

import numpy as np
import pytest

from kerasnas import strategies, supernets
from kerasnas.arguments import check_whole
from kerasnas.errors import ArgumentError

COUNTED = [
    (strategies.RegularizedEvolution, "population"), (strategies.RegularizedEvolution, "sample"),
    (strategies.Genetic, "population"), (strategies.Genetic, "elite"), (strategies.Genetic, "tournament"),
    (strategies.NSGA2, "population"), (strategies.ASHA, "max_epochs"), (strategies.Hyperband, "factor"),
    (strategies.Greedy, "explore"), (strategies.Grid, "points"), (strategies.LocalSearch, "initial"),
    (strategies.Predictor, "candidates"), (strategies.Progressive, "beam"), (strategies.Reinforcement, "batch"),
    (strategies.Relay, "after"), (supernets.DARTS, "epochs"), (supernets.GDAS, "batch_size"),
    (supernets.PCDARTS, "warmup"),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "name"), COUNTED, ids=lambda each: getattr(each, "__name__", each))
def test_a_number_that_is_not_whole_is_refused(kind, name):
    message = rf"Expected `{name}` to be a whole number\. Received: 5\.5\."
    with pytest.raises(ArgumentError, match=message):
        kind(**{name: 5.5})
    assert kind(**{name: 5})


def test_numbers_of_numpy_are_whole_and_truths_are_not():
    check_whole(points=np.int64(3))
    for value in (True, 3.0, "3", None):
        with pytest.raises(ArgumentError, match="whole number"):
            check_whole(points=value)
