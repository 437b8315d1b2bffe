"""Blocks over series: their networks, how they are trained, when they end in a ridge regression."""

import numpy as np
import pytest

import kerasnas as kn
from kerasnas.blocks import Drawing, Signal
from kerasnas.blocks.forecast import ForecastBlock, ForecastHead
from kerasnas.data import ClassTarget
from kerasnas.errors import ArgumentError
from kerasnas.operations import SolvedDense
from kerasnas.testing import check_block


@pytest.mark.parametrize("kind", kn.TimeseriesBlock.TYPES)
@pytest.mark.parametrize("shape", [(14, 2), (3, 1)])
def test_a_network_over_series(kind, shape):
    check_block(kn.TimeseriesBlock(kind), shape, "series", architectures=1, rows=12)


def test_all_networks_over_series():
    check_block(kn.TimeseriesBlock(), (12, 1), "series", architectures=0, rows=12)


@pytest.mark.parametrize("kind", ForecastBlock.TYPES)
def test_a_network_of_forecasts(kind):
    block = ForecastBlock(5, (1,), mean=(1.0, 2.0), scale=(1.0, 3.0), target_mean=(2.0,), target_scale=(3.0,),
                          season=4, gap=1, block_type=kind)  # fmt: skip
    check_block(block, (16, 2), "series", architectures=1, rows=12)


@pytest.mark.parametrize("channels, targets", [((0, 1), 2), (None, 3)])
def test_several_targets_and_targets_that_are_no_channels(channels, targets):
    check_block(ForecastBlock(3, channels, targets), (8, 2), "series", architectures=0, rows=12)


def test_the_head_of_forecasts():
    y = np.random.default_rng(0).normal(size=(12, 3, 2))
    check_block(ForecastHead(), (8, 2), "series", y=y, architectures=0, rows=12)
    check_block(ForecastHead(mean=(0.0, 0.0), scale=(1.0, 1.0)), (3, 2), "series", y=y, architectures=0, rows=12)


def space(block, rows=100, head=None, between=None, folds=0):
    inputs = kn.TimeseriesInput(name="series")
    wire = block(inputs)
    wire = between(wire) if between else wire
    drawing = Drawing(inputs, (head or kn.ClassificationHead(name="label"))(wire))
    return drawing.space({"series": (40, 1)}, rows, {"label": ClassTarget.fit([0, 1, 0, 1])}, folds=folds)


def solved(space, answers):
    """The ridge regressions of an architecture, and what it resolves to."""
    resolved = space.resolve(space.complete(answers))
    nodes = [node for step in resolved.network.steps for node in step.node.nodes.values()]
    return [node for node in nodes if isinstance(node, SolvedDense)], resolved


def test_random_convolutions_right_before_a_head_end_in_a_ridge_regression():
    block = kn.TimeseriesBlock(name="network")
    drawn = space(block)
    assert solved(drawn, {"network": "random"})[0] and not solved(drawn, {"network": "inception"})[0]
    assert not solved(space(block, rows=50_000), {"network": "random"})[0]
    assert not solved(space(block, head=kn.ClassificationHead(loss="hinge", name="label")), {"network": "random"})[0]
    assert not solved(space(block, between=kn.DenseBlock(num_layers=1)), {"network": "random"})[0]


def test_what_is_solved_for_is_not_asked_how_it_is_trained():
    drawn = space(kn.TimeseriesBlock(name="network"))
    _, random = solved(drawn, {"network": "random"})
    _, trained = solved(drawn, {"network": "inception"})
    assert random.training["epochs"] == 1 and trained.training["epochs"] > 20
    assert not any(path.startswith(("training/", "label/")) for path in drawn.complete({"network": "random"}))
    assert any(path.startswith("training/") for path in drawn.complete({"network": "residual"}))
    alone = space(kn.TimeseriesBlock("random", name="network"))
    assert solved(alone, {})[0] and alone.resolve(alone.default()).training["epochs"] == 1


def test_the_portfolio_begins_with_random_convolutions():
    drawn = space(kn.TimeseriesBlock(name="network"))
    entries = [drawn.complete(entry) for entry in drawn.portfolio]
    assert [entry["network"] for entry in entries[:4]] == ["random"] * 4
    assert {entry["network"] for entry in entries} == set(kn.TimeseriesBlock.TYPES)
    assert len(set(entries)) == len(entries)


def test_networks_have_members_only_where_rows_are_cross_validated():
    drawn = space(kn.TimeseriesBlock(name="network"), folds=4)
    ((dense,), _) = solved(drawn, {"network": "random"})
    assert dense.folds == 4 and dense.shape((9,)) == (4, 2)


@pytest.mark.parametrize("make", [lambda: kn.TimeseriesBlock("inceptoin"), lambda: kn.TimeseriesBlock(["rocket"])])
def test_unknown_networks(make):
    with pytest.raises(ArgumentError, match="Expected `block_type` among"):
        make()
    with pytest.raises(ArgumentError, match="'linear'"):
        ForecastBlock(2, None, block_type="naive")


def test_recipes_see_few_rows_often():
    few, many = (
        kn.TimeseriesBlock("residual").recipe([Signal("series", (40, 1), rows)])["epochs"] for rows in (40, 5000)
    )
    assert few.options["usual"] > 5 * many.options["usual"]
