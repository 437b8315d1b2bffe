"""Several trials at once in local processes that die, hang and are killed."""

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from kerasnas.contract import Context
from kerasnas.errors import ArgumentError, JournalError, SearchError
from kerasnas.loop import Budget, Inline, Journal, Keeper, Processes, Ray, history, place, pool, read
from kerasnas.loop.workers import environment, threads_each
from kerasnas.strategies import Greedy, RandomSearch

from .test_run import Several, Watcher
from .work import OBJECTIVE, Made, NoSetup, Troubled, choices, layers, run, tiny
from .working import Once, Slow, Stillborn, Surroundings, Unreadable

WORKING = Path(__file__).with_name("working.py")


def by_number(found):
    return sorted(choices(found), key=lambda choice: choice[0])


def ended(log):
    return [int(line.split()[1]) for line in Path(log).read_text().splitlines() if line.startswith("end")]


# ------------------------------------------------------------- a plain search
def test_two_workers_make_the_same_trials(tmp_path):
    """Random proposals do not depend on results: so all is as with one."""
    apart = run(tmp_path / "two", Slow(), 12, RandomSearch(), executor=Processes(2))
    assert by_number(apart) == by_number(run(tmp_path / "one", trials=12, strategy=RandomSearch()))
    assert apart.reason == "max_trials"
    assert len({trial.measurement.extra["process"] for trial in apart.trials}) == 2
    assert os.getpid() not in {trial.measurement.extra["process"] for trial in apart.trials}


def test_one_worker_is_the_same_search(tmp_path):
    alone = run(tmp_path / "a", Slow(), executor=Processes(1))
    assert choices(alone) == choices(run(tmp_path / "b"))
    assert len({trial.measurement.extra["process"] for trial in alone.trials}) == 1  # it starts once


@pytest.mark.parametrize("strategy", [Greedy, RandomSearch])
def test_a_proposal_follows_from_what_the_journal_tells_before_it(tmp_path, strategy):
    run(tmp_path, Slow(seconds=0.005), 25, strategy(), executor=Processes(3))
    with Journal(tmp_path) as journal:
        events = history(journal.events)
    assert [item.number for kind, item in events if kind == "told"] != sorted(range(25))
    fresh, context = strategy(), Context(layers(), objective=OBJECTIVE, seed=0)
    fresh.setup(context)
    for kind, item in events:
        if kind == "began":
            assert fresh.ask(random.Random(f"0/{item.number}")).architecture == item.architecture
            fresh.began(item)
        else:
            fresh.tell(item)


def test_workers_are_kept_busy(tmp_path):
    """Trials of unequal length: a worker that is free gets the next at once."""
    log = tmp_path / "log"
    run(tmp_path / "run", Slow(log, 0.05), 9, executor=Processes(3))
    lines = [line.split()[0] for line in log.read_text().splitlines()]
    assert len(lines) == 18 and len(ended(log)) == 9
    with Journal(tmp_path / "run") as journal:
        kinds = [kind for kind, _ in history(journal.events)]
    out = [kinds[:i].count("began") - kinds[:i].count("told") for i in range(len(kinds) + 1)]
    assert max(out) == 3 and all(n >= 2 for n in out[3:-3])


def test_reports_and_answers_travel(tmp_path):
    watcher = Watcher(stop_at=1)
    found = run(tmp_path, trials=4, executor=Processes(2), observers=[watcher])
    assert [len(trial.measurement.curve) for trial in found.trials] == [1] * 4
    assert {event[1] for event in watcher.heard if event[0] == "reported"} == {0, 1, 2, 3}


def test_a_space_that_is_exhausted_leaves_no_process(tmp_path):
    found = run(tmp_path, Slow(), 10, space=tiny(), executor=Processes(2))
    assert found.reason == "space exhausted" and len(found.trials) == 3
    for trial in found.trials:
        assert not Path(f"/proc/{trial.measurement.extra['process']}").exists()


