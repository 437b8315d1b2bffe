"""Which trials the final model is made of, and with what weights, by their answers on the validation rows."""

from dataclasses import dataclass

import numpy as np

FOLDS = 5
ROUNDS = 10  # picks of the greedy selection
DISTINCT = 5  # different networks in one model
ROWS = 5000  # validation rows to select by
CLEAR = 1.0  # standard errors by which a chosen mixture must be better on rows that it was not chosen by


@dataclass(frozen=True)
class Mixture:
    """A weighted mean of models.

    Args:
        weights: Weight of each candidate, by its place; the sum is one.
        how: "single", "uniform" or "greedy".
    """

    weights: dict
    how: str

    def of(self, answers):
        """The mixed answers, by head name.

        Args:
            answers: Answers of each candidate, a list of dicts.
        """
        names = answers[0]
        return {name: sum(weight * answers[place][name] for place, weight in self.weights.items()) for name in names}


def mixed(ranked):
    """Trials in the order in which a final model may be made of them: in turn the next by objective and by loss.

    An accuracy of a few hundred rows cannot tell a dozen alike trials apart, and what makes a mean better, another kind
    of answers, is seldom among the first by a row or two. The loss sees more of them.

    Args:
        ranked: Completed trials, the best by the objective first.
    """
    pairs = zip(ranked, sorted(ranked, key=_loss))
    return list({trial.number: trial for pair in pairs for trial in pair}.values())


def _loss(trial):
    loss = trial.measurement.metrics.get("val_loss", np.inf)
    return loss if np.isfinite(loss) else np.inf


def anything(places):
    """No candidates are too many together."""
    return True


def single(losses_of, answers, rows, fits=anything):
    """The first candidate: the best trial."""
    return Mixture({0: 1.0}, "single")


def uniform(losses_of, answers, rows, fits=anything):
    """The plain mean of the first few candidates: nothing is chosen, so nothing is chosen by luck."""
    count = 1
    while count < min(DISTINCT, len(answers)) and fits(range(count + 1)):
        count += 1
    return Mixture(dict.fromkeys(range(count), 1 / count), "uniform")


def greedy(losses_of, answers, rows, fits=anything):
    """Candidates picked one after the other, with replacement, each the one that lowers the loss on `rows` most.

    Reference:
        Caruana et al., "Ensemble Selection from Libraries of Models", ICML 2004.
    """
    counts, best, total = {}, (np.inf, {}), None
    for size in range(1, ROUNDS + 1):
        allowed = counts if len(counts) == DISTINCT else range(len(answers))
        allowed = [place for place in allowed if place in counts or fits({*counts, place})]
        sums = {
            place: {name: answers[place][name] + (0 if total is None else total[name]) for name in answers[place]}
            for place in allowed
        }
        losses = {
            place: losses_of({name: value / size for name, value in each.items()}, rows).mean()
            for place, each in sums.items()
        }
        picked = min(losses, key=losses.get)
        total, counts = sums[picked], {**counts, picked: counts.get(picked, 0) + 1}
        if losses[picked] < best[0]:
            best = losses[picked], {place: count / size for place, count in counts.items()}
    return Mixture(best[1], "greedy")


WAYS = (uniform, greedy)


def select(losses_of, answers, seed, ways=WAYS, fits=anything):
    """The `Mixture` that holds on validation rows by which it was not chosen.

    Each way of mixing chooses on four fifths of the rows and is judged on the last fifth, five times over; a way that
    chooses more is taken where it is better there by more than chance, and then chooses on all rows. The first
    candidate stays alone where it is better than the mixture by more than chance.

    Args:
        losses_of: A function from answers by head name and row numbers to the loss of each of these rows `(rows,)`.
        answers: For each candidate, the best first, its answers `(n, ...)` by head name.
        seed: Seed of the fifths.
        ways: Ways of mixing, the one that chooses least first.
        fits: A function from places of candidates to whether a mean of them may be made; each alone may.
    """
    n = len(next(iter(answers[0].values())))
    order = np.random.default_rng(seed).permutation(n)[:ROWS]
    folds = np.array_split(order, min(FOLDS, len(order)))
    if len(answers) == 1 or len(folds) < 2:
        return single(losses_of, answers, order)  # nothing to choose among, or to judge a choice by
    chosen, held = None, None
    for way in ways:
        parts = []
        for fold in folds:
            rest = np.setdiff1d(order, fold)
            parts.append(losses_of(way(losses_of, _of(answers, rest), rest, fits).of(_of(answers, fold)), fold))
        losses = np.concatenate(parts)
        if chosen is None or _clearly_less(losses, held):
            chosen, held = way, losses
    found, alone = chosen(losses_of, _of(answers, order), order, fits), single(losses_of, answers, order)
    mixed, best = (losses_of(_of([each.of(answers)], order)[0], order) for each in (found, alone))
    return alone if np.array_equal(mixed, best) or _clearly_less(best, mixed) else found


def _of(answers, rows):
    return [{name: values[rows] for name, values in each.items()} for each in answers]


def _clearly_less(losses, others):
    gain = others - losses
    return gain.mean() > CLEAR * gain.std() / np.sqrt(len(gain)) and gain.mean() > 0
