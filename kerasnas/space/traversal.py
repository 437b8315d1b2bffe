"""Static walks over a space: every decision it can ask, and a tree a person can read."""

from kerasnas.errors import SpaceError, nearest
from kerasnas.space.domain import Decision
from kerasnas.space.node import Node
from kerasnas.space.nodes import Choice, Repeat, Shared, Subset


def decisions(node, path="", when=(), seen=None):
    """Yield every `Decision` that some architecture below `node` answers, parents before children.

    Args:
        node: The node.
        path: Its path.
        when: The conditions it stands under.
        seen: Paths of decisions, and names of shared nodes in tuples, met before, which this adds to.

    Raises:
        SpaceError: At a condition on a decision that is not asked before.
    """
    seen = set() if seen is None else seen
    if isinstance(node, Shared):
        if (node.name,) in seen:
            return
        seen.add((node.name,))
        when = ()
    if node.domain is not None:
        seen.add(node.question(path))
        yield Decision(node.question(path), node.domain, when)
    for condition, at, child in node.branches(path):
        if condition and condition[0] not in seen:
            known = [name for name in seen if isinstance(name, str)]
            raise SpaceError(
                f"Expected '{at}' to depend on a decision that is asked before it.{nearest(condition[0], known)} "
                f"Received: '{condition[0]}'."
            )
        yield from decisions(child, at, (*when, condition) if condition else when, seen)


def conditional(node):
    """Whether some answer below `node` decides which other questions are asked, shared ones included."""
    return any(
        (condition and _asks(child)) or conditional(child)
        for condition, _, child in node.branches("")
        if child is not None
    )


def _asks(node):
    """Whether `node`, or a node below it, has a question."""
    return node.domain is not None or any(_asks(child) for _, _, child in node.branches(""))


def describe(node, name="space", indent="", lines=None, seen=None):
    """The tree below `node` as text: each line a node or a decision with its options and default."""
    lines = [] if lines is None else lines
    seen = set() if seen is None else seen
    repeated = isinstance(node, Shared) and node.name in seen
    lines.append(f"{indent}{name}: {_headline(node)}{' (as above)' if repeated else ''}")
    if isinstance(node, Shared):
        seen.add(node.name)
    children = [] if repeated else list(_children(node))
    for label, child in children:
        describe(child, label, indent + "  ", lines, seen)
    return "\n".join(lines)


def _children(node):
    if isinstance(node, Repeat):
        return [("each", node.node)] if isinstance(node.node, Node) else []
    return ((at.rsplit("/", 1)[-1], child) for _, at, child in node.branches("."))


def _headline(node):
    if node.domain is None:
        fixed = "".join(f" × {node.times}" for _ in [0] if isinstance(node, Repeat))
        return (node.label if not isinstance(node, Shared) else f"shared '{node.name}'") + fixed
    kind = "" if not isinstance(node, (Choice, Subset, Repeat)) else f"{type(node).__name__.lower()} "
    default = node.domain.default
    shown = f"{default:g}" if isinstance(default, float) else default
    return f"{kind}{_options(node)} (default {shown})"


def _options(node):
    """What may be answered; values that have a label of their own after it."""
    told, named = str(node.domain), getattr(node, "options", {})
    values = {label: value for label, value in named.items() if not isinstance(value, Node) and value is not label}
    if not any(label != value for label, value in values.items()):
        return told
    listed = ", ".join(f"{label}={values[label]}" if label in values else str(label) for label in named)
    return f"{told[: told.index('{')]}{{{listed}}}"
