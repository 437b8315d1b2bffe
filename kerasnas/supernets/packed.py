"""Optimizers that see many variables as one vector.

An optimizer's graph has ten or twenty operations for each variable, and a supernet has hundreds of those.
"""

import keras
import numpy as np

ALIKE = "SGD", "RMSprop", "Adagrad", "Adadelta", "Adam", "AdamW", "Adamax", "Nadam", "Ftrl", "Lion"


def packs(optimizer, variables):
    """Whether an optimizer does to one long vector what it would do to the variables: it treats each number alike."""
    kind = type(optimizer)  # on PyTorch one of Keras's own, of the same name
    alike = kind.__name__ in ALIKE and kind.__module__.startswith("keras.")
    config = optimizer.get_config()
    own = config.get("clipnorm") is not None or config.get("use_ema") or _excludes(optimizer)
    return alike and not own and len({variable.dtype for variable in variables}) == 1


def _excludes(optimizer):
    """Whether `exclude_from_weight_decay` named variables."""
    return any(getattr(optimizer, f"_exclude_from_weight_decay{rest}", None) for rest in ("", "_pattern"))


class Packed:
    """Variables, and an optimizer that moves them as one vector.

    Args:
        optimizer: A Keras optimizer for which `packs`; it is built here.
        variables: Keras variables of one dtype; their constraints are kept.
        name: Of the vector.

    Attributes:
        vector: What the optimizer moves, a Keras variable. The variables are what counts: it follows them.
    """

    def __init__(self, optimizer, variables, name="packed"):
        self.optimizer, self.variables = optimizer, list(variables)
        self.shapes = [tuple(variable.shape) for variable in self.variables]
        self.ends = np.cumsum([int(np.prod(shape)) for shape in self.shapes])
        dtype = self.variables[0].dtype
        self.vector = keras.Variable(keras.ops.zeros((self.ends[-1],), dtype), trainable=False, name=name)
        optimizer.build([self.vector])

    def values(self):
        """The variables as one vector."""
        return self.joined(self.variables)

    def joined(self, values):
        """Tensors of the variables' shapes as one vector; zeros for None."""
        pairs = zip(self.variables, values)
        values = [keras.ops.zeros(v.shape, v.dtype) if given is None else given for v, given in pairs]
        values = map(keras.ops.convert_to_tensor, values)
        return keras.ops.concatenate([v if len(v.shape) == 1 else keras.ops.reshape(v, (-1,)) for v in values])

    def assign(self, vector):
        """Gives the variables the values of one vector."""
        parts = keras.ops.split(vector, self.ends[:-1].tolist()) if len(self.shapes) > 1 else [vector]
        for variable, shape, part in zip(self.variables, self.shapes, parts):
            variable.assign(part if len(shape) == 1 else keras.ops.reshape(part, shape))

    def apply(self, gradient):
        """One step of the optimizer, of a gradient as one vector."""
        self.vector.assign(self.values())
        self.optimizer.apply([gradient], [self.vector])
        self.assign(keras.ops.convert_to_tensor(self.vector))
        for variable in self.variables:
            if variable.constraint is not None:
                variable.assign(variable.constraint(variable))
