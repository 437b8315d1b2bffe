"""Trials on a real Ray cluster of two nodes on this machine, whose workers, and one of its nodes, are killed."""

import os
import signal
from pathlib import Path

import pytest

from kerasnas.contract import Context, Proposal, Strategy
from kerasnas.errors import ArgumentError
from kerasnas.loop import Ray, pool
from kerasnas.strategies import RandomSearch

from .test_run import Watcher
from .work import OBJECTIVE, Made, choices, layers, run
from .working import Once, Slow, Surroundings, Writing

ray = pytest.importorskip("ray", reason="needs Ray: pip install 'kerasnas[ray]'")
FAR = {"far": 1, "CPU": 0.5}


@pytest.fixture(scope="module")
def cluster():
    """A head with two cores and a node that is far away, for all that Ray knows."""
    from ray.cluster_utils import Cluster

    made = Cluster(initialize_head=True, head_node_args={"num_cpus": 2, "include_dashboard": False})
    made.add_node(num_cpus=1, resources={"far": 1})
    ray.init(made.address, log_to_driver=False)
    yield made
    ray.shutdown()
    made.shutdown()


def by_number(found):
    return sorted(choices(found), key=lambda choice: choice[0])


def near(**options):
    return Ray(resources={"CPU": 1}, workers=2, **options)


# --------------------------------------------------------------- on one node
def test_the_same_trials_as_in_one_process(tmp_path, cluster):
    found = run(tmp_path / "ray", Slow(), 10, RandomSearch(), executor=near())
    assert by_number(found) == by_number(run(tmp_path / "one", trials=10, strategy=RandomSearch()))
    processes = {trial.measurement.extra["process"] for trial in found.trials}
    assert len(processes) == 2 and os.getpid() not in processes


def test_reports_and_answers_travel(tmp_path, cluster):
    watcher = Watcher(stop_at=1)
    found = run(tmp_path, trials=4, executor=near(), observers=[watcher])
    assert [len(trial.measurement.curve) for trial in found.trials] == [1] * 4
    assert {event[1] for event in watcher.heard if event[0] == "reported"} == {0, 1, 2, 3}


@pytest.mark.parametrize("always", [False, True])
def test_a_worker_that_dies_costs_one_retry(tmp_path, cluster, always):
    evaluator = Once(tmp_path, {2: signal.SIGKILL}, always=always)
    found = run(tmp_path / "run", evaluator, 6, RandomSearch(), executor=near())
    assert sorted(trial.number for trial in found.trials) == list(range(6))
    lost = [trial for trial in found.trials if trial.status == "failed"]
    retried = [t for t in found.completed if "retried" in t.measurement.extra]
    (marked,) = lost if always else retried
    assert marked.number == 2 and len(lost) + len(retried) == 1
    reason = marked.error if always else marked.measurement.extra["retried"]
    assert reason.startswith("the Ray worker was lost: ActorDiedError") and reason.endswith(", twice") is always


def test_a_trial_that_hangs_is_tried_once_more(tmp_path, cluster):
    found = run(tmp_path / "run", Once(tmp_path, {1: "hang"}), 4, executor=near(trial_timeout=1))
    assert all(trial.completed for trial in found.trials)
    assert [t.number for t in found.trials if "retried" in t.measurement.extra] == [1]


def test_kills_from_outside(tmp_path, cluster):
    """Twelve trials, four kills of a worker at work: twelve finished, none twice, none failed."""
    kills = []

    class Killer(Watcher):
        def reported(self, proposal, step, metrics):
            if proposal.number % 3 == 1 and proposal.number not in kills and step == 1:
                kills.append(proposal.number)
                os.kill(int(metrics["process"]), signal.SIGKILL)

    found = run(tmp_path / "run", Telling(), 12, RandomSearch(), executor=near(), observers=[Killer()])
    assert len(kills) == 4
    assert sorted(trial.number for trial in found.trials) == list(range(12))
    assert all(trial.completed for trial in found.trials)
    assert sorted(t.number for t in found.trials if "retried" in t.measurement.extra) == sorted(kills)


