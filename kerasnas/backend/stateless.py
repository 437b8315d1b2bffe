"""Steps over Keras variables as functions of values, which is how JAX compiles and differentiates them."""

import itertools

import keras


class Scope(keras.StatelessScope):
    """A scope in which variables have given values, and what is assigned stays in it.

    Unlike Keras's own it sees what a scope around it holds, and knows what was assigned.

    Args:
        variables: Keras variables.
        values: A tensor for each.

    Attributes:
        changed: The variables that were assigned, by id.
    """

    def __init__(self, variables, values):
        super().__init__(zip(variables, values))
        self.changed, self.original_scope = {}, None

    def get_current_value(self, variable):
        value = super().get_current_value(variable)
        if value is None and self.original_scope is not None:
            return self.original_scope.get_current_value(variable)
        return value

    def add_update(self, update):
        super().add_update(update)
        self.changed[id(update[0])] = update[0]


def stepped(step, groups, given):
    """A step of training as the trainer of any backend calls it.

    Args:
        step: A function of what it is given, which reads and assigns Keras variables.
        groups: Lists of all these variables.
        given: `(data,)`; on JAX `(state, data)`, lists of values like `groups` before it.

    Returns:
        What `step` gives; with a state, a pair of that and the state thereafter.
    """
    if len(given) == 1:
        return step(*given)
    state, data = given
    with Scope(itertools.chain(*groups), itertools.chain(*state)) as scope:
        result = step(data)
    return result, tuple([scope.get_current_value(variable) for variable in group] for group in groups)
