"""Promises 2 and 4 with real training: nothing lost, the same seed the same search; and what when it goes wrong."""

import json
import os
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import keras
import numpy as np
import pytest

import kerasnas as kn
from kerasnas.errors import JournalError, SearchError


def told(model):
    """All that a search found: architectures and metrics, exactly."""
    return [(dict(trial.proposal.architecture), trial.measurement.metrics) for trial in model.trials_]


def events(folder):
    return [json.loads(line) for line in (Path(folder) / "journal.jsonl").read_text().splitlines()]


@pytest.fixture(scope="module")
def three(classifier, few, quick, tmp_path_factory):
    """An uninterrupted search of three trials with seed 0, and its answers."""
    model = classifier(directory=tmp_path_factory.mktemp("three"), max_trials=3, seed=0).fit(*few, **quick)
    return model, model.predict_proba(few[0])


# ------------------------------------------------------- repeats and resumes


def test_the_same_seed_is_the_same_search_and_going_on_is_not_seen(three, classifier, few, quick, tmp_path):
    model, answers = three
    other = classifier(directory=tmp_path, max_trials=1, seed=0).fit(*few, **quick)
    assert told(other) == told(model)[:1]
    went_on = classifier(directory=tmp_path, max_trials=3, seed=0).fit(*few, **quick)
    assert went_on.folder_ == other.folder_, "the same call goes on in the same folder"
    assert told(went_on) == told(model), "bit for bit"
    assert [event["number"] for event in events(went_on.folder_) if event["event"] == "began"] == [0, 1, 2]
    np.testing.assert_array_equal(went_on.predict_proba(few[0]), answers)


def test_a_finished_search_is_read_again(three, classifier, few, quick, monkeypatch):
    model, answers = three
    monkeypatch.setattr(keras.Model, "fit", lambda *arguments, **named: pytest.fail("trained"))
    again = classifier(directory=model.folder_.parent, max_trials=3, seed=0).fit(*few, **quick)
    assert told(again) == told(model)
    np.testing.assert_array_equal(again.predict_proba(few[0]), answers)


def test_another_seed_is_another_search(three, classifier, few, quick, tmp_path):
    other = classifier(directory=tmp_path, max_trials=1, seed=1).fit(*few, **quick)
    assert told(other)[0][1] != told(three[0])[0][1]
    assert other.seed_ == 1 and three[0].seed_ == 0


def test_a_drawn_seed_is_kept(classifier, few, quick, tmp_path):
    first = classifier(directory=tmp_path, max_trials=1, seed=None).fit(*few, **quick)
    again = classifier(directory=tmp_path, max_trials=1, seed=None).fit(*few, **quick)
    assert again.seed_ == first.seed_ and again.folder_ == first.folder_
    assert told(again) == told(first)


def test_other_data_get_a_folder_of_their_own(three, classifier, few, monkeypatch, tmp_path):
    from kerasnas.loop import Session

    folders = []

    def search(self):
        from kerasnas.loop.folders import choose, identity

        marks = identity(self.data, self.space, self.heads, self.objectives, self.strategy, self.evaluator, self.seed)
        folders.append(choose(self.directory, self.project_name, self.default_name, marks, self.overwrite).name)
        raise InterruptedError

    monkeypatch.setattr(Session, "search", search)
    x, y = few
    calls = [
        ({}, x, y, {}), ({}, x, y, {}), ({}, x + 1, y, {}), ({}, x, (y + 1) % 3, {}), ({"seed": 1}, x, y, {}),
        ({"filters": 9}, x, y, {}), ({"objective": "val_loss"}, x, y, {}), ({"strategy": "random"}, x, y, {}),
        ({}, x, y, {"epochs": 2}), ({}, x, y, {"batch_size": 8}), ({}, x, y, {"validation_split": 0.3}),
        ({}, x, y, {"validation_data": (x[:9], y[:9])}), ({}, x, y, {"class_weight": {0: 2.0}}),
        ({}, x, y, {"sample_weight": np.arange(45.0)}), ({"max_trials": 7}, x, y, {}), ({"time_limit": 9}, x, y, {}),
    ]  # fmt: skip
    for arguments, rows, labels, named in calls:
        with pytest.raises(InterruptedError):
            classifier(directory=tmp_path, **arguments).fit(rows, labels, **{"verbose": 0, **named})
    same = {0, 1, 14, 15}
    assert len({folders[place] for place in same}) == 1, "a budget is no other search"
    assert len(set(folders)) == len(calls) - len(same) + 1


