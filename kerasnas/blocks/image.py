"""Blocks over pictures."""

from kerasnas.blocks.block import Block, opened
from kerasnas.blocks.networks import ConvStage, EfficientNet, ResNet, Xception, stages_for
from kerasnas.blocks.preprocessing import ImageAugmentation, Normalization
from kerasnas.errors import ArgumentError
from kerasnas.space import Choice, Int, Node, Repeat, Shared


class ConvBlock(Block):
    """A plain convolutional network: blocks of convolutions, each followed by pooling and dropout.

    Every argument may be fixed, left open (None), or narrowed to a list or a node of choices.

    Args:
        kernel_size: Window of the convolutions; open: 3, 5 or 7.
        num_blocks: Blocks; open: 1 to 3.
        num_layers: Convolutions in a block; open: 1 or 2.
        filters: Channels of a block; open: 16 to 512, for each block.
        max_pooling: Whether blocks end with max pooling; open: yes or no.
        separable: Whether convolutions are depthwise separable; open: no or yes.
        dropout: Rate at the end of a block; open: 0, .25 or .5.
        name: Its name.
    """

    def __init__(
        self, kernel_size=None, num_blocks=None, num_layers=None, filters=None, max_pooling=None, separable=None,
        dropout=None, name=None,
    ):  # fmt: skip
        super().__init__(name)
        self.kernel_size, self.num_blocks, self.num_layers = kernel_size, num_blocks, num_layers
        self.filters, self.max_pooling, self.separable, self.dropout = filters, max_pooling, separable, dropout

    def node(self, signals):
        # One answer for all blocks: what is shared is asked under the block's own name.
        def once(argument, value, default):
            node = opened(value, default)
            return Shared(f"{self.name or 'conv_block'}/{argument}", node) if isinstance(node, Node) else node

        stage = ConvStage(
            filters=opened(self.filters, Int(16, 512, log=True, default=32)),
            layers=once("num_layers", self.num_layers, Choice(1, 2, default=2)),
            kernel_size=once("kernel_size", self.kernel_size, Choice(3, 5, 7)),
            separable=once("separable", self.separable, Choice(False, True)),
            max_pooling=once("max_pooling", self.max_pooling, Choice(True, False)),
            dropout=once("dropout", self.dropout, Choice(0.0, 0.25, 0.5)),
        )
        return Repeat(stage, opened(self.num_blocks, Int(1, 3, default=2)))


class _NetworkBlock(Block):
    """A block that is one whole network; `pretrained=True` asks for published weights."""

    def __init__(self, pretrained=None, version=None, name=None):
        super().__init__(name)
        self.pretrained, self.version = pretrained, version

    def network(self, signals):
        raise NotImplementedError(f"{type(self).__name__}.network")

    def node(self, signals):
        if self.pretrained:
            from kerasnas.blocks.pretrained import Pretrained, pixels, published

            published(type(self).__name__, self.version)  # whether the weights can be had is said now, not in a trial
            return Pretrained(type(self).__name__, self.version, **pixels(signals[0].values))
        return self.network(signals)


class ResNetBlock(_NetworkBlock):
    """A residual network, from scratch and sized to the picture; `pretrained=True` for Keras Applications' weights.

    Args:
        pretrained: Whether to start from published weights; they must be on this machine or within reach.
        version: "v1" or "v2", for published weights.
        width: Channels of the stem; open: 16 to 48.
        blocks: Residual blocks in a stage; open: 1 or 2.
        name: Its name.
    """

    def __init__(self, pretrained=None, version=None, width=None, blocks=None, name=None):
        super().__init__(pretrained, version, name)
        self.width, self.blocks = width, blocks

    def network(self, signals):
        usual = min(3, stages_for(signals[0].shape))
        small = min(signals[0].shape[:2]) < 16
        return ResNet(
            width=opened(self.width, Choice(16, 24, 32, 48, default=32 if small else 24)),
            stages=Int(max(1, usual - 1), usual + 1, default=usual),
            blocks=opened(self.blocks, Choice(1, 2)),
            stem=Choice("conv", "whitening", default="whitening" if signals[0].shape[-1] == 3 else "conv"),
        )


