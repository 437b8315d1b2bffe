"""Operations over series and windows, fitted where they have to be, and shapes to try them on."""

import numpy as np

from kerasnas import operations as ops

RNG = np.random.default_rng(3)


def fitted(operation, shape):
    return operation.fit(RNG.normal(size=(5, *shape)).astype("float32"))


LONG, SHORT = (40, 2), (4, 1)

CASES = [
    *((fitted(ops.RandomConvolutions(600), shape), shape) for shape in (LONG, SHORT)),
    *((fitted(ops.RandomConvolutions(600, True, 4), shape), shape) for shape in (LONG, SHORT, (1, 1))),
    *((fitted(ops.CompetingKernels(3), shape), shape) for shape in (LONG, SHORT)),
    (fitted(ops.CompetingKernels(2, True), LONG), LONG),
    (fitted(ops.FillMissing(), LONG), LONG),
    (ops.StandardizeEach(), LONG),
    (ops.Noise(0.2), LONG),
    (ops.Noise(0.0), LONG),
    (ops.SolvedDense(3), (7,)),
    (ops.SolvedDense(2, "numbers", (0.0, 1.0), (1.0, 2.0), folds=4), (7,)),
    (ops.LastSteps(0.5), (9, 2)),
    (ops.LastSteps(0.01), (9, 2)),
    (ops.TakeChannels((2, 0)), (9, 3)),
    (ops.Relative(), LONG),
    (ops.SeasonalNaive(5, (1,), 3, 1), (9, 2)),
    (ops.SeasonalNaive(5, (0, 1), 30), (9, 2)),
    (ops.Permute(), (9, 2)),
    (ops.Trend(5), (9, 2)),
    (ops.Trend(1), (9, 2)),
    (ops.SolvedForecast(4, (1,)), (9, 3)),
    (ops.SolvedForecast(4, (0, 1, 2), (0.0,) * 3, (1.0,) * 3), (9, 3)),
    (ops.SolvedForecast(4, None, (0.0,), (1.0,), "all"), (9, 3)),
]
