"""Folders of pictures or texts, one folder inside for each class, as datasets: AutoKeras's functions of these names."""

from kerasnas.backend import tf


def image_dataset_from_directory(
    directory, batch_size=32, color_mode="rgb", image_size=(256, 256), interpolation="bilinear", shuffle=True,
    seed=None, validation_split=None, subset=None,
):  # fmt: skip
    """Pictures in folders by class, as a `tf.data.Dataset` of batches `(pictures, names of classes)`.

    A facade takes the folder itself, too: `fit("folder")`.

    Args:
        directory: The folder.
        batch_size: Pictures in a batch.
        color_mode: "grayscale", "rgb" or "rgba".
        image_size: (height, width) in pixels to which pictures are resized.
        interpolation: How; see `keras.utils.image_dataset_from_directory`.
        shuffle: Whether pictures come in an order drawn by `seed`.
        seed: Seed of order and split.
        validation_split: Part of the pictures that is held out; None for none.
        subset: "training" or "validation": which part is given.
    """
    import keras

    found = keras.utils.image_dataset_from_directory(
        directory, batch_size=batch_size, color_mode=color_mode, image_size=image_size, interpolation=interpolation,
        shuffle=shuffle, seed=seed, validation_split=validation_split, subset=subset, verbose=False,
    )  # fmt: skip
    return _named(found)


def text_dataset_from_directory(
    directory, batch_size=32, max_length=None, shuffle=True, seed=None, validation_split=None, subset=None,
):  # fmt: skip
    """Text files in folders by class, as a `tf.data.Dataset` of batches `(texts, names of classes)`.

    Args:
        directory: The folder.
        batch_size: Texts in a batch.
        max_length: Bytes of a text that are kept; None for all.
        shuffle, seed, validation_split, subset: As of `image_dataset_from_directory`.
    """
    import keras

    found = keras.utils.text_dataset_from_directory(
        directory, batch_size=batch_size, max_length=max_length, shuffle=shuffle, seed=seed,
        validation_split=validation_split, subset=subset, verbose=False,
    )  # fmt: skip
    return _named(found)


def _named(dataset):
    """The same with names of classes in place of their numbers."""
    names = tf().constant(dataset.class_names)
    return dataset.map(lambda rows, classes: (rows, tf().gather(names, classes)))
