"""Whole searches: history, checkpoints, guards, refusals, and the strategy that proposes what they derive."""

import shutil

import keras
import numpy as np
import pytest

import kerasnas as kn
from kerasnas import spaces, strategies
from kerasnas.blocks import ClassificationHead
from kerasnas.contract import Context
from kerasnas.data import Dataset, read
from kerasnas.data.task import Task, encode
from kerasnas.errors import ArgumentError, JournalError, SpaceError, StrategyError
from kerasnas.evaluators import Training
from kerasnas.report import draw_gates
from kerasnas.strategies import Derive
from kerasnas.supernets import DARTS, GDAS, PCDARTS
from kerasnas.supernets.differentiable import halves, run
from kerasnas.supernets.history import FILE
from kerasnas.tasks.searching import _standardized
from tests.supernets.searched import digits, tiny

RULE = {"epochs": 3, "batch_size": 32, "alpha_learning_rate": 0.05}


def task(rows=64):
    x, y = digits(rows)
    found = read(x, y, inputs={"input": "image"}, targets=("output",))
    head = ClassificationHead()
    head = head.with_target(head.fit_target(found.y["output"]))
    found = found.with_y({"output": encode(head.target, found.y["output"], head.losses())})
    return Task(found, found, {"output": head}, wrap=_standardized)


class Killed(Exception):
    pass


@pytest.fixture(scope="module")
def searched(tmp_path_factory):
    folder = tmp_path_factory.mktemp("whole")
    return run(DARTS(**RULE), tiny(10), task(), seed=0, folder=folder), folder


@pytest.mark.backend
def test_the_history_tells_what_happened(searched):
    found, folder = searched
    assert len(found.history) == 3 and found.stopped is None
    for entry in found.history:
        told = {"loss", "seconds", "entropy", "operations", "skips", "architecture", "gates", "accuracy"}
        assert set(entry) == told
        assert 0 < entry["seconds"] < 600
        assert 0 < entry["entropy"] <= np.log(4) + 1e-6
        assert kn.Architecture(entry["architecture"]) in tiny(10)
        assert sum(entry["operations"].values()) == 2
    assert found.history[-1]["entropy"] < found.history[0]["entropy"]  # it makes up its mind
    assert found.architectures[0] == kn.Architecture(found.history[-1]["architecture"])
    assert (folder / FILE).exists()


@pytest.mark.backend
def test_a_search_that_was_killed_goes_on_as_if_it_had_not_been(searched, tmp_path, monkeypatch):
    from kerasnas.supernets.watching import Watching

    begin = Watching.on_epoch_begin

    def dying(self, epoch, logs=None):
        if epoch == 2:
            raise Killed
        begin(self, epoch, logs)

    monkeypatch.setattr(Watching, "on_epoch_begin", dying)
    with pytest.raises(Killed):
        run(DARTS(**RULE), tiny(10), task(), seed=0, folder=tmp_path)
    monkeypatch.setattr(Watching, "on_epoch_begin", begin)
    resumed = run(DARTS(**RULE), tiny(10), task(), seed=0, folder=tmp_path)
    whole, _ = searched
    assert [e["architecture"] for e in resumed.history] == [e["architecture"] for e in whole.history]
    for one, other in zip(resumed.history, whole.history):
        assert one["loss"] == pytest.approx(other["loss"], rel=1e-4)
        for path in one["gates"]:
            np.testing.assert_allclose(one["gates"][path], other["gates"][path], atol=1e-4)


def test_a_checkpoint_of_another_network_is_refused(tmp_path):
    rule = DARTS(**{**RULE, "epochs": 1})
    run(rule, tiny(10), task(), folder=tmp_path)
    with pytest.raises(StrategyError, match="the checkpoint of this search"):
        run(rule, tiny(10, nodes=1), task(), folder=tmp_path)


def test_a_finished_search_is_read_not_repeated(searched, tmp_path, monkeypatch):
    found, folder = searched
    shutil.copy(folder / FILE, tmp_path / FILE)
    monkeypatch.setattr(keras.Model, "fit", lambda *args, **kwargs: pytest.fail("trained again"))
    assert run(DARTS(**RULE), tiny(10), task(), seed=0, folder=tmp_path).history == found.history


def test_a_loss_that_is_no_number_stops_it_with_the_last_good_derivation(monkeypatch):
    from kerasnas.supernets.watching import Watching

    end = Watching.on_epoch_end

    def broken(self, epoch, logs=None):
        end(self, epoch, {**logs, "loss": np.nan} if epoch >= self.model.breaks else logs)

    monkeypatch.setattr(Watching, "on_epoch_end", broken)
    from kerasnas.supernets.bilevel import Bilevel

    monkeypatch.setattr(Bilevel, "breaks", 1, raising=False)
    found = run(DARTS(**RULE), tiny(10), task())
    assert len(found.history) == 1 and found.stopped == "loss no longer finite"
    monkeypatch.setattr(Bilevel, "breaks", 0)
    with pytest.raises(StrategyError, match="no number in epoch 1"):
        run(DARTS(**RULE), tiny(10), task())


def test_it_stops_before_skips_take_over(monkeypatch):
    from kerasnas.supernets import watching

    counts = iter([0, 0, 2])
    monkeypatch.setattr(watching, "skips", lambda opened, architecture: {"cell": next(counts)})
    found = run(DARTS(**RULE, stop_skips=2), tiny(10), task())
    assert len(found.history) == 2 and found.stopped == "2 skip connections in a cell"


