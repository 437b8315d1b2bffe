"""What makes a facade an estimator of scikit-learn's, without importing scikit-learn before it is used."""

import inspect

from kerasnas.blocks import ClassificationHead, Drawing
from kerasnas.errors import ArgumentError, DataError, NotFittedError, nearest

# What rows of an input may be, in scikit-learn's words.
TAGS = {
    "array": {"two_d_array": True, "sparse": True},
    "image": {"two_d_array": False, "three_d_array": True},
    "series": {"two_d_array": True, "three_d_array": True, "allow_nan": True},
    "table": {
        "two_d_array": True,
        "sparse": True,
        "categorical": True,
        "string": True,
        "dict": True,
        "allow_nan": True,
    },
    "text": {"one_d_array": True, "two_d_array": False, "string": True},
}  # fmt: skip


class Estimator:
    """Parameters by the constructor's signature, which only stores them; tags; the names of features.

    Attributes:
        n_features_in_: Number of columns of what was fitted, where that was one table or matrix.
        feature_names_in_: Names of its columns, where they are strings.
    """

    @classmethod
    def _names(cls):
        return [name for name in inspect.signature(cls.__init__).parameters if name != "self"]

    def get_params(self, deep=True):
        """The constructor's arguments, by name.

        Args:
            deep: scikit-learn's argument; there are no estimators inside.
        """
        return {name: getattr(self, name) for name in self._names()}

    def set_params(self, **params):
        """Change arguments of the constructor.

        Returns:
            This object.

        Raises:
            ArgumentError: If one is unknown.
        """
        known = self._names()
        for name, value in params.items():
            if name not in known:
                raise ArgumentError(
                    f"Expected a parameter of {type(self).__name__}.{nearest(name, known)} Received: {name!r}."
                )
            setattr(self, name, value)
        return self

    def __sklearn_clone__(self):
        # A copy of inputs and outputs each by itself would be two graphs that do not meet.
        return type(self)(**self.get_params(deep=False))

    def __repr__(self):
        defaults = inspect.signature(type(self).__init__).parameters
        given = [
            f"{name}={value!r}" for name, value in self.get_params().items() if value is not defaults[name].default
        ]
        return f"{type(self).__name__}({', '.join(given)})"

    # ------------------------------------------------------------------- tags
    def __sklearn_is_fitted__(self):
        return getattr(self, "predictor_", None) is not None

    def __sklearn_tags__(self):
        from sklearn.utils import ClassifierTags, InputTags, RegressorTags, Tags, TargetTags

        kinds, heads = self._sketch()
        allowed = {}
        for kind in kinds:
            allowed |= TAGS.get(kind, {})
        classes = [head for head in heads if isinstance(head, ClassificationHead)]
        several = any(head.multi_label for head in classes)
        one = len(heads) == 1
        return Tags(
            estimator_type=("classifier" if classes else "regressor") if one else None,
            target_tags=TargetTags(required=True, multi_output=not (one and classes) or several),
            classifier_tags=ClassifierTags(multi_label=several) if one and classes else None,
            regressor_tags=RegressorTags() if one and not classes else None,
            input_tags=InputTags(**allowed), non_deterministic=self.seed is None,
        )  # fmt: skip

    def _sketch(self):
        """Kinds of the inputs, and the heads, before anything is known of the data."""
        drawing = Drawing(*self._draw())
        return list(drawing.kinds.values()), list(drawing.heads.values())

    def _rows(self, x):
        """Rows to answer for, as the predictor takes them.

        Raises:
            DataError: If they have another number of columns than those of `fit`, and no names to choose by; or lack a
                column.
        """
        x = dense(x)
        width, known = self._width(x), getattr(self, "n_features_in_", None)
        if None not in (width, known) and width != known and not hasattr(x, "columns"):
            raise DataError(
                f"X has {width} features, but {type(self).__name__} is expecting {known} features as input."
            )
        return x

    def _width(self, x):
        """Number of columns of `x`; None where it has none, as a list of series, which may be of any length."""
        lists = isinstance(x, (list, tuple))
        return None if lists and "series" in self.predictor_.kinds.values() else width_of(x)

    def _note_features(self, x):
        """Remember the columns of a table or matrix."""
        for name in ("n_features_in_", "feature_names_in_"):
            vars(self).pop(name, None)
        width = self._width(x)
        if width is None or len(self.predictor_.kinds) > 1:
            return
        self.n_features_in_ = width
        names = list(getattr(x, "columns", ()))
        if names and all(isinstance(name, str) for name in names):
            import numpy as np

            self.feature_names_in_ = np.array(names, dtype=object)


def dense(x):
    """A sparse matrix as an array; anything else as it is. Some are dicts, too, and would be taken for columns."""
    return x.toarray() if hasattr(x, "toarray") else x


def width_of(x):
    """Number of columns of a table, a matrix or a list of rows; None for anything else."""
    shape = getattr(x, "shape", ())
    if len(shape) == 2:
        return int(shape[1])
    rows = isinstance(x, (list, tuple)) and x and isinstance(x[0], (list, tuple))
    return len(x[0]) if rows and not any(isinstance(cell, (list, tuple)) for cell in x[0]) else None


def not_fitted(estimator):
    """The error about a result that was asked for before `fit`: kerasnas's, and scikit-learn's of that name."""
    from sklearn.exceptions import NotFittedError as Known

    kind = type("NotFittedError", (NotFittedError, Known), {})
    return kind(f"Expected {type(estimator).__name__} to be fitted. Received: a call before `fit`.")
