"""One edge of a fused cell, as the layers that it would have by itself."""

import keras

from kerasnas.operations import BatchNorm, DepthwiseConv

ops = keras.ops


class View:
    """A primitive operation with weights that are a part of a fused cell's.

    Args:
        operation: A `Conv`, `DepthwiseConv` or `BatchNorm`.
        shape: What it reads.
        cell: The `FusedCell`.
        name: Of its weights in the cell's plan.
        edge: Number of the edge in the plan's order.
    """

    def __init__(self, operation, shape, cell, name, edge):
        self.operation, self.shape, self.cell, self.name, self.edge = operation, shape, cell, name, edge

    @property
    def kinds(self):
        return self.cell.kinds(self.name)

    def value(self, kind):
        """A weight as the plain layer has it."""
        variable, first, last = self.cell.piece(self.name, kind, self.edge)
        part = ops.convert_to_tensor(variable)[..., first:last]
        return ops.swapaxes(part, -1, -2) if isinstance(self.operation, DepthwiseConv) else part

    def __call__(self, inputs, training=None):
        if isinstance(self.operation, BatchNorm):
            return self._normalized(inputs, training)
        settings = self.operation.settings(self.shape, None)
        how = {"strides": settings["strides"], "padding": "same", "dilation_rate": settings["dilation_rate"]}
        convolve = ops.depthwise_conv if isinstance(self.operation, DepthwiseConv) else ops.conv
        return convolve(inputs, ops.cast(self.value("kernel"), inputs.dtype), data_format="channels_last", **how)

    def _normalized(self, inputs, training):
        wide = ops.cast(inputs, "float32")
        if training:
            mean, variance = ops.moments(wide, axes=(0, 1, 2))
            for kind, value in (("moving_mean", mean), ("moving_variance", variance)):
                self._move(kind, ops.stop_gradient(value))
        else:
            mean, variance = self.value("moving_mean"), self.value("moving_variance")
        y = (wide - mean) * ops.rsqrt(variance + self.operation.epsilon)
        if self.operation.affine:
            y = y * self.value("gamma") + self.value("beta")
        return ops.cast(y, inputs.dtype)

    def _move(self, kind, value):
        variable, first, _ = self.cell.piece(self.name, kind, self.edge)
        keep = self.operation.momentum
        moved = self.value(kind) * keep + ops.cast(value, variable.dtype) * (1 - keep)
        variable.assign(ops.slice_update(ops.convert_to_tensor(variable), (first,), moved))