def test_other_data_in_a_named_folder(classifier, few, quick, tmp_path):
    x, y = few
    named = {"directory": tmp_path, "project_name": "mine", "max_trials": 1}
    first = classifier(**named).fit(x, y, **quick)
    assert first.folder_ == tmp_path / "mine"
    (tmp_path / "mine" / "notes.txt").write_text("of the user")
    with pytest.raises(JournalError, match=r"same data.*another.*overwrite=True"):
        classifier(**named).fit(x + 1, y, **quick)
    with pytest.raises(JournalError, match="same space"):
        classifier(**named, filters=9).fit(x, y, **quick)
    with pytest.raises(JournalError, match="same seed"):
        classifier(**named, **{"seed": 5}).fit(x, y, **quick)
    anew = classifier(**named, overwrite=True).fit(x + 1, y, **quick)
    assert len(anew.trials_) == 1 and anew.folder_ == first.folder_
    assert [event["event"] for event in events(anew.folder_)].count("header") == 1
    assert (tmp_path / "mine" / "notes.txt").exists()


SEARCH = textwrap.dedent("""
    import sys, time
    import numpy as np
    import keras
    import kerasnas as kn

    class Slow(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            time.sleep(0.2)

    def search(folder, data, callbacks=None, **arguments):
        loaded = np.load(data)
        inputs = kn.ImageInput()
        block = kn.ConvBlock(kernel_size=3, num_blocks=1, num_layers=1, filters=8, max_pooling=True, separable=False,
                             dropout=0.0)
        head = kn.ClassificationHead(dropout=0.0, reduction="average")
        model = kn.AutoModel(inputs, head(block(kn.Normalization()(inputs))), directory=folder, seed=0, max_trials=3,
                             **arguments)
        return model.fit(loaded["x"], loaded["y"], epochs=1, batch_size=32, verbose=0, callbacks=callbacks)

    if __name__ == "__main__":
        search(sys.argv[1], sys.argv[2], [Slow()])
""")


