"""How a trial is trained: from the answers under `training/` to an optimizer, a loss and a schedule."""

import hashlib
import math
from dataclasses import dataclass

DEFAULTS = {
    "optimizer": "adamw", "learning_rate": 3e-3, "weight_decay": 0.02, "label_smoothing": 0.0, "batch_size": 64,
    "epochs": 30, "warmup": 0.2, "beta_2": 0.999, "schedule": "one_cycle",
    "watch": "objective",
}  # fmt: skip


@dataclass(frozen=True)
class Plan:
    """The training part of an architecture, with defaults for what it leaves open.

    Args:
        optimizer: "adamw", "sgd", "adam", or any name Keras knows.
        learning_rate: The highest of the schedule.
        weight_decay: Decoupled, on kernels alone.
        label_smoothing: Of cross-entropies.
        batch_size: Rows in a step.
        epochs: Passes over the training rows.
        warmup: Part of the training in which the learning rate rises.
        beta_2: How slowly AdamW forgets the squares of gradients.
        schedule: "one_cycle", or "waves": four rises and falls, of which the last take the longest.
        watch: By what the best weights are told: the "objective", or the validation "loss".
    """

    optimizer: str
    learning_rate: float
    weight_decay: float
    label_smoothing: float
    batch_size: int
    epochs: int
    warmup: float
    beta_2: float = 0.999
    schedule: str = "one_cycle"
    watch: str = "objective"

    @classmethod
    def of(cls, training, rows, **fixed):
        """A plan from the resolved training answers; `fixed` ones, where not None, stand above them."""
        given = {name: value for name, value in fixed.items() if value is not None}
        chosen = {name: given.get(name, training.get(name, default)) for name, default in DEFAULTS.items()}
        return cls(**{**chosen, "batch_size": max(1, min(int(chosen["batch_size"]), rows))})

    def rate(self, progress):
        """The learning rate after a part `progress` of the training.

        One cycle goes up in a line, then down along a cosine to zero.

        Reference:
            Smith & Topin, "Super-Convergence", 2019; Loshchilov & Hutter, "SGDR", ICLR 2017; Holzmüller et al., "Better
            by Default", NeurIPS 2024 (waves).
        """
        if self.schedule == "waves":
            return self.learning_rate * 0.5 * (1 - math.cos(2 * math.pi * math.log2(1 + 15 * min(progress, 1.0))))
        if progress < self.warmup:
            return self.learning_rate * max(progress / self.warmup, 0.02)
        down = min((progress - self.warmup) / (1 - self.warmup), 1.0)
        return self.learning_rate * 0.5 * (1 + math.cos(math.pi * down))

    def make_optimizer(self):
        import keras

        name = str(self.optimizer).lower()
        if name == "sgd":
            made = keras.optimizers.SGD(
                self.rate(0), momentum=0.9, nesterov=True, weight_decay=self.weight_decay or None
            )
        elif name == "adamw":
            made = keras.optimizers.AdamW(self.rate(0), weight_decay=self.weight_decay, beta_2=self.beta_2)
        else:
            made = keras.optimizers.get({"class_name": name, "config": {"learning_rate": self.rate(0)}})
        made.exclude_from_weight_decay(var_names=["gamma", "beta", "bias"])
        return made

    def smoothed(self, rows, losses):
        """Training rows whose one-hot targets are smoothed.

        In the rows, not in the loss: so validation losses are comparable between trials.

        Args:
            rows: `Dataset` or `Stream`.
            losses: Loss of each head, by name.
        """
        if not self.label_smoothing:
            return rows
        y = dict(rows.y)
        for name, loss in losses.items():
            if loss == "categorical_crossentropy" and y[name].ndim == 2:
                y[name] = y[name] * (1 - self.label_smoothing) + self.label_smoothing / y[name].shape[1]
        return rows.with_y(y)


def trial_seed(seed, number):
    """The seed of a trial's weights and batches: a function of the search's seed and the trial's number."""
    digest = hashlib.blake2b(f"{seed}/{number}".encode(), digest_size=4).digest()
    return int.from_bytes(digest, "big") % (2**31 - 1)


def chance(objective, score, rows):
    """By how much a score over `rows` rows may differ by chance: two standard errors of an accuracy, else nothing."""
    if not objective.name.endswith("accuracy") or not 0 <= score <= 1:
        return 0.0
    share = (score * rows + 1) / (rows + 2)  # none wrong of few does not mean none at all
    return 2 * math.sqrt(share * (1 - share) / rows)
