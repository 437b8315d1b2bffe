"""kerasnas: AutoML and neural architecture search for Keras 3. Everything here is loaded when it is first used."""

import importlib

from kerasnas.version import __version__

_HOMES = {
    "kerasnas.tasks": (
        "AutoModel", "Found", "ImageClassifier", "ImageRegressor", "Predictor", "StructuredDataClassifier",
        "StructuredDataRegressor", "TextClassifier", "TextRegressor", "TimeseriesClassifier", "TimeseriesForecaster",
        "TimeseriesRegressor", "load", "search",
    ),
    "kerasnas.tasks.autokeras_names": ("BayesianOptimization", "Greedy", "Hyperband", "Node", "RandomSearch"),
    "kerasnas.tasks.directories": ("image_dataset_from_directory", "text_dataset_from_directory"),
    "kerasnas.layers": ("CastToFloat32", "ExpandLastDim"),
    "kerasnas.data.scores": ("Score",),
    "kerasnas.blocks": (
        "Block", "CategoricalEncoding", "CategoricalToNumerical", "ClassificationHead", "ConvBlock", "DenseBlock",
        "EfficientNetBlock", "Embedding", "Flatten", "Head", "HyperModelBlock", "ImageAugmentation", "ImageBlock",
        "ImageInput", "Input", "Merge", "Normalization", "RNNBlock", "RegressionHead", "ResNetBlock",
        "SpatialReduction", "StructuredDataBlock", "StructuredDataInput", "TemporalReduction", "TextBlock", "TextInput",
        "TextToIntSequence", "TextToNgramVector", "TimeseriesBlock", "TimeseriesInput", "TransformerBlock",
        "XceptionBlock",
    ),
    "kerasnas.space": (
        "Architecture", "Categorical", "Cell", "Choice", "Float", "Int", "Operation", "Parallel", "Repeat",
        "Sequential", "Shared", "Space", "Subset", "When",
    ),
    "kerasnas.contract": ("Context", "Evaluator", "Measurement", "Objective", "Proposal", "Strategy", "Trial"),
    "kerasnas.lowering": ("build", "cost"),
    "kerasnas.lowering.supernet": ("Supernet",),
}  # fmt: skip
_ROOMS = (
    "blocks", "data", "errors", "evaluators", "layers", "loop", "lowering", "operations", "report", "space", "spaces",
    "strategies", "supernets", "tasks", "testing",
)  # fmt: skip
_WHERE = {name: home for home, names in _HOMES.items() for name in names}

__all__ = [*sorted(_WHERE), *_ROOMS, "__version__"]


def __getattr__(name):
    if name in _WHERE:
        return getattr(importlib.import_module(_WHERE[name]), name)
    if name in _ROOMS:
        return importlib.import_module(f"kerasnas.{name}")
    from kerasnas.errors import nearest

    raise AttributeError(f"module 'kerasnas' has no attribute '{name}'.{nearest(name, __all__)}")


def __dir__():
    return __all__
