"""Pictures of runs: how their best rose, their front, which decisions matter, and how varied proposals were."""

from kerasnas.errors import ArgumentError
from kerasnas.report.drawing import save
from kerasnas.report.forest import importance
from kerasnas.report.record import Record, record
from kerasnas.report.runs import band, gather, rise
from kerasnas.report.variety import WINDOW, diversity
from kerasnas.report.words import count

PALETTE = ("#1b6ca8", "#d1495b", "#3c8d5a", "#e0913a", "#7b5ea7", "#4bb3c4", "#8c6d4f", "#c774b2")
GREY = "#9aa5b1"


def draw_best(runs, path=None, against="trials"):
    """Draw how the best of several runs rose: the mean of a strategy's runs, and its standard error as a band.

    Args:
        runs: Runs by name; see `kerasnas.report.compare`.
        path: File to write; its ending says the format (.png, .svg, .pdf). None to write nothing.
        against: "trials" or "seconds".

    Returns:
        A `matplotlib.figure.Figure`.

    Raises:
        JournalError: If a run cannot be read.
        ArgumentError: If `path` cannot be written, or `against` is neither.
    """
    if against not in ("trials", "seconds"):
        raise ArgumentError(f"Expected `against` to be 'trials' or 'seconds'. Received: {against!r}.")
    found = gather(runs)
    objective = next(iter(found.values()))[0].objective
    figure, axes = _figure()
    shown = []
    for color, (name, records) in zip(_colors(len(found)), found.items()):
        places, means, errors = band([rise(each) for each in records], against)
        if not len(places):
            continue
        several = f" ({len(records)} runs)" if len(records) > 1 else ""
        axes.step(places, means, where="post", color=color, linewidth=2, label=f"{name}{several}")
        if errors is not None:
            axes.fill_between(places, means - errors, means + errors, step="post", color=color, alpha=0.18, linewidth=0)
        shown.append(means)
    _frame_best(axes, shown, objective)
    axes.set(xlabel={"trials": "trials", "seconds": "seconds"}[against], ylabel=f"best {objective.name} so far")
    if shown:
        axes.legend(frameon=False, loc="lower right" if objective.direction == "max" else "upper right")
    save(figure, path)
    return figure


