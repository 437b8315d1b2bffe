"""A page about runs: one HTML file that holds its pictures, and the pictures beside it."""

import base64
import html
import math
import os
from pathlib import Path

from kerasnas.errors import ArgumentError
from kerasnas.report.board import leaderboard
from kerasnas.report.comparison import compare
from kerasnas.report.coordinates import draw_parallel
from kerasnas.report.curves import draw_curves
from kerasnas.report.forest import importance
from kerasnas.report.panels import draw_best, draw_diversity, draw_front, draw_importance
from kerasnas.report.runs import gather
from kerasnas.report.words import duration

STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; color: #1f2933; max-width: 62rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.5rem; } h2 { font-size: 1.15rem; margin-top: 2.2rem; border-bottom: 1px solid #d9e0e7; }
img { max-width: 100%; } .wide { overflow-x: auto; } p.note { color: #52606d; font-size: 13px; }
table { border-collapse: collapse; font-size: 13px; font-variant-numeric: tabular-nums; } th { text-align: left; }
th, td { padding: .25rem .7rem .25rem 0; border-bottom: 1px solid #e8ecf0; vertical-align: top; }
"""
SHOWN = ("rank", "trial", "seconds", "epochs", "params", "front", "network", "training")
TOP = 10


def write_page(runs, out):
    """Write a page about runs: curves, a comparison of strategies, and of the best run of each what it found.

    Args:
        runs: Folders of runs; see `kerasnas.report.compare`.
        out: The folder for `index.html` and the pictures, as PNG and SVG; made if absent.

    Returns:
        The path of the page.

    Raises:
        JournalError: If a run cannot be read.
        ArgumentError: If `out` cannot be written.
    """
    found, out = gather(runs), Path(out)
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ArgumentError(f"Expected a folder that can be written. Received: {out} ({error.strerror}).") from error
    parts = [_overview(found, out)]
    for name, records in found.items():
        told = [each for each in records if each.ranked] or records
        best = max(told, key=_height)
        parts.append(_about(name, best, out, len(found) > 1, f", the best of {len(records)}" * (len(records) > 1)))
    page = out / "index.html"
    text = f"<!doctype html><html lang='en'><meta charset='utf-8'><title>kerasnas</title><style>{STYLE}</style>"
    beside = out / ".index.html"
    beside.write_text(text + "".join(parts), encoding="utf-8")
    os.replace(beside, page)
    return page


def _overview(found, out):
    records = [each for group in found.values() for each in group]
    objective, trials = records[0].objective, sum(len(each.trials) for each in records)
    what = f"{len(records)} runs" if len(records) > 1 else f"the run {records[0].folder.name}"
    parts = [f"<h1>{html.escape(what)}: {trials} trials, {html.escape(objective.name)}</h1>"]
    parts.append(_picture(out, "best", "The best so far", lambda path: draw_best(found, path)))
    parts.append(_picture(out, "best_by_time", None, lambda path: draw_best(found, path, against="seconds")))
    if len(found) > 1:
        table = compare(found)
        first = next(iter(found))
        parts.append(f"<h2>Strategies</h2>{_table(table)}<p class='note'>mean and standard error over runs; difference "
                     f"to {html.escape(first)} with the p-value of Welch's t-test, not corrected for several "
                     "comparisons</p>")  # fmt: skip
    title = "How varied the proposals were"
    parts.append(_picture(out, "diversity", title, lambda path: draw_diversity(found, path)))
    return "".join(parts)


def _height(known):
    """How good the best of a run is."""
    first = known.ranked[0] if known.ranked else None
    return -math.inf if first is None or first.measurement is None else known.objective.rank(first)[0]


def _about(name, known, out, several, which):
    """What one run found: its leaderboard, its front, what mattered."""
    mark = f"{known.folder.name}_" if several else ""
    took = duration(known.ended_at[-1]) if known.ended_at else "no time yet"
    failed = sum(trial.measurement is None for trial in known.trials)
    head = f"{name}: {known.folder.name}{which}; {len(known.trials)} trials, {failed} failed, {took}"
    board = leaderboard(known.folder).head(TOP)
    metrics = [objective.name for objective in known.objectives]
    columns = [column for column in board.columns if column in (*SHOWN, *metrics) and board[column].notna().any()]
    matter = _matter(known)
    drawings = [
        ("front", lambda path: draw_front(known, path)),
        ("importance", lambda path: draw_importance(known if matter is None else matter, path)),
        ("parallel", lambda path: draw_parallel(known, path, None if matter is None else list(matter["decision"][:8]))),
    ]
    if any(trial.measurement is not None and trial.measurement.curve for trial in known.trials):
        drawings.append(("curves", lambda path: draw_curves(known.folder, path)))
    pictures = [_picture(out, mark + kind, None, draw) for kind, draw in drawings]
    return f"<h2>{html.escape(head)}</h2><div class='wide'>{_table(board[columns])}</div>{''.join(pictures)}"


def _matter(known):
    """The importances of a run's decisions, or None where there are too few trials to tell."""
    try:
        return importance(known)
    except ArgumentError:
        return None


def _picture(out, name, title, draw):
    """A picture in the page, with its files beside; nothing where there is too little to draw."""
    try:
        figure = draw(out / f"{name}.png")
    except ArgumentError:
        return ""
    figure.savefig(out / f"{name}.svg")
    data = base64.b64encode((out / f"{name}.png").read_bytes()).decode()
    heading = f"<h2>{html.escape(title)}</h2>" if title else ""
    image = f"<img alt='{html.escape(name)}' src='data:image/png;base64,{data}'>"
    return f"{heading}<p>{image}<br><a href='{html.escape(name)}.svg'>SVG</a></p>"


def _table(frame):
    return frame.to_html(index=False, border=0, na_rep="", float_format=_number, escape=True)


def _number(value):
    return f"{value:.4g}" if abs(value) >= 1000 else f"{value:.4f}"
