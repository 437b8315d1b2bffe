"""Numbers and architectures in few words."""


def duration(seconds):
    """Seconds as a person says them: "12 s", "3 min 20 s", "1 h 05 min"."""
    if seconds < 9.95:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min" + (f" {whole % 60} s" if whole % 60 else "")
    return f"{whole // 3600} h {whole % 3600 // 60:02d} min"


def count(number):
    """A number of parameters: "812", "263 k", "1.2 M"."""
    if number < 1000:
        return str(number)
    return f"{number / 1e3:.0f} k" if number < 999_500 else f"{number / 1e6:.1f} M"


def figure(value):
    """A metric's value: four places, and as a count where it is a whole number that has not so few digits."""
    if isinstance(value, int) or (float(value).is_integer() and abs(value) >= 1000):
        return count(int(value))
    return f"{value:.4f}" if abs(value) < 1000 else f"{value:.4g}"


def short(answers, among=None):
    """Answers of an architecture in one line: "resnet(width=24, stages=2), dropout/rate=0.25".

    Args:
        answers: Dict from path to value.
        among: Paths to mention; all if None.
    """
    return _rendered(answers, [path for path in answers if among is None or path in among], "")


def _rendered(answers, paths, prefix):
    parts, told = [], set()
    for path in paths:
        if path in told:
            continue
        value = answers[path]
        inside = [other for other in paths if other.startswith(f"{path}/{value}/")]
        told.update(inside)
        if inside:
            parts.append(f"{value}({_rendered(answers, inside, f'{path}/{value}/')})")
        else:
            parts.append(f"{_name(path, paths, prefix)}={_value(value)}")
    return ", ".join(parts)


def _name(path, paths, prefix):
    """The path's shortest end, of two parts where it has them, that no other path ends in."""
    parts = path.removeprefix(prefix).removeprefix("training/").split("/")
    for size in range(2, len(parts)):
        end = "/".join(parts[-size:])
        if sum(f"/{other}".endswith(f"/{end}") for other in paths) == 1:
            return end
    return "/".join(parts)


def _value(value):
    if isinstance(value, float):
        return f"{value:.3g}"
    return "+".join(_value(item) for item in value) if isinstance(value, (list, tuple)) else str(value)


def parted(architecture):
    """The answers that shape the network, and those about training without their prefix."""
    training = {p.removeprefix("training/"): v for p, v in architecture.items() if p.startswith("training/")}
    return {p: v for p, v in architecture.items() if not p.startswith("training/")}, training


def differing(architectures):
    """Paths that not all of these architectures answer alike, in order."""
    paths = dict.fromkeys(path for architecture in architectures for path in architecture)
    unasked = object()
    return [path for path in paths if _several(a.get(path, unasked) for a in architectures)]


def _several(values):
    first, *others = values
    return any(other != first for other in others)
