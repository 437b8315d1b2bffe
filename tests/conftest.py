"""What tests of all rooms share: where the staged data lie."""

import os
from pathlib import Path

import pytest

# Of networks as small as those of tests JAX compiles far longer than it computes; before it is imported.
os.environ.setdefault("XLA_FLAGS", "--xla_backend_optimization_level=0")

STAGED = Path(__file__).resolve().parents[2] / "shared" / "data"


def _missing(what):
    """A failure where the data were promised by KERASNAS_DATA, a skip elsewhere."""
    if os.environ.get("KERASNAS_DATA"):
        pytest.fail(f"Expected {what}, for KERASNAS_DATA is set. Received: nothing there.")
    pytest.skip(f"needs {what}; set KERASNAS_DATA to the folder of test data")


@pytest.fixture(scope="session")
def data_folder():
    """The folder of staged test data."""
    folder = Path(os.environ.get("KERASNAS_DATA") or STAGED)
    if not folder.is_dir():
        _missing(f"the folder {folder}")
    return folder


@pytest.fixture(scope="session")
def staged(data_folder):
    """A function from a name such as "nas/nasbench201_dev.parquet" to the path of that file."""

    def path(name):
        if not (data_folder / name).exists():
            _missing(f"the file {data_folder / name}")
        return data_folder / name

    return path
