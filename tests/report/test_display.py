import io
import types

import pytest
from rich.console import Console

from kerasnas.contract import Context, Evaluator, Measurement, Objective, Proposal
from kerasnas.errors import SearchError
from kerasnas.loop import Budget, Journal, Run
from kerasnas.report import display as module
from kerasnas.report.display import Lines, Screen, display
from kerasnas.space import Choice, Int, Sequential, Space
from kerasnas.strategies import get
from tests.report.runs import architecture, completed, failed


class Told(Evaluator):
    """Answers by the width; a width of 4 fails, one of `stop_at` is Ctrl-C."""

    def __init__(self, stop_at=None):
        self.stop_at = stop_at

    def evaluate(self, proposal, report):
        width = proposal.architecture["width"]
        if width == 4:
            raise RuntimeError("no memory for four")
        if width == self.stop_at:
            raise KeyboardInterrupt
        for step in (1, 2):
            report(step, {"loss": 1.0, "val_accuracy": width / 20 * step})
        return Measurement({"val_accuracy": width / 10}, (), 8.0, {"epochs": 2})


SPACE = Space(Sequential({"width": Choice(*range(1, 7))}), training={"epochs": 2})


@pytest.fixture
def parts(tmp_path):
    context = Context(SPACE, None, Objective("val_accuracy"), 0, tmp_path)
    with Journal(tmp_path) as journal:
        yield context, Budget(max_trials=4), journal


def search(parts, shown, budget=None, evaluator=None):
    context, default, journal = parts
    run = Run(context, get("random"), evaluator or Told(), journal, budget or default, observers=[shown])
    try:
        run.search()
    finally:
        shown.close()
    return run


def screen(parts, budget=None, **options):
    out = io.StringIO()
    console = Console(file=out, width=100, **{"force_terminal": True, **options})
    return Screen(parts[0], budget or parts[1], parts[2], console), out


class Teletype(io.StringIO):
    def isatty(self):
        return True


def test_silence_is_silent(parts, capsys):
    assert display(0, *parts) == []
    assert display(False, *parts) == []


@pytest.mark.parametrize("verbose", [1, True, "auto"])
def test_lines_where_there_is_no_terminal(parts, verbose):
    (shown,) = display(verbose, *parts)
    assert type(shown) is Lines and not shown.each_epoch


def test_a_live_display_in_a_terminal(parts, monkeypatch):
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr("sys.stdout", Teletype())
    assert type(display(1, *parts)[0]) is Screen
    assert type(display(2, *parts)[0]) is Lines
    monkeypatch.setenv("TERM", "dumb")
    assert type(display(1, *parts)[0]) is Lines


def test_a_standard_output_that_is_no_file(monkeypatch):
    monkeypatch.setattr("sys.stdout", types.SimpleNamespace())
    assert not module.in_terminal()


def test_a_line_at_the_start_and_one_at_the_end_of_each_trial(parts, capsys):
    run = search(parts, Lines(*parts))
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 2 * 4 + 1
    first = run.trials[0]
    assert lines[0] == f"trial 0: width={first.proposal.architecture['width']}"
    assert lines[1].startswith("trial 0: ")
    assert "epoch" not in "".join(lines[:-1])
    assert lines[-1].startswith("all 4 trials are done: best val_accuracy")
    assert str(parts[0].folder) in lines[-1]


def test_the_next_trial_is_told_by_its_difference_from_the_best(parts, capsys):
    shown = Lines(*parts)
    shown.trials = [completed(0, 0.9, architecture()), completed(1, 0.8, architecture())]
    close = architecture(**{"network/resnet/width": 32, "training/learning_rate": 0.01})
    assert shown.what(Proposal(close)) == "as trial 0, but resnet/width=32, learning_rate=0.01"
    assert shown.what(Proposal(architecture())) == "as trial 0"


def test_another_network_is_told_by_itself(parts):
    shown = Lines(*parts)
    shown.trials = [completed(0, 0.9, architecture())]
    other = {f"cell/edge_{i}": "skip" for i in range(3)}
    assert shown.what(Proposal(other)) == "cell/edge_0=skip, cell/edge_1=skip, cell/edge_2=skip"


