"""Whatever cannot be learnt from is refused with plain words, before any training and before any folder is made."""

import json
import os

import keras
import numpy as np
import pytest

import kerasnas as kn
from kerasnas.errors import ArgumentError, DataError, JournalError, KerasnasError, NotFittedError, SpaceError
from kerasnas.evaluators.training import Training


@pytest.fixture(autouse=True)
def no_training(monkeypatch):
    """Nothing in this file may train."""

    def evaluate(self, proposal, report):
        pytest.fail("a trial was begun")

    monkeypatch.setattr(Training, "evaluate", evaluate)
    monkeypatch.setattr(keras.Model, "fit", evaluate)


@pytest.fixture
def refused(tmp_path):
    """A function that expects an error of a class with these words from a fit, and nothing on disk."""

    def check(error, words, x, y=None, *, model=None, **arguments):
        runs = tmp_path / "runs"
        model = model or (lambda directory: kn.ImageClassifier(directory=directory, max_trials=1, seed=0))
        with pytest.raises(error) as raised:
            model(directory=runs).fit(x, y, **{"verbose": 0, "epochs": 1, **arguments})
        assert type(raised.value) is error
        assert isinstance(raised.value, KerasnasError)
        message = str(raised.value)
        missing = [word for word in ([words] if isinstance(words, str) else words) if word not in message]
        assert not missing, f"{missing} not in: {message}"
        assert message.startswith("Expected ")
        assert not runs.exists(), "a folder was made"

    return check


# ------------------------------------------------------------------- rows


def test_empty_x(refused):
    refused(DataError, ["`x`", "at least one row", "(0, 8, 8)"], np.zeros((0, 8, 8), "uint8"), np.zeros(0, int))


def test_an_empty_list(refused):
    refused(DataError, ["`x`"], [], [])


def test_unequal_lengths(refused, digits):
    x, y = digits
    refused(DataError, ["`y`", "160 rows", "Received: 158"], x, y[:-2])


def test_y_absent(refused, digits):
    refused(DataError, ["`y`", "None"], digits[0], None)


def test_x_absent(refused, digits):
    refused(DataError, ["`x`", "None"], None, digits[1])


def test_one_class_only(refused, digits):
    refused(DataError, ["at least two classes", "only 0"], digits[0], np.zeros(160, int))


def test_a_class_with_one_member(refused, digits):
    x, y = digits
    y = np.where(np.arange(160) == 5, 77, y)
    refused(DataError, ["at least 2 rows of each class", "77"], x, y)


def test_nan_in_x(refused, digits):
    x, y = digits[0].astype("float32"), digits[1]
    x[7, 2, 2] = np.nan
    refused(DataError, ["`x`", "NaN", "row 7"], x, y)


def test_infinity_in_x(refused, digits):
    x, y = digits[0].astype("float64"), digits[1]
    x[7, 2, 2] = 1e300
    refused(DataError, ["`x`", "finite", "row 7"], x, y)


def test_nan_in_y(refused, digits):
    y = digits[1].astype("float32")
    y[3] = np.nan
    refused(DataError, ["`y`", "NaN", "row 3"], digits[0], y)
    regressor = lambda directory: kn.ImageRegressor(directory=directory, max_trials=1)  # noqa: E731
    refused(DataError, ["`y`", "NaN", "row 3"], digits[0], y, model=regressor)


def test_none_among_labels(refused, digits):
    refused(DataError, ["`y`", "missing", "row 1"], digits[0], ["a", None] * 80)


def test_mixed_labels(refused, digits):
    refused(DataError, ["`y`", "one type"], digits[0], ["a", 1] * 80)


def test_labels_with_fractions(refused, digits):
    refused(DataError, ["class labels", "regressor"], digits[0], np.linspace(0, 1, 160))


def test_strings_to_a_regressor(refused, digits):
    regressor = lambda directory: kn.ImageRegressor(directory=directory, max_trials=1)  # noqa: E731
    refused(DataError, ["numbers", "classifier"], digits[0], ["a", "b"] * 80, model=regressor)


