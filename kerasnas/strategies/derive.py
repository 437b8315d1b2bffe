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
        space: The `Space` that the supernet is made of, where cells are searched in a smaller network than they are
            retrained in: the same decisions, with fewer cells and channels. The run's own space if None.
        inherit: Whether derived networks start from the supernet's weights; else they are trained from scratch. The
            weights lie in the run's folder: trials on a Ray cluster's other machines do not see them, and start from
            scratch.

    Raises:
        ArgumentError: If the rule is unknown, the spaces have unlike decisions, or nothing can be inherited.
    """

    requires = frozenset({"supernet"})

    def __init__(self, rule="darts", space=None, inherit=False):
        if isinstance(rule, str) and rule not in RULES:
            raise ArgumentError(
                f"Expected `rule` to be one of: {', '.join(RULES)}.{nearest(rule, RULES)} Received: {rule!r}."
            )
        if not isinstance(rule, str) and not hasattr(rule, "gates"):
            raise ArgumentError(f"Expected a rule of `kerasnas.supernets`, or its name. Received: {rule!r}.")
        self.rule, self.space, self.inherit = rule, space, inherit
        if inherit and (space is not None or self._rule().partial > 1):
            raise ArgumentError(
                "Expected a supernet of the run's own space and with whole channels to inherit from. "
                f"Received: {'another space' if space is not None else self._rule()}."
            )

    def describe(self):
        told = {"name": "Derive", "rule": str(self._rule())}
        told |= {} if self.space is None else {"space": self.space.describe()}
        return told | ({"inherit": True} if self.inherit else {})

    def setup(self, context):
        super().setup(context)
        if self.space is not None:
            wanted, found = _network_decisions(context.space), _network_decisions(self.space)
            unlike = sorted(path for path in wanted | found if wanted.get(path) != found.get(path))
            if unlike:
                raise ArgumentError(
                    "Expected the supernet's space to have the decisions of the run's. "
                    f"Received: unlike ones at {', '.join(unlike[:3])}."
                )
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
            if architecture not in self.proposed and self.context.space.admitted(architecture) is not None:
                self._leave(architecture)
                return Proposal(architecture)
        return None

    def _leave(self, architecture):
        """Leaves the supernet's weights in the run's folder for whoever trains this architecture."""
        if not self.inherit or self.context.folder is None:
            return
        from kerasnas.supernets.inheritance import leave, place

        if not place(self.context.folder, architecture).exists():
            leave(self.searched.inherited(architecture), self.context.folder, architecture)

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
            found = run(self._rule(), self.space or context.space, context.task, context.seed, folder, seconds)
            # The model is kept only where its weights are still asked for.
            return found if self.inherit else dataclasses.replace(found, model=None)


def _network_decisions(space):
    return {d.path: str(d.domain) for d in space.decisions() if not d.path.startswith("training/")}
