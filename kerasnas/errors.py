"""What can go wrong, as a user would sort it.

Every error says what was expected and what came; catching `KerasnasError` catches them all.
"""


class KerasnasError(Exception):
    """Any error that kerasnas raises on purpose."""


class ArgumentError(KerasnasError, ValueError):
    """An argument that cannot be used: unknown, out of range, or contradicting another."""


class DataError(KerasnasError, ValueError):
    """Data that cannot be learnt from as they are."""


class SpaceError(KerasnasError, ValueError):
    """A search space that is drawn wrongly, or an architecture that is not in it."""


class StrategyError(KerasnasError, ValueError):
    """A strategy that cannot search the space it was given."""


class JournalError(KerasnasError, RuntimeError):
    """A journal that is corrupt, belongs to another run, or cannot be written."""


class SearchError(KerasnasError, RuntimeError):
    """A search that ended without a single usable model."""


class NotFittedError(KerasnasError, ValueError, AttributeError):
    """A result was asked for before there was one: an attribute that is not there yet."""


class ExportError(KerasnasError, RuntimeError):
    """A model that cannot be written or read in the asked format."""


def nearest(name, known):
    """`name`'s likeliest correction among `known`, as the tail of a message: " Did you mean 'x'?"."""
    import difflib

    close = difflib.get_close_matches(str(name), [str(option) for option in known], n=1, cutoff=0.5)
    return f" Did you mean '{close[0]}'?" if close else ""
