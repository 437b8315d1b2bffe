"""Scripts written for AutoKeras run as they are: `import kerasnas as ak`."""

import inspect

import numpy as np
import pytest

import kerasnas as ak

CONSTRUCTOR = [
    "num_classes", "multi_label", "loss", "metrics", "project_name", "max_trials", "directory", "objective", "tuner",
    "overwrite", "seed", "max_model_size",
]  # fmt: skip
FIT = ["x", "y", "epochs", "callbacks", "validation_split", "validation_data", "batch_size", "verbose"]


@pytest.fixture(autouse=True)
def elsewhere(tmp_path, monkeypatch):
    """Runs lie in the working directory, as these scripts name none."""
    monkeypatch.chdir(tmp_path)


def names(function):
    return [name for name in inspect.signature(function).parameters if name != "self"]


def test_arguments_stand_where_autokeras_has_them():
    assert names(ak.ImageClassifier)[: len(CONSTRUCTOR)] == CONSTRUCTOR
    assert names(ak.ImageRegressor)[:3] == ["output_dim", "loss", "metrics"]
    assert names(ak.AutoModel)[:3] == ["inputs", "outputs", "project_name"]
    for facade in (ak.ImageClassifier, ak.ImageRegressor, ak.AutoModel):
        assert names(facade.fit)[: len(FIT)] == FIT
        assert {"strategy", "time_limit", "epochs"} <= set(names(facade))
        assert {"time_limit", "class_weight", "sample_weight"} <= set(names(facade.fit))
        assert {"predict", "evaluate", "export_model", "predict_proba", "score", "leaderboard", "save"} <= set(
            dir(facade)
        )


def test_image_classification(few):
    x, y = few
    clf = ak.ImageClassifier(overwrite=True, max_trials=1)
    clf.fit(x, y, epochs=1)
    predicted = clf.predict(x)
    assert predicted.shape == (45,)
    loss, accuracy = clf.evaluate(x, y)
    assert loss > 0 and 0 <= accuracy <= 1
    model = clf.export_model()
    assert type(model).__module__.startswith("keras")
    model.summary()
    assert len(model.predict(x[..., None], verbose=0)) == 45


def test_image_regression(few):
    x, y = few
    reg = ak.ImageRegressor(overwrite=True, max_trials=1, output_dim=1, loss="mean_absolute_error", metrics=["mae"])
    reg.fit(x, y.astype("float32"), epochs=1, validation_split=0.15, verbose=0)
    assert reg.predict(x).shape == (45,)
    assert len(reg.evaluate(x, y)) == 2


def test_the_functional_notation(few):
    x, y = few
    input_node = ak.ImageInput()
    output_node = ak.Normalization()(input_node)
    output_node = ak.ImageAugmentation(horizontal_flip=False)(output_node)
    output_node = ak.ResNetBlock(version="v2")(output_node)
    output_node = ak.ClassificationHead()(output_node)
    clf = ak.AutoModel(inputs=input_node, outputs=output_node, overwrite=True, max_trials=1)
    clf.fit(x, y, epochs=1, validation_data=(x[:10], y[:10]), verbose=0)
    assert len(clf.evaluate(x, y)) == 2


def test_image_block_with_its_arguments(few):
    x, y = few
    input_node = ak.ImageInput()
    output_node = ak.ImageBlock(block_type="vanilla", normalize=True, augment=False)(input_node)
    output_node = ak.ClassificationHead()(output_node)
    clf = ak.AutoModel(inputs=input_node, outputs=output_node, overwrite=True, max_trials=1)
    clf.fit(x, y, epochs=1, verbose=0)
    kinds = [type(layer).__name__ for layer in clf.export_model()._flatten_layers()]
    assert "Normalization" in kinds


def test_several_modes_and_tasks():
    """AutoKeras's multi-modal tutorial: heads that are not called, lists of arrays."""
    rng = np.random.default_rng(0)
    images = rng.random((40, 8, 8, 3)).astype("float32")
    numbers = rng.random((40, 20)).astype("float32")
    regression, classes = rng.random((40, 1)).astype("float32"), rng.integers(5, size=40)
    model = ak.AutoModel(
        inputs=[ak.ImageInput(), ak.Input()],
        outputs=[
            ak.RegressionHead(metrics=["mae"]),
            ak.ClassificationHead(loss="categorical_crossentropy", metrics=["accuracy"]),
        ],
        overwrite=True,
        max_trials=1,
    )
    held = ([images[:20], numbers[:20]], [regression[:20], classes[:20] % len(set(classes))])
    model.fit([images, numbers], [regression, classes], epochs=1, batch_size=16, validation_data=held, verbose=0)
    assert model.trials_[0].status == "completed"
    answers = model.predict([images, numbers])
    assert answers["regression_head"].shape == (40, 1) and answers["classification_head"].shape == (40,)
    assert len(model.evaluate([images, numbers], [regression, classes])) >= 3