def test_object_arrays(refused, digits):
    x = np.empty((160, 8, 8), object)
    x[:] = object()
    refused(DataError, ["`x`", "numbers", "object"], x, digits[1])


def test_strings_as_pictures(refused, digits):
    refused(DataError, ["`x`", "strings"], np.full((160, 8, 8), "1"), digits[1])


def test_ragged_pictures(refused, digits):
    x = [picture[: 7 + (place % 2)] for place, picture in enumerate(digits[0])]
    refused(DataError, ["`x`", "one shape"], x, digits[1])
    column = np.empty(160, object)
    column[:] = x
    refused(DataError, ["`x`", "one shape"], column, digits[1])


@pytest.mark.parametrize("shape", [(160,), (160, 64), (160, 8, 8, 1, 1)])
def test_wrong_rank(refused, digits, shape):
    refused(DataError, ["`x`", "pictures of shape (n, height, width)"], np.ones(shape, "float32"), digits[1])


def test_channels_first(refused, digits):
    refused(DataError, ["last axis"], np.ones((160, 3, 8, 8), "float32"), digits[1])


def test_labels_of_two_axes(refused, digits):
    refused(DataError, ["one-hot", "multi_label"], digits[0], np.ones((160, 3), int))


def test_more_classes_than_said(refused, digits):
    three = lambda directory: kn.ImageClassifier(num_classes=3, directory=directory)  # noqa: E731
    refused(DataError, ["at most 3 classes", "10"], *digits, model=three)
    one_hot = np.eye(10)[digits[1]]
    refused(DataError, ["at most 3 classes", "10"], digits[0], one_hot, model=three)


def test_more_labels_than_said(refused, digits):
    three = lambda directory: kn.ImageClassifier(num_classes=3, multi_label=True, directory=directory)  # noqa: E731
    refused(DataError, ["(n, 3)"], digits[0], np.eye(10)[digits[1]], model=three)


def test_more_numbers_than_said(refused, digits):
    one = lambda directory: kn.ImageRegressor(output_dim=1, directory=directory)  # noqa: E731
    refused(DataError, ["1 number"], digits[0], np.ones((160, 2)), model=one)


def test_too_few_rows(refused, digits):
    regressor = lambda directory: kn.ImageRegressor(directory=directory, max_trials=1)  # noqa: E731
    refused(DataError, ["at least 2 rows"], digits[0][:1], [1.0], model=regressor)


# ------------------------------------------------------------- validation


def test_validation_of_another_shape(refused, digits):
    x, y = digits
    refused(DataError, ["shape (8, 8, 1)", "(8, 7, 1)"], x, y, validation_data=(x[:20, :, :7], y[:20]))


def test_validation_without_y(refused, digits):
    x, y = digits
    for alone in ((x[:20],), x[:20], [x[:20], None]):
        refused(DataError, ["`validation_data` to be (x, y)", "None as `y`"], x, y, validation_data=alone)


def test_validation_of_unequal_length(refused, digits):
    x, y = digits
    refused(DataError, ["20 rows", "19"], x, y, validation_data=(x[:20], y[:19]))


def test_validation_with_labels_never_seen(refused, digits):
    x, y = digits
    refused(DataError, ["labels that were in the data", "99"], x, y, validation_data=(x[:20], [99] * 20))


def test_validation_with_nan(refused, digits):
    x, y = digits
    broken = x[:20].astype("float32")
    broken[2] = np.nan
    refused(DataError, ["NaN", "row 2"], x, y, validation_data=(broken, y[:20]))


def test_validation_of_four_parts(refused, digits):
    x, y = digits
    refused(ArgumentError, ["validation_data", "4 parts"], x, y, validation_data=(x, y, y, y))


@pytest.mark.parametrize("fraction", [0, 0.0, 1, 1.0, -0.2, 1.5, "half", float("nan"), True])
def test_validation_split_outside(refused, digits, fraction):
    refused(ArgumentError, ["validation", "between 0 and 1", repr(fraction)], *digits, validation_split=fraction)