def test_epochs_are_told_when_asked_for(parts, capsys):
    search(parts, Lines(*parts, epochs=True))
    lines = capsys.readouterr().out.splitlines()
    assert sum("epoch 1/2: loss 1.0000, val_accuracy" in line for line in lines) >= 3


def test_failures_are_told_with_their_reason(parts, capsys):
    search(parts, Lines(*parts), Budget(max_trials=6))
    told = capsys.readouterr().out
    assert "failed: RuntimeError: no memory for four" in told
    assert "of 6 trials, 1 of them failed" in told


def test_a_search_that_goes_on_says_after_how_many(parts, capsys):
    search(parts, Lines(*parts), Budget(max_trials=2))
    capsys.readouterr()
    shown = Lines(parts[0], Budget(max_trials=4), parts[2])
    search(parts, shown, Budget(max_trials=4))
    told = capsys.readouterr().out
    assert told.startswith(f"going on after 2 trials from {parts[0].folder}")
    assert "trial 0:" not in told and "trial 3:" in told
    assert len(shown.trials) == 4


def test_an_estimate_after_the_first_trial_alone(parts, capsys):
    budget = Budget(max_trials=100)
    search(parts, Lines(parts[0], budget, parts[2]), budget)
    lines = [line for line in capsys.readouterr().out.splitlines() if "shorten with" in line]
    assert lines == [
        "trial 0 took 8.0 s; 100 trials will take about 13 min 20 s or more, as the first is often the cheapest; "
        "shorten with time_limit=, max_trials= or epochs="
    ]


@pytest.mark.parametrize("budget", [Budget(max_trials=3), Budget(max_trials=100, time_limit=60), Budget()])
def test_no_estimate_where_a_limit_is_set_or_trials_are_few(parts, budget):
    shown = Lines(parts[0], budget, parts[2])
    shown.ended(completed(0, 0.9, architecture()), None)
    assert shown.estimate() is None


def test_the_estimate_waits_for_a_trial_that_succeeds(parts):
    shown = Lines(parts[0], Budget(max_trials=100), parts[2])
    shown.ended(failed(0, architecture()), None)
    assert shown.estimate() is None
    shown.ended(completed(1, 0.9, architecture()), None)
    assert shown.estimate().startswith("trial 1 took 12 s; 100 trials will take about 20 min")
    shown.ended(failed(2, architecture()), None)
    assert shown.estimate() is None


@pytest.mark.parametrize(
    ("reason", "words"),
    [
        ("time_limit", "the time for trials is used up (1 min in all)"), ("interrupted", "interrupted; the same call"),
        ("space exhausted", "nothing more to try"), ("max_epochs", "all 9 epochs"), ("something new", "something new"),
    ],
)  # fmt: skip
def test_the_end_is_told_in_words(parts, reason, words):
    shown = Lines(parts[0], Budget(time_limit=60, max_epochs=9), parts[2])
    told = shown.end(types.SimpleNamespace(reason=reason))
    assert words in told and "best none yet, of 0 trials" in told


def test_time_left_is_the_least_of_all_limits(parts):
    shown = Lines(parts[0], Budget(time_limit=1000, max_trials=5), parts[2])
    assert 990 < shown.time_left() <= 1000
    shown.trials = [completed(n, 0.9, architecture(), seconds=10.0) for n in range(2)]
    assert 29 < shown.time_left() <= 30
    shown.began(Proposal(architecture(), 2))
    shown.running[2].began_at -= 500
    assert shown.time_left() == 0
    assert Lines(parts[0], Budget(), parts[2]).time_left() is None


def test_workers_share_the_time_left(parts):
    shown = Lines(parts[0], Budget(max_trials=8), parts[2])
    shown.trials = [completed(n, 0.9, architecture(), seconds=10.0) for n in range(2)]
    for number in (2, 3, 4):
        shown.began(Proposal(architecture(), number))
    assert 19 < shown.time_left() <= 20
    shown.ended(completed(3, 0.9, architecture(), seconds=10.0), None)
    assert sorted(shown.running) == [2, 4] and 24 < shown.time_left() <= 25


