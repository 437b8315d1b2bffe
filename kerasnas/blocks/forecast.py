"""The block and the head of forecasts."""

from dataclasses import dataclass, replace

from kerasnas.blocks.block import Block
from kerasnas.blocks.heads import RegressionHead
from kerasnas.blocks.series_networks import Shortening
from kerasnas.blocks.text_networks import RecurrentStack
from kerasnas.data import ForecastTarget
from kerasnas.errors import ArgumentError, nearest
from kerasnas.operations import (
    Activation,
    Conv,
    Dense,
    Dropout,
    Flatten,
    GlobalAvgPool,
    Identity,
    LastSteps,
    LayerNorm,
    Permute,
    Relative,
    Rescaling,
    Reshape,
    SeasonalNaive,
    SolvedForecast,
    TakeChannels,
    Trend,
)
from kerasnas.space import Choice, Float, Operation, Parallel, Sequential, When


@dataclass(frozen=True)
class Outlook(Operation):
    """Whatever comes in as a forecast: left as it is where it has the shape of one, else through a linear layer.

    Args:
        horizon: Steps of the forecast.
        targets: How many series are forecast.
        initializer: What the layer starts from.
    """

    horizon: int
    targets: int = 1
    initializer: str = "glorot_uniform"

    def expand(self, shape):
        wanted = (self.horizon, self.targets)
        if tuple(shape) == wanted:
            return Sequential()
        dense = Dense(self.horizon * self.targets, initializer=self.initializer)
        return Sequential({"flatten": Flatten(), "dense": dense, "shape": Reshape(wanted)})


@dataclass(frozen=True)
class ResidualPerceptron(Operation):
    """A window as a vector, through residual dense layers, with the window itself beside what they make of it.

    Args:
        units: Width of the layers.
        blocks: How many residual ones.
        dropout: Rate in each.

    Reference:
        Das et al., "Long-term Forecasting with TiDE: Time-series Dense Encoder", TMLR 2023.
    """

    units: int = 128
    blocks: int = 2
    dropout: float = 0.2

    def expand(self, shape):
        steps = {"enter": Dense(self.units)}
        for block in range(self.blocks):
            body = {"inner": Dense(self.units, "relu"), "outer": Dense(self.units), "dropout": Dropout(self.dropout)}
            steps[f"block_{block}"] = Parallel({"body": Sequential(body), "input": Identity()})
            steps[f"norm_{block}"] = LayerNorm()
        sides = Parallel({"layers": Sequential(steps), "window": Identity()}, merge="concatenate")
        return Sequential({"flatten": Flatten(), "sides": sides})


@dataclass(frozen=True)
class Decomposition(Operation):
    """Trend and rest of each series through a linear map over time of their own, shared by all series.

    Args:
        horizon: Steps of the forecast.
        trend: Steps of the moving mean.

    Reference:
        Zeng et al., "Are Transformers Effective for Time Series Forecasting?", AAAI 2023 (DLinear).
    """

    horizon: int
    trend: int = 25

    def expand(self, shape):
        mapped = {"turn": Permute(), "dense": Dense(self.horizon), "back": Permute()}
        # A map of all minus that of the trend is one of the rest: two maps of window and trend say the same.
        smooth = Sequential({"mean": Trend(min(self.trend, shape[0] - 1 + shape[0] % 2)), **mapped})
        return Parallel({"window": Sequential(mapped), "trend": smooth})


@dataclass(frozen=True)
class ConvolutionalWindow(Operation):
    """Dilated convolutions over a window, their mean and their end, with the window itself beside them.

    Args:
        width: Channels.
        layers: How many; the dilation doubles from one to the next.

    Reference:
        Bai, Kolter & Koltun, "An Empirical Evaluation of Generic Convolutional and Recurrent Networks for Sequence
        Modeling", 2018.
    """

    width: int = 32
    layers: int = 4

    def expand(self, shape):
        steps = {"enter": Conv(self.width, 3, activation="relu")}
        for layer in range(self.layers):
            body = Sequential({"conv": Conv(self.width, 3, dilation=2**layer), "activation": Activation("relu")})
            steps[f"layer_{layer}"] = Parallel({"body": body, "input": Identity()})
        end = Sequential({"end": LastSteps(1 / shape[0]), "flatten": Flatten()})
        steps["ends"] = Parallel({"mean": GlobalAvgPool(), "end": end}, merge="concatenate")
        return Parallel({"layers": Sequential(steps), "window": Flatten()}, merge="concatenate")


