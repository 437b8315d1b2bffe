"""A space as KerasTuner's HyperParameters and HyperModel, its values as an architecture; and what a HyperModel asks."""

import contextlib
import json

from kerasnas.errors import StrategyError
from kerasnas.space.domain import Real, Subsets, Whole

MOST = 500  # subsets that are listed as options


def hyperparameters(space):
    """KerasTuner's view of a space: a parameter for each decision, under the conditions it is asked.

    Options become strings of JSON, whatever they are, and whole numbers on a doubling grid too, in order.

    Raises:
        StrategyError: If a decision has too many subsets to list.
    """
    import keras_tuner

    made = keras_tuner.HyperParameters()
    _declare(made, space)
    return made


def _declare(made, space):
    """Asks `made`, a `HyperParameters`, for a value of each decision that is active under the values it has."""
    domains = {}
    for decision in space.decisions():
        domains[decision.path] = decision.domain
        with contextlib.ExitStack() as stack:
            for parent, values in decision.when:
                held = [encoded(domains[parent], value) for value in values]
                stack.enter_context(made.conditional_scope(parent, held))
            _add(made, decision.path, decision.domain)


def _add(made, name, domain):
    if isinstance(domain, Real):
        sampling = "log" if domain.log else "linear"
        made.Float(name, domain.low, domain.high, sampling=sampling, default=domain.default)
    elif isinstance(domain, Whole) and not domain.log:
        last = domain.values()[-1]
        made.Int(name, domain.low, last, step=domain.step, default=domain.default)
    else:
        if isinstance(domain, Subsets) and domain.size > MOST:
            raise StrategyError(
                f"Expected decisions with at most {MOST} subsets for KerasTuner. Received: '{name}' with {domain.size}."
            )
        options = [encoded(domain, value) for value in domain.values()]
        made.Choice(name, options, default=encoded(domain, domain.default))


def encoded(domain, value):
    """An answer as KerasTuner holds it."""
    if isinstance(domain, Real) or (isinstance(domain, Whole) and not domain.log):
        return value
    return json.dumps(value)


def decoded(domain, value):
    """The answer that KerasTuner holds as `value`, a plain Python value."""
    if isinstance(domain, Real):
        return min(max(float(value), domain.low), domain.high)
    if isinstance(domain, Whole) and not domain.log:
        return int(value)
    answer = json.loads(value)
    return tuple(answer) if isinstance(answer, list) else answer


def architecture(space, values):
    """The architecture with KerasTuner's values; what it leaves out takes its default."""

    def choose(decision):
        if decision.path not in values:
            return decision.domain.default
        return decoded(decision.domain, values[decision.path])

    return space.record(choose)


def values(space, architecture):
    """KerasTuner's values of an architecture."""
    return {each.path: encoded(each.domain, architecture[each.path]) for each in space.asked(architecture)}


def as_hypermodel(space, input_shape, loss=None, metrics=None, optimizer="adam", **compile_arguments):
    """A space as a KerasTuner `HyperModel`, for KerasTuner's own tuners.

    Args:
        space: A `Space` over one or several inputs. Its decisions are KerasTuner's hyperparameters, under their paths.
        input_shape: Shape without the batch axis, or a dict of shapes by input name.
        loss, metrics: Keras's; without a loss the models are not compiled.
        optimizer: A name, or a function without arguments that makes one: a model needs one of its own.
        **compile_arguments: Further arguments of `keras.Model.compile`.

    Returns:
        A `keras_tuner.HyperModel` whose models are plain Keras.
    """
    import keras_tuner

    from kerasnas.lowering.model import build

    class SpaceHyperModel(keras_tuner.HyperModel):
        """Builds the models of a kerasnas space."""

        def build(self, hp):
            _declare(hp, space)
            model = build(space, architecture(space, hp.values), input_shape)
            if loss is not None:
                chosen = optimizer() if callable(optimizer) else optimizer
                model.compile(chosen, loss=loss, metrics=metrics, **compile_arguments)
            return model

    return SpaceHyperModel(name=space.name, tunable=True)


def with_values(values):
    """KerasTuner's `HyperParameters` that answer with these values, by name; what is not among them, by default."""
    import keras_tuner

    made = keras_tuner.HyperParameters()
    made.values = dict(values)
    return made


def discovered(build, most=60):
    """The hyperparameters that a function asks for, those of other branches than the default one included.

    The function is called with the default values, then with each other option of each choice that it asked for.

    Args:
        build: A function of a `HyperParameters`.
        most: Calls at most.

    Returns:
        A list of `(parameter, when)`: KerasTuner's objects, and the pair of a name and its values under which it is
        asked for, or None.
    """
    found, waiting, calls = {}, [({}, None)], 0
    while waiting and calls < most:
        values, reason = waiting.pop(0)
        asked = with_values(values)
        build(asked)
        calls += 1
        for parameter in asked.space:
            if parameter.name not in found:
                found[parameter.name] = [parameter, reason]
                others = [value for value in _options(parameter) if value != parameter.default]
                waiting += [({**values, parameter.name: value}, (parameter.name, value)) for value in others]
    return [(parameter, _when(parameter, reason)) for parameter, reason in found.values()]


def _options(parameter):
    kind = type(parameter).__name__
    return list(parameter.values) if kind == "Choice" else [False, True] if kind == "Boolean" else []


def _when(parameter, reason):
    if parameter.conditions:
        return parameter.conditions[-1].name, tuple(parameter.conditions[-1].values)
    return None if reason is None else (reason[0], (reason[1],))