def test_a_closed_standard_output_does_not_end_the_search(parts, monkeypatch):
    closed = io.StringIO()
    closed.close()
    monkeypatch.setattr("sys.stdout", closed)
    assert len(search(parts, Lines(*parts)).trials) == 4


def test_a_terminal_that_went_away_does_not_end_the_search(parts):
    shown, out = screen(parts)
    out.close()
    assert len(search(parts, shown).trials) == 4


def test_the_live_display_shows_where_the_search_is(parts):
    budget = Budget(max_trials=9, time_limit=600)
    shown, _ = screen(parts, budget)
    shown.trials = [completed(0, 0.9, architecture()), failed(1, architecture())]
    proposal = Proposal(architecture(**{"network/resnet/width": 32}), 2, {"epochs": 2})
    shown.began(proposal)
    shown.live.stop()
    shown.reported(proposal, 1, {"val_accuracy": 0.75})
    out = io.StringIO()
    Console(file=out, width=100).print(shown.picture())
    lines = out.getvalue().splitlines()
    assert lines[0].split("  ", 1)[0] == "trial 2"
    assert "as trial 0, but resnet/width=32" in lines[0]
    assert "epoch 1/2" in lines[1] and "val_accuracy 0.7500" in lines[1]
    assert "val_accuracy 0.9000 in trial 0" in lines[2]
    assert "2 of 9 done, 1 failed" in lines[3]
    assert "of 10 min used, about" in lines[4] and "left" in lines[4]


def test_the_live_display_shows_all_that_is_under_way(parts):
    shown, _ = screen(parts)
    proposals = [Proposal(architecture(**{"network/resnet/width": 8 * n}), n, {"epochs": 4}) for n in (2, 3)]
    for proposal in proposals:
        shown.began(proposal)
    shown.live.stop()
    shown.reported(proposals[0], 3, {"val_accuracy": 0.25})
    shown.reported(proposals[1], 1, {"val_accuracy": 0.75})
    out = io.StringIO()
    Console(file=out, width=100).print(shown.picture())
    lines = out.getvalue().splitlines()
    assert [line.split("  ")[0] for line in lines[::2][:2]] == ["trial 2", "trial 3"]
    assert "epoch 3/4" in lines[1] and "0.2500" in lines[1] and "epoch 1/4" in lines[3] and "0.7500" in lines[3]
    shown.close()


def test_the_live_display_between_trials(parts):
    shown, _ = screen(parts)
    out = io.StringIO()
    Console(file=out, width=100).print(shown.picture())
    assert "choosing the next" in out.getvalue() and "none yet" in out.getvalue()


def test_the_live_display_runs_and_closes(parts):
    shown, out = screen(parts, Budget(max_trials=6))
    search(parts, shown, Budget(max_trials=6))
    assert shown.live is None
    told = out.getvalue()
    assert "no memory for four" in told and "all 6 trials are done" in told
    assert told.rindex("\x1b[?25h") > told.rindex("\x1b[?25l")  # the cursor is seen again
    shown.close()


def test_ctrl_c_closes_the_live_display(parts):
    shown, out = screen(parts)
    run = search(parts, shown, Budget(max_trials=6), Told(stop_at=5))
    assert run.reason == "interrupted" and shown.live is None
    assert "interrupted; the same call goes on from here" in out.getvalue()


def test_a_search_in_which_all_failed_closes_the_live_display(parts):
    parts[0].space = Space(Sequential({"width": Choice(4)}))
    shown, out = screen(parts)
    with pytest.raises(SearchError):
        search(parts, shown)
    assert shown.live is None and "best none yet" in out.getvalue()


def test_epochs_of_a_trial(parts):
    shown = Lines(*parts)
    proposal = Proposal({"width": 1})
    assert shown.epochs(proposal) == 2
    assert shown.epochs(Proposal({"width": 1}, fidelity={"epochs": 5})) == 5
    parts[0].space = Space(Sequential({"width": Choice(1, 2)}), training={"epochs": Int(1, 9)})
    assert shown.epochs(Proposal({"width": 1, "training/epochs": 7})) == 7
    assert shown.epochs(proposal) is None  # it lacks an answer
    parts[0].space = Space(Sequential({"width": Choice(1, 2)}))
    assert shown.epochs(proposal) is None
