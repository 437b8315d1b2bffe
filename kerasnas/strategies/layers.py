"""Layers added and removed, so that the others keep their answers."""

import re


def resized(space, architecture, rng):
    """`architecture` with one repeated layer more or fewer, at a random place; None where that cannot be.

    The layers behind the place keep their answers under their new numbers; a new layer is sampled.
    """
    repeats = [decision for decision in space.asked(architecture) if _counts(decision, architecture)]
    if not repeats:
        return None
    chosen = rng.choice(repeats)
    values, count = list(chosen.domain.values()), architecture[chosen.path]
    near = [values[i] for i in (values.index(count) - 1, values.index(count) + 1) if 0 <= i < len(values)]
    target = rng.choice(near) if near else count
    prefix = chosen.path.removesuffix("times")
    place = rng.randrange(min(count, target) + 1)
    answers = {**_shifted(architecture, prefix, place, target - count), chosen.path: target}

    def choose(decision):
        value = answers.get(decision.path)
        known = decision.path in answers and decision.domain.contains(value)
        return value if known else decision.domain.sample(rng)

    made = space.admitted(space.record(choose))
    return None if made == architecture else made


def _counts(decision, architecture):
    """Whether a decision says how often something is repeated, and some of it has decisions."""
    if decision.path.rsplit("/", 1)[-1] != "times" or decision.domain.size < 2:
        return False
    copies = re.compile(re.escape(decision.path.removesuffix("times")) + r"\d+(/|$)")
    return type(architecture[decision.path]) is int and any(copies.match(path) for path in architecture)


def _shifted(architecture, prefix, place, change):
    """The answers, those of the copies from `place` on moved by `change`; what is removed or new has none."""
    moved = {}
    for path, value in architecture.items():
        number, slash, rest = path.removeprefix(prefix).partition("/")
        if not path.startswith(prefix) or not number.isdigit() or int(number) < place:
            moved[path] = value
        elif int(number) >= place - min(change, 0):  # else it is one of the removed
            moved[f"{prefix}{int(number) + change}{slash}{rest}"] = value
    return moved
