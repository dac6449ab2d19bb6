"""Where a run tells how it stands: a progress bar, JSON lines, TensorBoard, a curve in a notebook.

A log is anything that can be called with a `Record`; one with a ``close`` method is closed at the end.
"""

import json
import math
import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from tqdm.auto import tqdm

from minillm.errors import FormatError, Unavailable
from minillm.files import atomic_write


@dataclass(frozen=True)
class Record:
    """How a run stands after a step.

    Attributes:
        step: Updates done.
        progress: Share of the run that is done, 0 to 1.
        tokens: Tokens learned from, in all.
        seconds: Time that the run has taken, over all its sessions.
        loss: Mean over the tokens since the record before, in nats; NaN if there were none.
        learning_rate: Of the last step.
        gradient_norm: Of the last step, before clipping.
        tokens_per_second: Since the record before, evaluation and checkpoints left out.
        utilization: Share of the machine's measured matrix-product rate (MFU), where it is known.
        validation_loss: Where there was an evaluation, in nats.

    Example:
        >>> Record(10, 0.1, 640, 2.0, 4.1, 1e-3, 1.2, 320.0).validation_loss is None
        True

    Source: None; our own report.
    """

    step: int
    progress: float
    tokens: int
    seconds: float
    loss: float
    learning_rate: float | int
    gradient_norm: float
    tokens_per_second: float
    utilization: float | None = None
    validation_loss: float | None = None


Log = Callable[[Record], None]
"""Is called with every record."""


class JsonLines:
    """One record a line, in a file that can be read while the run goes on.

    Args:
        path: The file; its folder must exist.
        after: Keep what is there of steps up to this one, and go on: for a resumed run. The rest was learned and lost.

    Raises:
        FormatError: The file that is there is not such a log.

    Example:
        >>> JsonLines(Path("train.jsonl"))  # doctest: +SKIP

    Source: None; plain book-keeping.
    """

    def __init__(self, path: Path, after: int = 0) -> None:
        kept = [record for record in read_records(path) if record.step <= after] if after and path.exists() else []
        with atomic_write(path) as file:
            file.writelines(_line(record) for record in kept)
        self._file = path.open("a", encoding="utf-8")

    def __call__(self, record: Record) -> None:
        """Write a record."""
        self._file.write(_line(record))
        self._file.flush()

    def close(self) -> None:
        """Close the file."""
        self._file.close()


def read_records(path: Path) -> list[Record]:
    """Read what `JsonLines` wrote; a last line that a killed process left unfinished is passed over.

    Args:
        path: The file.

    Returns:
        The records, in order.

    Raises:
        FormatError: A line is not a record.

    Example:
        >>> read_records(Path("train.jsonl"))  # doctest: +SKIP

    Source: None; plain book-keeping.
    """
    lines = path.read_text(encoding="utf-8").split("\n")
    records = []
    for number, line in enumerate(lines[:-1], start=1):
        try:
            records.append(Record(**json.loads(line)))
        except (ValueError, TypeError) as error:
            raise FormatError(f"{path}, line {number} is not a record of training ({error})") from None
    return records


class TensorBoard:
    """Scalars for TensorBoard: ``tensorboard --logdir FOLDER``.

    Args:
        folder: Where its event files go.
        after: The last step of a resumed run that counts.

    Raises:
        Unavailable: The package tensorboard is not installed.

    Example:
        >>> TensorBoard(Path("run/logs/tensorboard"))  # doctest: +SKIP

    Source: https://docs.pytorch.org/docs/stable/tensorboard.html
    """

    def __init__(self, folder: Path, after: int = 0) -> None:
        try:
            from torch.utils.tensorboard import SummaryWriter
        except ImportError as error:
            raise Unavailable(
                f"TensorBoard logs need the package tensorboard: pip install tensorboard ({error})"
            ) from None
        self._writer = SummaryWriter(str(folder), purge_step=after + 1 if after else None)

    def __call__(self, record: Record) -> None:
        """Write a record's numbers under its step."""
        for name, value in asdict(record).items():
            if name not in ("step", "progress") and value is not None:
                self._writer.add_scalar(name, value, record.step)

    def close(self) -> None:
        """Write what is left and close."""
        self._writer.close()


class ProgressBar:
    """A bar with the loss, the speed and the time left; where nobody looks, a line now and then.

    Args:
        lines: How many lines are written over a run where the output is neither a terminal nor a notebook.

    Example:
        >>> bar = ProgressBar()
        >>> bar.close()

    Source: https://tqdm.github.io
    """

    def __init__(self, lines: int = 10) -> None:
        self._bar: Any = None
        self._lines, self._next, self._validation = lines, 0.0, ""

    def __call__(self, record: Record) -> None:
        """Move the bar."""
        if record.validation_loss is not None:
            self._validation = f" val {record.validation_loss:.3f}"
        speed = f"{record.tokens_per_second:,.0f} tok/s"
        if record.utilization is not None:
            speed += f" ({record.utilization:.0%} of matmul)"
        text = f"step {record.step} loss {record.loss:.3f}{self._validation} {speed}"
        if not (sys.stderr.isatty() or _in_notebook()):
            if record.progress >= self._next or record.validation_loss is not None:
                left = record.seconds / record.progress - record.seconds if record.progress else math.inf
                sys.stderr.write(f"{record.progress:4.0%} {text}, {left:.0f} s left\n")
                self._next = math.floor(record.progress * self._lines + 1) / self._lines
            return
        if self._bar is None:
            form = "{percentage:3.0f}%|{bar:20}| {desc} [{elapsed}<{remaining}]"
            self._bar = tqdm(total=1000, initial=0, bar_format=form, leave=True)
        self._bar.set_description_str(text, refresh=False)
        self._bar.update(1000 * record.progress - self._bar.n)

    def close(self) -> None:
        """Leave the bar as it is."""
        if self._bar is not None:
            self._bar.close()


class LiveCurve:
    """The losses as a curve that grows in a notebook while the run goes on.

    Args:
        every: Records between two drawings.

    Example:
        >>> curve = LiveCurve(every=5)

    Source: None; drawn with matplotlib.
    """

    def __init__(self, every: int = 5) -> None:
        self.records: list[Record] = []
        self._every, self._shown = every, None

    def __call__(self, record: Record) -> None:
        """Remember a record, and draw now and then."""
        self.records.append(record)
        if len(self.records) % self._every == 0:
            self._draw()

    def close(self) -> None:
        """Draw the whole curve."""
        if self.records:
            self._draw()

    def _draw(self) -> None:
        import matplotlib.pyplot as plt
        from IPython.display import HTML, display

        from minillm import viz

        fig, ax = plt.subplots()
        ax.plot([r.step for r in self.records], [r.loss for r in self.records], label="training")
        seen = [(r.step, r.validation_loss) for r in self.records if r.validation_loss is not None]
        if seen:
            ax.plot(*zip(*seen, strict=True), marker="o", label="validation")
        ax.set(xlabel="step", ylabel="loss (nats per token)")
        ax.legend()
        last = self.records[-1]
        picture = HTML(viz.to_svg(fig, alt=f"Loss against step, up to {last.loss:.3f} after {last.step} steps."))
        if self._shown is None:
            self._shown = display(picture, display_id=True)
        else:
            self._shown.update(picture)


def _line(record: Record) -> str:
    told = {name: value for name, value in asdict(record).items() if value is not None}
    return json.dumps(told) + "\n"


def _in_notebook() -> bool:
    """Whether the output goes to a notebook."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython is not None else None
    return shell is not None and shell.__class__.__name__ == "ZMQInteractiveShell"
