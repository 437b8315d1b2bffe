"""From gates to an architecture."""

import numpy as np

from kerasnas.supernets.repair import repaired


def derive(space, opened, gates, most_skips=None):
    """The architecture that gates stand for.

    A decision takes its strongest answer, zero left out: behind it all is normalized, so its gate tells nothing but a
    scale. A node of a cell keeps the incoming edges whose strongest operation weighs most.

    Args:
        space: The `Space`; an architecture that its constraints refuse gives way to one that is admitted, at about the
            least loss of gates' weight (see `supernets.repair`).
        opened: What `open_space` made of it.
        gates: Arrays by decision.
        most_skips: Skip connections that each cell may have; the weakest beyond become what is second best.

    Returns:
        An `Architecture`, or None where none was found that the constraints admit.

    Reference:
        Liu et al., 2019, "DARTS: Differentiable Architecture Search".
    """
    gates = {path: np.array(values, "float64") for path, values in gates.items()}
    for path in sorted(opened.zeros):
        _mute(gates, opened, path, opened.zeros[path])
    answers = _answers(opened, gates)
    architecture = space.complete(answers)
    while most_skips is not None:
        spare = _weakest_skip(opened, gates, architecture, most_skips)
        if spare is None:
            break
        _mute(gates, opened, spare, opened.skips[spare])
        architecture = space.complete(_answers(opened, gates))
    if space.admitted(architecture) is not None:
        return architecture

    def admits(other):
        few = most_skips is None or max(skips(opened, other).values(), default=0) <= most_skips
        return few and space.admitted(other) is not None

    return repaired(space, opened, gates, admits)


def skips(opened, architecture):
    """Number of skip connections by cell, or by the decision where there are no cells."""
    found = {}
    for path, labels in opened.skips.items():
        cell = _cell_of(path)
        found[cell] = found.get(cell, 0) + (architecture.get(path) in labels)
    return found


def operation_counts(opened, architecture):
    """How often each answer was taken among the decisions between networks."""
    counts = {}
    for path, value in architecture.items():
        if path in opened.domains and isinstance(value, str):
            counts[value] = counts.get(value, 0) + 1
    return counts


def _answers(opened, gates):
    found = {}
    for path, domain in opened.domains.items():
        if path not in opened.ranked:
            found[path] = list(domain.values())[int(np.argmax(gates[path]))]
    for path, sources in opened.ranked.items():
        domain = opened.domains[path]
        strengths = np.array([gates[path][i] * gates[sources[state]].max() for i, state in enumerate(domain.labels)])
        kept = sorted(np.argsort(-strengths, kind="stable")[: domain.most])
        found[path] = tuple(domain.labels[i] for i in kept)
    return found


def _mute(gates, opened, path, labels):
    values = list(opened.domains[path].values())
    for label in labels:
        if len(values) > len(labels):
            gates[path][values.index(label)] = -1.0


def _weakest_skip(opened, gates, architecture, most):
    over = [cell for cell, count in skips(opened, architecture).items() if count > most]
    chosen = [
        path for path, labels in opened.skips.items()
        if over and _cell_of(path) == over[0] and architecture.get(path) in labels and gates[path].max() > 0
    ]  # fmt: skip
    return min(chosen, key=lambda path: gates[path].max(), default=None)


def _cell_of(path):
    return path.split("/node_")[0]