# -------------------------------------------------------------- arguments


def test_unknown_strategy(refused, digits):
    model = lambda directory: kn.ImageClassifier(strategy="gredy", directory=directory)  # noqa: E731
    refused(ArgumentError, ["strategy", "Did you mean 'greedy'", "'gredy'"], *digits, model=model)


def test_unknown_tuner(refused, digits):
    model = lambda directory: kn.ImageClassifier(tuner="randm", directory=directory)  # noqa: E731
    refused(ArgumentError, ["Did you mean 'random'"], *digits, model=model)


def test_a_strategy_class(refused, digits):
    model = lambda directory: kn.ImageClassifier(strategy=kn.strategies.Greedy, directory=directory)  # noqa: E731
    refused(ArgumentError, ["call it"], *digits, model=model)


def test_unknown_objective(refused, digits):
    model = lambda directory: kn.ImageClassifier(objective="val_acuracy", directory=directory)  # noqa: E731
    refused(ArgumentError, ["objective", "Did you mean 'accuracy'", "'val_acuracy'"], *digits, model=model)


@pytest.mark.parametrize("name", ["val_own_accuracy", "val_f1_score_mae", "val_label_loss", "val_crossentropy"])
def test_an_objective_that_is_not_measured(refused, digits, name):
    model = lambda directory: kn.ImageClassifier(objective=name, directory=directory)  # noqa: E731
    refused(ArgumentError, ["objective", "val_accuracy", "val_loss", name], *digits, model=model)


def test_an_objective_that_keras_gives_for_each_class(refused, digits):
    model = lambda directory: kn.ImageClassifier(objective="f1_score", directory=directory)  # noqa: E731
    refused(ArgumentError, ["objective", "'f1_macro'", "'f1_score'"], *digits, model=model)
    model = lambda directory: kn.ImageClassifier(objective="f1", directory=directory)  # noqa: E731
    refused(ArgumentError, ["more than two classes", "'f1_macro'", "'f1'"], *digits, model=model)


def test_a_metric_of_keras_with_settings_of_ones_own_is_improved():
    from kerasnas.blocks import ClassificationHead
    from kerasnas.tasks.measuring import objectives_of

    head = ClassificationHead(metrics=[keras.metrics.F1Score(average="macro")])
    known = head.with_target(head.fit_target(np.array([0, 1, 2] * 4)))
    (objective,) = objectives_of("val_f1_score", {"output": known})
    assert objective.name == "val_f1_score" and objective.direction == "max"


def test_an_objective_that_is_none(refused, digits):
    model = lambda directory: kn.ImageClassifier(objective=5, directory=directory)  # noqa: E731
    refused(ArgumentError, ["objective", "5"], *digits, model=model)


@pytest.mark.parametrize("wrong, right", [("epoch", "epochs"), ("batchsize", "batch_size"), ("callback", "callbacks")])
def test_unknown_keyword_of_fit(refused, digits, wrong, right):
    refused(ArgumentError, [f"Did you mean '{right}'", repr(wrong)], *digits, **{wrong: 1})


FACADES = [name for name in kn.__all__ if name.endswith(("Classifier", "Regressor", "Forecaster", "AutoModel"))]


@pytest.mark.parametrize("facade", FACADES)
def test_every_facade_names_the_nearest_keyword_of_fit(facade, tmp_path):
    assert len(FACADES) == 10
    drawn = (kn.Input(), kn.RegressionHead()) if facade == "AutoModel" else ()
    model = getattr(kn, facade)(*drawn, directory=tmp_path)
    pairs = {
        "batchsize": "batch_size", "time_limt": "time_limit", "sample_weights": "sample_weight",
        "clas_weight": "class_weight", "verbos": "verbose", "validaton": "validation", "named": None,
    }  # fmt: skip
    for wrong, right in pairs.items():
        with pytest.raises(ArgumentError, match=f"Did you mean '{right}'.* '{wrong}'" if right else wrong) as raised:
            model.fit(np.arange(60.0), np.arange(60.0), **{wrong: 1})
        assert right or "Did you mean 'named'" not in str(raised.value)


