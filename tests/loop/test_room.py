"""A pool whose cluster has not room for all of its workers, without a cluster."""

import pytest

from kerasnas.contract import Proposal, Trial
from kerasnas.errors import ArgumentError
from kerasnas.loop import Ray, pool
from kerasnas.loop.pool import Pool
from kerasnas.loop.workers import Gone

from .work import tiny


class Machines:
    """Room for so many actors, whose trials end at once."""

    def __init__(self, room):
        self.room, self.actors, self.ended = room, [], 0

    def open(self):
        self.actors.append(Actor(self, seated=sum(actor.seated for actor in self.actors) < self.room))
        return self.actors[-1]


class Actor:
    patience, alive = None, True

    def __init__(self, machines, seated):
        self.machines, self.seated, self.proposal, self.words = machines, seated, None, []

    def send(self, content):
        if isinstance(content, Proposal):
            self.proposal, self.words = content, [("began", None)]
        else:
            self.words = [("trial", Trial(self.proposal, "completed"))]

    def receive(self):
        word = self.words.pop(0)
        if word == "lost":
            raise Gone("the machine was lost")
        return word

    @staticmethod
    def speaking(workers, timeout):
        spoken = [worker for worker in workers if worker.seated and worker.words]
        assert spoken or timeout is not None, "it waits for ever"
        return spoken

    def end(self, kindly=False):
        self.seated, self.machines.ended = False, self.machines.ended + 1


def ended(room, workers, trials, trouble=None):
    """The numbers of the trials of a pool, as they end, and its machines."""
    machines, numbers = Machines(room), []
    made, waiting = Pool(workers, machines.open, None), list(range(trials))
    for _ in range(workers):
        made.submit(Proposal(tiny().default(), waiting.pop(0)))
    while len(numbers) < trials:
        numbers.append(made.wait().number)
        if trouble is not None:
            trouble(machines, len(numbers))
        if waiting:
            made.submit(Proposal(tiny().default(), waiting.pop(0)))
    return numbers, machines


def test_a_worker_without_room_keeps_no_trial_from_being_run(monkeypatch):
    monkeypatch.setattr(pool, "ROOM", 0.01)
    numbers, _ = ended(room=2, workers=4, trials=9)
    assert sorted(numbers) == list(range(9))


def test_a_machine_that_is_lost_for_good(monkeypatch):
    def lose(machines, told):
        if told == 3:
            machines.room = 1
            machines.actors[1].words = ["lost"]

    monkeypatch.setattr(pool, "ROOM", 0.01)
    numbers, _ = ended(room=2, workers=2, trials=7, trouble=lose)
    assert sorted(numbers) == list(range(7))


def test_what_is_about_to_start_is_waited_for():
    """A worker that is free for a moment takes nothing from one that is only slow."""
    machines = Machines(room=1)
    made = Pool(2, machines.open, None)
    for number in range(2):
        made.submit(Proposal(tiny().default(), number))
    assert made.wait().number == 0 and machines.ended == 0
    machines.actors[1].seated = True
    assert made.wait().number == 1 and machines.ended == 0


def test_resources_that_no_machine_has_are_refused():
    with pytest.raises(ArgumentError, match="of the cluster has. Received: {'GPU': 0.5}; there are {'CPU'"):
        Ray(resources={"GPU": 0.5})._fitting([{"CPU": 4, "node:10.0.0.1": 1}])
    with pytest.raises(ArgumentError, match="that a machine"):
        Ray(resources={"CPU": 2})._fitting([{"CPU": 1}, {"CPU": 1}])
