"""Models that code of the user's builds from KerasTuner's hyperparameters, as a piece of a space."""

import inspect
from dataclasses import dataclass, field

from kerasnas.errors import SpaceError
from kerasnas.lowering.hyperparameters import discovered, with_values
from kerasnas.space import Choice, Float, Int, Node, Operation
from kerasnas.space.marks import mark
from kerasnas.space.node import join


def decision_of(parameter):
    """A KerasTuner hyperparameter, as AutoKeras's blocks take them, as a decision."""
    kind = type(parameter).__name__
    if kind == "Choice":
        return Choice(*parameter.values, default=parameter.default)
    if kind == "Boolean":
        return Choice(False, True, default=parameter.default)
    if kind in ("Int", "Float"):
        log = parameter.sampling == "log"
        low, high, default = parameter.min_value, parameter.max_value, parameter.default
        if kind == "Float":
            return Float(low, high, log=log, default=default)
        return Int(low, high, step=1 if log else parameter.step or 1, default=default)
    if kind == "Fixed":
        return parameter.value
    raise SpaceError(f"Expected a KerasTuner Choice, Boolean, Int, Float or Fixed. Received: {kind}.")


class Source:
    """Code that builds: `build(hp)`, which gives a whole model, or `build(hp, inputs)`, which gives tensors.

    Args:
        code: A function, or an object with a method `build`: a KerasTuner `HyperModel`, a block of AutoKeras's.

    Raises:
        SpaceError: If it is neither.
    """

    def __init__(self, code):
        self.build = getattr(code, "build", code)
        if not callable(self.build):
            raise SpaceError(f"Expected a HyperModel, or a function of hyperparameters. Received: {code!r}.")
        self.name = getattr(code, "name", None) or getattr(code, "__name__", type(code).__name__)
        self.takes_inputs = "inputs" in inspect.signature(self.build).parameters
        self.marked = mark(self.build)  # now: what is built may change what the code remembers
        self._known = {}

    def tensor(self, values, tensors):
        """What it makes of Keras tensors under these values of its hyperparameters: fresh layers at every call."""
        import keras

        hp = with_values(values)
        if self.takes_inputs:
            return self._checked(self.build(hp, inputs=tensors))
        model = self.build(hp)
        if not isinstance(model, keras.Model):
            raise SpaceError(f"Expected '{self.name}' to build a Keras model. Received: {type(model).__name__}.")
        if model.inputs:
            model = keras.Model(model.inputs, model.outputs, name=model.name)  # without how it was compiled
        return self._checked(model(tensors))

    def _checked(self, output):
        if isinstance(output, (list, tuple)) and len(output) == 1:
            output = output[0]
        if not hasattr(output, "shape"):
            raise SpaceError(f"Expected '{self.name}' to give one tensor. Received: {type(output).__name__}.")
        return output

    def measured(self, values, shapes):
        """Shape of what it gives, and its number of weights, for input shapes: built once for each."""
        key = (values, shapes)
        if key not in self._known:
            import keras

            several = bool(shapes) and isinstance(shapes[0], tuple)
            inputs = [keras.Input(shape) for shape in shapes] if several else keras.Input(shapes)
            output = self.tensor(dict(values), inputs)
            self._known[key] = tuple(output.shape[1:]), keras.Model(inputs, output).count_params()
        return self._known[key]

    def parameters(self, shape=None):
        """Its hyperparameters; see `discovered`.

        Args:
            shape: Shape of what it reads; not needed where it builds whole models.

        Raises:
            SpaceError: If it cannot be built.
        """
        import keras

        def built(hp):
            return self.build(hp, inputs=keras.Input(shape)) if self.takes_inputs else self.build(hp)

        try:
            return discovered(built)
        except Exception as error:  # whatever the user's code may raise
            raise SpaceError(
                f"Expected '{self.name}' to build with the default values of its hyperparameters, on rows of shape "
                f"{shape}. Received: {type(error).__name__}: {error}"
            ) from error


@dataclass(frozen=True)
class Built(Operation):
    """What the user's code builds under certain values: stock layers as far as the code puts in stock layers.

    Args:
        name: How the code is called.
        values: Pairs of a hyperparameter and its value.
        source: The `Source`.
    """

    name: str
    values: tuple
    source: object = field(repr=False, compare=False)

    # Why strategies that train one network for all architectures cannot use it.
    sealed = "its layers are made by code of the user's, which builds one network at a time"

    def shape(self, shape):
        return self.source.measured(self.values, shape)[0]

    def params(self, shape):
        return self.source.measured(self.values, shape)[1]

    def layer(self, shape, name):
        return lambda tensors: self.source.tensor(dict(self.values), tensors)


class HyperModelNode(Node):
    """The space of what the user's code can build.

    Args:
        source: The `Source`.
        parameters: Its hyperparameters; see `discovered`.
    """

    def __init__(self, source, parameters):
        self.source = source
        self.asked = {}
        for parameter, when in parameters:
            decision = decision_of(parameter)
            if isinstance(decision, Node):
                self.asked[parameter.name] = decision, when

    def branches(self, path):
        for name, (decision, when) in self.asked.items():
            yield when and (join(path, when[0]), when[1]), join(path, name), decision

    def resolve(self, walk, path):
        answers = {}
        for name, (decision, when) in self.asked.items():
            if when is None or (when[0] in answers and answers[when[0]] in when[1]):
                answers[name] = walk.resolve(decision, join(path, name))
        return Built(self.source.name, tuple(answers.items()), self.source)

    def __repr__(self):
        return f"HyperModelNode({self.source.name})"
