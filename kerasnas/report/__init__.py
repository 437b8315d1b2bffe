"""What a run shows of itself: a leaderboard, drawings, and what is seen while it goes on."""

from kerasnas.report.board import leaderboard, show
from kerasnas.report.comparison import compare
from kerasnas.report.coordinates import draw_parallel
from kerasnas.report.curves import draw_curves
from kerasnas.report.drawing import draw_cell
from kerasnas.report.film import draw_film
from kerasnas.report.forest import importance
from kerasnas.report.gates import draw_gates
from kerasnas.report.page import write_page
from kerasnas.report.panels import draw_best, draw_diversity, draw_front, draw_importance
from kerasnas.report.variety import diversity

__all__ = [
    "compare", "diversity", "draw_best", "draw_cell", "draw_curves", "draw_diversity", "draw_film", "draw_front",
    "draw_gates", "draw_importance", "draw_parallel", "importance", "leaderboard", "show", "write_page",
]  # fmt: skip
