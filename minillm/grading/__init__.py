"""Auto-grading: a judge that never shares a process with the submission it judges.

``check`` is for notebooks. It is loaded when it is first asked for: the judge and its worker need none of it.
"""

from typing import Any

__all__ = ["check"]


def __getattr__(name: str) -> Any:
    if name == "check":
        from minillm.grading.notebook import check

        return check
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
