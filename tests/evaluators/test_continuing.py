"""Going on from a checkpoint: what a promoted trial takes from its parent, and what stays on disk for it."""

import keras
import numpy as np
import pytest

import kerasnas as kn
from kerasnas.contract import Context, Measurement, Objective, Proposal, Trial
from kerasnas.evaluators import Training
from kerasnas.evaluators.keeping import checkpoint, keep_weights, predictions, replace_with, weights
from kerasnas.loop import Budget, Journal, Run
from kerasnas.loop.checkpoints import Keeper, sweep
from kerasnas.operations import Dense
from kerasnas.strategies import ASHA, Hyperband, SuccessiveHalving
from tests.evaluators.test_training import blobs, context_of


def at_work(context, **arguments):
    """A function that trains one proposal: number, epochs, parent."""
    evaluator = Training(**arguments)
    evaluator.setup(context)
    architecture = context.space.default()

    def train(number, epochs, parent=None, report=lambda step, metrics: None):
        return evaluator.evaluate(Proposal(architecture, number, {"epochs": epochs}, parent), report)

    return train


def stored(folder, number):
    """The kept weights of a trial and the epochs they have seen."""
    with np.load(weights(folder, number)) as file:
        return [file[f"arr_{place}"] for place in range(len(file.files) - 1)], int(file["epochs"])


def constant(folder, number, fill, epochs):
    """Put weights of one value in the place of a trial's."""
    arrays, _ = stored(folder, number)
    np.savez(weights(folder, number), *[np.full_like(array, fill) for array in arrays], epochs=epochs)


def norm(arrays):
    return float(np.sqrt(sum(np.square(array).sum() for array in arrays)))


# ------------------------------------------------------------- going on
def test_weights_are_kept_with_their_epochs(tmp_path):
    at_work(context_of(*blobs(), tmp_path))(0, 2)
    arrays, epochs = stored(tmp_path, 0)
    assert epochs == 2
    model = keras.models.load_model(checkpoint(tmp_path, 0))
    # The plain model has raw rows in, and may have preprocessing beside the trained weights.
    for array in arrays:
        assert any(array.shape == own.shape and np.allclose(array, own) for own in model.get_weights())


def test_only_the_remaining_epochs_are_trained(tmp_path):
    train, steps = at_work(context_of(*blobs(), tmp_path)), []
    assert train(0, 1).extra["epochs"] == 1
    measured = train(1, 4, parent=0, report=lambda step, metrics: steps.append(step))
    assert measured.extra["epochs"] == 3 and len(measured.curve) == 3
    assert steps == [2, 3, 4] == [point["epoch"] for point in measured.curve]
    assert stored(tmp_path, 1)[1] == 4


def test_a_chain_of_promotions_adds_up(tmp_path):
    train = at_work(context_of(*blobs(), tmp_path))
    spent = [train(0, 1).extra["epochs"], train(1, 3, 0).extra["epochs"], train(2, 5, 1).extra["epochs"]]
    assert spent == [1, 2, 2]
    assert [stored(tmp_path, number)[1] for number in range(3)] == [1, 3, 5]


def test_the_parents_weights_are_really_loaded(tmp_path):
    """From weights of a size no initializer draws, one epoch leads nowhere else."""
    train = at_work(context_of(*blobs(), tmp_path))
    train(0, 1)
    fresh = norm(stored(tmp_path, 0)[0])
    constant(tmp_path, 0, 40.0, epochs=1)
    train(1, 2, parent=0)
    went_on, _ = stored(tmp_path, 1)
    assert norm(went_on) > 10 * fresh
    assert all(np.abs(array - 40.0).max() < 5 for array in went_on)
    train(2, 2)
    assert norm(stored(tmp_path, 2)[0]) < 5 * fresh, "without a parent it starts anew"


def test_a_parent_of_another_trial_is_not_taken(tmp_path):
    train = at_work(context_of(*blobs(), tmp_path))
    train(0, 1), train(1, 1)
    constant(tmp_path, 0, 40.0, epochs=1)
    constant(tmp_path, 1, -40.0, epochs=1)
    train(2, 2, parent=1)
    assert all((array < 0).all() for array in stored(tmp_path, 2)[0])


def test_a_lost_checkpoint_means_from_the_start(tmp_path):
    train, steps = at_work(context_of(*blobs(), tmp_path)), []
    train(0, 2)
    weights(tmp_path, 0).unlink()
    measured = train(1, 3, parent=0, report=lambda step, metrics: steps.append(step))
    assert measured.extra["epochs"] == 3 and steps == [1, 2, 3]
    assert stored(tmp_path, 1)[1] == 3


@pytest.mark.parametrize("seen", [3, 5])
def test_a_parent_that_has_seen_as_much_is_no_start(seen, tmp_path):
    train = at_work(context_of(*blobs(), tmp_path))
    train(0, 1)
    constant(tmp_path, 0, 40.0, epochs=seen)
    assert train(1, 3, parent=0).extra["epochs"] == 3
    assert norm(stored(tmp_path, 1)[0]) < 40