class ForecastBlock(Block):
    """What comes after a window `(lookback, channels)`, in standard units: `(horizon, targets)`.

    Args:
        horizon: Steps of the forecast.
        channels: Numbers of the channels that are forecast; None where the targets are no channels of the window.
        targets: How many targets; the number of `channels` where those are given.
        mean, scale: Mean and standard deviation of each channel; as they are if None.
        target_mean, target_scale: Of each target; those of the channels where those are given.
        season: Steps of a season, for the control that repeats the last one.
        gap: Steps between the window and the forecast.
        block_type: "linear" (solved for in closed form), "naive" (the last season again), "decomposition"; "dense",
            "convolution" and "recurrent" beside the linear map; a list of them, or None to search.
        name: Its name.
    """

    TYPES = ("linear", "naive", "decomposition", "dense", "convolution", "recurrent")
    UNTRAINED = ("linear", "naive")
    reads = ("series", "array")

    def __init__(
        self, horizon=1, channels=(0,), targets=None, mean=None, scale=None, target_mean=None, target_scale=None,
        season=1, gap=0, block_type=None, name=None,
    ):  # fmt: skip
        super().__init__(name)
        self.horizon, self.channels, self.season, self.gap = horizon, channels, season, gap
        self.targets = len(channels) if channels is not None else targets or 1
        self.mean, self.scale, self.target_mean, self.target_scale = mean, scale, target_mean, target_scale
        self.block_type = block_type
        allowed = [kind for kind in self.TYPES if channels is not None or kind not in ("naive", "decomposition")]
        self.types = [block_type] if isinstance(block_type, str) else list(block_type or allowed)
        unknown = [kind for kind in self.types if kind not in allowed]
        if unknown:
            raise ArgumentError(
                f"Expected `block_type` among {allowed}.{nearest(unknown[0], allowed)} Received: {unknown[0]!r}."
            )

    def node(self, signals):
        width = signals[0].shape[-1]
        mean, scale = self.mean or (0.0,) * width, self.scale or (1.0,) * width
        unit = Rescaling(tuple(1 / s for s in scale), tuple(-m / s for m, s in zip(mean, scale)))
        nodes = {kind: getattr(self, f"_{kind}")(width) for kind in self.types}
        network = Choice(**nodes) if len(nodes) > 1 else nodes[self.types[0]]
        return Sequential({"unit": unit, "network": network})

    # --------------------------------------------------------------- networks
    def _seen(self, width):
        """Which channels a network looks at."""
        if self.channels is None or len(self.channels) == width:
            return Sequential()
        return Choice(targets=TakeChannels(self.channels), all=Sequential())

    def _ending(self):
        return LastSteps(Choice(1.0, 0.5, 0.25))

    def _beside(self, network, width):
        """The linear map, and a network that learns what that leaves: it starts from nothing."""
        relative = {} if self.channels is None else {"relative": Relative()}
        outlook = Outlook(self.horizon, self.targets, "zeros")
        steps = {"steps": self._ending(), "seen": self._seen(width), **relative, "network": network, "outlook": outlook}
        return Parallel({"linear": self._solved("targets", "loo"), "rest": Sequential(steps)})

    def _naive(self, width):
        return SeasonalNaive(self.horizon, self.channels, self.season, self.gap)

    def _linear(self, width):
        some = self.channels is not None and len(self.channels) < width
        seen = Choice("targets", "all") if some else "all"
        return Sequential({"steps": self._ending(), "map": self._solved(seen, Choice("loo", 100.0, 1000.0, 10_000.0))})

    def _solved(self, seen, strength):
        mean, scale = self.target_mean or (0.0,) * self.targets, self.target_scale or (1.0,) * self.targets
        return SolvedForecast(self.horizon, self.channels, mean, scale, seen, strength)

    def _decomposition(self, width):
        steps = {"steps": self._ending(), "seen": TakeChannels(self.channels), "relative": Relative()}
        changes = Sequential({**steps, "maps": Decomposition(self.horizon, Choice(25, 7, 49))})
        return Parallel({"changes": changes, "level": SeasonalNaive(self.horizon, self.channels)})

    def _dense(self, width):
        network = ResidualPerceptron(Choice(64, 128, 256, default=128), Choice(1, 2), Choice(0.3, 0.1, 0.5))
        return self._beside(network, width)

    def _convolution(self, width):
        return self._beside(ConvolutionalWindow(Choice(16, 32, 64, default=32), Choice(4, 6)), width)

    def _recurrent(self, width):
        layers = RecurrentStack(1, Choice(32, 64), Choice("gru", "lstm"), False)
        return self._beside(Sequential({"shorten": Shortening(), "layers": layers}), width)

    # --------------------------------------------------------------- training
    def gives(self, signals):
        return replace(super().gives(signals), kind="array", shape=(self.horizon, self.targets))

    def recipe(self, signals):
        """Small rates and few passes: windows overlap, so each value is seen many times in a pass."""
        rows = signals[0].rows
        batch = 32 if rows < 2000 else 128
        usual = int(min(max(1500 * batch / rows, 5), 60))
        recipe = {
            "learning_rate": Float(1e-4, 5e-3, log=True, default=5e-4),
            "weight_decay": Choice(0.0, 0.02, 0.05, default=0.02),
            "batch_size": Choice(batch // 2, batch, 2 * batch, default=batch),
            "epochs": Choice(short=max(1, usual // 3), usual=usual, long=2 * usual, default="usual"),
        }
        fixed = {"learning_rate": 1e-3, "weight_decay": 0.0, "batch_size": batch, "epochs": 1}
        trained = tuple(kind for kind in self.types if kind not in self.UNTRAINED)
        if not trained:
            return {**fixed, "label_smoothing": 0.0}
        if len(trained) < len(self.types):
            path = f"{self.name or 'forecast_block'}/network"
            recipe = {name: When(path, trained, node, fixed[name]) for name, node in recipe.items()}
        return {**recipe, "label_smoothing": 0.0}

    def portfolio(self, signals):
        """The linear map at three lookbacks, the control, then networks that are trained."""
        if len(self.types) == 1:
            return []
        entries = [
            *({"network": "linear", "network/linear/steps/part": part} for part in (1.0, 0.5, 0.25)),
            {"network": "naive"},
            {"network": "dense"},
            {"network": "decomposition"},
            {"network": "convolution"},
        ]
        return [entry for entry in entries if entry["network"] in self.types]


class ForecastHead(RegressionHead):
    """Several steps of numbers `(rows, horizon, targets)`, in the unit of the targets.

    Args:
        output_dim: Number of targets; found from `y` if None.
        loss, metrics, name: See `Head`.
        mean, scale: Of each target, from which what comes in is brought to their unit; those of `y` if None.
    """

    def __init__(self, output_dim=None, loss=None, metrics=None, name=None, mean=None, scale=None):
        super().__init__(output_dim, loss, metrics, None, name)
        self.mean, self.scale = mean, scale

    def fit_target(self, y, min_members=2, name="`y`"):
        return ForecastTarget.fit(y, output_dim=self.output_dim, name=name)

    def node(self, signals):
        unit = Rescaling(self.scale or self.target.scale, self.mean or self.target.mean)
        return Sequential({"outlook": Outlook(self.target.steps, self.target.width), "unit": unit})
