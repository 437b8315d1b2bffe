"""A supernet trained along one path a step, drawn anew for each."""

import keras

from kerasnas import backend
from kerasnas.errors import ArgumentError, StrategyError
from kerasnas.lowering.switching import GATHERED, KEPT, OWN, Switching, holding, path_of, uses
from kerasnas.supernets.compiled import SoonReady
from kerasnas.supernets.packed import Packed, packs


class SinglePath(SoonReady):
    """A supernet in training, each step along a path of its own: every decision answered at random, all alike.

    Only the path is computed, and only its weights move, whatever the optimizer: each candidate has an optimizer of its
    own, made like that given to `compile`, whose momenta and counters move with it alone; learning rates follow the
    steps of all. One compiled step serves all paths. Batches normalize themselves; the statistics by which a path is
    evaluated are gathered by `set_path`, for those of all paths together fit none.

    `evaluate`, `predict`, and the validation of `fit`, go along the path that was set last.

    Args:
        supernet: The `Supernet`; `affine=True` is usual here.
        clip: Global norm at which gradients are clipped; None for never.
        seed: Of the paths.

    Attributes:
        groups: Pairs of a set of conditions (see `lowering.switching.Uses`) and the trainable weights that are part of
            a path under any of them.

    Raises:
        ArgumentError: If the supernet has fused cells.
        StrategyError: On JAX, on whose CPU gradients of convolutions in a switch take some forty times as long.

    Reference:
        Guo et al., 2020, "Single Path One-Shot Neural Architecture Search with Uniform Sampling".
    """

    def __init__(self, supernet, clip=5.0, seed=0):
        if keras.backend.backend() == "jax":
            raise StrategyError("Expected TensorFlow or PyTorch for training along sampled paths. Received: jax.")
        if supernet.cells:
            raise ArgumentError(
                "Expected a supernet with a layer a candidate: `Supernet(..., fused=False)`. Received: cells that "
                "are one layer, in whose variables the weights of several candidates lie."
            )
        super().__init__(name="single_path")
        self.supernet, self.clip = supernet, clip
        self.draws = keras.random.SeedGenerator(seed)
        domains = supernet.opened.domains
        self.answers = {
            decision: self.add_weight(
                shape=() if supernet.exclusive[decision] else (len(labels),), dtype="int32", initializer="zeros",
                trainable=False, name=f"path_{decision.replace('/', '_')}",
            )
            for decision, labels in supernet.labels.items()
        }  # fmt: skip
        self.sizes = {path: (d.fewest, d.most) for path, d in domains.items() if not supernet.exclusive[path]}
        self.seen = self.add_weight(shape=(), dtype="int32", initializer="zeros", trainable=False, name="seen")
        found, self.ends = uses(supernet)
        self.groups = _groups(supernet, found)
        for layer in supernet.made.values():
            # TensorFlow's own silu, a custom gradient, has none within switches within switches.
            if getattr(layer, "activation", None) is keras.activations.silu:
                layer.activation = _silu
        self.movers = []
        self._measured = False
        self._gather = backend.compiled(self._gather_step, self.variables)
        self.built = True

    def compile(self, optimizer="sgd", **kwargs):
        """As of `keras.Model`.

        Raises:
            ArgumentError: If the optimizer clips by a global norm, which no optimizer of a part can tell; give `clip`.
        """
        super().compile(optimizer=optimizer, jit_compile=False, auto_scale_loss=False, **kwargs)
        config = self.optimizer.get_config()
        if config.get("global_clipnorm") is not None:
            raise ArgumentError(
                "Expected `clip` of the supernet's training instead of an optimizer with `global_clipnorm`. "
                f"Received: {config['global_clipnorm']}."
            )
        self._measured = False
        rate = lambda: self.optimizer.learning_rate  # noqa: E731
        before, self.movers = {id(mover.optimizer): mover for mover in self.movers}, []
        for conditions, variables in self.groups:
            shared = frozenset() in conditions
            own = self.optimizer if shared else type(self.optimizer).from_config({**config, "learning_rate": rate})
            kind = Packed if packs(self.optimizer, variables) else _Each
            self.movers.append(before.get(id(own)) or kind(own, variables))  # compiled again, its momenta are kept
        if not self.optimizer.built:
            self.optimizer.build([])

    def call(self, inputs, training=None):
        return self._along(self.answers, inputs, statistics=OWN if training else KEPT, training=training)

    def fit(self, x=None, y=None, **kwargs):
        """As of `keras.Model`."""
        self._make_metrics(_targets(x) if y is None else y)
        return super().fit(x, y, **kwargs)

    def _make_metrics(self, y):
        """Metrics make their variables at first use; were that within the first step, it would be traced twice."""
        if self._measured or y is None:
            return
        self._measured = True
        zeros = lambda each: keras.ops.zeros((1, *each.shape[1:]), keras.backend.standardize_dtype(each.dtype))  # noqa: E731
        ends = {name: keras.ops.zeros((1, *end.shape)) for name, end in self.ends.items()}
        true = keras.tree.map_structure(zeros, y)
        self.compute_metrics(None, true, ends if isinstance(y, dict) else ends.popitem()[1], None)
        self.reset_metrics()

    # --------------------------------------------------------------------- paths
    def drawn(self):
        """A path drawn at random, as int32 tensors by decision."""
        widths = [1 if self.supernet.exclusive[path] else 1 + len(self.supernet.labels[path]) for path in self.answers]
        chances = keras.random.uniform((sum(widths),), seed=self.draws)
        path, at = {}, 0
        for (decision, labels), width in zip(self.supernet.labels.items(), widths):
            if width == 1:
                path[decision] = _whole(chances[at], 0, len(labels) - 1)
            else:  # so many of the labels, all sets of that size alike
                count = _whole(chances[at], *self.sizes[decision])
                order = keras.ops.argsort(keras.ops.argsort(chances[at + 1 : at + width]))
                path[decision] = keras.ops.cast(keras.ops.cast(order, "int32") < count, "int32")
            at += width
        return path

    def on_path(self, conditions, path):
        """Whether any of some conditions holds on a path, a boolean tensor."""
        held = [holding(condition, path, self.supernet) for condition in conditions if condition]
        return keras.ops.any(keras.ops.stack(held)) if len(held) == len(conditions) else True

    def set_path(self, architecture, batches):
        """From now on evaluate along the path of an architecture.

        Args:
            architecture: An `Architecture` of the space.
            batches: Inputs by batch, from which its batch-norm statistics are computed.
        """
        for decision, answer in path_of(self.supernet, architecture).items():
            self.answers[decision].assign(answer)
        self.seen.assign(0)
        for batch in batches:
            self._gather(keras.tree.map_structure(keras.ops.convert_to_tensor, batch))

    def score(self, architectures, batches, x, y, batch_size=256):
        """The metrics of many paths inside the supernet, a dict for each; no model is built.

        Args:
            architectures: `Architecture`s.
            batches: As of `set_path`.
            x, y: Rows to judge by, as of `evaluate`.
        """
        found = []
        for architecture in architectures:
            self.set_path(architecture, batches)
            found.append(self.evaluate(x, y, batch_size=batch_size, verbose=0, return_dict=True))
        return found

    def inherit(self, architecture, batches):
        """The plain model of an architecture with its weights, and statistics of these batches."""
        return self.supernet.inherit(architecture, batches)

    # --------------------------------------------------------------------- steps
    def train_step(self, data):
        x, y, weight = keras.utils.unpack_x_y_sample_weight(data)
        path = self.drawn()
        variables = [variable for _, group in self.groups for variable in group]

        def compute():
            outputs = self._along(path, x, statistics=OWN, training=True)
            return self.compute_loss(x=x, y=y, y_pred=outputs, sample_weight=weight), outputs

        (loss, outputs), gradients = backend.value_and_gradients(compute, variables)
        self._loss_tracker.update_state(loss)
        self._update(path, self._clipped(gradients))
        return self.compute_metrics(x, y, outputs, weight)

    def _update(self, path, gradients):
        at = 0
        last = None
        for (conditions, variables), mover in zip(self.groups, self.movers):
            part = gradients[at : at + len(variables)]
            at += len(variables)
            apply = _applying(mover, part)
            if frozenset() in conditions:
                last = apply  # and so the others still see this step's learning rate
                continue
            keras.ops.cond(self.on_path(conditions, path), apply, lambda: keras.ops.zeros(()))
        if last is None:
            self.optimizer.iterations.assign_add(1)
        else:
            last()

    @property
    def optimizers(self):
        """The optimizer of each of the `groups`."""
        return [mover.optimizer for mover in self.movers]

    def _clipped(self, gradients):
        """What is not on the path counts for nothing: zeros on TensorFlow, None on PyTorch."""
        if self.clip is None:
            return gradients
        squares = [keras.ops.sum(keras.ops.square(gradient)) for gradient in gradients if gradient is not None]
        factor = keras.ops.minimum(1.0, self.clip / (keras.ops.sqrt(sum(squares)) + 1e-12))
        return [None if gradient is None else gradient * factor for gradient in gradients]

    def _gather_step(self, inputs):
        outputs = self._along(self.answers, inputs, statistics=GATHERED, seen=self.seen, training=False)
        self.seen.assign_add(1)
        return outputs

    def _along(self, path, inputs, **how):
        path = {decision: keras.ops.convert_to_tensor(answer) for decision, answer in path.items()}
        return self.supernet.opened.node.flow(Switching(self.supernet, path, **how), inputs, "")


