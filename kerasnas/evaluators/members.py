"""Several networks in one graph, trained side by side."""

import keras


@keras.saving.register_keras_serializable("kerasnas")
class Members(keras.Model):
    """A named model whose answers `(rows, members, ...)` come from several networks.

    While it is trained, each member has a loss of its own; whenever it is judged, the answer is the mean of the
    members'. Sample weights may be `(rows, members)`: in training a loss's weight for each member, in judging a
    member's weight in the answer, so that rows can be judged by the members that have not seen them.

    Nothing of this class is left in what is saved: see `kerasnas.evaluators.training.bare`.

    Reference:
        Gorishniy et al., "TabM: Advancing Tabular Deep Learning with Parameter-Efficient Ensembling", ICLR 2025.
    """

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        """The mean loss of the members while training, else the loss of their mean answer."""
        told = _each(y, y_pred, sample_weight) if training else _mean(y, y_pred, sample_weight)
        y, y_pred, sample_weight = told
        return super().compute_loss(x=x, y=y, y_pred=y_pred, sample_weight=sample_weight, training=training)

    def compute_metrics(self, x, y, y_pred, sample_weight=None):
        """Metrics of the mean answer."""
        y, y_pred, sample_weight = _mean(y, y_pred, sample_weight)
        return super().compute_metrics(x, y, y_pred, sample_weight)


def _each(y, y_pred, weight):
    """Targets and weights repeated for each member."""
    ops = keras.ops
    count = next(iter(y_pred.values())).shape[1]
    y = {name: ops.repeat(ops.expand_dims(target, 1), count, axis=1) for name, target in y.items()}
    if weight is not None and len(weight.shape) == 1:
        weight = ops.repeat(ops.expand_dims(weight, 1), count, axis=1)
    return y, y_pred, weight


def _mean(y, y_pred, weight):
    """The members' mean answer, weighted where rows have weights for members."""
    ops = keras.ops
    if weight is None or len(weight.shape) == 1:
        return y, {name: ops.mean(answer, axis=1) for name, answer in y_pred.items()}, weight
    total = ops.maximum(ops.sum(weight, axis=1), 1e-12)
    share = ops.expand_dims(weight / ops.expand_dims(total, 1), -1)
    return y, {name: ops.sum(answer * share, axis=1) for name, answer in y_pred.items()}, total