def test_killed_in_the_middle(three, classifier, few, quick, tmp_path):
    """SIGKILL while the second trial trains; the same call goes on as if nothing had been."""
    model, answers = three
    np.savez(tmp_path / "data.npz", x=few[0], y=few[1])
    (tmp_path / "search.py").write_text(SEARCH)
    runs = tmp_path / "runs"
    process = subprocess.Popen(
        [sys.executable, str(tmp_path / "search.py"), str(runs), str(tmp_path / "data.npz")],
        env={**os.environ, "PYTHONPATH": str(Path(kn.__file__).parents[1])}, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        journal = wait_for(lambda: next(runs.glob("*/journal.jsonl"), None), process)
        wait_for(lambda: journal.read_text().count('"event": "began"') == 2, process)
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()
    before = events(journal.parent)
    assert [event["event"] for event in before if event["event"] in ("began", "told")] == ["began", "told", "began"]
    went_on = classifier(directory=runs, max_trials=3, seed=0).fit(*few, **quick)
    assert told(went_on) == told(model)
    assert [event["number"] for event in events(went_on.folder_) if event["event"] == "told"] == [0, 1, 2]
    np.testing.assert_array_equal(went_on.predict_proba(few[0]), answers)


def wait_for(condition, process, seconds=120):
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        found = condition()
        if found:
            return found
        assert process.poll() is None, "the search ended too soon"
        time.sleep(0.02)
    raise AssertionError("nothing happened")


class Interrupting(keras.callbacks.Callback):
    """Ctrl-C at the end of an epoch of a trial."""

    def __init__(self, trial, epoch):
        super().__init__()
        self.trial, self.epoch = trial, epoch

    begun = 0

    def on_train_begin(self, logs=None):
        Interrupting.begun += 1

    def on_epoch_end(self, epoch, logs=None):
        if (Interrupting.begun - 1, epoch) == (self.trial, self.epoch):
            raise KeyboardInterrupt

    def on_train_batch_begin(self, batch, logs=None):
        if (Interrupting.begun - 1, -1) == (self.trial, self.epoch):
            raise KeyboardInterrupt


@pytest.fixture(autouse=True)
def nothing_begun():
    Interrupting.begun = 0


def test_ctrl_c_after_the_first_epoch_leaves_a_model(classifier, few, quick, tmp_path):
    x, y = few
    model = classifier(directory=tmp_path, max_trials=2)
    model.fit(x, y, **{**quick, "epochs": 3}, callbacks=[Interrupting(0, 0)])
    assert model.predict(x).shape == (45,) and len(model.evaluate(x, y)) == 2
    assert model.export_model().predict(x[..., None], verbose=0).shape == (45, 3)
    assert model.leaderboard() is not None
    went_on = classifier(directory=tmp_path, max_trials=2).fit(x, y, **{**quick, "epochs": 3})
    assert [trial.status for trial in went_on.trials_] == ["completed", "completed"]
    assert [trial.number for trial in went_on.trials_] == [0, 1]


def test_ctrl_c_in_a_later_trial_leaves_the_best_so_far(classifier, few, quick, tmp_path):
    x, y = few
    model = classifier(directory=tmp_path, max_trials=3).fit(x, y, **quick, callbacks=[Interrupting(1, -1)])
    assert [trial.number for trial in model.trials_] == [0]
    assert model.predict(x).shape == (45,)


def test_ctrl_c_before_there_is_any_model(classifier, few, quick, tmp_path):
    with pytest.raises((SearchError, KeyboardInterrupt)) as raised:
        classifier(directory=tmp_path).fit(*few, **quick, callbacks=[Interrupting(0, -1)])
    if raised.type is SearchError:
        assert "nterrupt" in str(raised.value)


# -------------------------------------------------------------- trials that fail


class Failing(keras.callbacks.Callback):
    """The first trials of a test go wrong, in a way of the user's choice."""

    left = 0

    def __init__(self, how):
        super().__init__()
        self.how = how

    def on_train_begin(self, logs=None):
        self.doomed = Failing.left > 0
        Failing.left -= 1

    def on_train_batch_end(self, batch, logs=None):
        if self.doomed and self.how == "nan":
            self.model.set_weights([weight * np.nan for weight in self.model.get_weights()])
        elif self.doomed:
            raise {"raise": RuntimeError("the cat unplugged it"), "memory": MemoryError()}[self.how]


@pytest.mark.parametrize(
    "how, reason", [("raise", "the cat unplugged it"), ("memory", "out of memory"), ("nan", "nan")]
)
def test_a_trial_that_fails_is_recorded_and_the_search_goes_on(classifier, few, quick, tmp_path, how, reason):
    Failing.left = 1
    model = classifier(directory=tmp_path, max_trials=2).fit(
        *few, **{**quick, "batch_size": 16}, callbacks=[Failing(how)]
    )
    assert [trial.status for trial in model.trials_] == ["failed", "completed"]
    assert reason in model.trials_[0].error.lower()
    board = model.leaderboard()
    assert board["status"].tolist() == ["completed", "failed"] and reason in board["error"].iloc[1].lower()
    assert model.predict(few[0]).shape == (45,)


def test_if_all_fail_the_first_reason_is_raised(classifier, few, quick, tmp_path):
    Failing.left = 99
    with pytest.raises(SearchError, match="2 failed trials, the first with: .*the cat unplugged it"):
        classifier(directory=tmp_path, max_trials=2).fit(*few, **quick, callbacks=[Failing("raise")])
    Failing.left = 0


def test_a_fit_that_failed_leaves_nothing_half_fitted(classifier, few, quick, tmp_path):
    Failing.left = 99
    model = classifier(directory=tmp_path)
    with pytest.raises(SearchError):
        model.fit(*few, **quick, callbacks=[Failing("raise")])
    Failing.left = 0
    with pytest.raises(kn.errors.NotFittedError):
        model.predict(few[0])


def test_a_huge_learning_rate_is_a_failed_trial(few, quick, tmp_path):
    """Numbers that overflow float32 in training are told as such."""
    x, y = few
    inputs = kn.Input()
    head = kn.RegressionHead(dropout=0.0, loss=overflowing)
    with pytest.raises(SearchError, match="(?i)nan|inf"):
        kn.AutoModel(inputs, head(inputs), directory=tmp_path, max_trials=1, seed=0).fit(
            x.reshape(45, -1), y.astype("float32"), **quick
        )


def overflowing(y_true, y_pred):
    return keras.ops.exp(keras.ops.abs(y_pred - y_true) * 0 + 1000)


# ----------------------------------------------------------- in a process apart


@pytest.mark.slow
def test_isolated_is_the_same_search(three, classifier, few, quick, tmp_path):
    model, answers = three
    apart = classifier(directory=tmp_path, max_trials=3, seed=0, isolate=True).fit(*few, **quick)
    assert told(apart) == told(model)
    np.testing.assert_allclose(apart.predict_proba(few[0]), answers, atol=1e-6)


class Crashing(keras.callbacks.Callback):
    """Ends the process of the trial, once: a file says that it has been."""

    def __init__(self, path):
        super().__init__()
        self.path = str(path)

    def on_train_batch_end(self, batch, logs=None):
        if not os.path.exists(self.path):
            Path(self.path).write_text("x")
            os.kill(os.getpid(), signal.SIGSEGV)


@pytest.mark.slow
def test_a_crash_costs_only_its_trial(classifier, few, quick, tmp_path):
    model = classifier(directory=tmp_path / "runs", max_trials=2, isolate=True)
    model.fit(*few, **quick, callbacks=[Crashing(tmp_path / "crashed")])
    assert [trial.status for trial in model.trials_] == ["completed", "completed"]
    assert "SIGSEGV" in model.trials_[0].measurement.extra["retried"], "it was tried once more"


# ------------------------------------------------------------------ time limits


def test_a_limit_of_a_second_gives_a_model_and_a_warning(few, tmp_path):
    x, y = few
    model = kn.ImageClassifier(directory=tmp_path, seed=0)
    with pytest.warns(UserWarning, match="time_limit"):
        model.fit(x, y, time_limit=1, verbose=0)
    assert model.predict(x).shape == (45,)
    assert len(model.trials_) == 1


@pytest.mark.slow
@pytest.mark.parametrize("limit", [20, 45])
def test_a_time_limit_counts_everything(digits, tmp_path, limit):
    x, y = digits
    started = time.monotonic()
    model = kn.ImageClassifier(directory=tmp_path, seed=0).fit(x, y, time_limit=limit, verbose=0)
    spent = time.monotonic() - started
    assert spent <= limit * 1.1 + 2, f"{spent:.1f} s of {limit}"
    assert model.predict(x).shape == (len(x),)


# --------------------------------------------------------------------- callbacks


class Noting(keras.callbacks.Callback):
    """Notes what it was asked for, in a list of all copies."""

    notes = []

    def __init__(self):
        super().__init__()
        self.own = 0

    def on_epoch_end(self, epoch, logs=None):
        self.own += 1
        Noting.notes.append((id(self), self.own, sorted(logs)))


def test_each_trial_gets_copies_of_callbacks(classifier, few, quick, tmp_path):
    Noting.notes = []
    mine = Noting()
    classifier(directory=tmp_path, max_trials=2).fit(*few, **quick, callbacks=[mine])
    assert mine.own == 0, "the user's own is not used up"
    assert [note[1] for note in Noting.notes] == [1, 1]
    assert {"loss", "accuracy", "val_loss", "val_accuracy"} <= set(Noting.notes[0][2])


def test_one_callback_without_a_list(classifier, few, quick, tmp_path):
    Noting.notes = []
    classifier(directory=tmp_path).fit(*few, **quick, callbacks=Noting())
    assert len(Noting.notes) == 1


# ------------------------------------------------------------------ preprocessing


def test_preprocessing_is_fitted_once(classifier, few, quick, tmp_path, monkeypatch):
    from kerasnas.blocks.preprocessing import Standardize

    fit, fitted = Standardize.fit, []
    monkeypatch.setattr(Standardize, "fit", lambda self, rows: fitted.append(len(rows)) or fit(self, rows))
    classifier(directory=tmp_path, max_trials=3).fit(*few, **quick)
    assert fitted == [36], "once, on the training rows alone"