@pytest.mark.parametrize(
    "wrong, right",
    [("max_trial", "max_trials"), ("objectives", "objective"), ("seeds", "seed"), ("num_class", "num_classes")],
)
def test_unknown_keyword_of_a_constructor(wrong, right):
    with pytest.raises(ArgumentError, match=f"Expected .*ImageClassifier.* Did you mean '{right}'.* '{wrong}'"):
        kn.ImageClassifier(**{wrong: 1})


def test_unknown_keyword_of_other_constructors():
    with pytest.raises(ArgumentError, match="Did you mean 'output_dim'"):
        kn.ImageRegressor(output_dims=1)
    with pytest.raises(ArgumentError, match="AutoModel.* Did you mean 'inputs'"):
        kn.AutoModel(input=1, outputs=2)
    with pytest.raises(ArgumentError, match="ConvBlock.* Did you mean 'kernel_size'"):
        kn.ConvBlock(kernel_sizes=3)
    with pytest.raises(ArgumentError, match="ClassificationHead.* Did you mean 'num_classes'"):
        kn.ClassificationHead(num_class=3)
    with pytest.raises(ArgumentError, match="ImageInput.* Did you mean 'shape'"):
        kn.ImageInput(shapes=(8, 8))


def limits(name, *values):
    return [pytest.param(name, value, id=f"{name}={value}") for value in values]


@pytest.mark.parametrize(
    "name, value",
    [
        *limits("max_trials", 0, -1, "many", True),
        *limits("time_limit", 0, -1, "long", float("nan")),
        *limits("max_model_size", 0, -1),
        *limits("epochs", 0, -1, 1.5, "few"),
    ],
)
def test_limits_of_the_constructor(refused, digits, name, value):
    model = lambda directory: kn.ImageClassifier(directory=directory, **{name: value})  # noqa: E731
    refused(ArgumentError, [f"`{name}`", "positive", repr(value)], *digits, model=model, epochs=None)


@pytest.mark.parametrize(
    "name, value",
    [*limits("epochs", 0, -1, 1.5, "few"), *limits("batch_size", 0, -1, 2.5, "big"), *limits("time_limit", 0, -1)],
)
def test_limits_of_fit(refused, digits, name, value):
    refused(ArgumentError, [f"`{name}`", "positive", repr(value)], *digits, **{name: value})


@pytest.mark.parametrize("seed", ["zero", 1.5])
def test_seeds(refused, digits, seed):
    model = lambda directory: kn.ImageClassifier(directory=directory, seed=seed)  # noqa: E731
    refused(ArgumentError, ["`seed`", repr(seed)], *digits, model=model)


def test_verbose(refused, digits):
    refused(ArgumentError, ["`verbose`", "3"], *digits, verbose=3)


def test_max_model_size_that_nothing_satisfies(tmp_path, digits):
    model = kn.ImageClassifier(max_model_size=5, directory=tmp_path, max_trials=1, seed=0)
    with pytest.raises(KerasnasError, match=r"(?s)Expected .*max_model_size.*5"):
        model.fit(*digits, epochs=1, verbose=0)


def test_class_weight_with_unknown_labels(refused, digits):
    refused(ArgumentError, ["class_weight", "by label", "'seven'"], *digits, class_weight={"seven": 2.0})


def test_class_weight_that_is_no_number(refused, digits):
    refused(ArgumentError, ["numbers", "heavy"], *digits, class_weight={7: "heavy"})
    refused(ArgumentError, ["numbers"], *digits, class_weight={7: -1.0})
    refused(ArgumentError, ["class_weight"], *digits, class_weight="balancd")


@pytest.mark.parametrize("groups", ["patient", [1, 2]])
def test_groups_that_are_not_one_a_row(refused, digits, groups):
    refused(DataError, ["`groups` to have 160 values, one a row"], *digits, groups=groups)


