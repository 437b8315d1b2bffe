"""What a model answers: heads with their targets, losses and metrics."""

import copy

import numpy as np

from kerasnas.blocks.block import Block, opened
from kerasnas.blocks.measures import is_score, listed
from kerasnas.blocks.reduction import Reduce
from kerasnas.data import ClassTarget, MultiLabelTarget, RegressionTarget
from kerasnas.data.scores import Score
from kerasnas.errors import ArgumentError
from kerasnas.operations import Activation, Dense, Dropout, Exponential, MemberDense, Rescaling
from kerasnas.space import Choice, Node, Sequential, When


class Head(Block):
    """An output of the model.

    Args:
        loss: Keras loss: a name or an object; the usual one of the task if None.
        metrics: Keras metrics, scikit-learn's names of scores ("roc_auc", "f1_macro", "r2") or `Score`s; the usual
            ones if None.
        dropout: Rate before the last layer; open: 0, .25 or .5.
        name: Its name: the key of a dict passed as `y`, and of the exported model's output.
        reduction: How pictures become vectors: "average_max", "average", "max" or "flatten"; open: any of them.
        weight: How much its loss counts beside those of other heads.
    """

    target = None
    usual_metric = None  # reported where the user names none

    def __init__(self, loss=None, metrics=None, dropout=None, name=None, reduction=None, weight=1.0):
        super().__init__(name)
        self.loss, self.metrics, self.dropout, self.reduction = loss, metrics, dropout, reduction
        self.weight = weight
        if not isinstance(weight, (int, float)) or isinstance(weight, bool) or weight < 0:
            raise ArgumentError(f"Expected `weight` to be a number from 0 on. Received: {weight!r}.")

    def fit_target(self, y, min_members=2, name="`y`"):
        """Learn from the raw targets how to encode and decode them."""
        raise NotImplementedError(f"{type(self).__name__}.fit_target")

    def with_target(self, target):
        """A copy of this head that knows its target."""
        known = copy.copy(self)
        known.target = target
        return known

    def losses(self):
        """The loss to train with."""
        raise NotImplementedError(f"{type(self).__name__}.losses")

    def measures(self):
        """The Keras metrics to report."""
        if not self.metrics:
            return [self.usual_metric]
        return [metric for metric in listed(self.metrics) if not is_score(metric)]

    def scores(self):
        """The `Score`s to report: metrics that Keras does not compute."""
        found = [metric for metric in listed(self.metrics or ()) if is_score(metric)]
        return [metric if isinstance(metric, Score) else Score(metric) for metric in found]

    def loss_weight(self):
        """What the loss is multiplied by beside those of other heads."""
        return float(self.weight)

    @property
    def usual(self):
        """Whether its loss is the usual one and nothing stands before its last layer."""
        return self.loss is None and not self.dropout

    def node(self, signals):
        if signals[0].answered is None:
            return self._trained(signals)
        path, answers = signals[0].answered
        answered = Sequential(self.answered())
        return When(path, answers, answered, self._trained(signals)) if path else answered

    def _trained(self, signals):
        if signals[0].kind == "members":
            return Sequential(self.answer(MemberDense(self.target.width, signals[0].folds)))
        dropout = opened(self.dropout, Choice(0.0, 0.25, 0.5))
        steps = {"reduce": self._reduction(signals)}
        if isinstance(dropout, Node) or dropout:
            steps["dropout"] = Dropout(dropout)
        return Sequential({**steps, **self.answer(Dense(self.target.width))})

    def answer(self, dense):
        """The last layers, by name.

        Args:
            dense: The operation that gives the target's width.
        """
        raise NotImplementedError(f"{type(self).__name__}.answer")

    def answered(self):
        """The layers, by name, after numbers that were found without training: logits, or numbers in standard units."""
        raise NotImplementedError(f"{type(self).__name__}.answered")

    def _reduction(self, signals):
        if signals[0].kind == "series":
            return Reduce(opened(self.reduction, Choice("average_max", "average", "max", "flatten")))
        if signals[0].kind != "image":
            return Reduce("flatten")
        return Reduce(opened(self.reduction, Choice("average_max", "average", "max", "flatten")))


class ClassificationHead(Head):
    """Class probabilities `(rows, classes)`, or `(rows, labels)` of independent labels.

    Args:
        num_classes: Number of classes; found from the labels if None.
        multi_label: Whether a row may have several labels.
        loss, metrics, dropout, name, reduction, weight: See `Head`.
    """

    def __init__(
        self, num_classes=None, multi_label=False, loss=None, metrics=None, dropout=None, name=None,
        reduction=None, weight=1.0,
    ):  # fmt: skip
        super().__init__(loss, metrics, dropout, name, reduction, weight)
        self.num_classes, self.multi_label = num_classes, multi_label

    def fit_target(self, y, min_members=2, name="`y`"):
        if self.multi_label:
            return MultiLabelTarget.fit(y, num_classes=self.num_classes, name=name)
        return ClassTarget.fit(y, num_classes=self.num_classes, min_members=min_members, name=name)

    @property
    def objective(self):
        """What is improved unless the user says: a metric's name."""
        return self.usual_metric

    def losses(self):
        default = "binary_crossentropy" if self.multi_label else "categorical_crossentropy"
        return self.loss or default

    @property
    def usual_metric(self):
        return "binary_accuracy" if self.multi_label else "accuracy"

    def answer(self, dense):
        return {"dense": dense, **self.answered()}

    def answered(self):
        return {"probabilities": Activation("sigmoid" if self.multi_label else "softmax")}


class RegressionHead(Head):
    """Numbers `(rows, outputs)` in the unit of the targets.

    Args:
        output_dim: Number of outputs; found from the targets if None.
        loss, metrics, dropout, name, reduction, weight: See `Head`.
    """

    objective, usual_metric = "loss", "mean_squared_error"

    def __init__(
        self, output_dim=None, loss=None, metrics=None, dropout=None, name=None, reduction=None, weight=1.0,
    ):  # fmt: skip
        super().__init__(loss, metrics, dropout, name, reduction, weight)
        self.output_dim = output_dim

    def fit_target(self, y, min_members=2, name="`y`"):
        return RegressionTarget.fit(y, output_dim=self.output_dim, name=name)

    def losses(self):
        return self.loss or "mean_squared_error"

    def loss_weight(self):
        # Squares in units of the targets' variance are of the size of a cross-entropy.
        return float(self.weight) * (1.0 if self.loss else float(1 / np.mean(np.square(self.target.scale))))

    def answer(self, dense):
        # The network answers in standard units; the last layer puts them into the targets' own.
        unit = Rescaling(self.target.scale, self.target.mean)
        if self.target.logs:
            mean, scale, highest = self.target.logs
            unit = Choice(logarithm=Exponential(mean, scale, highest), plain=unit)
        return {"dense": dense, "unit": unit}

    def answered(self):
        return {"unit": Rescaling(self.target.scale, self.target.mean)}
