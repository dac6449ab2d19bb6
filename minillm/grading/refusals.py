"""What an exercise forbids, refused where names are resolved and where operators run, with the reason.

Part of the worker: it stands alone and imports nothing of the package.
"""

import importlib.util
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any


class Forbidden(ImportError):
    """The submission reached for what the exercise asks the learner to write."""


def install(forbid: dict[str, str]) -> dict[str, str]:
    """Refuse modules and attributes from now on.

    Args:
        forbid: From name to reason. A name is a module (``minillm.ngram``), an attribute of one
            (``torch.nn.functional.softmax``) or an operator of torch (``aten::softmax``).

    Returns:
        The operators among them, which only a running call can be checked for.
    """
    modules, operators = {}, {}
    for name, reason in forbid.items():
        if name.startswith("aten::"):
            operators[name.removeprefix("aten::")] = reason
        elif _is_module(name):
            modules[name] = reason
        else:
            _replace(name, reason)
    if modules:
        _refuse_modules(modules)
    return operators


def _is_module(name: str) -> bool:
    try:
        return importlib.util.find_spec(name) is not None
    except (ImportError, ValueError):
        return False


def _refuse_modules(modules: dict[str, str]) -> None:
    files = []
    for name in modules:
        spec = importlib.util.find_spec(name)
        origin = spec.origin if spec else None
        if origin:
            files.append((origin.removesuffix("__init__.py"), name))
        for loaded in [key for key in sys.modules if key == name or key.startswith(name + ".")]:
            del sys.modules[loaded]
        parent, _, child = name.rpartition(".")
        if parent in sys.modules and hasattr(sys.modules[parent], child):
            delattr(sys.modules[parent], child)

    class Finder:
        """Stands before every other finder, so that the name never resolves."""

        @staticmethod
        def find_spec(
            name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
        ) -> ModuleSpec | None:
            for forbidden, reason in modules.items():
                if name == forbidden or name.startswith(forbidden + "."):
                    raise Forbidden(f"{forbidden} may not be used here: {reason}")
            return None

    sys.meta_path.insert(0, Finder)

    def audit(event: str, args: tuple[Any, ...]) -> None:
        """The same by the file's path; an audit hook cannot be taken away again."""
        if event == "open" and isinstance(args[0], str):
            for path, name in files:
                if args[0].startswith(path):
                    raise Forbidden(f"the source of {name} may not be read here: {modules[name]}")

    sys.addaudithook(audit)


def _replace(name: str, reason: str) -> None:
    """Put a refusal in place of a function or class, in every loaded module that holds it."""
    module, _, attribute = name.rpartition(".")
    original = getattr(importlib.import_module(module), attribute)

    def refuse(*args: Any, **kwargs: Any) -> None:
        raise Forbidden(f"{name} may not be used here: {reason}")

    for holder in list(sys.modules.values()):
        if isinstance(holder, ModuleType):
            for key in [key for key, value in vars(holder).items() if value is original]:
                setattr(holder, key, refuse)


class Seen:
    """What torch did while a call ran: operators by name, and the largest tensor made."""

    def __init__(self) -> None:
        self.operators: Counter[str] = Counter()
        self.largest_elements = 0

    def report(self) -> dict[str, Any]:
        """As plain data."""
        return {"operators": dict(self.operators), "largest_elements": self.largest_elements}


@contextmanager
def watch(operators: dict[str, str], probe: bool) -> Iterator[Seen]:
    """Refuse operators, and count them if asked to, while the block runs. Costs nothing where neither is wanted."""
    seen = Seen()
    if not (operators or probe) or "torch" not in sys.modules:
        yield seen
        return
    import torch
    from torch.utils._python_dispatch import TorchDispatchMode

    class Watch(TorchDispatchMode):
        def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
            name = func._schema.name.removeprefix("aten::")
            if name in operators:
                raise Forbidden(f"the operator {name} may not run here: {operators[name]}")
            result = func(*args, **(kwargs or {}))
            seen.operators[name] += 1
            for value in result if isinstance(result, tuple | list) else (result,):
                if isinstance(value, torch.Tensor):
                    seen.largest_elements = max(seen.largest_elements, value.numel())
            return result

    with Watch():
        yield seen
