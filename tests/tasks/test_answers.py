"""Whatever form data and labels come in, answers come back in the labels' own."""

import numpy as np
import pandas as pd
import pytest

import kerasnas as kn
from kerasnas.blocks import Drawing
from kerasnas.errors import ArgumentError, DataError
from kerasnas.tasks.preparation import prepare

WORDS = np.array(["zero", "one", "two"])


@pytest.fixture(scope="module")
def fitted(classifier, few, quick, tmp_path_factory):
    """A classifier of three classes of integers, trained long enough to be right now and then."""
    model = classifier(directory=tmp_path_factory.mktemp("fitted"), filters=16)
    return model.fit(*few, **{**quick, "epochs": 12, "batch_size": 16})


def fit(classifier, quick, folder, x, y, head=None, **arguments):
    return classifier(head, directory=folder).fit(x, y, **quick, **arguments)


# ----------------------------------------------------------------- labels


def test_integers(fitted, few):
    x, y = few
    answers = fitted.predict(x)
    assert answers.shape == (45,) and answers.dtype == y.dtype
    assert fitted.classes_.tolist() == [0, 1, 2]
    assert fitted.score(x, y) == np.mean(answers == y) > 0.6
    probabilities = fitted.predict_proba(x)
    assert probabilities.shape == (45, 3)
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, atol=1e-5)
    assert np.array_equal(fitted.classes_[probabilities.argmax(axis=1)], answers)


def test_evaluate_gives_loss_and_accuracy(fitted, few):
    x, y = few
    found = fitted.evaluate(x, y)
    assert isinstance(found, list) and len(found) == 2
    assert found[1] == pytest.approx(fitted.score(x, y), abs=1e-6)
    chances = fitted.predict_proba(x)[np.arange(45), y]
    assert found[0] == pytest.approx(-np.log(chances).mean(), rel=1e-4)
    named = fitted.evaluate(x, y, return_dict=True)
    assert named == pytest.approx({"loss": found[0], "accuracy": found[1]}, rel=1e-5)


def test_evaluate_weighs_rows(fitted, few):
    x, y = few
    weight = np.where(y == 1, 3.0, 0.5)
    chances = fitted.predict_proba(x)[np.arange(45), y]
    found = fitted.evaluate(x, y, sample_weight=weight)
    assert found[0] == pytest.approx(-(np.log(chances) * weight).mean(), rel=1e-4)


def test_strings(classifier, few, quick, tmp_path):
    x, y = few
    model = fit(classifier, quick, tmp_path, x, WORDS[y])
    answers = model.predict(x)
    assert answers.dtype == WORDS.dtype and set(answers) <= set(WORDS)
    assert model.classes_.tolist() == ["one", "two", "zero"]
    assert len(model.evaluate(x, WORDS[y])) == 2
    assert model.score(x, WORDS[y].tolist()) == np.mean(answers == WORDS[y])
    with pytest.raises(DataError, match="labels that were in the data.*'three'"):
        model.evaluate(x, ["three"] * 45)


def test_bools(classifier, few, quick, tmp_path):
    x, y = few
    model = fit(classifier, quick, tmp_path, x, y > 0)
    assert model.predict(x).dtype == bool
    assert model.predict_proba(x).shape == (45, 2)
    assert model.classes_.tolist() == [False, True]


def test_one_hot(classifier, few, quick, tmp_path):
    x, y = few
    one_hot = np.eye(3, dtype="uint8")[y]
    model = fit(classifier, quick, tmp_path, x, one_hot)
    answers = model.predict(x)
    assert answers.shape == (45, 3) and answers.dtype == np.uint8
    assert (answers.sum(axis=1) == 1).all()
    assert 0 <= model.score(x, one_hot) <= 1


