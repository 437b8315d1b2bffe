"""The film strip of derived cells, and the supernet's accuracy on the leaderboard."""

import io
import json

import numpy as np
import pytest
from rich.console import Console

from kerasnas import spaces
from kerasnas.errors import ArgumentError, JournalError
from kerasnas.operations import Dense
from kerasnas.report import draw_film, leaderboard, show
from kerasnas.report.film import scenes, thinned
from kerasnas.space import Space
from kerasnas.supernets.history import FILE, History
from tests.report.runs import completed, some, written

SPACE = spaces.darts(cells=3, nodes=2)
NAMES = ["sep_conv_3x3", "sep_conv_3x3", "skip_connect", "skip_connect", "max_pool_3x3"]


def derived(name):
    return SPACE.complete({"normal/node_0/edge_0": name})


def searched(folder, architectures, **told):
    """A run's folder with the history of a search, as `Watching` writes it."""
    entries = [
        {"architecture": json.loads(each.to_json()), "accuracy": round(0.5 + 0.05 * epoch, 3)}
        for epoch, each in enumerate(architectures)
    ]
    (folder / "supernet").mkdir(parents=True)
    text = json.dumps({"epochs": entries, "labels": {}, "stopped": None, **told})
    np.savez(folder / "supernet" / FILE, told=text)
    return folder


@pytest.mark.parametrize("ending", [".png", ".svg"])
def test_each_derivation_has_its_column(tmp_path, ending):
    folder = searched(tmp_path, map(derived, NAMES))
    figure = draw_film(folder, SPACE, path=tmp_path / f"film{ending}")
    titles = [axes.get_title(loc="left") for axes in figure.axes]
    assert [title.split("\n")[0] for title in titles[:3]] == [
        "epochs 1 to 2, 0.550", "epochs 3 to 4, 0.650", "epoch 5, 0.700"
    ]  # fmt: skip
    assert len(titles) == 6 and all("normal" in title for title in titles[:3]) and "reduction" in titles[3]
    texts = [{text.get_text().split("\n")[0] for text in axes.texts} for axes in figure.axes]
    assert "max_pool" in texts[2] and "max_pool" not in texts[0] and "identity" in texts[1]
    assert (tmp_path / f"film{ending}").stat().st_size > 1000


def test_a_long_film_keeps_its_ends(tmp_path):
    assert thinned(list(range(10)), 4) == [0, 3, 6, 9]
    assert thinned([1, 2], 4) == [1, 2]
    folder = searched(tmp_path, [derived(NAMES[2 * (i % 2) + 1]) for i in range(9)])
    assert len(draw_film(folder, SPACE, most=2).axes) == 4


def test_scenes_begin_anew_when_a_cell_comes_back():
    entries = [{"architecture": dict(derived(name))} for name in ("sep_conv_3x3", "skip_connect", "sep_conv_3x3")]
    assert [scene[:2] for scene in scenes(History(entries, {}))] == [(1, 1), (2, 2), (3, 3)]


def test_it_says_why_there_is_nothing_to_draw(tmp_path):
    with pytest.raises(JournalError, match="by gradients"):
        draw_film(tmp_path / "none", SPACE)
    folder = searched(tmp_path, map(derived, NAMES))
    with pytest.raises(ArgumentError, match="from 2 on"):
        draw_film(folder, SPACE, most=1)
    with pytest.raises(ArgumentError, match="with cells"):
        draw_film(folder, Space(Dense(2)))


# -------------------------------------------------------------- leaderboard
def test_the_leaderboard_has_the_supernets_accuracy_beside_that_after_retraining(tmp_path):
    first, last = (derived(name).replace(**{"training/epochs": 3}) for name in ("skip_connect", "max_pool_3x3"))
    other = derived("dil_conv_3x3")
    trials = [completed(0, 0.9, last), completed(1, 0.95, first), completed(2, 0.8, other)]
    folder = searched(written(tmp_path / "run", trials), map(derived, NAMES))
    frame = leaderboard(folder)
    assert list(frame.columns)[3:5] == ["val_accuracy", "supernet"]
    assert frame["val_accuracy"].tolist() == [0.95, 0.9, 0.8]
    assert frame["supernet"].tolist()[:2] == [0.65, 0.7]  # of the epoch that derived it last
    assert np.isnan(frame["supernet"].tolist()[2])
    out = io.StringIO()
    show(folder, Console(file=out, width=140))
    assert "supernet" in out.getvalue() and "0.65" in out.getvalue()


def test_a_run_without_a_supernet_has_no_such_column(tmp_path):
    assert "supernet" not in leaderboard(written(tmp_path, some())).columns
