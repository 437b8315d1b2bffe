"""Begin where earlier searches ended: the architectures that were good on other data are tried first."""

import hashlib
import json
import math
from pathlib import Path

from kerasnas.arguments import check_whole
from kerasnas.contract import Objective, Proposal, Strategy
from kerasnas.errors import ArgumentError
from kerasnas.space import Architecture
from kerasnas.strategies.fidelities import refuse_fidelities

FILE = "journal.jsonl"


class WarmStart(Strategy):
    """First what was best in earlier runs, then whatever another strategy proposes, which is told of all.

    Scores of different data cannot be compared, places can: an architecture is judged by the part of each run's
    architectures that it was no worse than, averaged over the runs in which it was tried. What the present space does
    not ask is dropped from an earlier architecture, what it asks beside takes its default, and what it does not allow
    at all is left out.

    Args:
        strategy: The strategy that goes on from there.
        journals: Folders of earlier runs, or their journal files.
        first: How many earlier architectures are tried.

    Raises:
        ArgumentError: If a journal cannot be read or names no objective.
        StrategyError: If the strategy decides about epochs itself.

    Reference:
        Feurer et al., "Initializing Bayesian Hyperparameter Optimization via Meta-Learning", AAAI 2015.
    """

    def __init__(self, strategy, journals, first=10):
        check_whole(first=first)
        if not isinstance(strategy, Strategy):
            raise ArgumentError(f"Expected a strategy to warm, such as `Greedy()`. Received: {strategy!r}.")
        if first < 1 or not journals or isinstance(journals, str):
            raise ArgumentError(
                f"Expected first >= 1 and a list of journals. Received: first={first}, journals={journals!r}."
            )
        refuse_fidelities(strategy)
        self.requires = strategy.requires
        self.strategy, self.journals, self.first = strategy, list(journals), first
        self.order = _ordered([_places(_path(journal)) for journal in self.journals])

    def describe(self):
        # By what the journals say: if one goes on, this is another search.
        known = hashlib.blake2b("\n".join(self.order).encode(), digest_size=8).hexdigest()
        return {"name": "WarmStart", "strategy": self.strategy.describe(), "known": known, "first": self.first}

    def setup(self, context):
        super().setup(context)
        self.strategy.setup(context)
        self.seen = set()
        self.start = self._allowed(context.space)

    def _allowed(self, space):
        """The first few of the earlier architectures, as the present space asks for them."""
        found = {}
        for key in self.order:
            if len(found) == self.first:
                break
            architecture = _fitted(space, json.loads(key))
            if architecture is not None:
                found.setdefault(architecture.key, architecture)
        return list(found.values())

    def ask(self, rng):
        for architecture in self.start:
            if architecture.key not in self.seen:
                return Proposal(architecture)
        return self.strategy.ask(rng)

    def began(self, proposal):
        self.seen.add(proposal.architecture.key)
        self.strategy.began(proposal)

    def tell(self, trial):
        self.strategy.tell(trial)

    def needs(self):
        return self.strategy.needs()


def _fitted(space, answers):
    """An earlier architecture in the present space, or None where it answers what it may not."""
    known = Architecture(answers)

    def choose(decision):
        value = known.get(decision.path, decision.domain.default)
        if not decision.domain.contains(value):
            raise _NotAllowed
        return value

    try:
        architecture = space.record(choose)
    except _NotAllowed:
        return None
    return architecture if architecture in space else None


class _NotAllowed(Exception):
    """An earlier answer that the present space does not allow."""


def _path(journal):
    path = Path(journal)
    path = path / FILE if path.is_dir() else path
    if not path.is_file():
        raise ArgumentError(f"Expected the folder of an earlier run, with a {FILE}. Received: {journal}.")
    return path


def _places(path):
    """For each architecture of a run, by its key: the part of the run's architectures that it is no worse than."""
    events, objective, began, best = _events(path), None, {}, {}
    for event in events:
        if event["event"] == "header":
            objective = _objective(event, path)
        elif event["event"] == "began":
            began[event["number"]] = json.dumps(event["architecture"], sort_keys=True)
        elif event["event"] == "told" and event["status"] == "completed":
            score = float(objective.score(event["metrics"]))
            key = began[event["number"]]
            if math.isfinite(score):
                best[key] = max(score, best.get(key, -math.inf))
    scores = sorted(best.values())
    return {key: sum(other <= score for other in scores) / len(scores) for key, score in best.items()}


def _events(path):
    """A journal's events; a last line that was torn by a kill is left out."""
    lines = path.read_bytes().split(b"\n")[:-1]
    try:
        return [json.loads(line) for line in lines]
    except ValueError as error:
        raise ArgumentError(f"Expected a journal that can be read. Received: {path} ({error}).") from error


def _objective(header, path):
    fingerprint = header.get("fingerprint", {})
    task = fingerprint.get("task")
    named = task.get("objective") if isinstance(task, dict) else fingerprint.get("objective")
    if named is None:
        raise ArgumentError(f"Expected a journal whose header names the objective. Received: {path}.")
    return Objective(named) if isinstance(named, str) else Objective(*named)


def _ordered(runs):
    """Keys of all runs' architectures, the best first; of equals, what more runs have tried."""
    places = {}
    for run in runs:
        for key, place in run.items():
            places.setdefault(key, []).append(place)
    return sorted(places, key=lambda key: (-sum(places[key]) / len(places[key]), -len(places[key]), key))
