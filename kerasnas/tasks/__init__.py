"""The facades."""

from kerasnas.tasks.auto_model import AutoModel
from kerasnas.tasks.forecasting import TimeseriesForecaster
from kerasnas.tasks.image import ImageClassifier, ImageRegressor
from kerasnas.tasks.loading import load
from kerasnas.tasks.predictor import Predictor
from kerasnas.tasks.searching import Found, search
from kerasnas.tasks.series import TimeseriesClassifier, TimeseriesRegressor
from kerasnas.tasks.structured_data import StructuredDataClassifier, StructuredDataRegressor
from kerasnas.tasks.text import TextClassifier, TextRegressor

__all__ = [
    "AutoModel", "Found", "ImageClassifier", "ImageRegressor", "Predictor", "StructuredDataClassifier",
    "StructuredDataRegressor", "TextClassifier", "TextRegressor", "TimeseriesClassifier", "TimeseriesForecaster",
    "TimeseriesRegressor", "load", "search",
]  # fmt: skip