class Telling(Made):
    """Reports the process it runs in."""

    def evaluate(self, proposal, report):
        report(1, {"process": os.getpid()})
        return super().evaluate(proposal, lambda step, metrics: None)


def test_threads_and_resources(tmp_path, cluster):
    found = run(tmp_path, Surroundings(), 3, executor=Ray(resources={"CPU": 0.5}))
    assert {tuple(trial.measurement.extra["threads"]) for trial in found.trials} == {(1, 1)}
    nodes = [node["Resources"] for node in ray.nodes()]
    assert Ray(resources={"CPU": 0.5})._fitting(nodes) == 6 and Ray(resources=FAR)._fitting(nodes) == 1
    assert Ray(resources={"GPU": 0.3})._fitting([{"GPU": 0.9, "CPU": 4}]) == 3
    assert Ray(resources={"CPU": 2})._fitting([{"CPU": 3}, {"CPU": 1}, {"CPU": 4}]) == 3


def test_what_no_machine_has_is_refused(tmp_path, cluster):
    with pytest.raises(ArgumentError, match="that a machine of the cluster has. Received: {'far': 2}; there are"):
        run(tmp_path, executor=Ray(resources={"far": 2}))


def test_workers_above_what_there_is_room_for(tmp_path, cluster, monkeypatch):
    monkeypatch.setattr(pool, "ROOM", 0.2)
    found = run(tmp_path, trials=2, executor=Ray(resources=FAR, workers=2))
    assert sorted(trial.number for trial in found.completed) == [0, 1]


# ----------------------------------------------------------- on another machine
class Chain(Strategy):
    """Each proposal goes on from the one before."""

    def setup(self, context):
        super().setup(context)
        self.begun = self.told = 0

    def ask(self, rng):
        if self.begun > self.told:
            return None
        return Proposal(self.context.space.sample(rng), parent=self.told - 1 if self.told else None)

    def began(self, proposal):
        self.begun += 1

    def tell(self, trial):
        self.told += 1


def searched(folder, evaluator, strategy, trials, executor):
    from kerasnas.loop import Budget, Journal, Run

    context = Context(layers(), objective=OBJECTIVE, folder=folder)
    with Journal(folder) as journal:
        journal.header({})
        return Run(context, strategy, evaluator, journal, Budget(max_trials=trials), executor).search()


@pytest.mark.parametrize("resources, away", [(FAR, True), ({"CPU": 1}, False)])
def test_models_come_home_and_parents_go_along(tmp_path, cluster, resources, away):
    executor = Ray(resources=resources, workers=1)
    found = searched(tmp_path, Writing(), Chain(), 4, executor)
    assert [trial.measurement.extra["depth"] for trial in found.trials] == [1, 2, 3, 4]
    files = {file.name: file.read_text() for file in (tmp_path / "trials").iterdir()}
    assert files == {f"{number:04d}.keras": str(number + 1) for number in range(4)}
    folders = {trial.measurement.extra["folder"] for trial in found.trials}
    if away:
        assert str(tmp_path) not in folders
    assert Path(folders.pop()) != Path("")


def test_a_machine_that_is_lost_costs_one_retry(tmp_path, cluster):
    """A node goes away in the middle of a trial; another comes, and the search goes on."""
    lost = cluster.add_node(num_cpus=1, resources={"doomed": 1})

    class Remover(Watcher):
        def reported(self, proposal, step, metrics):
            if metrics.get("hanging"):
                cluster.remove_node(lost, allow_graceful=False)
                cluster.add_node(num_cpus=1, resources={"doomed": 1})

    executor = Ray(resources={"doomed": 1, "CPU": 1}, workers=1)
    evaluator = Once(tmp_path, {1: "hang"})
    found = run(tmp_path / "run", evaluator, 3, RandomSearch(), executor=executor, observers=[Remover()])
    assert [trial.number for trial in found.trials] == [0, 1, 2]
    assert all(trial.completed for trial in found.trials)
    assert ["retried" in trial.measurement.extra for trial in found.trials] == [False, True, False]


# --------------------------------------------------------------- its own, or none
def test_without_ray_it_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "ray", None)
    with pytest.raises(ArgumentError, match=r"pip install 'kerasnas\[ray\]'"):
        run(tmp_path, executor=Ray())
