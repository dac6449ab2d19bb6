"""Where a run stands, what it came to, and how it is stopped."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType

from minillm.errors import MinillmError
from minillm.training.config import TrainConfig
from minillm.training.logs import Record


class Diverged(MinillmError, ArithmeticError):
    """The loss is no number any more, and the run has been stopped.

    Example:
        >>> issubclass(Diverged, MinillmError)
        True

    Source: None; our own report.
    """


@dataclass
class Position:
    """Where a run stands; a checkpoint keeps it.

    Attributes:
        step: Updates done.
        tokens: Tokens learned from.
        seconds: Time taken, over all sessions.

    Example:
        >>> Position(step=50).progress(TrainConfig(steps=100))
        0.505

    Source: None; plain book-keeping.
    """

    step: int = 0
    tokens: int = 0
    seconds: float | int = 0.0

    def progress(self, config: TrainConfig) -> float:
        """Share of the run that is done at the middle of the next step: what the schedule is asked for.

        Args:
            config: Says when the run ends.

        Returns:
            0 to 1.
        """
        if config.steps is not None:
            return min(1.0, (self.step + 0.5) / config.steps)
        half = self.seconds / self.step / 2 if self.step else 0.0
        return min(1.0, (self.seconds + half) / (60 * (config.minutes or 0)))

    def share(self, config: TrainConfig) -> float:
        """Share of the run that is done by now.

        Args:
            config: Says when the run ends.

        Returns:
            0 to 1; 1 when there is nothing left to do.
        """
        done, all_of_it = (self.step, config.steps) if config.steps else (self.seconds, 60 * (config.minutes or 0))
        return min(1.0, done / all_of_it)


@dataclass
class Run:
    """What training came to.

    Attributes:
        position: Where it stands.
        finished: Whether it went to its end; False after Ctrl-C.
        loss: Of the last record, in nats.
        validation_loss: After the last step, in nats, where there was a validation part.
        checkpoint: The last one's folder, where there is any.
        records: Of this session.

    Example:
        >>> Run(Position()).finished
        False

    Source: None; our own report.
    """

    position: Position
    finished: bool = False
    loss: float = float("nan")
    validation_loss: float | None = None
    checkpoint: Path | None = None
    records: list[Record] = field(default_factory=list)


@contextmanager
def stop_signals() -> Iterator[threading.Event]:
    """Let the first Ctrl-C, or request to end, be a wish that the loop can look at; the second interrupts at once.

    Only the main thread gets signals; in another, nothing is changed.

    Yields:
        An event that is set once a signal came.

    Example:
        >>> with stop_signals() as asked:
        ...     asked.is_set()
        False

    Source: https://docs.python.org/3/library/signal.html
    """
    asked = threading.Event()

    def remember(number: int, frame: FrameType | None) -> None:
        if asked.is_set():
            raise KeyboardInterrupt
        asked.set()

    if threading.current_thread() is not threading.main_thread():
        yield asked
        return
    before = {number: signal.signal(number, remember) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield asked
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
