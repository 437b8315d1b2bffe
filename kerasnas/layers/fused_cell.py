"""A cell of mixed operations as one layer, its edges computed together."""

import keras

from kerasnas import backend
from kerasnas.layers.fused_choice import Choosing
from kerasnas.layers.fused_plan import CellPlan
from kerasnas.layers.fused_stage import Running

ops = keras.ops

_FIRST = {"moving_mean": "zeros", "moving_variance": "ones", "gamma": "ones", "beta": "zeros"}


@keras.saving.register_keras_serializable(package="kerasnas")
class FusedCell(keras.Layer):
    """A mixed cell in stages: all edges that leave a state together, by grouped convolutions.

    Gates are data, so softmax, sampled and one-hot ones are the same to it. All kernels of one shape lie in one
    variable, one after another along its last axis, in the order in which they are used.

    Args:
        plan: A `CellPlan`, or the dict of its configuration.
        recompute: Whether the backward pass computes the cell anew instead of keeping what it put out: less memory
            for more time.
        **kwargs: As of `keras.Layer`.

    Reference:
        Liu et al., 2019, "DARTS: Differentiable Architecture Search"; Xu et al., 2020, "PC-DARTS" (`share`).
    """

    def __init__(self, plan, recompute=False, **kwargs):
        super().__init__(**kwargs)
        self.plan = plan if isinstance(plan, CellPlan) else CellPlan.read(plan)
        self.recompute = recompute
        self.pieces, self.held = self.plan.pieces(), {}
        self.sizes = {}  # by variable, the lengths of its pieces
        self.places = {}  # by stage, name and kind: piece, variable, and where in it the name's first weight lies
        for piece in self.pieces:
            for kind, held in piece.kinds.items():
                start = sum(self.sizes.setdefault(held, []))
                for i, name in enumerate(piece.names):
                    first = start + i * piece.units * piece.shape[-1]
                    self.places[piece.stage, name, kind] = piece, held, first
                self.sizes[held].append(piece.length)

    def build(self, input_shape):
        shapes = {held: piece.shape for piece in self.pieces for held in piece.kinds.values()}
        for held, (*window, _) in shapes.items():
            first, how = _FIRST.get(held), {"autocast": False, "trainable": not held.startswith("moving")}
            if first is None:
                first, how = _glorot(shapes[held]), {}
            self.held[held] = self.add_weight(
                shape=(*window, sum(self.sizes[held])), initializer=first, name=held, **how
            )

    # --------------------------------------------------------------------- call
    def call(self, states, gates, edges=None, training=None, chosen=None):
        """All nodes of the cell.

        Args:
            states: The input states, tensors `(rows, height, width, channels)`.
            gates: `(edges, candidates)`: what each candidate of each edge counts, in the plan's order of edges.
            edges: `(edges,)`: what each edge counts, for the channels that pass by; all one if None.
            training: Whether batches normalize themselves.
            chosen: `(edges,)`: where gates are zero but for one candidate of each edge, the number of that one. It
                alone is computed then, where the backend can.

        Returns:
            A list with a tensor for each node.
        """
        edges = ops.ones(gates.shape[:1]) if edges is None else edges
        chosen = chosen if backend.counts_groups() else None
        unread = training and chosen is None
        names = [name for name in self.sizes if not (unread and name.startswith("moving"))]
        given = [*states, gates, edges, *(ops.convert_to_tensor(self.held[name]) for name in names)]
        split = len(states), len(states) + 2

        def compute(*tensors):
            values = self._by_stage(dict(zip(names, tensors[split[1] :])))
            return self._nodes(tensors[: split[0]], *tensors[slice(*split)], chosen, values, training)

        results = backend.recomputed(compute, given) if self.recompute and training else compute(*given)
        if training:
            self._update(*results[self.plan.nodes :])
        return list(results[: self.plan.nodes])

    def _by_stage(self, held):
        """For each stage its weights by names and kind."""
        parts = {name: backend.split(value, self.sizes[name]) for name, value in held.items()}
        found = [{} for _ in self.plan.stages]
        for piece in self.pieces:
            for kind, name in piece.kinds.items():
                if name in parts:
                    found[piece.stage][piece.names, kind] = parts[name].pop(0)
        return found

    def _nodes(self, inputs, gates, edges, chosen, values, training):
        states, first, moments = list(inputs), 0, []
        waiting = [None] * self.plan.nodes  # what has been added up for each node: mixed, and passed by
        gates = backend.split(ops.transpose(gates), [stage.edges for stage in self.plan.stages])
        for stage, held, weights in zip(self.plan.stages, values, gates):
            while len(states) <= max(stage.states):
                states.append(self._finished(waiting[len(states) - self.plan.inputs]))
            here, last = [states[state] for state in stage.states], first + stage.edges
            front = here if self.plan.share == 1 else [state[..., : self.plan.channels] for state in here]
            running = self._running(stage, held, training, None if chosen is None else chosen[first:last])
            parts = running.run(front, weights)
            moments += running.moments
            passed = self._passed(stage, here, edges[first:last]) if self.plan.share > 1 else [None] * len(parts)
            for target, *both in zip(stage.targets, parts, passed):
                before = waiting[target]
                waiting[target] = both if before is None else [b if a is None else a + b for a, b in zip(before, both)]
            first = last
        nodes = [self._finished(each) for each in waiting]
        return tuple(nodes) + tuple(ops.concatenate(each) for each in zip(*moments) if training)

    def _running(self, stage, values, training, chosen):
        given = stage, self.plan, values, training
        return Running(*given) if chosen is None else Choosing(*given, chosen=chosen)

    def _passed(self, stage, states, weights):
        """What goes by the operations of each edge of a state: the channels that do not take part."""
        rest = [state[..., self.plan.channels :] for state in states]
        if stage.strides > 1:
            rest = [ops.max_pool(each, stage.strides, stage.strides, "same") for each in rest]
        weights = ops.reshape(ops.cast(weights, rest[0].dtype), (len(states), len(stage.targets)))
        return [sum(weights[j, e] * each for j, each in enumerate(rest)) for e in range(len(stage.targets))]

    def _finished(self, both):
        mixed, passed = both
        if passed is None:
            return mixed
        whole, share = ops.concatenate([mixed, passed], axis=-1), self.plan.share
        each = whole.shape[-1] // share
        if whole.shape[-1] % share:
            return whole
        return ops.take(whole, [g * each + i for i in range(each) for g in range(share)], axis=-1)

    def _update(self, mean=None, variance=None):
        for kind, value in (("moving_mean", mean), ("moving_variance", variance)):
            if value is not None:
                moving, keep = self.held[kind], self.plan.momentum
                moving.assign(moving * keep + ops.cast(ops.stop_gradient(value), moving.dtype) * (1 - keep))

    # ------------------------------------------------------------- single edges
    def piece(self, name, kind, edge):
        """The variable that holds a weight, and from where to where along its last axis that of one edge lies.

        Args:
            name: Of the weight, as in the plan.
            kind: "kernel", "moving_mean", "moving_variance", "gamma" or "beta".
            edge: Number of the edge in the plan's order.
        """
        s = 0
        while edge >= self.plan.stages[s].edges:
            s, edge = s + 1, edge - self.plan.stages[s].edges
        piece, held, first = self.places[s, name, kind]
        unit = edge // len(self.plan.stages[s].targets) if piece.of_states else edge
        return self.held[held], first + unit * piece.shape[-1], first + (unit + 1) * piece.shape[-1]

    def kinds(self, name):
        """What weights there are under a name."""
        return list(dict.fromkeys(kind for _, each, kind in self.places if each == name))

    def compute_output_shape(self, states_shape, *args, **kwargs):
        rows, *axes, channels = states_shape[0]
        steps = self.plan.stages[0].strides
        return [(rows, *(-(-axis // steps) for axis in axes), channels)] * self.plan.nodes

    def get_config(self):
        return {**super().get_config(), "plan": self.plan.config(), "recompute": self.recompute}


def _glorot(shape):
    """Glorot's uniform distribution, for the kernel of one edge."""
    height, width, into, out = shape
    into, out = (out, 1) if into == 1 < out else (into, out)  # a depthwise kernel lies across
    limit = (6 / (height * width * (into + out))) ** 0.5
    return keras.initializers.RandomUniform(-limit, limit)