def _frame_best(axes, shown, objective):
    """Leave what was bad at the start outside: what is compared is the end."""
    import numpy as np

    if not shown:
        return
    ends = [means[len(means) // 10] for means in shown]
    lasts = [means[-1] for means in shown]
    low, high = min(*ends, *lasts), max(*ends, *lasts)
    margin = max(0.08 * (high - low), 1e-3 * abs(high), 1e-9)
    if np.isfinite([low, high]).all():
        axes.set_ylim(low - margin, high + margin)


def draw_front(run, path=None, objectives=None):
    """Draw a run's trials by two objectives, and the front of those that no other dominates.

    Args:
        run: A run's folder, or its `Record`.
        path: File to write; see `draw_best`.
        objectives: Two `Objective`s or names; the run's first two if None, or its one and "params".

    Returns:
        A `matplotlib.figure.Figure`.

    Raises:
        ArgumentError: If there are not two objectives that any trial has.
        JournalError: If the run cannot be read.
    """
    from kerasnas.contract import Objective
    from kerasnas.fronts import pareto_front

    known = _record(run)
    chosen = Objective.several(list(objectives or known.objectives))
    upward, across = (*chosen, Objective("params"))[:2] if len(chosen) == 1 else chosen[:2]
    trials = [t for t in known.trials if t.measurement and {upward.name, across.name} <= set(t.measurement.metrics)]
    if not trials:
        raise ArgumentError(f"Expected trials with '{upward.name}' and '{across.name}'. Received: none.")
    figure, axes = _figure()

    def at(some, objective):
        return [objective.value(t.measurement.metrics) for t in some]

    front = sorted(pareto_front(trials, [upward, across]), key=lambda t: across.value(t.measurement.metrics))
    axes.plot(at(trials, across), at(trials, upward), "o", color=GREY, markersize=4, alpha=0.7, label="trials")
    # Between two of the front, only what the worse of them by either objective gives can be had.
    where = "post" if (across.direction == "min") == (upward.direction == "max") else "pre"
    where = where if across.direction == "min" else {"post": "pre", "pre": "post"}[where]
    axes.step(at(front, across), at(front, upward), where=where, color=PALETTE[1], linewidth=1.2)
    axes.plot(at(front, across), at(front, upward), "o", color=PALETTE[1], markersize=6, label=f"front ({len(front)})")
    values = at(trials, across)
    if min(values) > 0 and max(values) / min(values) > 20:
        axes.set_xscale("log")
    if min(values) >= 1000:
        axes.xaxis.set_major_formatter(lambda value, _: count(round(value)))
        axes.xaxis.set_minor_formatter(lambda value, _: "")
    _numbered(axes, front, list(zip(at(front, across), at(front, upward))))
    better = {"max": "more is better", "min": "less is better"}
    axes.set(xlabel=f"{across.name} ({better[across.direction]})", ylabel=f"{upward.name} ({better[upward.direction]})")
    axes.legend(frameon=False)
    save(figure, path)
    return figure


def _numbered(axes, trials, spots):
    """Write trials' numbers beside their points, where there is room."""
    taken = []
    for trial, spot in zip(trials, spots):
        x, y = axes.transAxes.inverted().transform(axes.transData.transform(spot))
        if all(abs(x - other_x) > 0.05 or abs(y - other_y) > 0.05 for other_x, other_y in taken):
            taken.append((x, y))
            axes.annotate(str(trial.number), spot, (4, -10), textcoords="offset points", fontsize=7, color="#444444")


def draw_importance(run, path=None, top=15):
    """Draw which decisions of a run matter most; see `kerasnas.report.importance`.

    Args:
        run: A run's folder, its `Record`, or what `importance` gave.
        path: File to write; see `draw_best`.
        top: Decisions at most.

    Returns:
        A `matplotlib.figure.Figure`.

    Raises:
        ArgumentError: If there are too few trials to tell.
        JournalError: If the run cannot be read.
    """
    found = run if hasattr(run, "attrs") else importance(run)
    shown = found.head(top).iloc[::-1]
    figure, axes = _figure(height=1.2 + 0.3 * len(shown))
    axes.barh(shown["decision"].map(_ending), shown["importance"], xerr=shown["spread"], color=PALETTE[0], height=0.65,
              error_kw={"ecolor": "#444444", "elinewidth": 1})  # fmt: skip
    axes.grid(axis="y", visible=False)
    r2 = found.attrs["r2"]
    doubt = "" if r2 > 0.2 else ": too little to rely on"
    axes.set_title(f"the forest explains {max(r2, 0):.0%} of what differs between unseen trials{doubt}", fontsize=9)
    axes.set_xlim(left=0)
    axes.set_xlabel(f"importance for {found.attrs['objective']}")
    save(figure, path)
    return figure


def _ending(path, longest=38):
    path = path.removeprefix("training/")
    return path if len(path) <= longest else f"…{path[-longest + 1 :]}"


def draw_diversity(runs, path=None, window=WINDOW):
    """Draw how varied proposals were as runs went on; see `kerasnas.report.diversity`.

    Args:
        runs: Runs by name; see `kerasnas.report.compare`.
        path: File to write; see `draw_best`.
        window: Trials that are looked at together.

    Returns:
        A `matplotlib.figure.Figure`.

    Raises:
        ArgumentError: If `window` is less than 2.
        JournalError: If a run cannot be read.
    """
    figure, panels = _figure(panels=2, width=10)
    found = gather(runs)
    for color, (name, records) in zip(_colors(len(found)), found.items()):
        for place, each in enumerate(records):
            varied = diversity(each, window)
            style = {"color": color, "linewidth": 1.6, "alpha": 1.0 if len(records) == 1 else 0.6}
            for axes, column in zip(panels, ("entropy", "distance")):
                axes.plot(varied["trial"], varied[column], label=name if place == 0 else None, **style)
    titles = {"entropy": "entropy of answers", "distance": "part of decisions in which two differ"}
    for axes, column in zip(panels, titles):
        axes.set(xlabel="trial", title=titles[column], ylim=(0, 1.02))
        axes.title.set_fontsize(9)
    panels[0].legend(frameon=False, loc="lower left")
    save(figure, path)
    return figure


# ------------------------------------------------------------------------ parts
def _record(run):
    return run if isinstance(run, Record) else record(run)


def _colors(number):
    return [PALETTE[i % len(PALETTE)] for i in range(number)]


def _figure(width=7.0, height=4.2, panels=1):
    """A figure of its own: nothing is kept in matplotlib's global state."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), layout="constrained", facecolor="white")
    found = figure.subplots(1, panels, squeeze=False)[0]
    for axes in found:
        axes.grid(color="#e3e7ec", linewidth=0.8)
        axes.set_axisbelow(True)
        axes.spines[["top", "right"]].set_visible(False)
    return figure, found[0] if panels == 1 else found
