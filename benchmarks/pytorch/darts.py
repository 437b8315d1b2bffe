"""DARTS in plain eager PyTorch, written in the standard way: a module for each candidate of each edge.

Padding at two strides is Keras's ("same": the odd pixel after), and so are normalizations, so that weights and
figures can be compared. Reference: Liu et al., 2019, "DARTS: Differentiable Architecture Search".
"""

import torch
import torch.nn.functional as functional
from torch import nn

EPSILON, MOMENTUM = 1e-3, 0.1
LABELS = (
    "none", "max_pool_3x3", "avg_pool_3x3", "skip_connect", "sep_conv_3x3", "sep_conv_5x5", "dil_conv_3x3",
    "dil_conv_5x5",
)  # fmt: skip


def norm(channels, affine=False):
    return nn.BatchNorm2d(channels, eps=EPSILON, momentum=MOMENTUM, affine=affine)


def conv(channels, size, strides=1, dilation=1):
    """A depthwise convolution, padded as "same"."""
    if strides == 1 or dilation > 1:
        padding = (size - 1) // 2 * dilation
        return [nn.Conv2d(channels, channels, size, strides, padding, dilation, groups=channels, bias=False)]
    before = (size - 2) // 2
    pad = nn.ZeroPad2d((before, size - 2 - before, before, size - 2 - before))
    return [pad, nn.Conv2d(channels, channels, size, strides, 0, groups=channels, bias=False)]


def pointwise(into, out):
    return nn.Conv2d(into, out, 1, bias=False)


def separable(channels, size, strides):
    first = [nn.ReLU(), *conv(channels, size, strides), pointwise(channels, channels), norm(channels)]
    return nn.Sequential(*first, nn.ReLU(), *conv(channels, size), pointwise(channels, channels), norm(channels))


def dilated(channels, size, strides):
    return nn.Sequential(
        nn.ReLU(), *conv(channels, size, strides, 2), pointwise(channels, channels), norm(channels)
    )  # fmt: skip


class FactorizedReduction(nn.Module):
    """Two 1×1 convolutions of two strides, one a pixel further."""

    def __init__(self, into, out):
        super().__init__()
        self.even = nn.Conv2d(into, out - out // 2, 1, 2, bias=False)
        self.odd = nn.Conv2d(into, out // 2, 1, 2, bias=False)
        self.norm = norm(out)

    def forward(self, x):
        x = functional.relu(x)
        return self.norm(torch.cat([self.even(x), self.odd(x[:, :, 1:, 1:])], 1))


class Zero(nn.Module):
    def __init__(self, strides):
        super().__init__()
        self.strides = strides

    def forward(self, x):
        return x[:, :, :: self.strides, :: self.strides] * 0.0


def pool(kind, strides):
    """A pool of 3×3 whose windows leave padding out."""
    how = {"stride": strides, "padding": 1 if strides == 1 else 0, "ceil_mode": strides > 1}
    return nn.MaxPool2d(3, **how) if kind == "max" else nn.AvgPool2d(3, count_include_pad=False, **how)


def candidate(label, channels, strides):
    if label == "none":
        return Zero(strides)
    if label == "skip_connect":
        return nn.Identity() if strides == 1 else FactorizedReduction(channels, channels)
    kind, _, size = label.split("_")
    if kind in ("max", "avg"):
        return nn.Sequential(pool(kind, strides), norm(channels))
    return (separable if kind == "sep" else dilated)(channels, int(size[0]), strides)


class MixedOperation(nn.Module):
    def __init__(self, channels, strides):
        super().__init__()
        self.candidates = nn.ModuleDict({label: candidate(label, channels, strides) for label in LABELS})

    def forward(self, x, weights):
        return sum(w * each(x) for w, each in zip(weights, self.candidates.values()))


class ReLUConvBN(nn.Module):
    def __init__(self, into, out):
        super().__init__()
        self.conv, self.norm = pointwise(into, out), norm(out)

    def forward(self, x):
        return self.norm(self.conv(functional.relu(x)))


class Cell(nn.Module):
    def __init__(self, nodes, older, newer, channels, reduction, reduced):
        super().__init__()
        self.nodes, self.reduction = nodes, reduction
        self.older = (FactorizedReduction if reduced else ReLUConvBN)(older, channels)
        self.newer = ReLUConvBN(newer, channels)
        self.edges = nn.ModuleDict(
            {
                f"node_{i}/edge_{j}": MixedOperation(channels, 2 if reduction and j < 2 else 1)
                for i in range(nodes) for j in range(2 + i)
            }
        )  # fmt: skip

    def forward(self, before, last, weights):
        states = [self.older(before), self.newer(last)]
        for i in range(self.nodes):
            edges = [self.edges[f"node_{i}/edge_{j}"] for j in range(len(states))]
            first = i * (i + 3) // 2
            states.append(sum(edge(s, weights[first + j]) for j, (edge, s) in enumerate(zip(edges, states))))
        return torch.cat(states[2:], 1)


class Network(nn.Module):
    """The search network: architecture weights `(edges, candidates)` of the normal and of the reduction cell."""

    def __init__(self, channels=16, classes=10, cells=8, nodes=4, stem_multiplier=3):
        super().__init__()
        wide = stem_multiplier * channels
        self.stem = nn.Sequential(nn.Conv2d(3, wide, 3, padding=1, bias=False), norm(wide))
        older, newer, reduced = wide, wide, False
        self.cells = nn.ModuleList()
        for i in range(cells):
            reduction = i in {cells // 3, 2 * cells // 3} - {0}
            channels *= 2 if reduction else 1
            self.cells.append(Cell(nodes, older, newer, channels, reduction, reduced))
            older, newer, reduced = newer, nodes * channels, reduction
        self.classes = nn.Linear(newer, classes)
        edges = sum(2 + i for i in range(nodes))
        self.alphas = nn.ParameterList([nn.Parameter(1e-3 * torch.randn(edges, len(LABELS))) for _ in range(2)])

    def weights(self):
        taken = {id(alpha) for alpha in self.alphas}
        return [each for each in self.parameters() if id(each) not in taken]

    def forward(self, x):
        before = last = self.stem(x)
        for cell in self.cells:
            weights = functional.softmax(self.alphas[int(cell.reduction)], -1)
            before, last = last, cell(before, last, weights)
        return self.classes(last.mean((2, 3)))


class Search:
    """One bilevel step of the first order after another.

    Args:
        network: A `Network`.
    """

    def __init__(self, network):
        self.network, self.loss = network, nn.CrossEntropyLoss()
        self.weights = torch.optim.SGD(network.weights(), 0.025, momentum=0.9, weight_decay=3e-4)
        self.alphas = torch.optim.Adam(network.alphas, 3e-4, betas=(0.5, 0.999), eps=1e-7, weight_decay=1e-3)

    def step(self, judged, trained):
        """A step of the architecture weights on one batch, then one of the weights on the other; returns the loss."""
        self.alphas.zero_grad()
        self.loss(self.network(judged[0]), judged[1]).backward()
        self.alphas.step()
        self.weights.zero_grad()
        loss = self.loss(self.network(trained[0]), trained[1])
        loss.backward()
        nn.utils.clip_grad_norm_(self.network.weights(), 5.0)
        self.weights.step()
        return loss.item()
