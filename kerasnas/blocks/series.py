"""Blocks over series of numbers."""

from dataclasses import replace

from kerasnas.blocks.answering import UNTRAINED, answerable, linear
from kerasnas.blocks.block import Block
from kerasnas.blocks.preprocessing import Standardize
from kerasnas.blocks.series_networks import (
    ConvolutionalSeries,
    InceptionSeries,
    RandomFeatures,
    ResidualSeries,
    Shortening,
)
from kerasnas.blocks.text_networks import RecurrentStack, TransformerStack
from kerasnas.errors import ArgumentError, nearest
from kerasnas.operations import FillMissing, Noise, StandardizeEach
from kerasnas.space import Choice, Float, Sequential, When

SOLVABLE = 4000  # rows up to which a head over random convolutions is solved for
STEPS = 700  # of the optimizer in a usual training


class TimeseriesBlock(Block):
    """Any of the networks over series.

    Where its answer goes to the only head, and that head's loss is the usual one, "random" ends in a ridge regression
    that is solved for in closed form, up to 4,000 rows; all others are trained.
    Missing values (NaN) are filled from their neighbours; channels are standardized by the training rows. Noise on the
    series, while training, is among the decisions.

    Args:
        block_type: "random" (fixed random convolutions), "convolution", "residual", "inception", "recurrent",
            "attention", a list of them, or None to search.
        name: Its name.
    """

    reads = ("series", "array")
    TYPES = ("random", "inception", "convolution", "residual", "recurrent", "attention")

    def __init__(self, block_type=None, name=None):
        super().__init__(name)
        self.block_type = block_type
        self.types = [block_type] if isinstance(block_type, str) else list(block_type or self.TYPES)
        unknown = [kind for kind in self.types if kind not in self.TYPES]
        if unknown:
            hint = nearest(unknown[0], self.TYPES)
            raise ArgumentError(f"Expected `block_type` among {list(self.TYPES)}.{hint} Received: {unknown[0]!r}.")

    def node(self, signals):
        trained = {
            "inception": InceptionSeries(Choice(8, 16, 32, default=16), Choice(1, 2, 3, 6, default=3)),
            "convolution": ConvolutionalSeries(Choice(32, 64, 128, default=64)),
            "residual": ResidualSeries(Choice(16, 32, 64, default=32)),
            "recurrent": _shortened(
                RecurrentStack(Choice(1, 2), Choice(16, 32, 64, default=32), Choice("gru", "lstm"))
            ),
            "attention": _shortened(TransformerStack(0, Choice(32, 64), layers=Choice(1, 2))),
        }
        jitter = Noise(Choice(0.0, 0.05, 0.2))
        networks = {
            kind: Sequential({**_prepared(), "jitter": jitter, "network": network}) for kind, network in trained.items()
        }
        networks["random"] = self._random(signals[0])
        nodes = {kind: networks[kind] for kind in self.types}
        return Choice(**nodes) if len(nodes) > 1 else nodes[self.types[0]]

    def _random(self, signal):
        features = RandomFeatures(
            Choice("both", "shares", "competing"), 10_000 if signal.rows <= 1000 else 5_000, Choice(0, 1, 2),
        )  # fmt: skip
        steps = {**_prepared(), "features": features, "standardize": Standardize()}
        return Sequential(
            steps if self._answered(signal) is None else steps | {"dense": linear(signal.target, signal.folds)}
        )

    def gives(self, signals):
        return replace(super().gives(signals), kind="series", answered=self._answered(signals[0]))

    def _answered(self, signal):
        if "random" not in self.types or signal.rows > SOLVABLE or not answerable(signal.target):
            return None
        return (self.name or "timeseries_block", ("random",)) if len(self.types) > 1 else ("", ())

    def recipe(self, signals):
        """Few rows are seen often, in small batches; what is solved for is not asked how it is trained."""
        rows, answered = signals[0].rows, self._answered(signals[0])
        batch = 16 if rows < 500 else 32 if rows < 4000 else 64
        usual = int(min(max(STEPS * batch / rows, 15), 150))
        recipe = {
            "learning_rate": Float(5e-4, 1e-2, log=True, default=3e-3),
            "weight_decay": Choice(0.0, 0.02, 0.05, default=0.02),
            "label_smoothing": Choice(0.0, 0.1, default=0.1),
            "batch_size": Choice(batch // 2, batch, 2 * batch, default=batch),
            "epochs": Choice(short=usual // 3, usual=usual, long=2 * usual, default="usual"),
        }
        if answered is None:
            return recipe
        path, answers = answered
        fixed = {name: UNTRAINED[name] for name in recipe}
        trained = tuple(kind for kind in self.types if kind not in answers)
        return {name: When(path, trained, node, fixed[name]) for name, node in recipe.items()} if path else fixed

    def portfolio(self, signals):
        """Random convolutions in a few forms, cheap and hard to beat on few rows; then networks that are trained."""
        random = [
            {"random/features/kind": "both"},
            {"random/features/kind": "competing"},
            {"random/features/kind": "shares", "random/features/seed": 1},
            {"random/features/kind": "both", "random/features/seed": 2, "random/each": "series"},
        ]
        if len(self.types) == 1:
            return [
                {path.removeprefix("random/"): answer for path, answer in entry.items()}
                for entry in random if self.types == ["random"]
            ]  # fmt: skip
        return [
            *({"": "random", **entry} for entry in random if "random" in self.types),
            *({"": kind} for kind in self.types if kind != "random"),
        ]


def _shortened(network):
    return Sequential({"shorten": Shortening(), "layers": network})


def _prepared():
    """What comes before every network: gaps filled, channels (and perhaps each series) standardized."""
    return {
        "fill": FillMissing(),
        "standardize_channels": Standardize(),
        "each": Choice(channel=Sequential(), series=StandardizeEach()),
    }
