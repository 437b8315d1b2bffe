"""The parts of the benchmark of derivations that can be told without a search."""

import json
import random
from types import SimpleNamespace

import numpy as np
import pytest

pytest.importorskip("benchmarks.derivation")

from benchmarks.derivation import METHODS, Pieces, derived_again, one, part, row, rule
from kerasnas import spaces
from kerasnas.contract import Context


def asked(epochs, warmup=None):
    """What the command line asks of a search."""
    return SimpleNamespace(epochs=epochs, batch=32, warmup=warmup)


@pytest.mark.parametrize("name", METHODS)
def test_searches_are_as_asked(name):
    made = rule(name, asked(20))
    assert (made.epochs, made.batch_size) == (20, 32) and made.alpha_learning_rate is None
    assert rule(name, asked(20, warmup=0.3)).warmup == 6


def test_a_part_of_the_rows_has_the_classes_in_proportion():
    y = np.repeat([0, 1, 2], [100, 200, 100])
    x = np.arange(400)
    some_x, some_y = part(x, y, 40)
    assert np.bincount(some_y).tolist() == [10, 20, 10] and len(set(some_x)) == 40
    np.testing.assert_array_equal(y[some_x], some_y)
    np.testing.assert_array_equal(part(x, y, 40)[0], some_x)
    assert part(x, y, 0)[0] is x


def test_a_piece_is_computed_once(tmp_path):
    calls = []
    for _ in range(2):
        found = Pieces(tmp_path / "p")("a", lambda folder: calls.append(folder) or {"score": 1.0})
    assert found == {"score": 1.0} and calls == [tmp_path / "p" / "a"]
    assert json.loads((tmp_path / "p" / "a.json").read_text()) == found


def test_a_search_derives_again_under_a_guard(tmp_path):
    """From the gates of the last epoch that counts."""
    leaning = {edge: [0.1, 0.4, 0.1, 0.3, 0.1] for edge in spaces.NASBENCH201_EDGES}  # to skips, then to 3 × 3
    pooling = {edge: [0.1, 0.1, 0.1, 0.1, 0.6] for edge in spaces.NASBENCH201_EDGES}
    (tmp_path / "supernet").mkdir()
    told = {"epochs": [{"gates": leaning}, {"gates": pooling}], "labels": {}, "stopped": "curvature", "kept": 1}
    np.savez(tmp_path / "supernet" / "search.npz", told=json.dumps(told))
    found = list(derived_again(spaces.nasbench201(), tmp_path, 1).values())
    assert (found.count("skip_connect"), found.count("nor_conv_3x3")) == (1, 5)
    assert set(derived_again(spaces.nasbench201(), tmp_path, None).values()) == {"skip_connect"}


def test_rows_tell_means_over_seeds():
    found = [{"score": s, "skips": k, "search_seconds": 3.0} for s, k in ((0.8, 0.0), (0.9, 0.5))]
    told = row("darts", found, "retrained")
    assert told["score"] == pytest.approx(0.85) and told["se"] == pytest.approx(0.05)
    assert (told["skips"], told["search_seconds"], told["seeds"]) == (0.25, 3.0, 2)
    assert "search_seconds" not in row("random", [{"score": 1.0, "skips": 0.0}], "retrained")


def test_the_strategy_of_one_proposes_one():
    space = spaces.darts(cells=3, nodes=2)
    architecture = space.sample(random.Random(0))
    strategy = one(architecture)
    strategy.setup(Context(space))
    wish = strategy.ask(None)
    assert wish.architecture == architecture
    strategy.began(wish)
    assert strategy.ask(None) is None