def test_without_a_folder_nothing_can_be_gone_on_from():
    train = at_work(context_of(*blobs()))
    train(0, 1)
    assert train(1, 3, parent=0).extra["epochs"] == 3


def test_a_continuation_repeats_bit_for_bit(tmp_path):
    metrics = []
    for name in "ab":
        train = at_work(context_of(*blobs(), tmp_path / name))
        train(0, 1)
        metrics.append((train(1, 3, 0).metrics, stored(tmp_path / name, 1)[0]))
    assert metrics[0][0] == metrics[1][0]
    for one, other in zip(metrics[0][1], metrics[1][1]):
        np.testing.assert_array_equal(one, other)


def test_the_checkpoint_of_the_parent_is_left_as_it_is(tmp_path):
    train = at_work(context_of(*blobs(), tmp_path))
    train(0, 1)
    before = weights(tmp_path, 0).read_bytes()
    train(1, 3, 0)
    assert weights(tmp_path, 0).read_bytes() == before


def test_the_metrics_are_of_the_model_that_went_on(tmp_path):
    context = context_of(*blobs(), tmp_path)
    train = at_work(context)
    train(0, 1)
    measured = train(1, 4, 0)
    held = context.task.validation
    answers = keras.models.load_model(checkpoint(tmp_path, 1)).predict(held.x["input"], verbose=0)
    right = (answers.argmax(axis=1) == held.y["label"].argmax(axis=1)).mean()
    assert right == pytest.approx(measured.metrics["val_accuracy"], abs=1e-6)


def test_trials_without_fidelity_keep_no_weights_to_go_on_from(tmp_path):
    context = context_of(*blobs(), tmp_path)
    evaluator = Training(epochs=1)
    evaluator.setup(context)
    evaluator.evaluate(Proposal(context.space.default(), 0), lambda *_: None)
    assert checkpoint(tmp_path, 0).exists() and not weights(tmp_path, 0).exists()


def test_without_saving_no_weights_are_kept(tmp_path):
    at_work(context_of(*blobs(), tmp_path), save=False)(0, 1)
    assert not (tmp_path / "trials").exists()


def test_keras_callbacks_see_the_epochs_that_are_left(tmp_path):
    """The slow path: callbacks of the user's go through `keras.Model.fit`."""
    log = tmp_path / "epochs.txt"

    class Noting(keras.callbacks.Callback):
        def on_epoch_begin(self, epoch, logs=None):
            with log.open("a") as file:
                file.write(f"{epoch} ")

    train = at_work(context_of(*blobs(), tmp_path), callbacks=[Noting()])
    train(0, 2)
    assert train(1, 4, 0).extra["epochs"] == 2
    assert log.read_text().split() == ["0", "1", "2", "3"]


# ---------------------------------------------------------------- files
def test_where_things_are_kept(tmp_path):
    assert checkpoint(tmp_path, 7) == tmp_path / "trials" / "0007.keras"
    assert predictions(tmp_path, 7) == tmp_path / "trials" / "0007.npz"
    assert weights(tmp_path, 7) == tmp_path / "trials" / "0007.weights.npz"
    assert checkpoint(str(tmp_path), 12345).name == "12345.keras"


def test_a_file_appears_whole_or_not_at_all(tmp_path):
    path = tmp_path / "a.txt"
    path.write_text("old")

    def torn(at):
        at.write_text("half")
        assert path.read_text() == "old"
        raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        replace_with(path, torn)
    assert path.read_text() == "old" and list(tmp_path.iterdir()) == [path]
    replace_with(path, lambda at: at.write_text("new"))
    assert path.read_text() == "new"


def test_kept_weights_come_back_in_their_order(tmp_path):
    class Holder:
        def get_weights(self):
            return [np.full((2,), place, "float32") for place in range(12)]  # "arr_10" sorts before "arr_2"

    (tmp_path / "trials").mkdir()
    keep_weights(weights(tmp_path, 0), Holder(), 9)
    arrays, epochs = stored(tmp_path, 0)
    assert epochs == 9 and [array[0] for array in arrays] == list(range(12))


# --------------------------------------------------------------- Keeper
class Ended:
    """A run, with its journal, as an observer sees it."""

    def __init__(self, values, needs=(), finals=()):
        self.trials = [
            Trial(Proposal({}, number), "failed", None, "no")
            if value is None
            else Trial(Proposal({}, number), "completed", Measurement({"val_accuracy": value}))
            for number, value in enumerate(values)
        ]
        self.strategy = self.journal = self
        self.needs, self.budget = (lambda: set(needs)), Budget()
        self.facts = lambda name: [{"members": members} for members in finals if name == "final"]

    @property
    def completed(self):
        return [trial for trial in self.trials if trial.status != "failed"]


def left_after(folder, run, keep, objective="val_accuracy", direction="max", count=None):
    trials = folder / "trials"
    trials.mkdir(exist_ok=True)
    for number in range(count or len(run.trials)):
        for ending in ("keras", "npz", "weights.npz"):
            (trials / f"{number:04d}.{ending}").write_text("")
    context = Context(None, objective=Objective(objective, direction), folder=folder)
    Keeper(context, keep).ended(run.trials[-1], run)
    return sorted({int(file.name.split(".")[0]) for file in trials.glob("[0-9]*")}), len(list(trials.iterdir()))


