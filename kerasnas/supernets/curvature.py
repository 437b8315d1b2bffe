"""How sharply the validation loss curves along the architecture weights: what foretells a collapse."""

import keras
import numpy as np

from kerasnas import backend

STEP = 0.05  # along a unit vector: architecture weights change softmax gates over lengths of about one


class Curvature:
    """The dominant eigenvalue of the Hessian of the loss by the architecture weights, at the weights as they are.

    Power iteration, whose products with the Hessian are differences of two gradients. Gates are those without chance,
    batches normalize themselves, what is drawn within the network (as of dropout) is the same for all gradients, and
    nothing is moved.

    Args:
        model: The `Bilevel` model.
        rows: `(x, y, weight)`, a batch that the weights do not learn from.
        steps: Products at most.
        tolerance: Relative change of the eigenvalue at which the iteration ends.

    Reference:
        Zela et al., 2020, "Understanding and Robustifying Differentiable Architecture Search".
    """

    def __init__(self, model, rows, steps=20, tolerance=0.01):
        self.model, self.rows, self.steps, self.tolerance = model, rows, steps, tolerance
        counted = set(model.rule.weighed(model.supernet))
        self.alphas = [alpha for path, alpha in model.supernet.alphas.items() if path in counted]
        self.gradient = backend.compiled(self._gradient, model.variables)

    def __call__(self):
        """The eigenvalue of largest magnitude, with its sign; 0 where no architecture weight counts."""
        if not self.alphas:
            return 0.0
        held = [*self.alphas, *self.model.statistics, *self.model.seeds]
        start = [np.array(keras.ops.convert_to_numpy(each)) for each in held]
        self.drawn = start[len(held) - len(self.model.seeds) :]
        try:
            return self._iterated(np.concatenate([each.ravel() for each in start[: len(self.alphas)]]))
        finally:
            for variable, value in zip(held, start):
                variable.assign(value)

    def _iterated(self, at):
        direction, found = np.random.default_rng(0).normal(size=len(at)), 0.0
        direction /= np.linalg.norm(direction)
        for _ in range(self.steps):
            product = (self._gradient_at(at + STEP * direction) - self._gradient_at(at - STEP * direction)) / (2 * STEP)
            before, found = found, float(direction @ product)
            size = np.linalg.norm(product)
            if not size > 0 or abs(found - before) <= self.tolerance * abs(found):
                break
            direction = product / size
        return found

    def _gradient_at(self, values):
        place = 0
        for alpha in self.alphas:
            alpha.assign(values[place : place + alpha.shape[0]].astype("float32"))
            place += alpha.shape[0]
        for seed, value in zip(self.model.seeds, self.drawn):
            seed.assign(value)
        return np.concatenate([np.array(keras.ops.convert_to_numpy(each), "float64") for each in self.gradient()])

    def _gradient(self):
        _, found = backend.value_and_gradients(self._loss, self.alphas)
        pairs = zip(found, self.alphas)
        return [keras.ops.zeros_like(alpha) if each is None else each for each, alpha in pairs]

    def _loss(self):
        x, y, weight = self.rows
        outputs = self.model.supernet(x, gates=self.model.rule.means(self.model.supernet), training=True)
        return self.model.compute_loss(x=x, y=y, y_pred=outputs, sample_weight=weight)


def rising(values, ratio, window):
    """Where a search should have ended, by the eigenvalues of its epochs; None while they do not rise too far.

    Means over `window` epochs are compared with those `window` epochs earlier: the search ends when earlier / now falls
    below `ratio`, and goes back to the epoch of the earlier one.

    Args:
        values: The eigenvalue after each epoch; its magnitude counts.
        ratio: 0.75 in the paper.
        window: 5 in the paper.

    Returns:
        The number of epochs to keep, or None.

    Reference:
        Zela et al., 2020, "Understanding and Robustifying Differentiable Architecture Search".
    """
    if len(values) < 2 * window:
        return None
    sizes = np.abs(values)
    now, earlier = sizes[-window:].mean(), sizes[-2 * window : -window].mean()
    return len(values) - window if earlier < ratio * now else None