def test_class_weight_of_numbers(refused, digits):
    regressor = lambda directory: kn.ImageRegressor(directory=directory)  # noqa: E731
    refused(ArgumentError, ["class_weight", "classes"], *digits, model=regressor, class_weight={7: 2.0})


def test_sample_weight(refused, digits):
    refused(DataError, ["`sample_weight`", "159"], *digits, sample_weight=np.ones(159))
    refused(DataError, ["`sample_weight`", "negative"], *digits, sample_weight=-np.ones(160))


def test_loss_and_metrics(refused, digits):
    loss = lambda directory: kn.ImageClassifier(loss="categorical_crosentropy", directory=directory)  # noqa: E731
    refused(ArgumentError, ["loss", "'categorical_crosentropy'"], *digits, model=loss)
    metrics = lambda directory: kn.ImageClassifier(metrics=["acuracy"], directory=directory)  # noqa: E731
    refused(ArgumentError, ["metric", "'acuracy'"], *digits, model=metrics)


def test_callbacks_that_are_none(refused, digits):
    refused(ArgumentError, ["callbacks", "Keras callbacks", "5"], *digits, callbacks=[5])


# ------------------------------------------------------------- not fitted


@pytest.mark.parametrize("call", ["predict", "predict_proba", "evaluate", "score"])
def test_before_fit(call, digits):
    with pytest.raises(NotFittedError, match="ImageClassifier to be fitted"):
        getattr(kn.ImageClassifier(), call)(digits[0])


@pytest.mark.parametrize("call", ["export_model", "leaderboard", "summary"])
def test_results_before_fit(call):
    with pytest.raises(NotFittedError, match="AutoModel to be fitted"):
        getattr(kn.AutoModel(kn.ImageInput(), None), call)()


def test_save_before_fit(tmp_path):
    with pytest.raises(NotFittedError, match="to be fitted"):
        kn.ImageRegressor().save(tmp_path / "model")
    assert not list(tmp_path.iterdir())


def test_classes_before_fit():
    with pytest.raises(NotFittedError):
        _ = kn.ImageClassifier().classes_
    assert "not fitted" in kn.ImageClassifier()._repr_html_()


# ---------------------------------------------------------------- folders


def test_a_directory_below_a_file(tmp_path, digits):
    (tmp_path / "file").write_text("x")
    with pytest.raises(JournalError, match="Expected to make the folder .*file"):
        kn.ImageClassifier(directory=tmp_path / "file", max_trials=1).fit(*digits, verbose=0)


def test_a_directory_without_permission(tmp_path, digits, monkeypatch):
    access = os.access
    monkeypatch.setattr(os, "access", lambda path, mode: False if mode & os.W_OK else access(path, mode))
    with pytest.raises(JournalError, match="can be written.*permission denied"):
        kn.ImageClassifier(directory=tmp_path, max_trials=1).fit(*digits, verbose=0)


def test_a_directory_that_is_read_only(tmp_path, digits):
    tmp_path.chmod(0o555)
    try:
        if os.access(tmp_path, os.W_OK):
            pytest.skip("root may write anywhere")
        with pytest.raises(JournalError, match="Expected to make the folder"):
            kn.ImageClassifier(directory=tmp_path, max_trials=1).fit(*digits, verbose=0)
    finally:
        tmp_path.chmod(0o755)


def test_a_full_disk_at_the_start(tmp_path, digits, monkeypatch):
    import errno

    def fsync(descriptor):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", fsync)
    with pytest.raises(JournalError, match="the disk is full"):
        kn.ImageClassifier(directory=tmp_path, project_name="run", max_trials=1).fit(*digits, verbose=0)
    assert (tmp_path / "run" / "journal.jsonl").read_bytes() == b""


def write_journal(folder, *events):
    folder.mkdir(parents=True)
    (folder / "journal.jsonl").write_text("".join(json.dumps(event) + "\n" for event in events))


