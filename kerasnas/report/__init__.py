"""What a run shows of itself: a leaderboard, drawings, and what is seen while it goes on."""

from kerasnas.report.board import leaderboard, show
from kerasnas.report.curves import draw_curves
from kerasnas.report.drawing import draw_cell
from kerasnas.report.gates import draw_gates

__all__ = ["draw_cell", "draw_curves", "draw_gates", "leaderboard", "show"]
