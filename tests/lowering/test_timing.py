"""Latency: a measurement in milliseconds, of the networks that cost more the longer."""

import numpy as np

import kerasnas as kn
from kerasnas.blocks import Drawing
from kerasnas.loop.prices import Price
from kerasnas.lowering import latency
from kerasnas.operations import Conv, Dense, GlobalAvgPool
from kerasnas.space import Choice, Sequential, Space


def test_a_large_network_takes_longer():
    space = Space(Sequential(Conv(filters=Choice(1, 128), kernel_size=3), GlobalAvgPool(), Dense(2)))
    small, large = (latency(space, space.complete({"0/filters": n}), (64, 64, 32), 8, repeats=5) for n in (1, 128))
    assert 0 < small < large < 60_000


def test_it_is_a_price_where_it_is_asked_for():
    space = Space(Sequential(Dense(Choice(2, 3))))
    price = Price(space, {"input": (5,)}, latency=True)(space.default())
    assert price["params"] == 12 and price["latency"] > 0
    assert set(Price(space, {"input": (5,)})(space.default())) == {"params", "flops"}


def test_a_drawn_graph():
    inputs = kn.ImageInput(name="picture")
    drawing = Drawing(inputs, kn.ClassificationHead(dropout=0.0)(kn.DenseBlock(num_layers=1)(kn.Flatten()(inputs))))
    targets = {name: head.fit_target(np.arange(30) % 3) for name, head in drawing.heads.items()}
    space = drawing.space({"picture": (4, 4, 1)}, 30, targets)
    assert Price(space, {"picture": (4, 4, 1)}, latency=True)(space.default())["latency"] > 0