def _groups(supernet, uses):
    """The trainable weights, grouped by when they are part of a path."""
    found = {}
    for key, conditions in uses.items():
        layer = supernet.made[key]
        if isinstance(layer, keras.Layer) and layer.trainable_weights:
            conditions = frozenset({frozenset()} if frozenset() in conditions else conditions)
            found.setdefault(conditions, []).extend(layer.trainable_weights)
    return list(found.items())


def _targets(batches):
    """What targets of a `tf.data.Dataset` or a `keras.utils.PyDataset` are like; None where that is not known."""
    if isinstance(batches, keras.utils.PyDataset):
        return batches[0][1]
    return batches.element_spec[1] if backend.is_tf_dataset(batches) else None


def _silu(inputs):
    return inputs * keras.ops.sigmoid(inputs)


def _whole(chance, low, high):
    """A whole number between two, from a number that is drawn from 0 to 1."""
    number = low + keras.ops.cast(keras.ops.floor(chance * (high - low + 1)), "int32")
    return keras.ops.minimum(number, high)


def _applying(mover, gradients):
    def apply():
        mover.apply(mover.joined(gradients))
        return keras.ops.zeros(())

    return apply


class _Each:
    """In place of a `Packed`, where an optimizer does not treat each number alike."""

    def __init__(self, optimizer, variables):
        self.optimizer, self.variables = optimizer, variables
        optimizer.build(variables)

    def joined(self, values):
        return [keras.ops.zeros_like(v) if given is None else given for v, given in zip(self.variables, values)]

    def apply(self, gradients):
        self.optimizer.apply(gradients, self.variables)