def test_cores_are_divided(tmp_path):
    cores = len(os.sched_getaffinity(0))
    assert threads_each(1) == cores and threads_each(cores) == 1 == threads_each(100)
    found = run(tmp_path, Surroundings(), 2, executor=Processes(cores))
    assert found.trials[0].measurement.extra["threads"] == [1, 1]
    with environment({"KERASNAS_A": "1", "PATH": "x"}):
        assert os.environ["KERASNAS_A"] == "1" and os.environ["PATH"] != "x"
    assert "KERASNAS_A" not in os.environ and "TF_NUM_INTRAOP_THREADS" not in os.environ


# ------------------------------------------------------------ lost workers
@pytest.mark.parametrize(
    "end, reason", [(signal.SIGKILL, "SIGKILL"), (signal.SIGSEGV, "SIGSEGV"), (signal.SIGTERM, "SIGTERM")]
)
def test_a_worker_that_dies_costs_one_retry(tmp_path, end, reason):
    found = run(tmp_path / "run", Once(tmp_path, {2: end}), 6, RandomSearch(), executor=Processes(2))
    assert by_number(found) == by_number(run(tmp_path / "whole", trials=6, strategy=RandomSearch()))
    (retried,) = [trial for trial in found.trials if "retried" in trial.measurement.extra]
    assert retried.number == 2 and reason in retried.measurement.extra["retried"]
    assert read(tmp_path / "run")[1] == found.trials


def test_a_trial_that_kills_two_workers_has_failed(tmp_path):
    found = run(tmp_path / "run", Once(tmp_path, {2: signal.SIGKILL}, always=True), 6, executor=Processes(2))
    assert sorted(trial.number for trial in found.trials) == list(range(6))
    (lost,) = [trial for trial in found.trials if trial.status == "failed"]
    assert lost.number == 2
    assert lost.error == "the worker process was ended by SIGKILL (often: out of memory), twice"
    found = run(tmp_path / "left", Troubled({1: "exit"}), trials=3, executor=place(isolate=True))
    assert [trial.status for trial in found.trials] == ["completed", "failed", "completed"]
    assert found.trials[1].error == "the worker process ended with exit code 3, twice"


def test_a_trial_that_hangs_is_tried_once_more(tmp_path):
    started = time.monotonic()
    executor = Processes(2, trial_timeout=0.5)
    found = run(tmp_path / "once", Once(tmp_path, {1: "hang"}), 4, executor=executor)
    assert all(trial.completed for trial in found.trials)
    assert sum("retried" in trial.measurement.extra for trial in found.trials) == 1
    found = run(tmp_path / "twice", Once(tmp_path, {1: "hang"}, always=True), 4, executor=executor)
    (lost,) = [trial for trial in found.trials if trial.status == "failed"]
    assert (lost.number, lost.error) == (1, "the trial hung past its limit, twice")
    assert time.monotonic() - started < 20


def test_the_limit_follows_from_the_seconds_granted(tmp_path, monkeypatch):
    monkeypatch.setattr(pool, "GRACE", 0.2)
    monkeypatch.setattr(pool, "LATE", 0.01)
    budget = Budget(max_trials=3, time_limit=30)
    found = run(tmp_path / "run", Once(tmp_path, {1: "hang"}), budget=budget, executor=Processes(2))
    assert [trial.number for trial in found.trials if "retried" in trial.measurement.extra] == [1]