def test_several_labels(few, quick, tmp_path):
    x, y = few
    labels = np.stack([y == 0, y < 2, y > 0], axis=1)
    model = kn.ImageClassifier(multi_label=True, directory=tmp_path, max_trials=1, seed=0)
    model._draw = small_multi_label
    model.fit(x, labels, **quick)
    answers = model.predict(x)
    assert answers.shape == (45, 3) and answers.dtype == bool
    chances = model.predict_proba(x)
    assert chances.shape == (45, 3) and ((chances >= 0.5) == answers).all()
    assert model.score(x, labels) == np.mean((answers == labels).all(axis=1))
    assert len(model.evaluate(x, labels)) == 2


def small_multi_label():
    inputs = kn.ImageInput()
    return inputs, kn.ClassificationHead(multi_label=True, dropout=0.0)(kn.Flatten()(kn.Normalization()(inputs)))


def flat_regressor(folder, **arguments):
    inputs = kn.ImageInput()
    head = kn.RegressionHead(dropout=0.0, **arguments)
    return kn.AutoModel(inputs, head(kn.Flatten()(kn.Normalization()(inputs))), directory=folder, max_trials=1, seed=0)


def test_a_number(few, quick, tmp_path):
    x, y = few
    target = y * 1000.0 + 5e4
    model = flat_regressor(tmp_path).fit(x, target, **{**quick, "epochs": 15})
    answers = model.predict(x)
    assert answers.shape == (45,) and answers.dtype == np.float32
    assert abs(answers.mean() - target.mean()) < 1000, "in the unit of the targets"
    assert model.score(x, target) == pytest.approx(1 - ((answers - target) ** 2).sum() / (45 * target.var()), abs=1e-3)
    found = model.evaluate(x, target)
    assert found[0] == pytest.approx(((answers - target) ** 2).mean(), rel=1e-3)
    with pytest.raises(ArgumentError, match="classes for `predict_proba`.*regression"):
        model.predict_proba(x)


def test_several_numbers(few, quick, tmp_path):
    x, y = few
    target = np.stack([y, -2.0 * y], axis=1).tolist()
    model = flat_regressor(tmp_path).fit(x, target, **quick)
    assert model.predict(x).shape == (45, 2)
    assert isinstance(model.score(x, target), float)


def test_a_column_comes_back_as_a_column(few, quick, tmp_path):
    x, y = few
    model = flat_regressor(tmp_path).fit(x, y[:, None].astype("float64"), **quick)
    assert model.predict(x).shape == (45, 1)


# ------------------------------------------------------------------- rows


FORMS = {
    "uint8": lambda x: x,
    "int64": lambda x: x.astype("int64"),
    "float32": lambda x: x.astype("float32"),
    "float64": lambda x: x.astype("float64"),
    "float16": lambda x: x.astype("float16"),
    "list of arrays": lambda x: list(x),
    "nested lists": lambda x: x.tolist(),
    "column of pictures": lambda x: pd.Series(list(x)),
    "channel axis": lambda x: x[..., None],
    "read-only view": lambda x: np.broadcast_to(x, x.shape),
    "reversed twice": lambda x: x[::-1][::-1],
}


@pytest.mark.parametrize("form", FORMS)
def test_forms_of_pictures(fitted, few, form):
    x, _ = few
    np.testing.assert_allclose(fitted.predict_proba(FORMS[form](x)), fitted.predict_proba(x), atol=1e-6)


def test_flows_of_pictures(fitted, few):
    import tensorflow as tf

    x, y = few
    right = fitted.predict_proba(x)
    rows = tf.data.Dataset.from_tensor_slices(x)
    for flow in (
        rows,
        rows.batch(7),
        tf.data.Dataset.from_tensor_slices((x, y)).batch(7),
        iter(list(x)),
        (r for r in x),
    ):
        np.testing.assert_allclose(fitted.predict_proba(flow), right, atol=1e-6)
    np.testing.assert_allclose(fitted.predict_proba({"image_input": x}), right, atol=1e-6)
    labelled = tf.data.Dataset.from_tensor_slices((x, y)).batch(7)
    assert fitted.evaluate(labelled) == pytest.approx(fitted.evaluate(x, y))
    assert fitted.score(labelled) == fitted.score(x, y)
    with pytest.raises(ArgumentError, match="no `y` beside"):
        fitted.evaluate(labelled, y)


