"""Parallel coordinates: every trial a line through its answers, the good ones in front."""

from kerasnas.errors import ArgumentError
from kerasnas.report.drawing import save
from kerasnas.report.forest import importance
from kerasnas.report.record import Record, record

UNASKED = "not asked"
LABELS = 9  # on one axis


def draw_parallel(run, path=None, decisions=None, most=8):
    """Draw a run's trials as lines through their answers to the decisions that matter, coloured by the objective.

    Args:
        run: A run's folder, or its `Record`.
        path: File to write; its ending says the format (.png, .svg, .pdf). None to write nothing.
        decisions: Paths of decisions, in order; the most important that vary if None.
        most: Decisions at most, where they are not given.

    Returns:
        A `matplotlib.figure.Figure`.

    Raises:
        ArgumentError: If no trial completed, or a decision was never asked.
        JournalError: If the run cannot be read.
    """
    known = run if isinstance(run, Record) else record(run)
    trials = [trial for trial in known.trials if trial.measurement is not None]
    decisions = list(decisions) if decisions is not None else _chosen(known, trials, most)
    answers = {path: [trial.proposal.architecture.get(path, UNASKED) for trial in trials] for path in decisions}
    missing = [path for path, given in answers.items() if set(map(repr, given)) <= {repr(UNASKED)}]
    if missing or not trials or not decisions:
        raise ArgumentError(f"Expected decisions that some completed trial answers. Received: {missing or 'none'}.")
    figure = _drawn(known.objective, trials, answers)
    save(figure, path)
    return figure


def _chosen(known, trials, most):
    """The most important decisions; the first that vary where there are too few trials to tell."""
    from kerasnas.report.words import differing

    try:
        return list(importance(known)["decision"][:most])
    except ArgumentError:
        return differing([trial.proposal.architecture for trial in trials])[:most] if trials else []


def _drawn(objective, trials, answers):
    import numpy as np
    from matplotlib.cm import ScalarMappable
    from matplotlib.colors import Normalize
    from matplotlib.figure import Figure

    scores = np.array([objective.score(trial.measurement.metrics) for trial in trials])
    values = np.array([objective.value(trial.measurement.metrics) for trial in trials])
    # By place, for colour: a few that failed to learn must not make all others look alike.
    places = scores.argsort().argsort() / max(len(scores) - 1, 1)
    figure = Figure(figsize=(1.6 * (len(answers) + 1) + 1.5, 4.4), layout="constrained", facecolor="white")
    axes = figure.subplots()
    heights = [_heights(given) for given in answers.values()]
    rng = np.random.default_rng(0)
    jitter = rng.uniform(
        -0.012, 0.012, (len(trials), len(heights))
    )  # so that lines through one option can be told apart
    low, high = np.percentile(values, [5, 100]) if objective.direction == "max" else np.percentile(values, [0, 95])
    span = max(high - low, 1e-12)
    ends = np.clip((values - low) / span, -0.03, 1.03)
    lines = np.column_stack([np.column_stack([column for column, _ in heights]) + jitter, ends])
    colors = ScalarMappable(Normalize(0, 1), "viridis_r")
    for i in scores.argsort():
        axes.plot(lines[i], color=colors.to_rgba(places[i]), linewidth=0.6 + 1.4 * places[i] ** 4,
                  alpha=0.25 + 0.65 * places[i] ** 2)  # fmt: skip
    for x, (_, labels) in enumerate(heights):
        _axis(axes, x, labels)
    _axis(axes, len(heights), {f"{low + span * part:.4g}": part for part in (0, 0.25, 0.5, 0.75, 1)})
    axes.set_xticks(range(len(heights) + 1), [*map(_name, answers), objective.name], fontsize=8)
    axes.tick_params(length=0)
    axes.set_yticks([])
    axes.set_ylim(-0.08, 1.08)
    axes.spines[:].set_visible(False)
    return figure


def _heights(given):
    """Where each answer stands on its axis, from 0 to 1, and labels with their places."""
    import numpy as np

    numbers = [g for g in given if isinstance(g, (int, float)) and not isinstance(g, bool)]
    whole = numbers and all(g == UNASKED or g in numbers for g in given)
    options = sorted(set(numbers)) if whole else sorted({str(g) for g in given if g != UNASKED})
    if whole and len(options) > LABELS:
        low, high = options[0], options[-1]
        log = low > 0 and high / low > 30
        turn = np.log if log else float

        def place(g):
            return (turn(g) - turn(low)) / (turn(high) - turn(low))

        middle = [low + (high - low) * part for part in (0.25, 0.5, 0.75)]
        marks = np.geomspace(low, high, 5) if log else [low, *middle, high]
        labels = {f"{mark:.3g}": place(mark) for mark in marks}
    else:
        spot = {option: i / max(len(options) - 1, 1) for i, option in enumerate(options)}

        def place(g):
            return spot[g if whole else str(g)]

        labels = {_short(option): at for option, at in spot.items()}
    if UNASKED in given:  # below all answers
        labels = {UNASKED: 0.0, **{label: 0.12 + 0.88 * at for label, at in labels.items()}}
        return np.array([0.0 if g == UNASKED else 0.12 + 0.88 * place(g) for g in given]), labels
    return np.array([place(g) for g in given]), labels


def _short(option):
    text = f"{option:.3g}" if isinstance(option, float) else str(option)
    return text if len(text) <= 16 else f"{text[:15]}…"


def _axis(axes, x, labels):
    axes.axvline(x, color="#555555", linewidth=0.8, zorder=5)
    white = {"facecolor": "white", "edgecolor": "none", "alpha": 0.8, "pad": 0.8}
    for label, at in labels.items():
        axes.text(x + 0.03, at, label, fontsize=7, va="center", ha="left", bbox=white, zorder=6)


def _name(path):
    parts = path.removeprefix("training/").split("/")
    return "\n".join(part if len(part) <= 18 else f"{part[:17]}…" for part in parts[-2:])
