"""What torch does while a call runs, counted in the worker: operators by name, and the largest tensor made.

Part of the worker: it stands alone and imports nothing of the package.
"""

import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


class Counts:
    """Operators by name, and the largest tensor made."""

    def __init__(self) -> None:
        self.operators: Counter[str] = Counter()
        self.largest_elements = 0

    def report(self) -> dict[str, Any]:
        """As plain data."""
        return {"operators": dict(self.operators), "largest_elements": self.largest_elements}


@contextmanager
def watch(wanted: bool) -> Iterator[Counts]:
    """Count while the block runs; costs nothing where it is not wanted or torch is not loaded."""
    counts = Counts()
    if not wanted or "torch" not in sys.modules:
        yield counts
        return
    import torch
    from torch.utils._python_dispatch import TorchDispatchMode

    class Watch(TorchDispatchMode):
        def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
            result = func(*args, **(kwargs or {}))
            counts.operators[func._schema.name.removeprefix("aten::")] += 1
            for value in result if isinstance(result, tuple | list) else (result,):
                if isinstance(value, torch.Tensor):
                    counts.largest_elements = max(counts.largest_elements, value.numel())
            return result

    with Watch():
        yield counts