def test_one_row(fitted, few):
    x, _ = few
    assert fitted.predict(x[:1]).shape == (1,)
    np.testing.assert_allclose(fitted.predict_proba(x[:1]), fitted.predict_proba(x)[:1], atol=1e-5)


@pytest.mark.parametrize(
    "shape, words",
    [((5, 8, 7), r"\(8, 8, 1\).*\(8, 7, 1\)"), ((5, 8, 8, 3), r"\(8, 8, 1\).*\(8, 8, 3\)"), ((8, 8), r"row axis")],
)
def test_rows_of_another_shape(fitted, shape, words):
    for call in (fitted.predict, fitted.predict_proba):
        with pytest.raises(DataError, match=words):
            call(np.ones(shape, "uint8"))
    with pytest.raises(DataError, match=words):
        fitted.evaluate(np.ones(shape, "uint8"), np.zeros(shape[0], int))


def test_bad_rows_to_predict(fitted, few):
    x = few[0].astype("float32")
    with pytest.raises(DataError, match="at least one row"):
        fitted.predict(x[:0])
    x[3] = np.nan
    with pytest.raises(DataError, match="NaN in row 3"):
        fitted.predict(x)
    with pytest.raises(DataError, match="`x`.*None"):
        fitted.predict(None)
    with pytest.raises(DataError, match="`y`.*None"):
        fitted.evaluate(few[0])


def test_pictures_that_were_rescaled_are_told(fitted, few):
    with pytest.warns(UserWarning, match="values from 0 to 16.*up to 1; were they rescaled"):
        fitted.predict(few[0] / 16.0)


def prepared(x, y, head=None, inputs=None, class_weight=None, validation=None):
    inputs = inputs or kn.ImageInput()
    drawing = Drawing(inputs, (head or kn.ClassificationHead())(kn.Flatten()(inputs)))
    return prepare(drawing, x, y, validation, None, class_weight)


@pytest.mark.parametrize("form", FORMS)
def test_forms_of_pictures_to_learn_from(few, form):
    x, y = few
    rows = prepared(FORMS[form](x), y).rows
    assert rows.shapes == {"image_input": (8, 8, 1)}
    np.testing.assert_array_equal(rows.x["image_input"][..., 0], x)
    assert rows.x["image_input"].dtype in ("uint8", "float32")


def test_flows_to_learn_from(few):
    import tensorflow as tf

    x, y = few
    flows = {
        "tf.data": tf.data.Dataset.from_tensor_slices((x, y)),
        "batched": tf.data.Dataset.from_tensor_slices((x, y)).batch(8),
        "generator": ((picture, label) for picture, label in zip(x, y)),
        "generator of batches": ((x[i : i + 9], y[i : i + 9]) for i in range(0, 45, 9)),
        "named": tf.data.Dataset.from_tensor_slices(({"image_input": x}, {"classification_head": y})),
    }
    for name, flow in flows.items():
        rows = prepared(flow, None).rows
        np.testing.assert_array_equal(rows.x["image_input"][..., 0], x, err_msg=name)
        np.testing.assert_array_equal(rows.y["classification_head"].argmax(axis=1), y, err_msg=name)


def test_forms_of_labels_to_learn_from(few):
    x, y = few
    forms = [y, y.tolist(), y.astype("uint8"), y.astype("float32"), y[:, None], pd.Series(y, index=range(100, 145)),
             pd.DataFrame({"label": y}), np.eye(3)[y], pd.get_dummies(y), WORDS[np.array([2, 0, 1])][y].tolist(),
             pd.Series(pd.Categorical(WORDS[np.array([2, 0, 1])][y]))]  # fmt: skip
    order = prepared(x, WORDS[np.array([2, 0, 1])][y]).targets["classification_head"].classes.tolist()
    for form in forms:
        done = prepared(x, form)
        learnt = done.rows.y["classification_head"].argmax(axis=1)
        labels = done.targets["classification_head"].classes
        if labels.dtype.kind == "U":
            learnt = np.array([["two", "zero", "one"].index(order[each]) for each in learnt])
        np.testing.assert_array_equal(learnt, y)