def test_ten_kills_from_outside(tmp_path):
    """Sixty trials, ten kills of whichever worker: sixty finished, none twice, none failed."""
    log, rng, kills = tmp_path / "log", random.Random(0), []

    class Killer(Watcher):
        def ended(self, trial, made):
            if trial.number and trial.number % 5 == 0 and len(kills) < 10:
                (workers,) = pools
                tried = [worker for worker, job in workers._jobs.items() if job.losses]  # a second loss would fail it
                victim = rng.choice([worker for worker in (*workers._jobs, *workers._idle) if worker not in tried])
                os.kill(victim.process.pid, signal.SIGKILL)
                victim.process.join()
                kills.append(victim.process.pid)

    pools = []

    def executor(*parts):
        pools.append(Processes(2)(*parts))
        return pools[0]

    found = run(tmp_path / "run", Slow(log, 0.01), 60, RandomSearch(), executor=executor, observers=[Killer()])
    assert len(kills) == 10 and len(set(kills)) == 10
    assert sorted(trial.number for trial in found.trials) == list(range(60))
    assert all(trial.completed for trial in found.trials)
    assert sorted(set(ended(log))) == list(range(60))
    assert by_number(found) == by_number(run(tmp_path / "whole", trials=60, strategy=RandomSearch()))
    assert sum("retried" in trial.measurement.extra for trial in found.trials) <= 10


def test_a_worker_that_died_between_trials_costs_nothing(tmp_path):
    context = Context(layers(), objective=OBJECTIVE)
    executor = Processes(1)(Made(), context, lambda *report: None)
    from kerasnas.contract import Proposal

    try:
        executor.submit(Proposal(layers().default(), 0))
        assert executor.wait().completed
        (worker,) = executor._idle
        worker.process.kill()
        worker.process.join()
        executor.submit(Proposal(layers().default(), 1))
        trial = executor.wait()
        assert trial.completed and "retried" not in trial.measurement.extra
    finally:
        executor.close()


def test_what_cannot_be_set_up_or_read_is_said(tmp_path):
    with pytest.raises(SearchError, match="could not be set up: OSError: no such device"):
        run(tmp_path / "setup", NoSetup(), trials=2, executor=Processes(2))
    with pytest.raises(SearchError, match="could not read the evaluator and its data: ValueError"):
        run(tmp_path / "read", Unreadable(), trials=2, executor=Processes(2))
    with pytest.raises(SearchError, match=r"a worker that starts. Received: 3 that did not, .* exit code 7.*__main__"):
        run(tmp_path / "start", Stillborn(), trials=2, executor=Processes(2))
    with pytest.raises(ArgumentError, match="picklable"):
        run(tmp_path / "pickle", space=layers().where(lambda architecture: True), executor=Processes(2))


@pytest.mark.parametrize("trouble", ["raise", "nan", "memory", "unpicklable"])
def test_trials_fail_as_they_do_in_one_process(tmp_path, trouble):
    found = run(tmp_path, Troubled({1: trouble}), trials=3, executor=Processes(2))
    assert sorted((trial.number, trial.status) for trial in found.trials) == [
        (0, "completed"), (1, "failed"), (2, "completed"),
    ]  # fmt: skip


class FullDisk(Made):
    def evaluate(self, proposal, report):
        raise OSError(28, "No space left on device")


def test_a_full_disk_ends_the_search(tmp_path):
    with pytest.raises(JournalError, match="Expected room on the disk"):
        run(tmp_path, FullDisk(), trials=3, executor=Processes(2))


# ----------------------------------------------------------- the search killed
def search_process(folder, log, trials):
    """A parallel search as a process that Ctrl-C reaches: what is started in the background is deaf to it."""
    return subprocess.Popen(
        [sys.executable, WORKING, str(folder), str(log), str(trials)], stdout=-1, stderr=-1, text=True,
        start_new_session=True, preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )  # fmt: skip


def wait_for(log, lines, process):
    until = time.monotonic() + 60
    while time.monotonic() < until and process.poll() is None:
        if log.exists() and len(log.read_text().splitlines()) >= lines:
            return
        time.sleep(0.01)


