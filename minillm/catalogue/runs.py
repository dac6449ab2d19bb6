"""Published training runs with their hardware: what the calculators of ``minillm.compute`` are tried on."""

import os
from dataclasses import dataclass
from importlib import resources

from minillm.catalogue.rows import Row, read_rows
from minillm.errors import InvalidInput

COLUMNS = (
    "name",
    "parameters_billion",
    "tokens_billion",
    "device",
    "devices",
    "days",
    "device_hours",
    "throughput_share",
    "counts_recomputation",
    "estimate",
    "source",
    "note",
)


@dataclass(frozen=True)
class TrainingRun:
    """What was published about one training.

    Attributes:
        name: The model.
        parameters_billion: Parameters in billions.
        tokens_billion: Training tokens in billions.
        device: Name of the accelerator, as ``minillm.compute.Device`` has it.
        devices: How many were used, at the most.
        days: Wall time in days, or None where not published.
        device_hours: Total device-hours, or None where not published.
        throughput_share: Speed that the makers state, as a share of the device's peak.
        counts_recomputation: "yes" if that speed counts recomputed activations as work, "no" or "unknown".
        estimate: Whether the run is a projection and never took place on this hardware.
        source: Address of the paper.
        note: Where the single figures come from.

    Source:
        Book section 1.3; the papers named in ``source``.
    """

    name: str
    parameters_billion: float
    tokens_billion: float
    device: str
    devices: int
    days: float | None
    device_hours: float | None
    throughput_share: float
    counts_recomputation: str
    estimate: bool
    source: str
    note: str

    @property
    def hours(self) -> float:
        """Device-hours: as published, else devices times days times 24."""
        if self.device_hours is not None:
            return self.device_hours
        if self.days is None:
            raise InvalidInput(f"{self.name} has neither days nor device-hours: give one of them")
        return self.devices * self.days * 24


def load_runs() -> tuple[TrainingRun, ...]:
    """The training runs that ship with the package.

    Returns:
        The runs, in order of publication.

    Raises:
        FormatError: The shipped table was damaged.

    Example:
        >>> [run.name for run in load_runs()][:2]
        ['GPT-3', 'OPT-175B']

    Source:
        Book section 1.3; the papers named in each row.
    """
    with resources.as_file(resources.files(__package__) / "training_runs.csv") as path:
        return read_runs(path)


def read_runs(path: str | os.PathLike[str]) -> tuple[TrainingRun, ...]:
    """Read a table of training runs of your own, in the format of the shipped one.

    Args:
        path: A CSV file with the columns of ``COLUMNS``.

    Returns:
        The runs in the order of the file.

    Raises:
        Unavailable: The file cannot be read.
        FormatError: A cell, the header or the file's encoding is wrong; the message names the row.

    Example:
        >>> read_runs("my_runs.csv")  # doctest: +SKIP
    """
    return tuple(_run(row) for row in read_rows(path, COLUMNS))


def _run(row: Row) -> TrainingRun:
    devices, share = row.number("devices"), row.number("throughput_share")
    if devices != int(devices):
        raise row.fail(f"devices is {devices}: give a whole number")
    if share > 1:
        raise row.fail(f"throughput_share is {share}: give a share of the peak, at most 1")
    days, hours = row.optional_number("days"), row.optional_number("device_hours")
    if days is None and hours is None:
        raise row.fail("both days and device_hours are empty: give at least one")
    return TrainingRun(
        name=row.text("name"),
        parameters_billion=row.number("parameters_billion"),
        tokens_billion=row.number("tokens_billion"),
        device=row.text("device"),
        devices=int(devices),
        days=days,
        device_hours=hours,
        throughput_share=share,
        counts_recomputation=row.choice("counts_recomputation", ("yes", "no", "unknown")),
        estimate=row.choice("estimate", ("yes", "no")) == "yes",
        source=row.source(),
        note=row.cells["note"],
    )