def test_tables_of_numbers(few):
    frame = pd.DataFrame({"a": np.arange(45.0), "b": np.arange(45), "c": np.arange(45) % 2 == 0})
    rows = prepared(frame, few[1], inputs=kn.Input()).rows
    assert rows.shapes == {"input": (3,)} and rows.dtypes == {"input": "float32"}


# ---------------------------------------------------- folders and streams


@pytest.fixture(scope="module")
def picture_folder(few, tmp_path_factory):
    """A folder of PNG files, by class."""
    import keras

    x, y = few
    folder = tmp_path_factory.mktemp("pictures")
    for place, (picture, label) in enumerate(zip(x, y)):
        (folder / WORDS[label]).mkdir(exist_ok=True)
        keras.utils.save_img(folder / WORDS[label] / f"{place:03d}.png", picture[..., None] * 15.0, scale=False)
    return folder


def test_a_folder_of_pictures(classifier, quick, picture_folder, tmp_path):
    model = classifier(directory=tmp_path).fit(str(picture_folder), **quick)
    answers = model.predict(picture_folder)
    assert answers.shape == (45,) and set(answers) <= set(WORDS)
    assert 0 <= model.score(picture_folder) <= 1
    assert len(model.evaluate(picture_folder)) == 2


@pytest.fixture
def little_memory(monkeypatch):
    """No more than 500 bytes of pictures are held."""
    import kerasnas.data.memory as memory

    monkeypatch.setattr(memory, "default_limit", lambda: 500)


def test_a_stream(classifier, few, quick, tmp_path, little_memory):
    import tensorflow as tf

    from kerasnas.data import Stream

    x, y = few
    flow = tf.data.Dataset.from_tensor_slices((x, WORDS[y])).batch(8)
    model = classifier(directory=tmp_path)
    assert isinstance(prepared(flow, None).rows, Stream)
    model.fit(flow, **quick)
    assert set(model.predict(flow)) <= set(WORDS)
    np.testing.assert_allclose(model.predict_proba(flow), model.predict_proba(x), atol=1e-5)
    assert model.evaluate(flow) == pytest.approx(model.evaluate(x, WORDS[y]), rel=1e-4)
    assert model.score(flow) == model.score(x, WORDS[y])
    np.testing.assert_allclose(model.export_model().predict(x[..., None], verbose=0), model.predict_proba(x), atol=1e-5)


@pytest.mark.parametrize(
    "weights", [{"zero": np.float32(2), "one": np.int64(3), "two": np.float64(0.5)}, "balanced"], ids=str
)
def test_classes_of_a_stream_are_weighted(few, weights, little_memory):
    import tensorflow as tf

    from kerasnas.data import Stream

    x, y = (part[:40] for part in few)
    flow = tf.data.Dataset.from_tensor_slices((x, WORDS[y])).batch(8)
    streamed, held = (prepared(*data, class_weight=weights).rows for data in ((flow, None), (x, WORDS[y])))
    assert isinstance(streamed, Stream) and len(set(streamed.weight)) > 1
    np.testing.assert_array_equal(streamed.weight, held.weight)


def test_validation_rows_are_weighted_as_those_of_training(few):
    """By the weights of `fit`'s classes, whatever share a class has among the validation rows."""
    x, y = few
    names, held = WORDS[y], (x[y > 0], WORDS[y[y > 0]], np.full((y > 0).sum(), 0.5))
    found = prepared(x, names, class_weight={"zero": 2, "one": 3, "two": 5}, validation=held).validation
    np.testing.assert_array_equal(found.weight, np.where(y[y > 0] == 1, 1.5, 2.5))
    balanced = prepared(x, names, class_weight="balanced", validation=held)
    by_class = dict(zip(names, balanced.rows.weight))
    np.testing.assert_allclose(balanced.validation.weight, [by_class[name] / 2 for name in held[1]])


