"""What one worker may use. Apart from the judge, so that the command line reads exercises without loading numpy."""

from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True)
class Limits:
    """What one worker may use.

    Attributes:
        seconds: Time that the judge waits for it in all.
        memory_mib: Memory on top of what the warm parent holds.
        processes: Processes it may be in all, each with the memory above; 1 means that it can start none.
        file_mib: Size of one file it writes.
    """

    seconds: float = 10.0
    memory_mib: int = 1024
    processes: int = 1
    file_mib: int = 16


def limits_of(table: dict[str, Any]) -> Limits:
    """Limits from an exercise's ``[limits]``; what it does not name keeps its default."""
    fields = asdict(Limits()) | table
    return Limits(**fields | {"seconds": float(fields["seconds"])})
