"""Short marks of what parts compute: the same in every process, and another where anything differs."""

import dataclasses
import dis
import functools
import hashlib
import sys
import types

from kerasnas.space.node import Node

PLAIN = (type(None), bool, int, float, complex, str, bytes, type(Ellipsis))
CHANGING = ("name", "built", "_built", "_abc_impl")  # what Keras numbers or sets as it goes


def mark(*parts):
    """16 hexadecimal digits for plain values, nodes, functions, classes, arrays, losses and metrics, and other objects.

    Of a function of the user's own its bytecode counts, with the constants, functions and classes that it refers to;
    so another version of Python marks it otherwise. What is installed counts by name. Of other objects their class and
    plain attributes count. What changes as it is used, a list that a function writes to, does not count.
    """
    return _Marks().of(parts)


class _Marks:
    """One walk: every object is marked once."""

    def __init__(self):
        self.known, self.open, self.alive = {}, {}, []

    def of(self, part):
        return hashlib.blake2b(self._told(part).encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()

    def _told(self, part):
        """Text that differs where parts do."""
        if type(part) in PLAIN:
            return repr(part)
        if isinstance(part, (list, tuple)) and not hasattr(part, "_fields"):
            return f"({','.join(map(self._told, part))})"
        if isinstance(part, dict):
            return f"{{{','.join(f'{self._told(key)}:{self._told(value)}' for key, value in part.items())}}}"
        if isinstance(part, (set, frozenset)):
            return f"set({','.join(sorted(map(self._told, part)))})"
        if id(part) in self.open:
            return f"circle {len(self.open) - self.open[id(part)]}"
        if id(part) not in self.known:
            self.alive.append(part)  # or another may get its id
            self.open[id(part)] = len(self.open)
            self.known[id(part)] = f"<{self.of(self._seen(part))}>"
            del self.open[id(part)]
        return self.known[id(part)]

    def _seen(self, part):
        """An object as a list of simpler ones."""
        if isinstance(getattr(part, "marked", None), str) and not isinstance(part, type):
            return ["marked", part.marked]
        if _is_array(part):
            rows = repr(part.tolist()).encode() if part.dtype == object else part.tobytes()
            return ["array", str(part.dtype), tuple(part.shape), hashlib.blake2b(rows, digest_size=8).digest()]
        if isinstance(part, functools.partial):
            return ["partial", part.func, part.args, part.keywords]
        if isinstance(part, types.MethodType):
            return ["method", part.__func__, part.__self__]
        if isinstance(part, types.CodeType):
            return ["code", part.co_code, part.co_names, part.co_consts, part.co_varnames[: part.co_argcount]]
        if isinstance(part, (staticmethod, classmethod)):
            return [type(part).__name__, part.__func__]
        if isinstance(part, property):
            return ["property", part.fget]
        if isinstance(part, types.FunctionType) and not _installed(part):
            return self._function(part)
        if isinstance(part, type) and not _installed(part):
            own = [(name, value) for name, value in vars(part).items() if _lasting(value) or _code(value)]
            return ["class", part.__name__, part.__bases__, [each for each in own if each[0] not in UNTOLD]]
        if isinstance(part, type) or (callable(part) and hasattr(part, "__qualname__")):
            return ["named", part.__module__, part.__qualname__]
        return [type(part), self._state(part)]

    def _function(self, function):
        code, around = function.__code__, function.__globals__
        met = [(name, around[name]) for name in _names(code) if name in around]
        cells = [each for cell in function.__closure__ or () for each in _held(cell)]
        given = [function.__defaults__, function.__kwdefaults__]
        own = [(name, value) for name, value in met if _lasting(value) or _same_file(function, value)]
        return ["function", code, given, own, [value for value in cells if _lasting(value) or _code(value)]]

    def _state(self, part):
        """What makes an object differ from others of its class."""
        if dataclasses.is_dataclass(part):
            return [(each.name, getattr(part, each.name)) for each in dataclasses.fields(part)]
        attributes = getattr(part, "__dict__", {}).items()
        if isinstance(part, Node) or type(part).__module__.startswith("kerasnas."):
            return [(name, value) for name, value in attributes if not name.startswith("_")]
        given = getattr(part, "_fn_kwargs", {})  # Keras 3.15 leaves the `delta` of a Huber loss out of its config
        if _installed(type(part)):
            return [_config(part), given]
        kept = [(n, value) for n, value in attributes if n not in CHANGING and (_lasting(value) or _code(value))]
        return [_config(part), given, kept]


UNTOLD = ("__module__", "__qualname__", "__doc__", "__firstlineno__", "__static_attributes__", "__annotations__")


def _config(part):
    """What Keras writes of an object to make it anew, without its name, which Keras may have numbered."""
    try:
        found = part.get_config()
    except Exception:  # there is none, or a class of the user's cannot tell
        return {}
    return {key: value for key, value in found.items() if key != "name"} if isinstance(found, dict) else {}


def _lasting(value):
    """Whether a value is the same whenever it is looked at."""
    if isinstance(value, tuple):
        return all(map(_lasting, value))
    return type(value) in PLAIN or _is_array(value)


def _is_array(value):
    return not isinstance(value, type) and hasattr(value, "dtype") and hasattr(value, "tobytes")


def _code(value):
    kinds = (types.FunctionType, types.MethodType, types.BuiltinFunctionType, functools.partial, type)
    return isinstance(value, (*kinds, property, staticmethod, classmethod))


def _same_file(function, value):
    """Whether `value` is a function or class that stands beside `function`."""
    return isinstance(value, (types.FunctionType, type)) and value.__module__ == function.__module__


def _names(code):
    """The global names that code looks up, those of functions inside it too."""
    inner = [name for const in code.co_consts if isinstance(const, types.CodeType) for name in _names(const)]
    own = [each.argval for each in dis.get_instructions(code) if each.opname in ("LOAD_GLOBAL", "LOAD_NAME")]
    return [*dict.fromkeys(own), *inner]


def _held(cell):
    try:
        return [cell.cell_contents]
    except ValueError:  # not filled yet
        return []


def _installed(part):
    """Whether a function or class belongs to Python, to kerasnas or to a package that is installed."""
    name = getattr(part, "__module__", None) or "builtins"
    root = name.split(".")[0]
    if (root in sys.stdlib_module_names and root != "__main__") or root == "kerasnas":
        return True
    file = getattr(sys.modules.get(name), "__file__", None) or ""
    return "site-packages" in file or "dist-packages" in file