def test_objectives_tuners_and_metrics(few, quick):
    import keras_tuner

    x, y = few
    input_node = ak.ImageInput()
    head = ak.ClassificationHead(metrics=["accuracy"], loss="sparse_categorical_crossentropy", dropout=0.0)
    choice = keras_tuner.engine.hyperparameters.Choice("units", [8, 12])
    wire = ak.DenseBlock(num_layers=1, num_units=choice, use_batchnorm=False, dropout=0.0)(input_node)
    model = ak.AutoModel(
        input_node, head(wire), objective=keras_tuner.Objective("val_accuracy", direction="max"), tuner="random",
        max_trials=2, seed=0, overwrite=True,
    )  # fmt: skip
    model.fit(x, y, **quick)
    assert {trial.status for trial in model.trials_} == {"completed"}
    assert all(
        value in (8, 12) for trial in model.trials_ for path, value in trial.proposal.architecture.items()
        if "units" in path
    )  # fmt: skip
    assert model.leaderboard()["val_accuracy"].is_monotonic_decreasing


def test_objective_val_loss(few, quick):
    x, y = few
    input_node = ak.ImageInput()
    outputs = ak.ClassificationHead(dropout=0.0)(input_node)
    model = ak.AutoModel(input_node, outputs, objective="val_loss", max_trials=2, seed=0).fit(x, y, **quick)
    losses = [trial.measurement.metrics["val_loss"] for trial in model.trials_]
    assert model.best_architecture_ == model.trials_[int(np.argmin(losses))].proposal.architecture


# Every public name of AutoKeras 3.0.0 with the arguments that it has there.
HEAD = ["loss", "metrics"]
SEARCH = ["project_name", "max_trials", "directory", "objective", "tuner", "overwrite", "seed", "max_model_size"]
TABLE = ["column_names", "column_types"]
NAMES = {
    "AutoModel": ["inputs", "outputs", *SEARCH],
    "ImageClassifier": ["num_classes", "multi_label", *HEAD, *SEARCH],
    "ImageRegressor": ["output_dim", *HEAD, *SEARCH],
    "StructuredDataClassifier": [*TABLE, "num_classes", "multi_label", *HEAD, *SEARCH],
    "StructuredDataRegressor": [*TABLE, "output_dim", *HEAD, *SEARCH],
    "TextClassifier": ["num_classes", "multi_label", *HEAD, *SEARCH],
    "TextRegressor": ["output_dim", *HEAD, *SEARCH],
    "ClassificationHead": ["num_classes", "multi_label", *HEAD, "dropout"],
    "RegressionHead": ["output_dim", *HEAD, "dropout"],
    "Head": HEAD,
    "Input": ["name"],
    "ImageInput": ["name"],
    "TextInput": ["name"],
    "StructuredDataInput": [*TABLE, "name"],
    "DenseBlock": ["num_layers", "num_units", "use_batchnorm", "dropout"],
    "RNNBlock": ["return_sequences", "bidirectional", "num_layers", "layer_type"],
    "ConvBlock": [
        "kernel_size", "num_blocks", "num_layers", "filters", "max_pooling", "separable", "dropout",
    ],
    "ResNetBlock": ["version", "pretrained"],
    "XceptionBlock": ["pretrained"],
    "EfficientNetBlock": ["version", "pretrained"],
    "Embedding": ["max_features", "embedding_dim", "dropout"],
    "Normalization": ["axis"],
    "ImageAugmentation": [
        "translation_factor", "vertical_flip", "horizontal_flip", "rotation_factor", "zoom_factor", "contrast_factor",
    ],
    "Merge": ["merge_type"],
    "SpatialReduction": ["reduction_type"],
    "TemporalReduction": ["reduction_type"],
    "ImageBlock": ["block_type", "normalize", "augment"],
    "TextBlock": ["max_tokens"],
    "StructuredDataBlock": ["normalize"],
    "Flatten": [],
    "Block": ["name"],
    "Node": [],
    "CastToFloat32": [],
    "ExpandLastDim": [],
    "BayesianOptimization": [],
    "Greedy": [],
    "Hyperband": ["max_epochs"],
    "RandomSearch": [],
}  # fmt: skip


