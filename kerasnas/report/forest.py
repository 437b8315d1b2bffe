"""Which decisions matter: a forest that predicts scores from answers, and what it loses without one of them."""

from kerasnas.errors import ArgumentError
from kerasnas.report.record import Record, record

LEAST = 8  # completed trials from which on a forest says anything
TREES = 100
FOLDS = 5
ROUNDS = 10


def encoded(architectures):
    """Architectures as numbers, from their answers alone.

    Numbers stand for themselves beside a mark that they were asked; all else is one-hot.

    Returns:
        A matrix `(architectures, columns)`, and a dict from each path that varies to its columns.
    """
    import numpy as np

    paths = dict.fromkeys(path for architecture in architectures for path in architecture)
    columns, groups = [], {}
    for path in paths:
        answers = [architecture.get(path) if path in architecture else None for architecture in architectures]
        made = [column for column in _columns(answers) if len(set(column)) > 1]
        if made:
            groups[path] = list(range(len(columns), len(columns) + len(made)))
            columns += made
    matrix = np.array(columns, "float64").T if columns else np.zeros((len(architectures), 0))
    return matrix, groups


def _columns(answers):
    given = [answer for answer in answers if answer is not None]
    if all(isinstance(answer, (int, float)) and not isinstance(answer, bool) for answer in given):
        lowest = min(given)  # what is not asked stands at the end of the line, and its mark tells it apart
        return [[lowest if a is None else a for a in answers], [a is not None for a in answers]]
    # Fewer columns than options where one is implied by the others do no harm to a forest.
    return [[repr(answer) == option for answer in answers] for option in sorted({repr(answer) for answer in given})]


def importance(run, objective=None):
    """How much each decision of a run matters for the objective.

    Random forests learn the objective from the answers and predict it for trials that they have not seen (five folds);
    a decision's importance is by how much their R² falls when its answers in those trials are replaced by those of
    trials drawn at random, divided by the sum over all decisions.

    Args:
        run: A run's folder, or its `Record`.
        objective: The `Objective` to explain; the run's if None.

    Returns:
        A `pandas.DataFrame` with the columns decision, importance and spread (over draws), the most important first.
        Its `attrs["r2"]` is the forests' R²: where that is near zero or below, the importances mean nothing.

    Raises:
        ArgumentError: If fewer than 8 trials completed, or all have one architecture.
        JournalError: If the run cannot be read.

    Reference:
        Breiman, "Random Forests", Machine Learning 2001; cf. Hutter et al., "An Efficient Approach for Assessing
        Hyperparameter Importance", ICML 2014.
    """
    import numpy as np
    import pandas as pd

    known = run if isinstance(run, Record) else record(run)
    objective = objective or known.objective
    trials = [trial for trial in known.trials if trial.measurement is not None]
    scores = np.array([objective.score(trial.measurement.metrics) for trial in trials])
    matrix, groups = encoded([trial.proposal.architecture for trial in trials])
    if len(trials) < LEAST or not groups:
        raise ArgumentError(
            f"Expected at least {LEAST} completed trials of different architectures. Received: {len(trials)}."
        )
    losses, r2 = _losses(matrix, scores, groups)
    means = {path: max(float(loss.mean()), 0.0) for path, loss in losses.items()}
    whole = sum(means.values()) or 1.0
    rows = [(path, means[path] / whole, float(losses[path].std()) / whole) for path in groups]
    frame = pd.DataFrame(rows, columns=["decision", "importance", "spread"])
    frame = frame.sort_values("importance", ascending=False, kind="stable", ignore_index=True)
    frame.attrs.update(r2=r2, objective=objective.name)
    return frame


def _losses(matrix, scores, groups):
    """The R² on unseen trials that is lost with each decision, in each of some draws; and the R² itself."""
    import numpy as np
    from sklearn.ensemble import RandomForestRegressor
    from sklearn.model_selection import KFold

    rng, count = np.random.default_rng(0), len(matrix)
    spread = max(float(((scores - scores.mean()) ** 2).sum()), 1e-12)
    errors, missed = 0.0, {path: np.zeros(ROUNDS) for path in groups}
    for seen, unseen in KFold(FOLDS, shuffle=True, random_state=0).split(matrix):
        forest = RandomForestRegressor(TREES, max_features=0.5, min_samples_leaf=2, random_state=0)
        forest.fit(matrix[seen], scores[seen])
        errors += ((forest.predict(matrix[unseen]) - scores[unseen]) ** 2).sum()
        for path, columns in groups.items():
            rows = np.tile(matrix[unseen], (ROUNDS, 1))
            rows[:, columns] = matrix[rng.integers(count, size=len(rows))][:, columns]
            answers = forest.predict(rows).reshape(ROUNDS, -1)
            missed[path] += ((answers - scores[unseen]) ** 2).sum(1)
    return {path: (total - errors) / spread for path, total in missed.items()}, float(1 - errors / spread)
