"""Differentiable search: what a rule derives from the gates of a supernet."""

import dataclasses
from pathlib import Path

from kerasnas.contract import Proposal, Strategy
from kerasnas.errors import ArgumentError, nearest

RULES = {
    "darts": "DARTS", "gdas": "GDAS", "snas": "SNAS", "pc_darts": "PCDARTS", "drnas": "DrNAS",
    "beta_darts": "BetaDARTS",
}  # fmt: skip
SHARE = 0.5  # of the time left that the supernet may take


class Derive(Strategy):
    """Trains a supernet by a rule at the first `ask`, and proposes what is derived from its gates.

    The first proposal is the last derivation; then come those of earlier epochs, each once. The supernet lies in the
    run's folder, under `supernet/`, and a search that was killed goes on from its last whole epoch. Of the time that is
    left it takes up to half, with fewer epochs where need be; the rest is for the networks derived.

    Args:
        rule: A rule of `kerasnas.supernets`, or its name: "darts", "gdas", "snas", "pc_darts", "drnas", "beta_darts".

    Raises:
        ArgumentError: If the rule is unknown.
    """

    def __init__(self, rule="darts"):
        if isinstance(rule, str) and rule not in RULES:
            raise ArgumentError(
                f"Expected `rule` to be one of: {', '.join(RULES)}.{nearest(rule, RULES)} Received: {rule!r}."
            )
        if not isinstance(rule, str) and not hasattr(rule, "gates"):
            raise ArgumentError(f"Expected a rule of `kerasnas.supernets`, or its name. Received: {rule!r}.")
        self.rule = rule

    def describe(self):
        return {"name": "Derive", "rule": str(self._rule())}

    def setup(self, context):
        super().setup(context)
        self.searched, self.proposed = None, set()

    def ask(self, rng):
        """The next derived architecture; asking first trains the supernet, or reads it from the run's folder."""
        if self.searched is None:
            self.searched = self._search()
        defaults = self.context.space.default()
        for derived in self.searched.architectures:
            # Answers about training are not what gates decide.
            training = {path: value for path, value in defaults.items() if path.startswith("training/")}
            architecture = self.context.space.complete({**training, **derived})
            if architecture not in self.proposed:
                return Proposal(architecture)
        return None

    def began(self, proposal):
        self.proposed.add(proposal.architecture)

    @property
    def history(self):
        """What the search was like, a dict for each epoch; None before it."""
        return None if self.searched is None else self.searched.history

    def _rule(self):
        from kerasnas import supernets

        return getattr(supernets, RULES[self.rule])() if isinstance(self.rule, str) else self.rule

    def _search(self):
        from kerasnas.lowering.passing import passing
        from kerasnas.supernets.differentiable import run

        context = self.context
        folder = None if context.folder is None else Path(context.folder) / "supernet"
        left = None if context.seconds_left is None else context.seconds_left()
        seconds = None if left is None else SHARE * max(left, 0.0)
        with passing():
            found = run(self._rule(), context.space, context.task, context.seed, folder, seconds)
            return dataclasses.replace(found, model=None)
