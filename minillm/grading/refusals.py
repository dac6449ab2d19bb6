"""What an exercise forbids, refused with the reason: by name, in the things themselves, by file, and by operator.

Names are what an honest learner meets. Whoever goes around them finds that the function itself refuses, that the
kernel does not open the file, and that torch's dispatcher has no such kernel any more.
Part of the worker: it stands alone and imports nothing of the package.
"""

import ctypes
import glob
import importlib.util
import os
import sys
import warnings
from collections.abc import Iterable, Iterator, Sequence
from importlib.machinery import ModuleSpec
from types import FunctionType, ModuleType
from typing import Any

from . import hiding

_BACKENDS = ("CPU", "CUDA", "MkldnnCPU", "SparseCPU", "SparseCsrCPU", "NestedTensorCPU", "QuantizedCPU")


class Forbidden(ImportError):
    """The submission reached for what the exercise asks the learner to write."""


def install(forbid: dict[str, str]) -> None:
    """Refuse modules, functions, classes and operators from now on.

    Args:
        forbid: From name to reason. A name is a module (``minillm.ngram``), a function or class
            (``torch.nn.functional.softmax``) or an operator of torch (``aten::softmax``).
    """
    modules: dict[str, str] = {}
    files: dict[str, str] = {}
    for name, reason in forbid.items():
        said = f"{name} may not be used here: {reason}"
        if name.startswith("aten::"):
            _refuse_operator(name.removeprefix("aten::"), said)
        elif (thing := _attribute(name)) is not None:
            files |= _refuse_thing(name, thing, said)
        else:
            modules[name] = said
            files |= dict.fromkeys(_files(name), said)
    if modules:
        _refuse_modules(modules)
    if files:
        _refuse_files(files)


def _attribute(name: str) -> Any:
    """The function or class of that name; ``None`` where it names a module, or nothing that is installed."""
    module, _, attribute = name.rpartition(".")
    try:
        if importlib.util.find_spec(name) is not None:
            return None
    except (ImportError, ValueError):
        pass  # the part before the last dot is no package
    try:
        return getattr(importlib.import_module(module), attribute, None)
    except (ImportError, ValueError):
        return None


def _refuse_thing(name: str, thing: Any, said: str) -> dict[str, str]:
    """Refuse a function or class: by its name, and, where it is written in Python, by whatever way it is reached.

    Returns:
        The files it could be loaded from once more, each with its refusal.
    """

    def refuse(*args: Any, **kwargs: Any) -> None:
        raise Forbidden(said)

    functions = list(_functions(thing))
    files = {file: said for function in functions for file in _with_compiled(function.__code__.co_filename)}
    _disarm(functions, said)
    if not functions:
        module, _, attribute = name.rpartition(".")
        setattr(sys.modules[module], attribute, refuse)
    return files


def _disarm(functions: Iterable[FunctionType], said: str) -> None:
    """Make functions refuse by themselves."""
    scope: dict[str, Any] = {}
    exec(f"def refuse(*args, **kwargs): raise ImportError({said!r})", scope)
    for function in functions:
        function.__code__ = scope["refuse"].__code__.replace(co_freevars=function.__code__.co_freevars)


def _functions(thing: Any) -> Iterator[FunctionType]:
    """The functions written in Python that a function, decorated function, property or class consists of."""
    if isinstance(thing, FunctionType):
        yield thing
    for inner in ("__func__", "__wrapped__", "fget"):
        if inner in dir(thing):
            yield from _functions(getattr(thing, inner))
    if isinstance(thing, type):
        for member in vars(thing).values():
            if not isinstance(member, type):
                yield from _functions(member)


def _refuse_modules(modules: dict[str, str]) -> None:
    """Refuse to import, and to use what was imported along with a parent package."""
    for name, module in list(sys.modules.items()):
        said = _said_of(name, modules)
        if said:
            for thing in list(vars(module).values()):
                if _said_of(getattr(thing, "__module__", None) or "", modules):
                    _disarm(list(_functions(thing)), said)
            del sys.modules[name]
            parent, _, child = name.rpartition(".")
            vars(sys.modules.get(parent, module)).pop(child, None)

    class Finder:
        """Stands before every other finder, so that the name never resolves."""

        @staticmethod
        def find_spec(
            name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
        ) -> ModuleSpec | None:
            said = _said_of(name, modules)
            if said:
                raise Forbidden(said)
            return None

    sys.meta_path.insert(0, Finder)


def _refuse_files(files: dict[str, str]) -> None:
    """Refuse to read files and folders."""

    def audit(event: str, args: tuple[Any, ...]) -> None:
        """Say why a file cannot be opened; the kernel would only say no."""
        if event == "open" and isinstance(args[0], str | bytes):
            path = os.path.realpath(os.fsdecode(args[0]))
            for file, said in files.items():
                if path == file or path.startswith(file + "/"):
                    raise PermissionError(f"its source may not be read here; {said}")  # as tracebacks take it too

    hiding.hide(files)  # it opens many files itself, so it comes before the hook that looks at each
    sys.addaudithook(audit)


def _said_of(name: str, modules: dict[str, str]) -> str:
    """The refusal for a module's name; empty where it is allowed."""
    return next((said for top, said in modules.items() if name == top or name.startswith(top + ".")), "")


def _files(name: str) -> list[str]:
    """The folder that holds a package, or the files that hold a module, compiled ones as well."""
    try:
        spec = importlib.util.find_spec(name)
    except (ImportError, ValueError):
        return []
    if spec is None or not spec.has_location or not spec.origin:
        return []
    if spec.submodule_search_locations:
        return [os.path.dirname(os.path.realpath(spec.origin))]
    return _with_compiled(spec.origin)


def _with_compiled(source: str) -> list[str]:
    """A source file and what was compiled from it."""
    folder, file = os.path.split(os.path.realpath(source))
    stem = glob.escape(os.path.splitext(file)[0])
    return [os.path.join(folder, file), *glob.glob(f"{glob.escape(folder)}/__pycache__/{stem}.*.pyc")]


def _refuse_operator(name: str, said: str) -> None:
    """Take an operator's kernels out of torch's dispatcher, for every thread and mode."""
    import torch

    def refuse(*args: Any, **kwargs: Any) -> None:
        raise Forbidden(said)

    packet = getattr(torch.ops.aten, name)
    library = torch._C._dispatch_library("IMPL", "aten", "", __file__, 0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that there was a kernel before is the point
        for overload in packet.overloads():
            full = name if overload == "default" else f"{name}.{overload}"
            for backend in _BACKENDS:
                library.impl(full, backend, refuse)
    # Held by no Python object: who finds the library could give the kernels back.
    ctypes.pythonapi.Py_IncRef(ctypes.py_object(library))