@pytest.mark.backend
def test_architecture_weights_wait_for_the_warm_up():
    found = run(PCDARTS(epochs=2, batch_size=32, warmup=1, share=2, alpha_learning_rate=0.05), tiny(10), task())
    first, second = (entry["gates"] for entry in found.history)
    edge = "cell/node_1/edge_1"
    assert np.ptp(first[edge]) < 0.01 < np.ptp(second[edge])
    assert "cell/node_1/inputs" in first  # edges are weighed, too


@pytest.mark.parametrize("ending", [".png", ".svg"])
def test_the_history_is_drawn(searched, tmp_path, ending):
    _, folder = searched
    (tmp_path / "supernet").mkdir()
    shutil.copy(folder / FILE, tmp_path / "supernet" / FILE)
    figure = draw_gates(tmp_path, path=tmp_path / f"gates{ending}")
    assert (tmp_path / f"gates{ending}").stat().st_size > 1000
    titles = [axes.get_title() for axes in figure.axes]
    assert titles[:2] == ["entropy of the gates", "operations derived"]
    assert [label.get_text() for label in figure.axes[2].get_xticklabels()] == ["none", "skip", "conv", "wide"]
    with pytest.raises(ArgumentError, match="one of 3 epochs"):
        draw_gates(tmp_path, epoch=3)
    with pytest.raises(JournalError, match="searched by gradients"):
        draw_gates(tmp_path / "elsewhere")


# -------------------------------------------------------------------- halves
def test_halves_have_no_row_in_common_and_all_classes():
    y = np.eye(3, dtype="float32")[np.arange(60) % 3]
    rows = Dataset({"x": np.arange(60)}, {"y": y})
    alphas, weights = halves(rows, 0)
    assert sorted([*alphas.x["x"], *weights.x["x"]]) == list(range(60))
    np.testing.assert_array_equal(alphas.y["y"].sum(0), [10, 10, 10])
    numbers = Dataset({"x": np.arange(10)}, {"y": np.arange(10, dtype="float32")[:, None]})
    assert [len(half) for half in halves(numbers, 0)] == [5, 5]


# ------------------------------------------------------------------ strategy
@pytest.mark.backend
def test_a_search_by_name_ends_with_a_plain_trained_model(tmp_path, monkeypatch):
    monkeypatch.setattr(DARTS, "__init__", _short(DARTS.__init__))
    x, y = digits()
    found = kn.search(tiny(10), (x, y), "darts", Training(epochs=2), max_trials=1, seed=0, directory=tmp_path)
    assert len(found.trials) == 1 and found.reason == "max_trials"
    assert found.model.predict(x[:3], verbose=0).shape == (3, 10)
    assert type(found.model).__module__.startswith("keras.")
    assert (found.folder / "supernet" / FILE).exists()
    again = kn.search(tiny(10), (x, y), "darts", Training(epochs=2), max_trials=1, seed=0, directory=tmp_path)
    assert again.best.measurement.metrics == found.best.measurement.metrics


def _short(init):
    def shorter(self, **kwargs):
        init(self, **{"epochs": 1, "batch_size": 32, **kwargs})

    return shorter


def test_layers_of_numbers_are_searched_too(tmp_path):
    rng = np.random.default_rng(0)
    x = rng.normal(size=(80, 5)).astype("float32")
    rule = GDAS(epochs=1, batch_size=16)
    found = kn.search(
        spaces.mlp(2, depth=(1, 2), units=(4, 8)), (x, (x[:, 0] > 0).astype(int)), Derive(rule),
        Training(epochs=1), max_trials=1, seed=0, directory=tmp_path,
    )  # fmt: skip
    assert found.architecture["layers/times"] in (1, 2)


def test_asking_changes_nothing_and_each_derivation_comes_once(searched, monkeypatch):
    found, _ = searched
    strategy = Derive(DARTS(**RULE))
    monkeypatch.setattr(Derive, "_search", lambda self: found)
    strategy.setup(Context(tiny(10), task()))
    proposed = []
    while (wish := strategy.ask(None)) is not None:
        assert wish == strategy.ask(None)
        proposed.append(wish.architecture)
        strategy.began(wish)
    assert proposed == found.architectures
    assert strategy.history is found.history


def test_a_rule_describes_itself():
    assert Derive("gdas").describe() == Derive(GDAS()).describe() != Derive(GDAS(epochs=9)).describe()
    assert isinstance(strategies.get("pc_darts"), Derive)
    with pytest.raises(ArgumentError, match="Did you mean 'darts'"):
        Derive("dart")
    with pytest.raises(ArgumentError, match="Did you mean 'drnas'"):
        strategies.get("drnass")
    with pytest.raises(ArgumentError, match="a rule of"):
        Derive(3)


# ------------------------------------------------------------------ refusals
def test_it_says_why_not():
    with pytest.raises(StrategyError, match="Expected data"):
        run(DARTS(), tiny(), None)
    with pytest.raises(SpaceError, match="cannot|can be mixed"):
        run(DARTS(), kn.Space(kn.operations.Dropout(kn.Float(0.0, 0.5))), task())
    with pytest.raises(StrategyError, match="decisions about the network"):
        run(DARTS(), kn.Space(kn.operations.Flatten()), task())
    taken = kn.space.Subset(a=kn.operations.Flatten(), b=kn.operations.Flatten(), choose=(1, 2))
    with pytest.raises(SpaceError, match="'taken', whose answers are sets"):
        run(DARTS(), kn.Space(kn.space.Sequential({"taken": taken})), task())
    folded = task()
    folded.folds = np.arange(len(folded.train)) % 2
    with pytest.raises(StrategyError, match="folds"):
        run(DARTS(), tiny(10), folded)
