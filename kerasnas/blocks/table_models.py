"""What may answer for a table beside networks, and the configurations known to be strong."""

from kerasnas.blocks.answering import form_of, linear
from kerasnas.operations import Trees
from kerasnas.space import Choice

MODELS = ("dense", "linear", "boosted_trees", "random_forest")
BOOSTED = 16  # outputs for which trees are boosted, each round growing one for each


def ready_models(signal, layout):
    """Models that are solved for or grown, by name.

    Args:
        signal: The `Signal` that they read, which knows the target.
        layout: The `Layout` of its features.
    """
    target, folds = signal.target, signal.folds
    form = form_of(target, folds)
    looked = {} if signal.about is None else {"plain": plain_of(layout), "coded": layout.runs}
    ready = {"linear": linear(target, folds)}
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
    ("linear", {}),
    ("boosted_trees", {}),
    ("dense", {"width": 128, "depth": 2, "training/epochs": "short", "training/schedule": "one_cycle"}),
    ("boosted_trees", SLOWLY),
    ("dense", SINGLE),
    ("random_forest", {}),
    ("boosted_trees", SHALLOW),
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