def test_the_search_killed_and_called_again_goes_on(tmp_path):
    log, folder, trials = tmp_path / "log", tmp_path / "run", 40
    for round in (1, 2, 3):
        process = search_process(folder, log, trials)
        wait_for(log, 12 * round, process)
        process.kill()
        process.communicate()
        assert process.returncode == -signal.SIGKILL
    told = [trial.number for trial in read(folder)[1]]
    assert 3 < len(told) < trials
    process = search_process(folder, log, trials)
    out, problems = process.communicate(timeout=60)
    assert out.split() == ["max_trials", "40"], problems
    numbers = [trial.number for trial in read(folder)[1]]
    assert sorted(numbers) == list(range(trials)) and numbers[: len(told)] == told
    again = ended(log)  # a trial that was out when its search was killed may have ended twice, no other
    assert len(again) - len(set(again)) <= 3 * 2


def test_ctrl_c_ends_a_search_and_its_workers(tmp_path):
    log, folder = tmp_path / "log", tmp_path / "run"
    process = search_process(folder, log, 10_000)
    wait_for(log, 8, process)
    os.killpg(process.pid, signal.SIGINT)  # as a terminal does: to the search and to its workers
    out, problems = process.communicate(timeout=30)
    assert out.split()[0] == "interrupted" and process.returncode == 0
    assert "Traceback" not in problems
    trials = read(folder)[1]
    assert len(trials) >= 2 and all(trial.completed for trial in trials)
    for trial in trials:
        assert not Path(f"/proc/{trial.measurement.extra['process']}").exists()


# ------------------------------------------------------------------ models
def test_a_model_that_was_written_but_not_told_yet_is_kept(tmp_path):
    trials = tmp_path / "trials"
    trials.mkdir()
    for number in range(8):
        (trials / f"{number:04d}.keras").touch()
    (trials / "0007.npz").touch()
    context = Context(layers(), objective=OBJECTIVE, folder=tmp_path)
    found = run(tmp_path / "run", trials=7, executor=Several)
    keeper = Keeper(context, keep=2)
    keeper.ended(found.trials[-1], found)
    best = sorted(found.completed, key=OBJECTIVE.rank)[-2:]
    assert {file.stem for file in trials.iterdir()} == {f"{trial.number:04d}" for trial in best} | {"0007"}


# --------------------------------------------------------------- arguments
def test_words_for_where_trials_run():
    assert place() is Inline and place(workers=1) is Inline and place("inline") is Inline
    assert place(isolate=True) == Processes(1) == place(isolate=True, workers=1)
    assert place(workers=3) == Processes(3) == place("processes", 3)
    assert place(trial_timeout=9) == Processes(1, 9) and place("processes") == Processes(1)
    assert place("ray", 4, 9) == Ray(workers=4, trial_timeout=9) and place("ray").workers is None
    assert place(Ray(resources={"GPU": 0.5}), workers=2) == Ray(resources={"GPU": 0.5}, workers=2)
    assert place(Several) is Several


@pytest.mark.parametrize(
    "arguments, message",
    [
        ({"executor": "rey"}, "Did you mean 'ray'"),
        ({"executor": 3}, "or an executor. Received: 3"),
        ({"workers": 0}, "Expected `workers` to be a positive whole number or None. Received: 0"),
        ({"workers": True}, "Expected `workers`"),
        ({"workers": 1.5}, "Expected `workers`"),
        ({"trial_timeout": 0}, "Expected `trial_timeout` to be positive seconds"),
        ({"trial_timeout": "5"}, "Expected `trial_timeout`"),
        ({"executor": "inline", "workers": 2}, "run in this process"),
        ({"executor": "inline", "isolate": True}, "run in this process"),
        ({"executor": Several, "workers": 2}, "workers to be given to the executor itself"),
    ],
)
def test_words_that_make_no_sense(arguments, message):
    with pytest.raises(ArgumentError, match=message):
        place(**arguments)


@pytest.mark.parametrize("resources", [{}, {"GPU": 0}, {"GPU": "one"}, {"CPU": True}])
def test_resources_are_positive_numbers(resources):
    with pytest.raises(ArgumentError, match="Expected `resources` such as"):
        Ray(resources=resources)
