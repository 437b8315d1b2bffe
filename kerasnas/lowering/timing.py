"""How long a network takes to answer, on this machine."""

import statistics
import time

from kerasnas.lowering.model import build

WARM = 3  # answers that are not timed: the first traces the graph


def latency(space, architecture=None, input_shape=None, batch_size=1, repeats=30):
    """Milliseconds in which one architecture of a space, its weights at random, answers a batch: the median.

    Args:
        space: A `Space` or node.
        architecture: Answers to its decisions; the default ones if None.
        input_shape: Shape without the batch axis, or a dict of shapes by input name.
        batch_size: Examples in a batch.
        repeats: Batches that are timed.

    Returns:
        A float. It is a measurement: it differs from call to call, and from machine to machine.
    """
    import numpy as np

    model = build(space, architecture, input_shape)
    rows = {tensor.name: np.zeros((batch_size, *tensor.shape[1:]), tensor.dtype) for tensor in model.inputs}
    rows = rows if isinstance(model.input, dict) else next(iter(rows.values()))
    seconds = []
    for _ in range(WARM + repeats):
        started = time.perf_counter()
        model.predict_on_batch(rows)
        seconds.append(time.perf_counter() - started)
    return 1000 * statistics.median(seconds[WARM:])
