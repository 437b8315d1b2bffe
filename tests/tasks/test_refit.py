"""The final model trained again on all rows."""

from pathlib import Path

import numpy as np
import pytest

import kerasnas as kn
from kerasnas.errors import JournalError
from kerasnas.loop.budget import Budget
from kerasnas.loop.journal import FILE


def blobs(rows=60):
    rng = np.random.default_rng(0)
    y = np.arange(rows) % 2
    return (rng.normal(size=(rows, 4)) + 3 * y[:, None] - 1.5).astype("float32"), y


def model_in(folder, **given):
    inputs = kn.Input()
    return kn.AutoModel(
        inputs, kn.ClassificationHead(dropout=0.0)(inputs), max_trials=2, seed=0, directory=folder, project_name="run",
        **given,
    )  # fmt: skip


def facts(folder, name):
    import json

    lines = [json.loads(line) for line in (folder / "run" / FILE).read_text().splitlines()]
    return [line["value"] for line in lines if line["event"] == "fact" and line["name"] == name]


def test_the_final_model_has_seen_the_validation_rows(tmp_path):
    """Its weights are others than those of the trials."""
    x, y = blobs()
    model = model_in(tmp_path).fit(x, y, epochs=20, verbose=0, refit=True)
    members = facts(tmp_path, "final")[-1]["members"]
    assert facts(tmp_path, "refit")[-1]["members"] == members
    before = np.mean([model.export_model(trial=number).predict(x, verbose=0) for number in members], axis=0)
    after = model.predict_proba(x)
    assert np.abs(before - after).max() > 1e-4  # other rows, other weights
    assert model.score(x, y) > 0.9


def test_called_again_it_is_read_not_trained(tmp_path):
    x, y = blobs()
    first = model_in(tmp_path).fit(x, y, epochs=3, verbose=0, refit=True).predict_proba(x)
    again = model_in(tmp_path).fit(x, y, epochs=3, verbose=0, refit=True).predict_proba(x)
    np.testing.assert_allclose(first, again, atol=1e-6)
    assert len(facts(tmp_path, "refit")) == 1


def test_a_full_disk_at_the_end_is_said_and_passes(tmp_path, monkeypatch):
    """Whichever file is the first that finds no room; the same call goes on once there is."""
    import errno

    import keras

    x, y = blobs()
    model = model_in(tmp_path)
    save, write = keras.Model.save, Path.write_text
    full = [".final", ".000", ".model"]

    def check(path):
        path = Path(path)
        if path.name.startswith(full[0]) and path.parent.name != "trials":
            path.write_bytes(b"half")
            raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(keras.Model, "save", lambda model, path, **named: check(path) or save(model, path, **named))
    monkeypatch.setattr(Path, "write_text", lambda path, text, **named: check(path) or write(path, text, **named))
    while full != ["nothing"]:
        with pytest.raises(JournalError, match="Expected to write .*Received: the disk is full.*call again"):
            model.fit(x, y, epochs=1, verbose=0, refit=True)
        assert not [path for path in tmp_path.rglob(".*") if path.is_file()]
        full = full[1:] or ["nothing"]
    assert len(model.fit(x, y, epochs=1, verbose=0, refit=True).trials_) == 2


@pytest.mark.parametrize("given", [{"validation": "cv3"}, {"validation_data": blobs(20)}])
def test_nothing_is_trained_again_where_no_rows_were_held_out(tmp_path, given):
    x, y = blobs()
    model_in(tmp_path).fit(x, y, epochs=2, verbose=0, refit=True, **given)
    assert facts(tmp_path, "refit") == []


def test_time_is_kept_for_it():
    from kerasnas.loop.run import AGAIN, Run

    class Best:
        measurement = kn.Measurement({}, seconds=10.0)

    class At(Run):
        best = Best()

    class Clock:
        def elapsed(self):
            return 50.0

    run = At(None, None, None, Clock(), Budget(time_limit=100, refit=True))
    assert run._spoken_for() == 50 + AGAIN * 10
    run.budget = Budget(time_limit=100)
    assert run._spoken_for() == 50


def test_members_without_time_for_it_stay_in_the_mean():
    from kerasnas.loop.refit import _in_time

    class Clock:
        def elapsed(self):
            return 60.0

    class Trained:
        def __init__(self, seconds):
            self.measurement = kn.Measurement({}, seconds=seconds)

    slow, quick, other = Trained(50.0), Trained(20.0), Trained(20.0)
    assert _in_time([slow, quick, other], Budget(time_limit=100), Clock()) == [quick]
    assert _in_time([slow, quick, other], Budget(), Clock()) == [slow, quick, other]


def test_ctrl_c_leaves_the_model_as_it_was_and_the_same_call_goes_on(tmp_path, monkeypatch):
    """A training that was cut short is worth less than that of the trial."""
    import keras

    from kerasnas.evaluators import Training

    refitting = []

    class Stop(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            if refitting and epoch == 1:
                raise KeyboardInterrupt

    refit = Training.refit
    monkeypatch.setattr(Training, "refit", lambda self, trial: [refitting.append(trial), refit(self, trial)][1])
    x, y = blobs()
    plain = model_in(tmp_path / "plain").fit(x, y, epochs=4, verbose=0, refit=False, callbacks=[Stop()])
    assert not refitting
    cut = model_in(tmp_path).fit(x, y, epochs=4, verbose=0, refit=True, callbacks=[Stop()])
    assert refitting and facts(tmp_path, "refit") == []
    np.testing.assert_allclose(cut.predict_proba(x), plain.predict_proba(x), atol=1e-5)
    members = facts(tmp_path, "final")[-1]["members"]
    model_in(tmp_path).fit(x, y, epochs=4, verbose=0, refit=True)
    assert facts(tmp_path, "refit")[-1]["members"] == members
