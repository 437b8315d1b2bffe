"""The final model: read again, made anew, or kept where it was better."""

from types import SimpleNamespace

import numpy as np
import pytest

from kerasnas.contract import Measurement, Objective, Proposal, Trial
from kerasnas.data import ClassTarget
from kerasnas.errors import SearchError
from kerasnas.loop import Budget, final
from kerasnas.loop.final import Final, assembled
from kerasnas.space import Architecture


class Notes:
    """A journal that only keeps facts."""

    def __init__(self):
        self.kept = []

    def facts(self, name):
        return [value for known, value in self.kept if known == name]

    def fact(self, name, value):
        self.kept.append((name, value))
        return value


def network(bias):
    """A model `(rows, 2) -> (rows, 2)` told apart by its probabilities."""
    import keras

    inputs = keras.Input((2,), name="x")
    model = keras.Model(inputs, keras.layers.Dense(2, activation="softmax")(inputs))
    model.set_weights([np.zeros((2, 2)), np.array([0.0, bias])])
    return model


def first(model):
    return float(model.predict(np.zeros((1, 2)), verbose=0)[0, 1])


@pytest.fixture
def setting(tmp_path, monkeypatch):
    """A function that chooses a final model for so many trials, the new candidate having this accuracy and loss."""
    notes = Notes()
    task = SimpleNamespace(validation=np.zeros(400))
    context = SimpleNamespace(folder=tmp_path, objective=Objective("val_accuracy"), task=task)

    def choose(trials, accuracy, loss, bias, members=None, **budget):
        run = SimpleNamespace(
            trials=[SimpleNamespace(number=n, status="completed") for n in range(trials)], reason="max_trials",
            budget=Budget(**budget),
        )  # fmt: skip
        metrics = {"val_accuracy": accuracy, "val_loss": loss}
        monkeypatch.setattr(final, "_found", lambda *_: Final(members or [trials - 1], [1.0], "any", metrics))
        monkeypatch.setattr(final, "_joined", lambda found, context: network(bias))
        return first(final.choose(run, context, notes))

    return choose, notes


def test_more_time_never_gives_a_worse_model(setting):
    choose, notes = setting
    good = choose(1, 0.9, 0.3, 1.0)
    assert choose(2, 0.8, 0.1, 2.0) == good  # a worse objective
    assert choose(3, 0.9, 0.4, 3.0) == good  # the same, with a greater loss
    assert [fact["members"] for fact in notes.facts("final")] == [[0]] * 3
    assert notes.facts("final")[-1]["told"] == [0, 1, 2]
    assert choose(4, 0.91, 0.4, 4.0) == good  # better by no more than luck, with a greater loss
    better = choose(5, 0.95, 0.5, 5.0)
    assert better > good and notes.facts("final")[-1]["members"] == [4]
    assert choose(6, 0.945, 0.3, 6.0) > better  # worse by no more than luck, with a smaller loss


def test_a_mean_makes_way_where_one_network_is_asked_for(setting):
    choose, notes = setting
    mean = choose(3, 0.95, 0.1, 1.0, members=[0, 1])
    alone = choose(3, 0.9, 0.3, 2.0, ensemble=False)  # worse, and what was asked for
    assert alone != mean and notes.facts("final")[-1]["members"] == [2]
    assert choose(3, 0.99, 0.0, 5.0, ensemble=False) == alone
    assert choose(3, 0.95, 0.1, 3.0, members=[0, 1]) not in (alone, mean)


def test_the_choice_for_the_same_trials_is_read_again(setting):
    choose, notes = setting
    once = choose(2, 0.9, 0.3, 1.0)
    assert choose(2, 0.99, 0.0, 5.0) == once and len(notes.facts("final")) == 1


def test_a_weighted_mean_that_is_calibrated():
    heads = {"y": SimpleNamespace(target=ClassTarget(np.arange(2)))}
    models = [network(bias) for bias in (0.0, 2.0)]
    chances = [first(model) for model in models]
    mixed = assembled(models, [1.0, 3.0], {"y": 1.0}, heads)
    assert first(mixed) == pytest.approx((chances[0] + 3 * chances[1]) / 4, abs=1e-6)
    odds = np.log(first(mixed) / (1 - first(mixed)))
    again = assembled([network(bias) for bias in (0.0, 2.0)], [1.0, 3.0], {"y": 2.0}, heads)
    assert first(again) == pytest.approx(1 / (1 + np.exp(-odds / 2)), abs=1e-6)
    alone = network(1.0)
    assert assembled([alone], [1.0], {"y": 1.0}, heads) is alone


def test_no_trial_within_the_limits(tmp_path):
    (tmp_path / "trials").mkdir()
    (tmp_path / "trials" / "0000.keras").write_text("")
    trial = Trial(Proposal(Architecture({}), 0), "completed", Measurement({"val_loss": 1.0, "params": 9}))
    context = SimpleNamespace(folder=tmp_path, objective=Objective("val_loss"))
    with pytest.raises(SearchError, match=r"Expected a trial whose model has at most 8 params. Received: none in"):
        final._kept(SimpleNamespace(completed=[trial], budget=Budget(max_params=8)), context)
    assert final._kept(SimpleNamespace(completed=[trial], budget=Budget(max_params=9)), context) == [trial]