def test_a_journal_of_another_run(tmp_path, digits):
    header = {"event": "header", "version": 1, "fingerprint": {"data": "x", "space": "y", "seed": 5}, "at": 0.0}
    write_journal(tmp_path / "run", header)
    before = (tmp_path / "run" / "journal.jsonl").read_bytes()
    with pytest.raises(JournalError) as raised:
        kn.ImageClassifier(directory=tmp_path, project_name="run", seed=0).fit(*digits, verbose=0)
    for word in ("data", "space", "seed", "overwrite=True", "project_name", "another"):
        assert word in str(raised.value)
    assert (tmp_path / "run" / "journal.jsonl").read_bytes() == before


def test_a_corrupt_journal(tmp_path, digits):
    write_journal(tmp_path / "run")
    (tmp_path / "run" / "journal.jsonl").write_text("what is this\n{}\n")
    with pytest.raises(JournalError, match="(?s)line 1 .*corrupt.*overwrite=True"):
        kn.ImageClassifier(directory=tmp_path, project_name="run", seed=0).fit(*digits, verbose=0)


def test_a_journal_of_another_version(tmp_path, digits):
    write_journal(tmp_path / "run", {"event": "header", "version": 99, "fingerprint": {}, "at": 0.0})
    with pytest.raises(JournalError, match="version 99"):
        kn.ImageClassifier(directory=tmp_path, project_name="run", seed=0).fit(*digits, verbose=0)


# -------------------------------------------------------------- AutoModel


def test_a_drawing_without_a_head(refused, digits, draw):
    inputs, wire = draw()
    refused(SpaceError, ["heads"], *digits, model=lambda directory: kn.AutoModel(inputs, wire, directory=directory))


def test_rows_of_another_shape_than_drawn(refused, digits, draw):
    inputs, wire = draw(kn.ImageInput(shape=(28, 28, 1)))
    outputs = kn.ClassificationHead()(wire)
    refused(
        DataError, ["(28, 28, 1)", "(8, 8, 1)"], *digits,
        model=lambda directory: kn.AutoModel(inputs, outputs, directory=directory),
    )  # fmt: skip


def test_an_unknown_input_name(refused, digits, classifier):
    x, y = digits
    model = lambda directory: classifier(directory=directory)  # noqa: E731
    refused(DataError, ["'image_input'", "Did you mean", "'image_inputs'"], {"image_inputs": x}, y, model=model)
    refused(DataError, ["classification_head"], x, {"head": y}, model=model)


def test_too_few_inputs(refused, digits):
    x, y = digits
    left, right = kn.ImageInput(name="left"), kn.ImageInput(name="right")
    outputs = kn.ClassificationHead()(kn.Merge()(kn.Flatten()(left), kn.Flatten()(right)))
    model = lambda directory: kn.AutoModel([left, right], outputs, directory=directory)  # noqa: E731
    refused(DataError, ["'left'", "'right'"], x, y, model=model)
    refused(DataError, ["'left'", "'right'"], {"left": x}, y, model=model)
    refused(DataError, ["`x['right']`", "160 rows", "Received: 150"], [x, x[:150]], y, model=model)


# ----------------------------------------------------------- the research door


def test_search_refuses_what_fit_refuses(tmp_path, digits):
    x, y = digits
    space = kn.spaces.mlp(num_classes=10)
    cases = [
        ({"validation_split": 0}, ArgumentError, "validation_split"),
        ({"seed": "zero"}, ArgumentError, "`seed`"),
        ({"max_trials": 0}, ArgumentError, "`max_trials`"),
        ({"strategy": "gredy"}, ArgumentError, "Did you mean 'greedy'"),
        ({"data": None}, ArgumentError, "data"),
        ({"data": (x, y[:-1])}, DataError, "160 rows"),
        ({"evaluator": "training"}, ArgumentError, "Evaluator"),
    ]
    for arguments, error, words in cases:
        with pytest.raises(error, match=words):
            kn.search(space, **{"data": (x, y), "directory": tmp_path / "runs", **arguments})
    with pytest.raises(SpaceError, match="Expected a Space"):
        kn.search("darts", data=(x, y))
    assert not (tmp_path / "runs").exists()
