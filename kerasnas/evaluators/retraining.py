"""Train derived cells as the papers do: cutout, drop path, an auxiliary head, a cosine schedule."""

from kerasnas.data import Augmentation
from kerasnas.data.mirroring import mirrors
from kerasnas.data.task import classes_of
from kerasnas.errors import ArgumentError
from kerasnas.evaluators.plan import Plan
from kerasnas.evaluators.training import Training


class Retraining(Training):
    """Full training of networks of cells, by SGD along a cosine, with what keeps large ones from overfitting.

    Dropped paths and the auxiliary head are there while training only: what is kept is the plain network. Pictures are
    shifted, mirrored where that leaves them their class, and cut out, unless a block of the graph augments them.

    Args:
        epochs: Passes over the training rows; published networks are trained for 600.
        batch_size: Rows in a step.
        learning_rate: At the beginning; it falls to zero along a cosine.
        weight_decay: Decoupled, on kernels.
        optimizer: "sgd" (momentum .9), or another that Keras knows.
        drop_path: How likely, at the end, an example misses an operation of a cell; grows from zero.
        auxiliary: Weight of the loss of a second head at two thirds of the depth; 0 for none. Networks that do not end
            in a `Dense` operation, or have no cells, or several heads, have none.
        cutout: Side of a box that is cut out of pictures, as a fraction of height and width; 0 for none.
        translation: Largest shift of pictures, as such a fraction.
        **others: As of `Training`.

    Raises:
        ArgumentError: If a number is out of its range.

    Reference:
        Liu et al., 2019, "DARTS: Differentiable Architecture Search"; DeVries and Taylor, 2017, "Cutout".
    """

    def __init__(
        self, epochs=50, batch_size=96, learning_rate=0.025, weight_decay=3e-4, optimizer="sgd", drop_path=0.2,
        auxiliary=0.4, cutout=0.5, translation=0.125, **others,
    ):  # fmt: skip
        super().__init__(epochs, batch_size, **others)
        self.learning_rate, self.weight_decay, self.optimizer = learning_rate, weight_decay, optimizer
        self.drop_path, self.auxiliary, self.cutout, self.translation = drop_path, auxiliary, cutout, translation
        if not 0 <= drop_path < 1 or not auxiliary >= 0:
            raise ArgumentError(
                "Expected `drop_path` at least 0 and below 1, `auxiliary` at least 0. "
                f"Received: {drop_path!r}, {auxiliary!r}."
            )
        Augmentation(translation=translation, cutout=cutout)  # says so if they are out of range

    def describe(self):
        names = ("learning_rate", "weight_decay", "optimizer", "drop_path", "auxiliary", "cutout", "translation")
        return super().describe() | {"name": "Retraining", **{name: getattr(self, name) for name in names}}

    def setup(self, context):
        super().setup(context)
        self.flips = {}

    def _plan(self, training, rows, epochs):
        return Plan.of(
            training, rows, epochs=epochs, batch_size=self.batch_size, learning_rate=self.learning_rate,
            weight_decay=self.weight_decay, optimizer=self.optimizer, warmup=0.0, schedule="one_cycle",
        )  # fmt: skip

    def _tracer(self):
        from kerasnas.lowering.regularizing import Sharing

        return Sharing({})

    def _named(self, graph, inputs, features, tracer, outputs):
        from kerasnas.evaluators.regularized import Regularized

        return Regularized.of(graph, inputs, features, tracer, outputs, self.drop_path, self.auxiliary)

    def _compile(self, model, plan):
        super()._compile(model, plan)
        model.total = plan.epochs * -(-len(self.context.task.train) // plan.batch_size)

    def _augmentation(self, training, rows):
        found = super()._augmentation(training, rows)
        if found or not (self.cutout or self.translation):
            return found
        names = [name for name, shape in rows.shapes.items() if len(shape) == 3]
        return {
            name: Augmentation(self.translation, horizontal_flip=self._flipped(name, rows), cutout=self.cutout)
            for name in names
        }

    def _flipped(self, name, rows):
        """Whether pictures keep their class when mirrored; found out once."""
        (first, *others) = rows.y.values()
        labels = not others and (first.ndim == 2 or first.dtype.kind in "iu") and hasattr(rows, "x")
        if name not in self.flips:
            self.flips[name] = bool(labels and mirrors(rows.x[name], classes_of(first)))
        return self.flips[name]
