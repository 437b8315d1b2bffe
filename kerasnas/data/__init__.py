"""What arrives: reading and checking data, targets, splits, fingerprints, augmentation and batches.

`read` turns anything a user may pass into a `Dataset` (rows in memory) or a `Stream` (too many for that). Importing
this package loads neither TensorFlow nor Keras; `kerasnas.data.batches` needs Keras and is imported on first use.
"""

from kerasnas.data.augmentation import Augmentation
from kerasnas.data.dataset import Dataset
from kerasnas.data.fingerprints import fingerprint
from kerasnas.data.mirroring import mirrors
from kerasnas.data.reading import read
from kerasnas.data.series import series_of
from kerasnas.data.splitting import split
from kerasnas.data.stream import Stream
from kerasnas.data.targets import ClassTarget, ForecastTarget, MultiLabelTarget, RegressionTarget, target_from_json

__all__ = [
    "Augmentation",
    "ClassTarget",
    "Dataset",
    "ForecastTarget",
    "MultiLabelTarget",
    "RegressionTarget",
    "Stream",
    "fingerprint",
    "mirrors",
    "read",
    "series_of",
    "split",
    "target_from_json",
]
