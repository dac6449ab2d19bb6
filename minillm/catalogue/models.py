"""Large language models by date, size and training data: the book's tables 1.1 (open) and 1.2 (closed)."""

import datetime
import os
import re
from dataclasses import dataclass
from importlib import resources
from typing import Literal

from minillm.catalogue.rows import Row, read_rows
from minillm.errors import InvalidInput

Kind = Literal["base", "instruct"]

COLUMNS = (
    "name",
    "date",
    "parameters_billion",
    "tokens_billion",
    "data_volume",
    "base",
    "kind",
    "sparse",
    "errata",
    "source",
    "note",
)


@dataclass(frozen=True)
class Model:
    """One model of the tables, corrected where the book errs.

    Attributes:
        name: Name as its makers write it.
        date: First day of the month in which it was published.
        parameters_billion: Parameters in billions, or None where they were not published.
        tokens_billion: Training tokens in billions, or None where not published or given as a volume only.
        data_volume: Training data as a volume ("825 GB"), or "" where tokens are known.
        base: The model that it was trained further from, or "" for one trained from scratch.
        kind: "base" for a plain language model, "instruct" for one tuned to follow instructions.
        is_open: Whether its weights can be downloaded.
        sparse: Whether it is a mixture of experts, which uses only some of its parameters for each token.
        errata: Ids of the errata that correct the book's row.
        source: Address of the paper or the makers' page.
        note: What the book prints instead, and what else one should know.

    Example:
        >>> gpt3 = next(model for model in load() if model.name == "GPT-3")
        >>> round(gpt3.tokens_per_parameter, 2)
        1.71

    Source:
        Book section 1.2, tables 1.1 and 1.2.
    """

    name: str
    date: datetime.date
    parameters_billion: float | None
    tokens_billion: float | None
    data_volume: str
    base: str
    kind: Kind
    is_open: bool
    sparse: bool
    errata: tuple[str, ...]
    source: str
    note: str

    @property
    def tokens_per_parameter(self) -> float | None:
        """Training tokens for each parameter; None where one is unknown, and for a mixture of experts.

        A mixture's parameters do not all see every token, so its ratio cannot be compared with a dense model's.
        """
        if self.sparse or self.parameters_billion is None or self.tokens_billion is None:
            return None
        return self.tokens_billion / self.parameters_billion


def load(access: str = "all") -> tuple[Model, ...]:
    """The models that ship with the package, by date and then by name.

    Args:
        access: "open" for the models with public weights (table 1.1), "closed" for the others (table 1.2), or "all".

    Returns:
        The models.

    Raises:
        InvalidInput: ``access`` is something else.
        FormatError: A shipped table was damaged.

    Example:
        >>> load("closed")[0].name
        'GPT-3'

    Source:
        Book section 1.2, tables 1.1 and 1.2; A Survey of Large Language Models, https://arxiv.org/abs/2303.18223.
    """
    if access not in ("all", "open", "closed"):
        raise InvalidInput(f"access is {access!r}: give 'all', 'open' or 'closed'")
    models: list[Model] = []
    for name, is_open in (("open", True), ("closed", False)):
        if access in ("all", name):
            with resources.as_file(resources.files(__package__) / f"{name}_models.csv") as path:
                models += read_models(path, is_open=is_open)
    return tuple(sorted(models, key=lambda model: (model.date, model.name)))


def read_models(path: str | os.PathLike[str], *, is_open: bool) -> tuple[Model, ...]:
    """Read a table of models of your own, in the format of the shipped ones.

    Args:
        path: A CSV file with the columns of ``COLUMNS``.
        is_open: Whether the models of this table have public weights.

    Returns:
        The models in the order of the file.

    Raises:
        Unavailable: The file cannot be read.
        FormatError: A cell, the header or the file's encoding is wrong; the message names the row.

    Example:
        >>> read_models("my_models.csv", is_open=True)  # doctest: +SKIP
    """
    return tuple(_model(row, is_open) for row in read_rows(path, COLUMNS))


def _model(row: Row, is_open: bool) -> Model:
    tokens, volume = row.optional_number("tokens_billion"), row.cells["data_volume"]
    if tokens is not None and volume:
        raise row.fail("both tokens_billion and data_volume are given: keep the tokens")
    kind: Kind = "base" if row.choice("kind", ("base", "instruct")) == "base" else "instruct"
    errata = tuple(row.cells["errata"].split())
    if errata and not row.cells["note"]:
        raise row.fail("errata are named without a note: say what the book prints instead")
    return Model(
        name=row.text("name"),
        date=_month(row),
        parameters_billion=row.optional_number("parameters_billion"),
        tokens_billion=tokens,
        data_volume=volume,
        base=row.cells["base"],
        kind=kind,
        is_open=is_open,
        sparse=row.choice("sparse", ("yes", "no")) == "yes",
        errata=errata,
        source=row.source(),
        note=row.cells["note"],
    )


def _month(row: Row) -> datetime.date:
    match = re.fullmatch(r"(\d{4})-(0[1-9]|1[0-2])", row.cells["date"])
    if match is None:
        raise row.fail(f"date is {row.cells['date']!r}: give year and month as 2023-07")
    return datetime.date(int(match[1]), int(match[2]), 1)
