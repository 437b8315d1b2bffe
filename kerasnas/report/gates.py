"""A differentiable search as a picture: how gates made up their minds, and what they weigh at the end."""

from kerasnas.errors import ArgumentError
from kerasnas.report.drawing import save
from kerasnas.supernets.history import read_history


def draw_gates(folder, epoch=-1, path=None):
    """Draw the entropy of a search's gates over its epochs, the operations derived, and a heat map of all gates.

    Args:
        folder: The run's folder.
        epoch: Of which epoch, counted from 0, the heat map shows the gates; the last if -1.
        path: File to write; its ending says the format (.png, .svg, .pdf). None to write nothing.

    Returns:
        A `matplotlib.figure.Figure`.

    Raises:
        JournalError: If the run did not search by gradients.
        ArgumentError: If there is no such epoch, or a format that cannot be written is asked for.
    """
    told = read_history(folder)
    if not -len(told.epochs) <= epoch < len(told.epochs):
        raise ArgumentError(f"Expected one of {len(told.epochs)} epochs. Received: {epoch}.")
    from matplotlib.figure import Figure

    groups = _groups(told.labels, told.epochs[epoch]["gates"])
    tall = [2.4, *(0.5 + 0.25 * len(gates) for gates in groups.values())]
    figure = Figure(figsize=(8, sum(tall) + 0.6 * len(tall)), layout="constrained")
    grid = figure.add_gridspec(len(tall), 2, height_ratios=tall)
    _curves(figure.add_subplot(grid[0, 0]), figure.add_subplot(grid[0, 1]), told.epochs)
    for row, (labels, gates) in enumerate(groups.items(), 1):
        _map(figure, figure.add_subplot(grid[row, :]), labels, gates)
    save(figure, path)
    return figure


def _groups(labels, gates):
    """Gates by decision, for each distinct set of answers."""
    groups = {}
    for path, values in gates.items():
        groups.setdefault(tuple(map(str, labels[path])), {})[path] = values
    return groups


def _curves(left, right, epochs):
    counted = range(1, len(epochs) + 1)
    left.plot(counted, [entry["entropy"] for entry in epochs], marker=".", color="#3b6ea5")
    left.set(xlabel="epoch", ylabel="nats", title="entropy of the gates", ylim=(0, None))
    names = sorted({name for entry in epochs for name in entry["operations"]})
    for name in names:
        right.plot(counted, [entry["operations"].get(name, 0) for entry in epochs], marker=".", label=name)
    right.set(xlabel="epoch", ylabel="times", title="operations derived")
    if names:
        right.legend(fontsize=7)


def _map(figure, axes, labels, gates):
    shown = axes.imshow(list(gates.values()), vmin=0, vmax=1, aspect="auto", cmap="Blues")
    axes.set_yticks(range(len(gates)), list(gates), fontsize=7)
    axes.set_xticks(range(len(labels)), labels, fontsize=7, rotation=20, ha="right")
    figure.colorbar(shown, ax=axes)
