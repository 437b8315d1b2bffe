"""Networks of Keras Applications with their published weights."""

import math
from dataclasses import dataclass
from functools import lru_cache

from kerasnas.errors import ArgumentError
from kerasnas.space import Operation

# Module of keras.applications, class, and smallest side it takes, by block and version.
NETWORKS = {
    ("ResNetBlock", "v1"): ("resnet", "ResNet50", 32),
    ("ResNetBlock", "v2"): ("resnet_v2", "ResNet50V2", 32),
    ("XceptionBlock", None): ("xception", "Xception", 71),
    **{("EfficientNetBlock", f"b{i}"): ("efficientnet", f"EfficientNetB{i}", 32) for i in range(8)},
}
MEANS, DEVIATIONS = (123.675, 116.28, 103.53), (58.395, 57.12, 57.375)  # of ImageNet's red, green and blue
USUAL = {"ResNetBlock": "v2", "XceptionBlock": None, "EfficientNetBlock": "b0"}


def published(block, version, weights="imagenet", shape=(None, None, 3)):
    """The Keras Applications network that stands behind a block, without its top.

    Raises:
        ArgumentError: If there is no such version, or its weights cannot be had.
    """
    version = version or USUAL[block]
    if (block, version) not in NETWORKS:
        known = [other for name, other in NETWORKS if name == block]
        raise ArgumentError(f"Expected `version` of {block} among {known}. Received: {version!r}.")
    import keras

    module, name, _ = NETWORKS[(block, version)]
    try:
        make = getattr(getattr(keras.applications, module), name)
        return make(include_top=False, weights=weights, input_shape=shape)
    except Exception as error:  # Keras raises a bare Exception where a download fails
        if not isinstance(error, (OSError, ValueError)) and "fetch failure" not in str(error):
            raise
        raise ArgumentError(
            f"Expected the published weights of {name} on this machine or within reach. Received: {error}. "
            "Train from scratch with pretrained=False, or put the file where Keras looks for it (~/.keras/models)."
        ) from error


@lru_cache(maxsize=8)
def _weights(block, version, shape):
    return published(block, version, weights=None, shape=shape).count_params()


def pixels(values):
    """By what pictures are multiplied, and what is added then, to come to the values that published networks saw.

    Standardized pictures get the mean and the deviation of ImageNet's, channel by channel.

    Args:
        values: See `Signal`. What lies within 0 and 255, and what is not known, is taken for pixels as they are.

    Returns:
        The arguments `scale` and `offset` of `Pretrained`.
    """
    if values == "standard":
        return {"scale": DEVIATIONS, "offset": MEANS}
    low, high = values or (0, 255)
    if low >= 0 and 1 < high <= 255:
        return {}
    within = next(((least, 1) for least in (0, -1) if low >= least and high <= 1), (min(low, 0), max(high, 0)))
    scale = 255 / (within[1] - within[0])
    return {"scale": (scale,), "offset": (-within[0] * scale,)}


@dataclass(frozen=True)
class Pretrained(Operation):
    """A published network over pictures, brought to values from 0 to 255, resized and coloured as it needs them.

    Args:
        block: Name of the block.
        version: Its version; the usual one if None.
        trainable: Whether its weights are trained further.
        scale, offset: What values are multiplied by, and what is added then: a number for all channels, or for each.
    """

    block: str
    version: str | None = None
    trainable: bool = False
    scale: tuple = (1.0,)
    offset: tuple = (0.0,)

    def _seen(self, shape):
        smallest = NETWORKS[(self.block, self.version or USUAL[self.block])][2]
        return (max(shape[0], smallest), max(shape[1], smallest), 3)

    def shape(self, shape):
        seen = self._seen(shape)
        channels = {"ResNetBlock": 2048, "XceptionBlock": 2048}.get(self.block)
        channels = channels or published(self.block, self.version, None, seen).output_shape[-1]
        return (math.ceil(seen[0] / 32), math.ceil(seen[1] / 32), channels)

    def params(self, shape):
        return _weights(self.block, self.version, self._seen(shape))

    def layer(self, shape, name):
        import keras

        module = NETWORKS[(self.block, self.version or USUAL[self.block])][0]
        seen = self._seen(shape)
        network = published(self.block, self.version, shape=seen)
        network.trainable = self.trainable

        def layers(x):
            if shape[-1] == 1:
                x = keras.ops.repeat(x, 3, axis=-1)
            if (self.scale, self.offset) != ((1.0,), (0.0,)):
                x = keras.layers.Rescaling(list(self.scale), list(self.offset), name=f"{name}_pixels")(x)
            if tuple(shape[:2]) != seen[:2]:
                x = keras.layers.Resizing(*seen[:2], name=f"{name}_resizing")(x)
            if module in ("resnet_v2", "xception"):
                x = keras.layers.Rescaling(1 / 127.5, -1.0, name=f"{name}_rescaling")(x)
            elif module == "resnet":  # blue first, the means of ImageNet taken off
                x = keras.ops.flip(x, axis=-1) - keras.ops.convert_to_tensor([103.939, 116.779, 123.68])
            return network(x)

        return layers
