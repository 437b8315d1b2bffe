"""A cell as a picture: its states from left to right, its edges with their operations."""

from kerasnas.errors import ArgumentError
from kerasnas.space.cell import Genotype
from kerasnas.space.encoding import genotypes

COLORS = {"input": "#d7e8d0", "node": "#d5e3f3", "output": "#f6e3b8"}
WIDTH = 3.0  # from one state to the next


def draw_cell(cell, architecture=None, path=None):
    """Draw a cell, or all distinct cells of an architecture.

    Args:
        cell: A `Genotype`, or a `Space` whose architectures have cells.
        architecture: The architecture of that space to draw; its default if None.
        path: File to write; its ending says the format (.png, .svg, .pdf). None to write nothing.

    Returns:
        A `matplotlib.figure.Figure`.

    Raises:
        ArgumentError: If there is no cell to draw, or a format that cannot be written is asked for.
    """
    cells = cells_of(cell, architecture)
    from matplotlib.figure import Figure

    longest = max(genotype.inputs + len(genotype.nodes) for _, genotype in cells)
    figure = Figure(figsize=(2.1 * longest, 3.6 * len(cells)), layout="constrained")
    for axes, (name, genotype) in zip(figure.subplots(len(cells), squeeze=False).flat, cells):
        draw_genotype(axes, genotype)
        axes.set_title(name, loc="left")
    save(figure, path)
    return figure


def save(figure, path):
    """Write a figure, if there is a path.

    Raises:
        ArgumentError: If the ending of the path is no format, or the file cannot be written.
    """
    if path is None:
        return
    try:
        figure.savefig(path, dpi=150)
    except ValueError as error:
        raise ArgumentError(f"Expected a picture's path (.png, .svg or .pdf). Received: {path}.") from error
    except OSError as error:
        raise ArgumentError(f"Expected a path that can be written. Received: {path} ({error.strerror}).") from error


def cells_of(cell, architecture):
    """Cells with their paths: of a `Genotype` itself, or of an architecture of a `Space`, its default if None.

    Raises:
        ArgumentError: If there are none.
    """
    if isinstance(cell, Genotype):
        return [("", cell)]
    if not hasattr(cell, "resolve") or not hasattr(cell, "default"):
        raise ArgumentError(f"Expected a Genotype or a Space to draw. Received: {type(cell).__name__}.")
    network = cell.resolve(cell.default() if architecture is None else architecture).network
    found = list(genotypes(network))
    if not found:
        raise ArgumentError("Expected an architecture with cells to draw. Received: one without.")
    return found


def draw_genotype(axes, genotype):
    """Draw a concrete cell into axes of matplotlib's."""
    places = _places(genotype)
    for node, edges in enumerate(genotype.nodes):
        for slot, (source, operation) in enumerate(edges):
            twice = slot - [state for state, _ in edges].index(source)
            ends = places[source], places[genotype.inputs + node]
            _arrow(axes, *ends, operation, bend=twice, at=0.4 + 0.2 * (slot % 2))
    for state in genotype.outputs():
        _arrow(axes, places[state], places["output"])
    for state, (x, y) in places.items():
        kind = "output" if state == "output" else "input" if state < genotype.inputs else "node"
        text = {"input": f"input {state}", "output": genotype.output}.get(kind) or f"node {state - genotype.inputs}"
        axes.text(x, y, text, ha="center", va="center", zorder=3, bbox=_box(COLORS[kind]))
    heights = [y for _, y in places.values()]
    axes.set_xlim(-0.8, places["output"][0] + 0.8)
    axes.set_ylim(min(heights) - 1.2, max(heights) + 1.2)
    axes.set_axis_off()


def _places(genotype):
    """Where each state stands: inputs above one another, nodes in a zigzag, so that few edges run into others."""
    inputs = genotype.inputs
    places = {state: (0.0, 2.4 * ((inputs - 1) / 2 - state)) for state in range(inputs)}
    for node in range(len(genotype.nodes)):
        places[inputs + node] = (WIDTH * (node + 1), 1.3 if node % 2 == 0 else -1.3)
    return {**places, "output": (WIDTH * (len(genotype.nodes) + 1), 0.0)}


def _arrow(axes, start, end, operation=None, bend=0, at=0.5):
    (x0, y0), (x1, y1) = start, end
    # An edge that passes over other states curves around them, and so does the second of two between the same states.
    straight = abs(x1 - x0) < 1.1 * WIDTH
    curve = 0.0 if straight else 0.12 if y0 + y1 < 0 else -0.12
    curve += 0.22 * bend
    style = {"arrowstyle": "-|>", "color": "#777777", "shrinkA": 22, "shrinkB": 22, "linewidth": 1.1}
    style["linestyle"] = ":" if getattr(operation, "zero", False) else "-"
    axes.annotate("", end, start, arrowprops={**style, "connectionstyle": f"arc3,rad={curve}"}, zorder=1)
    if operation is not None:
        # On the curve, a parabola whose top stands `curve / 2` of its length beside the straight line.
        height = 2 * at * (1 - at) * curve
        x, y = x0 + at * (x1 - x0) + height * (y1 - y0), y0 + at * (y1 - y0) - height * (x1 - x0)
        white = {"facecolor": "white", "edgecolor": "none", "pad": 0.6}
        axes.text(x, y, _label(operation), fontsize=7, ha="center", va="center", bbox=white, zorder=2)


def _box(color):
    return {"boxstyle": "round,pad=0.5", "facecolor": color, "edgecolor": "#555555"}


def _label(operation):
    """The operation's name over its arguments, without those that are the same all over a cell."""
    name, _, given = getattr(operation, "label", str(operation)).rstrip(")").partition("(")
    told = [argument for argument in given.split(",") if not argument.startswith(("strides=", "padding="))]
    return f"{name}\n{', '.join(told)}".strip()