def test_the_best_stay(tmp_path):
    assert left_after(tmp_path, Ended([0.1, 0.9, 0.5, 0.7]), 2) == ([1, 3], 6)


def test_the_best_of_a_loss_are_the_least(tmp_path):
    assert left_after(tmp_path, Ended([0.1, 0.9, 0.5, 0.7]), 2, direction="min")[0] == [0, 2]


def test_what_a_strategy_needs_stays(tmp_path):
    assert left_after(tmp_path, Ended([0.1, 0.9, 0.5, 0.7], needs=[0]), 1)[0] == [0, 1]


def test_members_of_the_last_final_model_stay(tmp_path):
    """Though later trials are better: their mean may still be."""
    assert left_after(tmp_path, Ended([0.5, 0.6, 0.4, 0.7, 0.9], finals=[[0, 1], [1, 2]]), 2)[0] == [1, 2, 3, 4]


def test_failed_trials_leave_nothing(tmp_path):
    assert left_after(tmp_path, Ended([None, 0.2, None]), 5)[0] == [1]


def test_what_another_worker_has_just_written_stays(tmp_path):
    assert left_after(tmp_path, Ended([0.1, 0.9]), 1, count=4)[0] == [1, 2, 3]


def test_what_a_kill_left_half_written_is_swept(tmp_path):
    names = [".final.77.keras", ".model.77.json", "trials/.0004.77.keras", "trials/.0004.weights.77.npz"]
    names += ["refit/.0001.77.keras", "trials/0004.keras", ".notes.2024.json", "trials/.mine", "final.keras"]
    for name in names:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("")
    sweep(tmp_path)
    assert [name for name in names if (tmp_path / name).exists()] == names[5:]


def test_other_files_stay(tmp_path):
    (tmp_path / "trials").mkdir()
    (tmp_path / "trials" / "notes.txt").write_text("mine")
    left_after(tmp_path, Ended([0.1, 0.9]), 1)
    assert (tmp_path / "trials" / "notes.txt").read_text() == "mine"


def test_without_a_folder_there_is_nothing_to_delete():
    run = Ended([0.1])
    assert Keeper(Context(None, objective=Objective("val_accuracy")), 1).ended(run.trials[0], run) is None


# ------------------------------------------------- searches with training
SPACE = kn.Space(
    kn.Sequential({"hidden": Dense(kn.Choice(2, 3, 4, 6), "relu"), "out": Dense(2, "softmax")}),
    {"batch_size": kn.Choice(16)},
)


def searched(strategy, folder, trials):
    return kn.search(SPACE, blobs(), strategy=strategy, max_trials=trials, seed=0, directory=folder)


@pytest.mark.parametrize(
    ("strategy", "trials"),
    [
        (SuccessiveHalving(1, 2, factor=2), 3),
        (Hyperband(1, 2, factor=2), 3),
        (ASHA(1, 2, factor=2), 3),
    ],
    ids=["successive_halving", "hyperband", "asha"],
)
def test_a_promotion_trains_the_rest_alone(strategy, trials, tmp_path):
    found = searched(strategy, tmp_path, trials)
    assert [trial.error for trial in found.trials] == [None] * trials
    first, second, promoted = found.trials
    assert [trial.proposal.fidelity["epochs"] for trial in found.trials] == [1, 1, 2]
    assert [trial.measurement.extra["epochs"] for trial in found.trials] == [1, 1, 1]
    parent = max(first, second, key=lambda trial: (trial.measurement.metrics["val_accuracy"], -trial.number))
    assert promoted.proposal.parent == parent.number
    assert promoted.proposal.architecture == parent.proposal.architecture
    assert promoted.measurement.curve[0]["epoch"] == 2


def test_checkpoints_that_are_needed_outlive_better_ones(tmp_path):
    """Of two candidates on a rung the needed one's weights stay until it went on, however few models are kept."""
    seen = []

    class Watching(Keeper):
        def ended(self, trial, run):
            super().ended(trial, run)
            files = {int(file.name[:4]) for file in (tmp_path / "trials").glob("*.weights.npz")}
            seen.append((files, set(run.strategy.needs())))

    context = context_of(*blobs(), tmp_path)
    context.space = kn.Space(context.space.network, {**context.space.training, "learning_rate": kn.Choice(0.001, 0.01)})
    with Journal(tmp_path) as journal:
        journal.header({"space": "blobs"})
        strategy = SuccessiveHalving(1, 2, factor=2, sampler="random")
        run = Run(context, strategy, Training(), journal, Budget(3), observers=[Watching(context, keep=1)]).search()
    assert len(run.completed) == 3
    assert all(needed <= files for files, needed in seen)
    assert run.trials[2].measurement.extra["epochs"] == 1 and seen[-1][1] == set()
