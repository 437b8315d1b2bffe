"""A cell of mixed operations as one layer, its edges computed together."""

import keras

from kerasnas import backend
from kerasnas.layers.fused_plan import CellPlan
from kerasnas.layers.fused_stage import run_stage

ops = keras.ops


@keras.saving.register_keras_serializable(package="kerasnas")
class FusedCell(keras.Layer):
    """A mixed cell in stages: all edges that leave a state together, by grouped convolutions.

    Gates are data, so softmax, sampled and one-hot ones are the same to it. Of each weight there is one variable for
    all edges, along its last axis in the order of the plan's edges.

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
        self.widths, self.units, self.places = {}, {}, {}
        self.held = {}  # variables by (name, kind)
        for s, stage in enumerate(self.plan.stages):
            for name, width, count in self.plan.shared(stage):
                self.places[s, name] = self.units.get(name, 0)
                self.units[name] = self.places[s, name] + count
                self.widths[name] = width

    def build(self, input_shape):
        norms = {"moving_mean": ("zeros", False), "moving_variance": ("ones", False)}
        learnt = {"gamma": ("ones", True), "beta": ("zeros", True)} if self.plan.affine else {}
        for name, shape, fans in self.plan.kernels():
            limit = (6 / fans) ** 0.5  # Glorot's, for the kernel of one edge
            self._hold(name, "kernel", shape, keras.initializers.RandomUniform(-limit, limit))
        for name, of_core in self.plan.norms():
            for kind, (first, trainable) in (norms | learnt if of_core else norms).items():
                self._hold(name, kind, (self.plan.channels,), first, trainable, autocast=False)

    def _hold(self, name, kind, shape, first, trainable=True, **kwargs):
        if (name, kind) not in self.held:
            shape = (*shape[:-1], shape[-1] * self.units[name])
            told = f"{name.rsplit(':', 1)[0]}/{kind}".replace("/", "_")
            self.held[name, kind] = self.add_weight(
                shape=shape, initializer=first, trainable=trainable, name=told, **kwargs
            )

    # --------------------------------------------------------------------- call
    def call(self, states, gates, edges=None, training=None):
        """All nodes of the cell.

        Args:
            states: The input states, tensors `(rows, height, width, channels)`.
            gates: `(edges, candidates)`: what each candidate of each edge counts, in the plan's order of edges.
            edges: `(edges,)`: what each edge counts, for the channels that pass by; all one if None.
            training: Whether batches normalize themselves.

        Returns:
            A list with a tensor for each node.
        """
        edges = ops.ones_like(gates[:, 0]) if edges is None else edges
        held = {key: ops.convert_to_tensor(variable) for key, variable in self.held.items()}
        given = [*states, gates, edges, *held.values()]
        split = len(states), len(states) + 2

        def compute(*tensors):
            values = self._by_stage(dict(zip(held, tensors[split[1] :])))
            return self._nodes(tensors[: split[0]], *tensors[slice(*split)], values, training)

        results = backend.recomputed(compute, given) if self.recompute and training else compute(*given)
        if training:
            self._update(results[self.plan.nodes :])
        return list(results[: self.plan.nodes])

    def _by_stage(self, held):
        """The values of each stage, from those of the whole cell."""
        found = [{} for _ in self.plan.stages]
        for (name, kind), value in held.items():
            stages = [s for s in range(len(found)) if (s, name) in self.places]
            cuts = [self.places[s, name] * self.widths[name] for s in stages[1:]]
            for s, part in zip(stages, ops.split(value, cuts, axis=-1) if cuts else [value]):
                found[s][name, kind] = part
        return found

    def _nodes(self, inputs, gates, edges, values, training):
        states, first, moments = list(inputs), 0, []
        waiting = [None] * self.plan.nodes  # what has been added up for each node: mixed, and passed by
        for stage, held in zip(self.plan.stages, values):
            while len(states) <= max(stage.states):
                states.append(self._finished(waiting[len(states) - self.plan.inputs]))
            here, last = [states[state] for state in stage.states], first + stage.edges
            front = here if self.plan.share == 1 else [state[..., : self.plan.channels] for state in here]
            parts, found = run_stage(stage, self.plan, front, gates[first:last], held, training)
            moments.append(found)
            passed = self._passed(stage, here, edges[first:last]) if self.plan.share > 1 else [None] * len(parts)
            for target, *both in zip(stage.targets, parts, passed):
                before = waiting[target]
                waiting[target] = both if before is None else [b if a is None else a + b for a, b in zip(before, both)]
            first = last
        nodes = [self._finished(each) for each in waiting]
        return tuple(nodes) + (self._joined(moments) if training else ())

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

    # --------------------------------------------------------------- statistics
    def _joined(self, moments):
        """Means and variances for the whole cell, in the order of `_moving`."""
        return tuple(
            ops.concatenate([found[name][which] for found in moments if name in found])
            for name, _ in self.plan.norms() for which in (0, 1)
        )  # fmt: skip

    def _update(self, found):
        kinds = [(name, kind) for name, _ in self.plan.norms() for kind in ("moving_mean", "moving_variance")]
        for key, value in zip(kinds, found):
            moving, keep = self.held[key], self.plan.momentum
            moving.assign(moving * keep + ops.cast(ops.stop_gradient(value), moving.dtype) * (1 - keep))

    # ------------------------------------------------------------- single edges
    def piece(self, name, kind, edge):
        """The variable that holds a weight, and from where to where along its last axis that of one edge lies.

        Args:
            name: Of the weight, as in the plan.
            kind: "kernel", "moving_mean", "moving_variance", "gamma" or "beta".
            edge: Number of the edge in the plan's order.
        """
        s, stage = 0, self.plan.stages[0]
        while edge >= stage.edges:
            s, edge = s + 1, edge - stage.edges
            stage = self.plan.stages[s]
        pooled = any(candidate.norm == name for candidate in stage.candidates)
        unit = self.places[s, name] + (edge // len(stage.targets) if pooled else edge)
        return self.held[name, kind], unit * self.widths[name], (unit + 1) * self.widths[name]

    def compute_output_shape(self, states_shape, *args, **kwargs):
        rows, *axes, channels = states_shape[0]
        steps = self.plan.stages[0].strides
        return [(rows, *(-(-axis // steps) for axis in axes), channels)] * self.plan.nodes

    def get_config(self):
        return {**super().get_config(), "plan": self.plan.config(), "recompute": self.recompute}
