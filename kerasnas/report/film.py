"""How the derived cell changed while a differentiable search went on: a strip of pictures."""

from kerasnas.errors import ArgumentError
from kerasnas.report.drawing import cells_of, draw_genotype, save
from kerasnas.space import Architecture
from kerasnas.supernets.history import read_history


def draw_film(folder, space, most=8, path=None):
    """Draw the cells that a search derived, one column for as many epochs as they stayed the same.

    Args:
        folder: The run's folder.
        space: The `Space` whose cells were searched.
        most: Columns at most; the first and the last derivation are always among them.
        path: File to write; its ending says the format (.png, .svg, .pdf). None to write nothing.

    Returns:
        A `matplotlib.figure.Figure`.

    Raises:
        JournalError: If the run did not search by gradients.
        ArgumentError: If its architectures have no cells, `most` is below 2, or a format that cannot be written is
            asked for.
    """
    if not isinstance(most, int) or most < 2:
        raise ArgumentError(f"Expected `most` to be a whole number from 2 on. Received: {most!r}.")
    shots = thinned(scenes(read_history(folder)), most)
    from matplotlib.figure import Figure

    columns = [cells_of(space, space.complete(architecture)) for _, _, architecture, _ in shots]
    rows = max(map(len, columns))
    longest = max(cell.inputs + len(cell.nodes) for cells in columns for _, cell in cells)
    figure = Figure(figsize=(1.8 * longest * len(shots), 3.2 * rows), layout="constrained")
    grid = figure.subplots(rows, len(shots), squeeze=False)
    for column, (first, last, _, entry) in enumerate(shots):
        for row in range(rows):
            axes = grid[row, column]
            if row >= len(columns[column]):
                axes.set_axis_off()
                continue
            name, cell = columns[column][row]
            draw_genotype(axes, cell)
            axes.set_title(f"{_title(first, last, entry)}\n{name}" if row == 0 else name, loc="left", fontsize=9)
    save(figure, path)
    return figure


def scenes(history):
    """Runs of epochs with one derivation: tuples of the first and last epoch, from 1, the architecture, the last entry.

    Args:
        history: A `History`.
    """
    found = []
    for epoch, entry in enumerate(history.epochs, 1):
        architecture = Architecture(entry["architecture"])
        if found and found[-1][2] == architecture:
            found[-1] = (found[-1][0], epoch, architecture, entry)
        else:
            found.append((epoch, epoch, architecture, entry))
    return found


def thinned(items, most):
    """At most so many of some items, evenly spaced, the first and the last among them."""
    if len(items) <= most:
        return items
    return [items[round(place * (len(items) - 1) / (most - 1))] for place in range(most)]


def _title(first, last, entry):
    when = f"epoch {first}" if first == last else f"epochs {first} to {last}"
    return f"{when}, {entry['accuracy']:.3f}" if "accuracy" in entry else when
