"""Collecting what the steps between two records did, without waiting for a GPU at each."""

import math
import time
from collections.abc import Iterator
from contextlib import contextmanager

from jaxtyping import Float, Int
from torch import Tensor

from minillm.training.logs import Record
from minillm.training.run import Diverged, Position


class Meter:
    """Sums losses and tokens, and measures the speed.

    Args:
        flops: Operations that training on a token takes.
        peak: FLOP/s that the machine reaches in matrix products; None leaves the utilization out.

    Example:
        >>> meter = Meter(flops=6e6, peak=1e11)

    Source: None; plain book-keeping.
    """

    def __init__(self, flops: float, peak: float | None) -> None:
        self._flops, self._peak = flops, peak
        self._waiting: list[tuple[Tensor, Tensor, Tensor]] = []
        self._sum, self._count, self._norm, self._since = 0.0, 0, 0.0, time.perf_counter()

    def add(self, total: Float[Tensor, ""], count: Int[Tensor, ""], norm: Float[Tensor, ""]) -> None:
        """Note an update; nothing is read from the device yet.

        Args:
            total: Sum of the loss.
            count: Number of tokens.
            norm: Of the gradient.
        """
        self._waiting.append((total, count, norm))

    def settle(self, position: Position) -> None:
        """Read what has been noted, and count its tokens.

        Args:
            position: After the last update that was noted; its tokens are brought up to date.

        Raises:
            Diverged: A loss or a gradient is no number.
        """
        first = position.step - len(self._waiting) + 1
        for step, (total, count, norm) in enumerate(self._waiting, start=first):
            loss, self._norm = float(total), float(norm)
            for name, value in (("loss", loss), ("norm of the gradient", self._norm)):
                if not math.isfinite(value):
                    raise Diverged(f"the {name} is {value} at step {step}")
            self._sum, self._count = self._sum + loss, self._count + int(count)
            position.tokens += int(count)
        self._waiting.clear()

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Leave the time of the block out of the speed.

        Yields:
            Nothing.
        """
        start = time.perf_counter()
        yield
        self._since += time.perf_counter() - start

    def record(self, position: Position, share: float, rate: float) -> Record:
        """Settle, and make a record of the time since the last one.

        Args:
            position: After the last update that was noted.
            share: Share of the run that is done.
            rate: Learning rate of the last step.

        Returns:
            The record.

        Raises:
            Diverged: A loss or a gradient is no number.
        """
        self.settle(position)
        now = time.perf_counter()
        speed = self._count / max(now - self._since, 1e-9)
        used = None if self._peak is None else speed * self._flops / self._peak
        loss = self._sum / self._count if self._count else math.nan
        self._sum, self._count, self._since = 0.0, 0, now
        return Record(position.step, share, position.tokens, position.seconds, loss, rate, self._norm, speed, used)
