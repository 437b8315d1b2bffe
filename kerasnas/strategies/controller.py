"""A recurrent controller in NumPy: an LSTM that answers decision after decision, and learns by policy gradient."""

import numpy as np


class Controller:
    """An LSTM over answers: reads the last one, and says how likely each answer to the next decision is.

    All answers of all decisions stand in one row of logits; a decision is the span of its own. So sequences of any
    decisions, in any order, can be learnt from together.

    Args:
        answers: Number of all answers of all decisions.
        hidden: Units of the LSTM.
        tanh_constant: Logits are kept between minus and plus this, so that no answer dies out.
        learning_rate: Of Adam.
        seed: Seed of the weights.

    Reference:
        Hochreiter & Schmidhuber, 1997; Kingma & Ba, "Adam", 2015; the bounded logits are of Bello et al., 2017.
    """

    def __init__(self, answers, hidden=64, tanh_constant=2.5, learning_rate=0.01, seed=0):
        rng = np.random.default_rng(seed)
        self.hidden, self.bound, self.learning_rate = hidden, tanh_constant, learning_rate
        shapes = {
            "embedding": (answers + 1, hidden), "kernel": (2 * hidden, 4 * hidden), "bias": (4 * hidden,),
            "output": (hidden, answers), "output_bias": (answers,),
        }  # fmt: skip
        self.weights = {
            name: np.zeros(shape) if "bias" in name else rng.uniform(-0.1, 0.1, shape) for name, shape in shapes.items()
        }
        self.moments = {name: (np.zeros(shape), np.zeros(shape)) for name, shape in shapes.items()}
        self.start, self.steps = answers, 0

    # ---------------------------------------------------------------- forward
    def begin(self):
        """The state before the first decision: hidden, cell, the last answer."""
        return np.zeros(self.hidden), np.zeros(self.hidden), self.start

    def advance(self, state):
        """Read the state's last answer; the new hidden and cell, and the logits of all answers."""
        hidden, cell, last = state
        _, cell, hidden, logits, _ = self._step(hidden[None], cell[None], np.array([last]))
        return hidden[0], cell[0], logits[0]

    def _step(self, hidden, cell, last):
        w, size = self.weights, self.hidden
        joined = np.hstack([w["embedding"][last], hidden])
        gates = joined @ w["kernel"] + w["bias"]
        opened = 1 / (1 + np.exp(-gates[:, : 3 * size]))
        new = np.tanh(gates[:, 3 * size :])
        after = opened[:, size : 2 * size] * cell + opened[:, :size] * new
        squashed = np.tanh(after)
        out = opened[:, 2 * size :] * squashed
        bounded = np.tanh((out @ w["output"] + w["output_bias"]) / self.bound)
        return joined, after, out, self.bound * bounded, (opened, new, squashed, bounded)

    # --------------------------------------------------------------- learning
    def gradients(self, answers, spans, advantages, entropy):
        """Gradients of the loss −Σ advantage · log p − entropy · H, a mean over sequences, and the loss itself.

        Args:
            answers: Integers `(sequences, steps)`: the answers given; -1 behind the end.
            spans: Integers `(sequences, steps, 2)`: where the answers of each decision begin and end.
            advantages: `(sequences,)`.
            entropy: Weight of the entropy of each decision.
        """
        tape, loss = self._forward(answers, spans, advantages, entropy)
        return self._backward(answers, tape), loss

    def _forward(self, answers, spans, advantages, entropy):
        count, steps = answers.shape
        hidden = cell = np.zeros((count, self.hidden))
        last, tape, loss = np.full(count, self.start), [], 0.0
        places = np.arange(self.start)
        for step in range(steps):
            valid = answers[:, step] >= 0
            joined, after, out, logits, inside = self._step(hidden, cell, last)
            allowed = (places >= spans[:, step, :1]) & (places < spans[:, step, 1:])
            allowed |= ~valid[:, None]  # behind the end anything, without weight
            chances, logs = _softmax(logits, allowed)
            picked = np.where(valid, answers[:, step], 0)
            rows = np.arange(count)
            uncertain = -(chances * logs).sum(axis=1)
            weight = valid / count
            loss -= (weight * (advantages * logs[rows, picked] + entropy * uncertain)).sum()
            onto = chances * advantages[:, None]
            onto[rows, picked] -= advantages
            onto += entropy * chances * (logs + uncertain[:, None])
            tape.append((joined, cell, after, out, inside, onto * weight[:, None], last))
            hidden, cell, last = out, after, picked
        return tape, loss

    def _backward(self, answers, tape):
        w, size = self.weights, self.hidden
        found = {name: np.zeros_like(value) for name, value in w.items()}
        d_hidden = d_cell = np.zeros((len(answers), size))
        for joined, cell, _, out, (opened, new, squashed, bounded), onto, last in reversed(tape):
            d_logits = onto * (1 - bounded**2)
            found["output"] += out.T @ d_logits
            found["output_bias"] += d_logits.sum(axis=0)
            d_out = d_hidden + d_logits @ w["output"].T
            enter, forget, leave = opened[:, :size], opened[:, size : 2 * size], opened[:, 2 * size :]
            d_after = d_cell + d_out * leave * (1 - squashed**2)
            d_opened = np.hstack([d_after * new, d_after * cell, d_out * squashed]) * opened * (1 - opened)
            d_gates = np.hstack([d_opened, d_after * enter * (1 - new**2)])
            found["kernel"] += joined.T @ d_gates
            found["bias"] += d_gates.sum(axis=0)
            d_joined = d_gates @ w["kernel"].T
            np.add.at(found["embedding"], last, d_joined[:, :size])
            d_hidden, d_cell = d_joined[:, size:], d_after * forget
        return found

    def learn(self, answers, spans, advantages, entropy):
        """One step of Adam against the gradients."""
        gradients, _ = self.gradients(answers, spans, advantages, entropy)
        self.steps += 1
        rate = self.learning_rate * np.sqrt(1 - 0.999**self.steps) / (1 - 0.9**self.steps)
        for name, gradient in gradients.items():
            first, second = self.moments[name]
            first += 0.1 * (gradient - first)
            second += 0.001 * (gradient**2 - second)
            self.weights[name] -= rate * first / (np.sqrt(second) + 1e-8)


def _softmax(logits, allowed):
    """Probabilities over what is allowed, and their logarithms (0 where not allowed)."""
    shifted = logits - logits.max(axis=1, keepdims=True)
    weights = np.where(allowed, np.exp(shifted), 0.0)
    total = weights.sum(axis=1, keepdims=True)
    return weights / total, np.where(allowed, shifted - np.log(total), 0.0)
