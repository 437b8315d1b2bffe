"""What is seen while a search runs: lines, or a display that is renewed in place."""

import contextlib
import sys

from kerasnas.report.progress import Progress
from kerasnas.report.words import duration


def display(verbose, context, budget, journal):
    """The observers that show a search as `verbose` asks; each has a `close()`.

    Args:
        verbose: 0 for nothing, 1 for a live display in a terminal and lines elsewhere, 2 for lines with every epoch.
        context: The search's context.
        budget: The search's budget.
        journal: The run's open journal.
    """
    if verbose in (0, False):
        return []
    if verbose == 2 or not in_terminal():
        return [Lines(context, budget, journal, epochs=verbose == 2)]
    return [Screen(context, budget, journal)]


def in_terminal():
    """Whether standard output is a terminal in which lines can be written over."""
    from rich.console import Console

    with contextlib.suppress(AttributeError, ValueError):  # replaced by something else, or closed
        return sys.stdout.isatty() and not Console().is_dumb_terminal
    return False


class Lines(Progress):
    """A line when a trial starts and one when it ends; with `epochs`, one for each epoch, too."""

    def __init__(self, context, budget, journal, epochs=False):
        super().__init__(context, budget, journal)
        self.each_epoch = epochs

    @staticmethod
    def say(text):
        with contextlib.suppress(OSError, ValueError):  # nobody listens any more: the search goes on
            print(text, flush=True)

    def replayed(self, trials):
        super().replayed(trials)
        self.say(self.going_on())

    def began(self, proposal):
        super().began(proposal)
        self.say(f"trial {proposal.number}: {self.what(proposal)}")

    def reported(self, proposal, step, metrics):
        super().reported(proposal, step, metrics)
        if self.each_epoch:
            total = self.running[proposal.number].total
            told = ", ".join(f"{name} {value:.4f}" for name, value in metrics.items())
            self.say(f"trial {proposal.number}: epoch {step}{f'/{total}' if total else ''}: {told}")

    def ended(self, trial, run):
        super().ended(trial, run)
        self.say(f"trial {trial.number}: {self.outcome(trial)}")
        if self.estimate():
            self.say(self.estimate())

    def finished(self, run):
        self.say(self.end(run))


class Screen(Progress):
    """A few lines in a terminal that are renewed in place.

    Args:
        context, budget, journal: See `Progress`.
        console: A `rich.console.Console`; standard output if None.
    """

    def __init__(self, context, budget, journal, console=None):
        from rich.console import Console

        super().__init__(context, budget, journal)
        self.console = console or Console()
        self.live = None

    # ------------------------------------------------------------------ events
    def replayed(self, trials):
        super().replayed(trials)
        self._say(self.going_on())

    def began(self, proposal):
        super().began(proposal)
        if self.live is None:
            from rich.live import Live

            self.live = Live(get_renderable=self.picture, console=self.console, refresh_per_second=4, transient=True)
            with contextlib.suppress(OSError, ValueError):
                self.live.start()

    def ended(self, trial, run):
        super().ended(trial, run)
        self._say(f"trial {trial.number}: {self.outcome(trial)}")
        if self.estimate():
            self._say(self.estimate())

    def finished(self, run):
        self.close()
        self._say(self.end(run))

    def close(self):
        if self.live is not None:
            live, self.live = self.live, None
            with contextlib.suppress(OSError, ValueError):
                live.stop()

    def _say(self, text):
        with contextlib.suppress(OSError, ValueError):  # nobody looks any more: the search goes on
            self.console.print(text, markup=False, highlight=False)

    # ----------------------------------------------------------------- picture
    def picture(self):
        """The lines of this moment, as a rich table."""
        from rich.table import Table

        table = Table.grid(padding=(0, 2))
        table.add_column(style="bold")
        table.add_column(overflow="ellipsis", no_wrap=True)
        for name, text in self._lines():
            table.add_row(name, text)
        return table

    def _lines(self):
        from rich.text import Text

        for number, at in sorted(self.running.copy().items()):  # a copy: the display is drawn in a thread of its own
            yield f"trial {number}", Text(self.what(at.proposal))
            yield "", self._now(at)
        if not self.running:
            yield "trial", Text("choosing the next")
        yield "best", Text(self.so_far(), style="green")
        yield "trials", Text(self._done())
        yield "time", Text(self._time())

    def _now(self, at):
        from rich.progress_bar import ProgressBar
        from rich.table import Table
        from rich.text import Text

        total = at.total
        row = Table.grid(padding=(0, 2))
        told = [Text(f"epoch {at.step}{f'/{total}' if total else ''}"), Text(self.value(at.metrics))]
        row.add_row(*([ProgressBar(total, at.step, width=24)] if total else []), *told)
        return row

    def _done(self):
        most = f" of {self.budget.max_trials}" if self.budget.max_trials is not None else ""
        return f"{len(self.trials)}{most} done" + (f", {len(self.failed)} failed" if self.failed else "")

    def _time(self):
        left = self.time_left()
        limit = f" of {duration(self.budget.time_limit)}" if self.budget.time_limit is not None else ""
        told = f"{duration(self.journal.elapsed())}{limit} used"
        return told if left is None else f"{told}, about {duration(left)} left"