@pytest.mark.slow
def test_a_folder_larger_than_memory(quick, picture_folder, tmp_path, little_memory):
    """With augmentation and the whitening stem, which look at rows before any training."""
    model = kn.ImageClassifier(directory=tmp_path, max_trials=2, seed=0)
    model.fit(picture_folder, **quick)
    assert [trial.status for trial in model.trials_] == ["completed", "completed"]
    assert model.predict(picture_folder).shape == (45,)
    held = kn.load(model.folder_)
    assert np.array_equal(held.predict(picture_folder), model.predict(picture_folder))


# ---------------------------------------------------------- several inputs


@pytest.fixture(scope="module")
def modal(few, quick, tmp_path_factory):
    """Pictures and numbers in, a class and a number out."""
    x, y = few
    picture, numbers = kn.ImageInput(name="picture"), kn.Input(name="numbers")
    left = kn.Flatten()(kn.Normalization()(kn.ImageAugmentation(horizontal_flip=True)(picture)))
    merged = kn.Merge("concatenate")([left, kn.Normalization()(numbers)])
    label = kn.ClassificationHead(dropout=0.0, name="label")(merged)
    size = kn.RegressionHead(dropout=0.0, metrics=["mae"], name="size")(merged)
    model = kn.AutoModel(
        [picture, numbers], [label, size], directory=tmp_path_factory.mktemp("modal"), max_trials=2, seed=0
    )
    data = {"picture": x, "numbers": np.stack([y, y**2], axis=1)}
    targets = {"label": WORDS[y], "size": y * 1.5}
    return model.fit(data, targets, **quick), data, targets


def test_several_inputs_and_heads(modal):
    model, data, targets = modal
    assert [trial.status for trial in model.trials_] == ["completed", "completed"]
    answers = model.predict(data)
    assert list(answers) == ["label", "size"]
    assert set(answers["label"]) <= set(WORDS) and answers["size"].dtype == np.float32
    as_list = model.predict([data["picture"], data["numbers"]])
    assert all(np.array_equal(as_list[name], answers[name]) for name in answers)
    found = model.evaluate(data, targets, return_dict=True)
    assert {"loss", "label_accuracy", "size_mae"} <= set(found)
    assert found["label_accuracy"] == pytest.approx(np.mean(answers["label"] == targets["label"]), abs=1e-6)
    assert found["size_mae"] == pytest.approx(np.abs(answers["size"] - targets["size"]).mean(), rel=1e-3)
    assert model.evaluate(data, [targets["label"], targets["size"]], return_dict=True) == pytest.approx(found)
    chances = model.predict_proba(data)
    assert chances.shape == (45, 3), "the heads that tell classes apart"
    with pytest.raises(ArgumentError, match="one head to score"):
        model.score(data, targets)
    assert list(model.classes_["label"]) == ["one", "two", "zero"]


def test_the_model_of_several_inputs(modal):
    model, data, _ = modal
    exported = model.export_model()
    raw = {"picture": data["picture"][..., None], "numbers": data["numbers"].astype("float32")}
    answers = exported.predict(raw, verbose=0)
    assert set(answers) == {"label", "size"}
    np.testing.assert_allclose(answers["size"][:, 0], model.predict(data)["size"], rtol=1e-5)


def test_missing_and_unknown_inputs(modal):
    model, data, _ = modal
    with pytest.raises(DataError, match="keys 'picture', 'numbers'.*without 'numbers'"):
        model.predict({"picture": data["picture"]})
    with pytest.raises(DataError, match=r"unknown key 'pictures'.*Did you mean 'picture'\?"):
        model.predict({"pictures": data["picture"], "numbers": data["numbers"]})
    with pytest.raises(DataError, match=r"`x\['numbers'\]`.*40"):
        model.predict([data["picture"], data["numbers"][:40]])
