"""Fewer threads for small work: several wait for one another, and long where other work holds a core."""

import functools
import importlib

LOADS = {"blas": "scipy.linalg", "openmp": "sklearn.ensemble"}  # what is not loaded yet cannot be limited


def one_thread(kind="blas"):
    """A context in which work runs in one thread.

    Args:
        kind: "blas" for linear algebra, "openmp" for scikit-learn's loops.
    """
    return _libraries(kind).limit(limits=1, user_api=kind)


@functools.lru_cache(maxsize=len(LOADS))
def _libraries(kind):
    import threadpoolctl

    importlib.import_module(LOADS[kind])
    return threadpoolctl.ThreadpoolController()
