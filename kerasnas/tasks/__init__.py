"""The facades."""

from kerasnas.tasks.auto_model import AutoModel
from kerasnas.tasks.image import ImageClassifier, ImageRegressor
from kerasnas.tasks.predictor import Predictor, load
from kerasnas.tasks.searching import Found, search
from kerasnas.tasks.structured_data import StructuredDataClassifier, StructuredDataRegressor

__all__ = [
    "AutoModel", "Found", "ImageClassifier", "ImageRegressor", "Predictor", "StructuredDataClassifier",
    "StructuredDataRegressor", "load", "search",
]  # fmt: skip
