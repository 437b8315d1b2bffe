"""What may answer for a table beside networks, and the configurations known to be strong."""

from kerasnas.data import ClassTarget, MultiLabelTarget, RegressionTarget
from kerasnas.operations import Exponential, Rescaling, SolvedDense, Trees
from kerasnas.space import Choice, Sequential

MODELS = ("dense", "linear", "boosted_trees", "random_forest")
KINDS = {ClassTarget: "classes", MultiLabelTarget: "labels", RegressionTarget: "numbers"}
BOOSTED = 16  # outputs for which trees are boosted, each round growing one for each
# How what is not trained is said to be trained: nothing of it changes anything.
UNTRAINED = {
    "learning_rate": 1e-3, "weight_decay": 0.0, "label_smoothing": 0.0, "batch_size": 256, "epochs": 1,
    "beta_2": 0.999, "schedule": "one_cycle",
}  # fmt: skip


def ready_models(signal, layout):
    """Models that are solved for or grown, by name.

    Args:
        signal: The `Signal` that they read, which knows the target.
        layout: The `Layout` of its features.
    """
    target, folds = signal.target, signal.folds
    kind = KINDS[type(target)]
    measures = (target.mean, target.scale) if kind == "numbers" else ((0.0,), (1.0,))
    form = (target.width, kind, *measures, folds)
    looked = {} if signal.about is None else {"plain": plain_of(layout), "coded": layout.runs}
    ready = {"linear": _linear(target, form)}
    if target.width <= BOOSTED:
        ready["boosted_trees"] = Trees(
            *form, "boosted", trees=Choice(50, 100, 200, 400, default=100),
            leaves=Choice(4, 8, 16, 31, default=16 if folds else 31), depth=10,
            fewest=Choice(5, 20, 50, default=20), rate=Choice(0.03, 0.05, 0.1, 0.2, default=0.1),
            share=Choice(0.3, 0.5, 1.0, default=1.0), **looked,
        )  # fmt: skip
    ready["random_forest"] = Trees(
        *form, Choice("forest", "extra"), trees=max(200 // max(folds, 2), 20),
        leaves=512 if folds else Choice(512, 2048, 4096, default=4096), depth=24,
        fewest=Choice(1, 3, 10, default=1), share=Choice(0.0, 0.5, 1.0, default=0.0), **looked,
    )  # fmt: skip
    return ready


def _linear(target, form):
    """A ridge regression; of a skewed target, or of its logarithm, put back into the target's standard units."""
    plain = SolvedDense(*form)
    if form[1] != "numbers" or not target.logs:
        return plain
    mean, scale, highest = target.logs
    width, kind, *_, folds = form
    steps = {
        "dense": SolvedDense(width, kind, mean, scale, folds, logs=True),
        "unit": Exponential(mean, scale, highest),
        "standard": Rescaling(
            tuple(1 / s for s in target.scale), tuple(-m / s for m, s in zip(target.mean, target.scale))
        ),
    }
    return Choice(logarithm=Sequential(steps), plain=plain)


def plain_of(layout):
    """Features, as pairs of a first and one after the last, that tell trees something: not ranks, nor repetitions."""
    out = sorted([(layout.numbers, 2 * layout.numbers), *layout.runs, *layout.repeats])
    starts, stops = [0, *(stop for _, stop in out)], [*(first for first, _ in out), layout.width]
    return tuple((first, stop) for first, stop in zip(starts, stops) if stop > first)


SINGLE = {"embedding": "both", "bins": 48}
SHARING = {
    "embedding": "bins_alone", "members": 8, "width": 192, "depth": 2, "activation": "relu",
    "training/label_smoothing": 0.0, "training/schedule": "one_cycle",
}  # fmt: skip
STRICT = {"dropout": 0.3, "training/weight_decay": 0.05}
SLOWLY = {"trees": 400, "rate": 0.05, "share": 0.5}
SHALLOW = {"trees": 200, "leaves": 4, "share": 0.5}

# Pairs of a model and its answers, the cheap first, then such as differ.
OF_MANY = (
    ("boosted_trees", {}),
    ("dense", {"width": 128, "depth": 2, "training/epochs": "short", "training/schedule": "one_cycle"}),
    ("boosted_trees", SLOWLY),
    ("dense", SINGLE),
    ("random_forest", {}),
    ("boosted_trees", SHALLOW),
    ("linear", {}),
    ("dense", {"embedding": "bins", "kind": "residual", "width": 128}),
    ("random_forest", {"grown": "extra", "share": 1.0}),
    ("dense", SHARING),
    ("boosted_trees", {**SLOWLY, "share": 0.3, "fewest": 5}),
    ("dense", {"training/schedule": "one_cycle", "training/epochs": "long"}),
    ("dense", {**SINGLE, "training/epochs": "long", "training/schedule": "one_cycle"}),
    ("dense", {**SHARING, "dropout": 0.3, "training/weight_decay": 0.05, "training/epochs": "short"}),
    ("dense", {**SHARING, "members": 16, "width": 256, "depth": 3, "bins": 48}),
)
# With a member for each fold.
OF_FEW = (
    ("linear", {}),
    ("dense", {"embedding": "bins", **STRICT}),
    ("boosted_trees", {}),
    ("dense", {"embedding": "both"}),
    ("random_forest", {}),
    ("dense", {"embedding": "cosines", **STRICT}),
    ("random_forest", {"grown": "extra"}),
    ("boosted_trees", {"trees": 200, "leaves": 8, "rate": 0.05, "share": 0.5, "fewest": 5}),
    ("dense", {"embedding": "both", **STRICT, "training/schedule": "one_cycle", "training/epochs": "short"}),
    ("dense", {"embedding": "bins", "kind": "gated", "width": 96, **STRICT}),
    ("dense", {"embedding": "plain", **STRICT}),
)
