"""A folder of pictures, with one folder inside for each class."""

import os
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from kerasnas.backend import tf
from kerasnas.data.dataset import Dataset
from kerasnas.data.stream import Stream
from kerasnas.errors import ArgumentError, DataError

ENDINGS = (".png", ".jpg", ".jpeg", ".bmp")
LOOKED_AT = 50  # pictures that decide the size and the channels


def read_folder(folder, inputs, targets, shape, image_size, limit):
    """The pictures of a folder, sorted by path: a Dataset, or a Stream where they take more than `limit` bytes.

    Args:
        folder: path; with a target, the name of the folder inside it that a picture lies in is its label.
        inputs: kind of each input, by name: one, an "image".
        targets: names of the heads: one or none.
        shape: (height, width, channels) of a picture where it is known, else None.
        image_size: (height, width) in pixels to resize to, or None for the most common size.
        limit: bytes of pixels to hold in memory.

    Raises:
        DataError: if there is no such folder, no picture in it, or one that cannot be read.
        ArgumentError: if the inputs are other than one image, or there are several heads.
    """
    if list(inputs.values()) != ["image"] or len(targets) > 1:
        raise ArgumentError(
            "Expected one image input and at most one head for a folder of pictures. "
            f"Received: inputs {dict(inputs)}, heads {list(targets)}."
        )
    folder = Path(folder)
    paths = pictures_in(folder)
    labels = {targets[0]: _classes(folder, paths)} if targets else None
    height, width, channels = shape or _common_shape(paths)
    height, width = image_size or (height, width)
    source = FolderRows(tuple(str(path) for path in paths), (int(height), int(width), int(channels)))
    name, order = next(iter(inputs)), np.arange(len(paths))
    stream = Stream(source.named(name), order, {name: source.shape}, {name: "uint8"}, labels)
    return stream if len(paths) * int(np.prod(source.shape)) > limit else _in_memory(stream, name)


@dataclass(frozen=True)
class FolderRows:
    """The pictures of a folder as the source of a Stream.

    Args:
        paths: path of each picture.
        shape: (height, width, channels) to which each is resized.
        name: name of the input.
    """

    paths: tuple
    shape: tuple
    name: str = "image"

    def named(self, name):
        """The same for an input of this name."""
        return FolderRows(self.paths, self.shape, name)

    def open(self, rows, seed):
        """The given rows as a tf.data of (row number, dict of one row); shuffled fully where a seed is given."""
        rows = np.asarray(rows)
        data = tf().data.Dataset.from_tensor_slices((rows, [self.paths[row] for row in rows]))
        data = data if seed is None else data.shuffle(max(1, len(rows)), seed=seed)
        return data.map(self._opened, num_parallel_calls=tf().data.AUTOTUNE)

    def _opened(self, row, path):
        return row, {self.name: _resized(tf().io.read_file(path), self.shape)}


def pictures_in(folder):
    """Paths of the pictures below a folder, sorted; hidden files (macOS leaves some, as `._a.png`) are none.

    Raises:
        DataError: If there is no such folder, or no picture in it.
    """
    if not folder.is_dir():
        raise DataError(f"Expected `x` to be the path of a folder of pictures. Received: '{folder}', which is none.")
    found = [
        Path(at) / name
        for at, _, names in os.walk(folder, followlinks=True)
        for name in names
        if name.lower().endswith(ENDINGS) and not name.startswith(".")
    ]
    if not found:
        raise DataError(f"Expected pictures ({', '.join(ENDINGS)}) in '{folder}'. Received: none there.")
    return sorted(found)


def _classes(folder, paths):
    parts = [path.relative_to(folder).parts for path in paths]
    loose = next((path for path, part in zip(paths, parts) if len(part) < 2), None)
    if loose is not None:
        raise DataError(f"Expected one folder for each class in '{folder}'. Received: the picture '{loose}' outside.")
    return np.array([part[0] for part in parts])


def _common_shape(paths):
    """The most common (height, width) among some pictures, and 1 channel if all are grey, else 3."""
    some = [paths[place] for place in np.unique(np.linspace(0, len(paths) - 1, LOOKED_AT).astype(int))]
    shapes = [_decoded(path).shape for path in some]
    (height, width), _ = Counter(shape[:2] for shape in shapes).most_common(1)[0]
    return height, width, 1 if all(shape[2] == 1 for shape in shapes) else 3


def _decoded(path):
    try:
        return tf().io.decode_image(tf().io.read_file(str(path)), expand_animations=False).numpy()
    except (tf().errors.InvalidArgumentError, tf().errors.NotFoundError) as error:
        raise DataError(f"Expected '{path}' to be a picture. Received: what cannot be decoded.") from error


def _resized(content, shape):
    image = tf().io.decode_image(content, channels=3, expand_animations=False)
    image.set_shape((None, None, 3))
    if shape[2] == 1:  # TensorFlow decodes no BMP to one channel
        grey = tf().tensordot(tf().cast(image, "float32"), tf().constant([0.299, 0.587, 0.114]), 1)
        image = tf().cast(tf().round(grey), "uint8")[..., None]
    same = tf().reduce_all(tf().shape(image)[:2] == shape[:2])
    image = tf().cond(same, lambda: image, lambda: _scaled(image, shape[:2]))
    return tf().ensure_shape(image, shape)


def _scaled(image, size):
    scaled = tf().image.resize(image, size, antialias=True)
    return tf().cast(tf().clip_by_value(tf().round(scaled), 0, 255), "uint8")


def _in_memory(stream, name):
    images = np.empty((len(stream), *stream.shapes[name]), "uint8")
    at = 0
    try:
        for batch in stream.with_y(None).batches(64):
            rows = np.asarray(batch[name])
            images[at : at + len(rows)] = rows
            at += len(rows)
    except tf().errors.InvalidArgumentError:
        for path in stream.source.paths:
            _decoded(path)  # names the picture that cannot be decoded
        raise
    return Dataset({name: images}, stream.y)
