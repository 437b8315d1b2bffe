"""An admitted architecture where that of the strongest gates is refused by constraints."""

import heapq
import itertools

import numpy as np

FIRST, DRAWN = 100, 40  # candidates in order of what they lose; those drawn at each strength of noise
STRENGTHS = (0.1, 0.3, 1.0, 3.0, 10.0)
MOST = 64  # sets of edges of one node that are considered


def repaired(space, opened, gates, admits):
    """An architecture that is admitted and loses little weight of gates; None where none was found.

    First the candidates that lose least are tried in order. Where many answers would have to change at once, they are
    drawn about the gates with growing noise, and what they changed needlessly is taken back, what loses most first.

    Args:
        space: The `Space`.
        opened: What `open_space` made of it.
        gates: Arrays by decision, as of `derive`.
        admits: A function that says whether an architecture is admitted.
    """
    ranked = _ranked(opened, gates)
    known = {}

    def admitted(choice):
        architecture = space.complete({path: answers[i][1] for (path, answers), i in zip(ranked.items(), choice)})
        if architecture.key not in known:
            known[architecture.key] = admits(architecture)
        return architecture if known[architecture.key] else None

    losses = [np.array([loss for loss, _ in answers]) for answers in ranked.values()]
    for choice in itertools.islice(_in_order(losses), FIRST):
        if (found := admitted(choice)) is not None:
            return found
    return _drawn(losses, admitted)


def _ranked(opened, gates):
    """By decision the answers with what they lose, the best first."""
    found = {}
    for path, domain in opened.domains.items():
        if path not in opened.ranked:
            weighed = zip(gates[path], domain.values())
        else:
            sources = opened.ranked[path]
            strengths = [gates[path][i] * gates[sources[state]].max() for i, state in enumerate(domain.labels)]
            sets = itertools.islice(itertools.combinations(range(len(strengths)), domain.most), MOST)
            weighed = [(sum(strengths[i] for i in kept), tuple(domain.labels[i] for i in kept)) for kept in sets]
        answers = sorted(((float(weight), answer) for weight, answer in weighed), key=lambda pair: -pair[0])
        found[path] = [(answers[0][0] - weight, answer) for weight, answer in answers]
    return found


def _in_order(losses):
    """Choices, a number for each decision, from what loses least on."""
    heap = [(0.0, (0,) * len(losses))]
    while heap:
        loss, choice = heapq.heappop(heap)
        yield choice
        # The last decision that is changed, and those after it, may change further: so each choice comes up once.
        last = max((at for at, number in enumerate(choice) if number), default=0)
        for at in range(last, len(losses)):
            number = choice[at] + 1
            if number < len(losses[at]):
                more = losses[at][number] - losses[at][number - 1]
                heapq.heappush(heap, (loss + more, (*choice[:at], number, *choice[at + 1 :])))


def _drawn(losses, admitted):
    """The best of some choices that are drawn about the gates; None where none is admitted."""
    rng = np.random.default_rng(0)
    scale = np.mean([each.max() for each in losses]) or 1.0
    for strength in STRENGTHS:
        drawn = [
            tuple(int(np.argmin(each - strength * scale * rng.gumbel(size=len(each)))) for each in losses)
            for _ in range(DRAWN)
        ]
        drawn = [choice for choice in drawn if admitted(choice) is not None]
        if drawn:
            best = min(drawn, key=lambda choice: _loss(losses, choice))
            return admitted(_taken_back(losses, best, admitted))
    return None


def _taken_back(losses, choice, admitted):
    for at in sorted(range(len(losses)), key=lambda at: -losses[at][choice[at]]):
        for number in range(choice[at]):
            other = (*choice[:at], number, *choice[at + 1 :])
            if admitted(other) is not None:
                choice = other
                break
    return choice


def _loss(losses, choice):
    return sum(each[number] for each, number in zip(losses, choice))
