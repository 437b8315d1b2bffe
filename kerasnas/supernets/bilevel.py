"""Architecture weights and weights trained in turn, each on rows of its own."""

import keras
import numpy as np

from kerasnas import backend
from kerasnas.backend.stateless import stepped
from kerasnas.errors import StrategyError
from kerasnas.supernets.compiled import SoonReady
from kerasnas.supernets.packed import Packed

SCALE, GROWTH = 2.0**10, 2.0 ** (1 / 500)  # of the loss in float16: at first, and with each step that does not overflow


class Bilevel(SoonReady):
    """A supernet in training: each step moves the architecture weights first, then the weights.

    `fit` takes batches `(x, y)` that are dicts with the keys "alphas" and "weights": what each of the two steps sees.
    The architecture step leaves nothing behind but architecture weights: statistics of normalizations are put back.

    On JAX it trains under `keras.distribution.DataParallel` too, each step's rows dealt out among the devices.

    Under Keras's mixed policies gradients are of half precision. In float16 they are of a loss scaled up, by a factor
    that grows slowly and is halved where it was too much; that step goes on by its momentum alone.

    Args:
        supernet: The `Supernet`.
        rule: The `Rule`.
        steps: Steps of the whole search.
        seed: Of the gates that are drawn.

    Raises:
        StrategyError: If a rule takes differences of gradients (the second order, the curvature) in half precision.

    Reference:
        Liu et al., 2019, "DARTS: Differentiable Architecture Search".
    """

    def __init__(self, supernet, rule, steps, seed=0):
        super().__init__(name="bilevel")
        self.supernet, self.rule = supernet, rule
        self.total = self.add_weight(shape=(), dtype="int32", initializer="ones", trainable=False, name="total")
        self.total.assign(max(1, int(steps)))
        self.done = self.add_weight(shape=(), dtype="int32", initializer="zeros", trainable=False, name="done")
        self.draws = keras.random.SeedGenerator(seed)
        self.searching = rule.warmup == 0
        self.alphas, self.shared = supernet.architecture_weights, supernet.network_weights
        adam = keras.optimizers.Adam(self.alpha_rate, beta_1=0.5, beta_2=0.999)
        sgd = keras.optimizers.SGD(self.learning_rate, momentum=0.9)
        self.of_alphas = Packed(adam, self.alphas, "packed_alphas")
        self.of_weights = Packed(sgd, self.shared, "packed_weights")
        # Held as the model's own: JAX's steps hand on those alone.
        self.moving = [*adam.variables, self.of_alphas.vector, self.of_weights.vector]
        self.statistics = list(supernet.non_trainable_weights)
        weights = {id(weight) for weight in supernet.weights}
        self.seeds = [each for each in supernet.variables if id(each) not in weights]  # of dropout and the like
        self.scale = self._scale()
        self.built = True

    def _scale(self):
        """The variable that the loss is scaled by; None where it need not be."""
        precision = self.supernet.compute_dtype
        if precision != "float32" and (self.rule.second_order or self.rule.stop_curvature is not None):
            raise StrategyError(
                "Expected float32 for the second order and for `stop_curvature`, which take differences of gradients. "
                f"Received: {precision}; try `order=1`, or keras.config.set_dtype_policy('float32')."
            )
        if precision != "float16":
            return None
        return self.add_weight((), lambda shape, dtype: SCALE * keras.ops.ones(shape, dtype), trainable=False)

    def compile(self, **kwargs):
        """As of `keras.Model`, with the optimizers of the rule; of a scaled loss the steps take care themselves."""
        sgd = self.of_weights.optimizer
        super().compile(optimizer=sgd, jit_compile=backend.jit_compile(), auto_scale_loss=False, **kwargs)

    def call(self, inputs, training=None):
        return self.supernet(_weights_half(inputs), gates=self.rule.means(self.supernet), training=training)

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        """As of `keras.Model`; of what the weights see where both halves are given."""
        x, y, sample_weight = map(_weights_half, (x, y, sample_weight))
        return super().compute_loss(x, y, y_pred, sample_weight, training)

    def compute_metrics(self, x, y, y_pred, sample_weight=None):
        """As of `keras.Model`; of what the weights see where both halves are given."""
        return super().compute_metrics(*map(_weights_half, (x, y)), y_pred, _weights_half(sample_weight))

    def state(self):
        """All that a search that goes on needs, as a list of Keras variables."""
        moments = [*self.of_weights.optimizer.variables, *self.of_alphas.optimizer.variables]
        trained = [*self.supernet.weights, *moments]
        scale = [] if self.scale is None else [self.scale]
        return [*trained, self.done, self.draws.state, self.total, *self.seeds, *scale]

    def steps(self):
        """Steps of the whole search, as planned."""
        return int(keras.ops.convert_to_numpy(self.total))

    def progress(self):
        """How much of the search is over, from 0 to 1: what schedules follow."""
        return keras.ops.cast(self.done, "float32") / keras.ops.cast(self.total, "float32")

    def warm(self):
        """Whether the warm-up is over: it keeps its share where the plan is cut."""
        done = int(keras.ops.convert_to_numpy(self.done))
        return done * self.rule.epochs >= self.rule.warmup * self.steps()

    def alpha_rate(self):
        """That of the architecture weights."""
        return self.rule.alpha_rate(keras.ops.cast(self.total, "float32"))

    def learning_rate(self):
        """That of the weights: along a cosine to a twenty-fifth."""
        falling = 0.5 * (1 + keras.ops.cos(np.pi * keras.ops.minimum(self.progress(), 1.0)))
        return self.rule.learning_rate * (0.04 + 0.96 * falling)

    # -------------------------------------------------------------------- steps
    @property
    def train_step(self):
        """A step of Keras's trainers, in a warm-up another than thereafter: JAX knows what it compiled by function."""
        return self.search_step if self.searching else self.warmup_step

    def search_step(self, *given):
        """Architecture weights, then weights; of `(data,)`, on JAX of `(state, data)`."""
        return stepped(lambda data: self._step(data, searching=True), self._groups(), given)

    def warmup_step(self, *given):
        """Likewise of the weights alone."""
        return stepped(lambda data: self._step(data, searching=False), self._groups(), given)

    def _groups(self):
        """All variables, as Keras's trainer on JAX hands them on."""
        own = [self.trainable_variables, self.non_trainable_variables]
        return [*own, self.optimizer.variables, self.metrics_variables]

    def _step(self, data, searching):
        x, y, weight = keras.utils.unpack_x_y_sample_weight(data)
        judged, seen = ((x[name], y[name], None if weight is None else weight[name]) for name in ("alphas", "weights"))
        if searching:
            self.alpha_step(judged, seen)
        outputs = self.weight_step(seen)
        self.done.assign_add(1)
        return self.compute_metrics(x, y, outputs, weight)

    def weight_step(self, rows):
        """One step of the weights; returns the outputs before it."""
        (loss, outputs), gradients = self._gradients(lambda: self._loss(rows), self.shared)
        self._loss_tracker.update_state(loss)
        gradient = self.of_weights.joined(gradients)
        clipped = gradient * keras.ops.minimum(1.0, self.rule.clip / (_norm([gradient]) + 1e-12))
        self.of_weights.apply(self._decayed(clipped))
        return outputs

    def alpha_step(self, rows, others):
        """One step of the architecture weights.

        Args:
            rows: `(x, y, weight)` to judge the architecture weights by.
            others: Likewise, what the weights are trained on: for the look ahead of the second order.
        """
        before = _copies(self.statistics)
        gradients = (self.unrolled if self.rule.second_order else self.direct)(rows, others)
        _put_back(self.statistics, before)
        gradient = self.of_alphas.joined(gradients)
        self.of_alphas.apply(gradient + self.rule.alpha_decay * self.of_alphas.values())

    # ---------------------------------------------------------------- gradients
    def direct(self, rows, others=None):
        """Gradients of the architecture weights at the weights as they are: the first order."""
        _, found = self._gradients(lambda: self._loss(rows, priced=True), self.alphas)
        return _filled(found, self.alphas)

    def _gradients(self, compute, variables):
        """A loss, outputs, and gradients of the loss: zeros where its scale was too much."""
        if self.scale is None:
            return backend.value_and_gradients(compute, variables)
        scale = keras.ops.convert_to_tensor(self.scale)

        def scaled():
            loss, outputs = compute()
            return loss * scale, (loss, outputs)

        (_, result), found = backend.value_and_gradients(scaled, variables)
        found = [gradient / scale for gradient in _filled(found, variables)]
        finite = keras.ops.isfinite(_norm(found))
        self.scale.assign(keras.ops.where(finite, scale * GROWTH, scale / 2))
        return result, [keras.ops.where(finite, gradient, 0.0) for gradient in found]

    def unrolled(self, rows, others):
        """Gradients of the architecture weights after a step of the weights ahead: the second order.

        The step is the one that the optimizer would take, momentum and decay included; its dependence on the
        architecture weights is found by a finite difference along the gradient of the weights. What is drawn within
        the network, as of dropout, is the same at both ends and in the step.
        """
        packed, seeds = self.of_weights, _copies(self.seeds)
        start, (past,) = packed.values(), packed.optimizer.momentums
        _, ahead = backend.value_and_gradients(lambda: self._loss(others), self.shared)
        rate, momentum = packed.optimizer.learning_rate, packed.optimizer.momentum
        packed.assign(start + momentum * past - rate * self._decayed(packed.joined(ahead)))
        _, found = backend.value_and_gradients(lambda: self._loss(rows, priced=True), [*self.alphas, *self.shared])
        alphas = _filled(found[: len(self.alphas)], self.alphas)
        along = packed.joined(found[len(self.alphas) :])
        far = 0.01 / (_norm([along]) + 1e-12)
        ends, seeds_after = [], _copies(self.seeds)
        for sign in (1.0, -1.0):
            packed.assign(start + sign * far * along)
            _put_back(self.seeds, seeds)
            ends.append(self._at(others))
        packed.assign(start)
        _put_back(self.seeds, seeds_after)
        return [a - rate * (up - down) / (2 * far) for a, up, down in zip(alphas, *ends)]

    def _at(self, rows):
        _, found = backend.value_and_gradients(lambda: self._loss(rows), self.alphas)
        return _filled(found, self.alphas)

    def _loss(self, rows, priced=False):
        x, y, weight = rows
        progress = self.progress()
        gates = self.rule.gates(self.supernet, progress, self.draws)
        outputs = self.supernet(x, gates=gates, training=True, sampled=self.rule.sampled)
        loss = self.compute_loss(x=x, y=y, y_pred=outputs, sample_weight=weight)
        if priced:
            loss = loss + self.rule.penalty(self.supernet, progress)
            loss = loss if self.rule.price is None else loss + self.rule.price(self.supernet, gates)
        return loss, outputs

    def _decayed(self, gradient):
        return gradient + self.rule.weight_decay * self.of_weights.values()


def _weights_half(given):
    """Of a dict by half what the weights see; else what is given. Keras builds metrics and loss from whole batches."""
    return given["weights"] if isinstance(given, dict) and set(given) == {"alphas", "weights"} else given


def _copies(variables):
    return [keras.ops.copy(keras.ops.convert_to_tensor(variable)) for variable in variables]


def _put_back(variables, values):
    for variable, value in zip(variables, values):
        variable.assign(value)


def _filled(gradients, variables):
    """Zeros for what takes no part."""
    pairs = zip(gradients, variables)
    return [keras.ops.zeros_like(v) if g is None else keras.ops.convert_to_tensor(g) for g, v in pairs]


def _norm(gradients):
    squares = [keras.ops.sum(keras.ops.square(gradient)) for gradient in gradients]
    return keras.ops.sqrt(keras.ops.sum(keras.ops.stack(squares)))