def test_there_are_as_many_names_as_autokeras_has():
    assert len(NAMES) == 38


@pytest.mark.parametrize("name", NAMES)
def test_every_name_of_autokeras_with_its_arguments(name):
    known = inspect.signature(getattr(ak, name)).parameters
    assert [each for each in NAMES[name] if each not in known] == []


@pytest.mark.parametrize("name", [name for name, given in NAMES.items() if set(SEARCH) <= set(given)])
def test_facades_have_autokeras_methods(name):
    facade = getattr(ak, name)
    assert [each for each in FIT[:6] if each not in names(facade.fit)] == []
    assert {"batch_size", "verbose"} <= set(names(facade.predict)) and {"batch_size"} <= set(names(facade.evaluate))
    assert callable(facade.export_model)


def test_names_of_earlier_versions():
    for name in (
        "CategoricalToNumerical", "TextToIntSequence", "TextToNgramVector", "TimeseriesForecaster", "TimeseriesInput",
        "image_dataset_from_directory", "text_dataset_from_directory",
    ):  # fmt: skip
        assert callable(getattr(ak, name))
    with pytest.raises(AttributeError, match="Did you mean 'ImageClassifier'"):
        _ = ak.ImageClasifier


@pytest.mark.parametrize("name", ["greedy", "bayesian", "hyperband", "random"])
def test_tuners_by_autokeras_names_and_as_classes(name):
    from kerasnas import strategies
    from kerasnas.tasks.arguments import tuner

    assert isinstance(strategies.get(tuner(name)), strategies.STRATEGIES[name])
    assert isinstance(tuner(strategies.STRATEGIES[name]), strategies.STRATEGIES[name])
    assert tuner(None) == "greedy"


def test_folders_as_datasets(tmp_path):
    from PIL import Image

    for name, shade in (("dark", 10), ("light", 240)):
        (tmp_path / "pictures" / name).mkdir(parents=True)
        (tmp_path / "texts" / name).mkdir(parents=True)
        for number in range(3):
            Image.new("L", (9, 7), shade).save(tmp_path / "pictures" / name / f"{number}.png")
            (tmp_path / "texts" / name / f"{number}.txt").write_text(f"a {name} text")
    pictures = ak.image_dataset_from_directory(
        tmp_path / "pictures", batch_size=4, color_mode="grayscale", image_size=(7, 9), seed=0
    )
    rows = [(x.numpy(), y.numpy()) for x, y in pictures]
    assert [len(y) for _, y in rows] == [4, 2] and rows[0][0].shape == (4, 7, 9, 1)
    for x, y in rows:
        assert [name.decode() for name in y] == ["dark" if picture.mean() < 100 else "light" for picture in x]
    ((texts, names_),) = [(x.numpy(), y.numpy()) for x, y in ak.text_dataset_from_directory(tmp_path / "texts")]
    assert all(text == b"a " + name + b" text" for text, name in zip(texts, names_))
    half = ak.text_dataset_from_directory(tmp_path / "texts", validation_split=0.5, subset="training", seed=1)
    assert sum(len(y) for _, y in half) == 3


def test_small_layers(tmp_path):
    import keras

    inputs = keras.Input((), dtype="int32")
    model = keras.Model(inputs, ak.ExpandLastDim()(ak.CastToFloat32()(inputs)))
    model.save(tmp_path / "m.keras")
    found = keras.models.load_model(tmp_path / "m.keras").predict(np.array([1, 2], "int32"), verbose=0)
    assert found.tolist() == [[1.0], [2.0]] and found.dtype == "float32"
    assert ak.CastToFloat32()(np.array(["1.5"])).numpy().tolist() == [1.5]


@pytest.mark.parametrize(
    "name",
    [
        "ImageClassifier", "ImageRegressor", "TextClassifier", "TextRegressor", "StructuredDataClassifier",
        "StructuredDataRegressor", "TimeseriesClassifier", "TimeseriesRegressor", "TimeseriesForecaster",
    ],
)  # fmt: skip
def test_every_facade_takes_what_auto_model_takes(name):
    common = set(inspect.signature(ak.AutoModel).parameters) - {"inputs", "outputs"}
    assert common <= set(inspect.signature(getattr(ak, name)).parameters)
    made = getattr(ak, name)(workers=2, executor="processes", trial_timeout=9, seed=0)
    assert (made.workers, made.executor, made.trial_timeout, made.seed) == (2, "processes", 9, 0)
