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
    repeated = {name: _for_members(target, y_pred[name].shape[1]) for name, target in y.items()}
    weights = {
        name: part if len(part.shape) > 1 else _for_members(part, y_pred[name].shape[1])
        for name, part in _by_name(weight, y).items()
    }
    return repeated, y_pred, weights or None


def _mean(y, y_pred, weight):
    """The members' mean answer, weighted where rows have weights for members."""
    answers, weights = {}, {}
    given = _by_name(weight, y)
    for name, answer in y_pred.items():
        part = given.get(name)
        if part is None or len(part.shape) == 1:
            answers[name], total = keras.ops.mean(answer, axis=1), part
        else:
            total = keras.ops.sum(part, axis=1)
            share = part / keras.ops.maximum(keras.ops.expand_dims(total, 1), 1e-12)
            answers[name] = keras.ops.sum(answer * keras.ops.expand_dims(share, -1), axis=1)
        weights |= {} if total is None else {name: total}
    return y, answers, weights or None


def _for_members(rows, count):
    return keras.ops.repeat(keras.ops.expand_dims(rows, 1), count, axis=1)


def _by_name(weight, names):
    """Sample weights by head name; empty if there are none."""
    if weight is None or isinstance(weight, dict):
        return weight or {}
    return dict.fromkeys(names, weight)
