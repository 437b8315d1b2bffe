"""A bilevel step is that of DARTS in plain PyTorch, from the same weights and on the same rows."""

import keras
import numpy as np
import pytest

from kerasnas import spaces
from kerasnas.lowering.opening import open_space
from kerasnas.lowering.supernet import Supernet
from kerasnas.supernets import DARTS
from kerasnas.supernets.bilevel import Bilevel
from tests.lowering.supernets import array

torch = pytest.importorskip("torch")

pytestmark = [
    pytest.mark.backend,
    pytest.mark.skipif(keras.backend.backend() == "jax", reason="taken outside of `fit`, JAX compiles it for minutes"),
]

# Where PyTorch computes, Keras pads what it averages in steps of two in a way of its own: no reduction cell there.
CELLS = 3 if keras.backend.backend() == "tensorflow" else 1
NODES, FILTERS, SHAPE = 2, 4, (8, 8, 3)


def pair():
    """kerasnas's supernet in training and PyTorch's search, of equal weights."""
    from benchmarks.pytorch.darts import Network, Search

    opened = open_space(spaces.darts(10, cells=CELLS, filters=FILTERS, nodes=NODES), normalized_pools=True)
    supernet = Supernet(opened, SHAPE)
    network = Network(FILTERS, 10, CELLS, NODES)
    for k, cell in enumerate(network.cells):
        at = f"cells/cell_{k}"
        copy(supernet, f"{at}/older/", cell.older)
        copy(supernet, f"{at}/newer/", cell.newer)
        for edge, mixed in cell.edges.items():
            for label, candidate in mixed.candidates.items():
                copy(supernet, f"{at}/{edge}/{label}/", candidate)
    copy(supernet, "stem/", network.stem)
    with torch.no_grad():
        for name, parameters in kinds(network):
            for row, edge in enumerate(network.cells[0].edges):
                parameters[row] = torch.tensor(array(supernet.alphas[f"{name}/{edge}"]))
        dense = supernet.made["classes:Dense"]
        network.classes.weight.copy_(torch.tensor(array(dense.kernel).T))
        network.classes.bias.copy_(torch.tensor(array(dense.bias)))
    bilevel = Bilevel(supernet, DARTS(alpha_learning_rate=3e-4), steps=1000)
    bilevel.compile(loss="categorical_crossentropy")
    return bilevel, Search(network)


def kinds(network):
    """The kinds of cells that there are, with their architecture weights."""
    return list(zip(("normal", "reduction"), network.alphas))[: 1 + any(cell.reduction for cell in network.cells)]


def copy(supernet, prefix, module):
    """The kernels of the supernet under a path into a module's convolutions, in order."""
    kernels = [
        array(made.value("kernel") if hasattr(made, "value") else made.kernel)
        for key, made in supernet.made.items()
        if key.startswith(prefix) and key.endswith((":Conv", ":DepthwiseConv"))
    ]
    convs = [each for each in module.modules() if isinstance(each, torch.nn.Conv2d)]
    assert len(kernels) == len(convs)
    with torch.no_grad():
        for conv, kernel in zip(convs, kernels):
            kernel = kernel.transpose(2, 3, 0, 1) if conv.groups > 1 else kernel.transpose(3, 2, 0, 1)
            conv.weight.copy_(torch.tensor(kernel))


def rows(seed):
    rng = np.random.default_rng(seed)
    return rng.normal(size=(6, *SHAPE)).astype("float32"), rng.integers(0, 10, 6)


def test_loss_gradients_and_updated_architecture_weights_are_those_of_plain_pytorch():
    bilevel, search = pair()
    (ax, ay), (wx, wy) = rows(0), rows(1)
    as_torch = lambda x, y: (torch.tensor(x).permute(0, 3, 1, 2), torch.tensor(y))  # noqa: E731
    hot = np.eye(10, dtype="float32")
    loss, _ = bilevel._loss((ax, hot[ay], None))
    expected = search.loss(search.network(as_torch(ax, ay)[0]), as_torch(ax, ay)[1])
    assert float(array(loss)) == pytest.approx(float(expected.detach()), abs=1e-4)
    gradients = dict(zip(bilevel.supernet.alphas, bilevel.direct((ax, hot[ay], None))))
    here = kinds(search.network)
    for (name, _), gradient in zip(here, torch.autograd.grad(expected, [each for _, each in here])):
        for row, edge in enumerate(search.network.cells[0].edges):
            np.testing.assert_allclose(array(gradients[f"{name}/{edge}"]), gradient[row].numpy(), atol=1e-5, rtol=1e-3)
    bilevel.train_step(({"alphas": ax, "weights": wx}, {"alphas": hot[ay], "weights": hot[wy]}))
    search.step(as_torch(ax, ay), as_torch(wx, wy))
    for name, parameters in here:
        for row, edge in enumerate(search.network.cells[0].edges):
            moved = array(bilevel.supernet.alphas[f"{name}/{edge}"])
            np.testing.assert_allclose(moved, parameters[row].detach().numpy(), atol=3e-5)  # a tenth of a step
    last = search.network.cells[-1].edges["node_1/edge_2"].candidates["sep_conv_5x5"]
    kernel = bilevel.supernet.made[f"cells/cell_{CELLS - 1}/node_1/edge_2/sep_conv_5x5/conv_1:Conv"].value("kernel")
    np.testing.assert_allclose(array(kernel)[0, 0].T, last[-2].weight.detach().numpy()[:, :, 0, 0], atol=1e-5)
