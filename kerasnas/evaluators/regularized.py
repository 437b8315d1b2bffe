"""A network that is trained with dropped paths and an auxiliary head, and answers without them."""

import keras

from kerasnas.layers.drop_path import DropPath
from kerasnas.lowering.joining import named_model
from kerasnas.lowering.regularizing import AUXILIARY, Sharing


class Regularized(keras.Model):
    """A plain named model, and the noisy one of the same layers that stands for it while training.

    Nothing of this class is left in what is saved: see `kerasnas.evaluators.keeping.bare`.

    Args:
        plain: The named model that answers.
        noisy: The model that is trained; an answer that the plain one has not is an auxiliary one.
        rate: The variable that its `DropPath` layers share; it grows in a line to `most`.
        most: How likely a path is dropped at the end.
        share: The weight of the auxiliary answer's loss.

    Attributes:
        total: Steps of the whole training.
        done: Steps that were taken: a weight of its own, for on JAX a step reads and assigns no others.
    """

    def __init__(self, plain, noisy, rate, most, share):
        super().__init__(name=plain.name)
        self.plain, self.noisy, self.rate = plain, noisy, rate
        self.most, self.share, self.total = most, share, 1
        self.done = self.add_weight((), "zeros", "int32", trainable=False, name="done")
        self.built = True

    @classmethod
    def of(cls, graph, inputs, features, tracer, outputs, drop_path, auxiliary):
        """The model of a graph that was traced once.

        Args:
            graph: The concrete graph.
            inputs, features: Keras inputs by name, and what the graph reads of them.
            tracer: The `Sharing` of the first trace.
            outputs: What that gave, by head name.
            drop_path, auxiliary: `most` and `share`.
        """
        rate = keras.Variable(0.0, trainable=False, name="drop_path_rate")
        again = Sharing(tracer.layers, drop=lambda: DropPath(rate) if drop_path else keras.layers.Identity())
        answers = dict(graph.flow(again, features, ""))
        if auxiliary and len(answers) == 1:
            second = again.auxiliary(next(iter(answers.values())))
            answers |= {} if second is None else {AUXILIARY: second}
        return cls(named_model(inputs, outputs), keras.Model(inputs, answers), rate, drop_path, auxiliary)

    def call(self, inputs, training=None):
        if not training:
            return self.plain(inputs, training=False)
        progress = keras.ops.cast(self.done, "float32") / self.total
        self.rate.assign(self.most * keras.ops.minimum(progress, 1.0))
        self.done.assign(self.done + 1)
        return self.noisy(inputs, training=True)

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        answers = {name: answer for name, answer in y_pred.items() if name != AUXILIARY}
        loss = super().compute_loss(x, y, answers, sample_weight, training)
        if AUXILIARY in y_pred:
            second = dict.fromkeys(answers, y_pred[AUXILIARY])
            loss = loss + self.share * super().compute_loss(x, y, second, sample_weight, training)
        return loss

    def compute_metrics(self, x, y, y_pred, sample_weight=None):
        answers = {name: answer for name, answer in y_pred.items() if name != AUXILIARY}
        return super().compute_metrics(x, y, answers, sample_weight)

    def count_params(self):
        return self.plain.count_params()
