"""Arrays in a file."""

import zipfile
import zlib

import numpy as np

from kerasnas.errors import DataError


def stored_arrays(path):
    """The arrays of an .npz file, by name.

    Raises:
        DataError: If it cannot be read, is none, or holds Python objects.
    """
    try:
        with np.load(path) as stored:
            return {name: stored[name] for name in stored.files}
    except (OSError, ValueError, TypeError, AttributeError, EOFError, zipfile.BadZipFile, zlib.error) as error:
        raise DataError(f"Expected an .npz file of arrays, or a folder of pictures. Received: {path}.") from error
