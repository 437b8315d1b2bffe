"""Progressive search: small first, then larger ones grown from the best, chosen by a surrogate."""

import re

from kerasnas.arguments import check_whole
from kerasnas.errors import ArgumentError
from kerasnas.strategies.guided import Guided

QUARTERS = 4


class Progressive(Guided):
    """Grows the best of each stage by what the next one opens: a node of a cell, a layer more; then refines.

    The first stage decides the first node of every cell, at the smallest depth; each later one opens the next node and
    adds a layer. What is not open yet keeps its default. A space without cells or depths opens a quarter of its
    decisions at a time. Of the candidates, the one with the highest predicted score is trained; after the last stage
    they are mutants of the best.

    Args:
        beam: Trials in a stage, all of which may be grown.
        candidates: How many candidates are ranked for a proposal.

    Raises:
        ArgumentError: If a number is not positive.

    Reference:
        Liu et al., "Progressive Neural Architecture Search", ECCV 2018.
    """

    def __init__(self, beam=16, candidates=100):
        check_whole(beam=beam, candidates=candidates)
        if beam < 2:
            raise ArgumentError(f"Expected beam >= 2. Received: {beam}.")
        super().__init__(initial=1, candidates=candidates, elite=beam, patience=None)
        self.beam = beam

    def setup(self, context):
        from kerasnas.strategies.surrogates import GrowingProcess

        super().setup(context)
        self.process = GrowingProcess()
        self.opened = stages(context.space)
        self.last = max(self.opened.values(), default=0)
        self.stage_of = {}

    def began(self, proposal):
        self.stage_of[proposal.number] = self.stage
        super().began(proposal)

    @property
    def stage(self):
        """The stage of the next proposal; above the last, what is complete is refined."""
        return self.begun // self.beam

    def ask(self, rng):
        if len(self.trials) < 2:  # too little for a surrogate
            found = self.fresh(self._grown(rng)) or self.drawn(rng)
            return self.proposal(found)
        return super().ask(rng)

    def pool(self, rng):
        if self.stage > self.last:
            return super().pool(rng)
        fresh = {each.key: each for each in self._grown(rng) if self.identity(each) not in self.seen}
        return list(fresh.values()) or super().pool(rng)

    def around(self, architectures, rng):
        return super().around(architectures, rng) if self.stage > self.last else []

    def _grown(self, rng):
        """Architectures in which this stage's decisions are open, on top of what the last stage's had."""
        parents = [trial for trial in self.trials if self.stage_of.get(trial.number) == self.stage - 1]
        for _ in range(self.candidates):
            parent = rng.choice(parents).proposal.architecture if parents else {}
            grown = self.context.space.admitted(self.context.space.record(self._chooser(parent, rng)))
            if grown is not None:
                yield grown

    def _chooser(self, parent, rng):
        stage = self.stage

        def choose(decision):
            domain, opened = decision.domain, self.opened[decision.path]
            if counts(decision):
                values = list(domain.values())
                return values[min(stage, len(values) - 1)]
            if opened > stage:
                return domain.default
            known = opened < stage and decision.path in parent and domain.contains(parent[decision.path])
            return parent[decision.path] if known else domain.sample(rng)

        return choose

    def modelled(self, x, y):
        return self.process.fit(x, y)

    def promise(self, model, x, rng):
        return model.predict(x)[0]


def counts(decision):
    """Whether a decision says how many layers there are."""
    return decision.path.rsplit("/", 1)[-1] == "times" and decision.domain.ordered and decision.domain.finite


def stages(space):
    """Dict from the path of each decision to the stage that opens it."""
    decisions = space.decisions()
    opened = {decision.path: _depth(decision.path) for decision in decisions}
    if max(opened.values(), default=0) == 0:
        return {path: place * QUARTERS // len(opened) for place, path in enumerate(opened)}
    return opened


def _depth(path):
    """The greatest number of a node of a cell, or of a repeated layer, on the way to a decision."""
    return max((int(number) for number in re.findall(r"(?:^|/)(?:node_)?(\d+)(?=/|$)", path)), default=0)
