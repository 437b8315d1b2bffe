"""A space as KerasTuner's HyperParameters, and its values as an architecture."""

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
    domains = {}
    for decision in space.decisions():
        domains[decision.path] = decision.domain
        with contextlib.ExitStack() as stack:
            for parent, values in decision.when:
                held = [encoded(domains[parent], value) for value in values]
                stack.enter_context(made.conditional_scope(parent, held))
            _add(made, decision.path, decision.domain)
    return made


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