class XceptionBlock(_NetworkBlock):
    """An Xception network, from scratch and sized to the picture; `pretrained=True` for published weights.

    Args:
        pretrained: Whether to start from published weights; they must be on this machine or within reach.
        width: Channels of the first stage; open: 16 to 64.
        middle: Blocks at the lowest resolution; open: 1 to 4.
        name: Its name.
    """

    def __init__(self, pretrained=None, width=None, middle=None, name=None):
        super().__init__(pretrained, None, name)
        self.width, self.middle = width, middle

    def network(self, signals):
        width = opened(self.width, Choice(16, 32, 64, default=32))
        return Xception(width=width, middle=opened(self.middle, Int(1, 4, default=2)))


class EfficientNetBlock(_NetworkBlock):
    """An EfficientNet, from scratch and sized to the picture; `pretrained=True` for published weights.

    Args:
        pretrained: Whether to start from published weights; they must be on this machine or within reach.
        version: "b0" to "b7", for published weights.
        width: Channels of the stem; open: 16 to 32.
        depth: Blocks in a stage; open: 1 to 3.
        name: Its name.
    """

    def __init__(self, pretrained=None, version=None, width=None, depth=None, name=None):
        super().__init__(pretrained, version, name)
        self.width, self.depth = width, depth

    def network(self, signals):
        return EfficientNet(
            width=opened(self.width, Choice(16, 24, 32)),
            depth=opened(self.depth, Int(1, 3)),
            expansion=Choice(4, 6),
        )


class ImageBlock(Block):
    """Any of the image networks.

    Args:
        block_type: "resnet", "xception", "efficient", "vanilla" (ConvBlock), a list of them, or None to search.
        normalize: Whether a Normalization block is drawn before it; the facades draw their own.
        augment: Whether an ImageAugmentation block is drawn before it.
        name: Its name.
    """

    TYPES = {"resnet": ResNetBlock, "vanilla": ConvBlock, "xception": XceptionBlock, "efficient": EfficientNetBlock}

    def __init__(self, block_type=None, normalize=None, augment=None, name=None):
        super().__init__(name)
        self.block_type = block_type
        types = [block_type] if isinstance(block_type, str) else list(block_type or self.TYPES)
        unknown = [kind for kind in types if kind not in self.TYPES]
        if unknown:
            from kerasnas.errors import nearest

            hint = nearest(unknown[0], self.TYPES)
            raise ArgumentError(f"Expected `block_type` among {list(self.TYPES)}.{hint} Received: {unknown[0]!r}.")
        self.types = types
        self.normalize, self.augment = normalize, augment

    def __call__(self, *inputs):
        wire = super().__call__(*inputs)
        before = [*([Normalization()] if self.normalize else []), *([ImageAugmentation()] if self.augment else [])]
        for block in before:
            wire.sources = (block(*wire.sources),)
        return wire

    def node(self, signals):
        name = self.name or "image_block"
        nodes = {kind: self.TYPES[kind](name=f"{name}/{kind}").node(signals) for kind in self.types}
        return Choice(**nodes)

    def portfolio(self, signals):
        """A cheap residual network, then the strong one, then others that differ from it in stem and width."""
        if "resnet" not in self.types:
            return []
        signal = signals[0]
        usual = "whitening" if signal.shape[-1] == 3 else "conv"
        wider = {"resnet/width": 32 if min(signal.shape[:2]) >= 16 else 48, "resnet/stem": usual}
        other = {"resnet/stem": "conv" if usual == "whitening" else "whitening"}
        entries = [
            {"resnet/width": 16, "resnet/stem": "conv", "training/epochs": "short"},
            {"resnet/stem": usual},
            # Whitening lagged behind on digits, whose strokes leave few directions to whiten.
            *([other, wider] if signal.mirrors else [wider, other]),
        ]
        return [{"": "resnet", **entry} for entry in entries]
