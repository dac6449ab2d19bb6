"""The smoothing methods by name, and the options that belong to each."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float

from minillm.errors import InvalidInput
from minillm.ngram.additive import add_k, good_turing
from minillm.ngram.counts import NgramCounts
from minillm.ngram.discounting import absolute, kneser_ney, mle, modified_kneser_ney
from minillm.ngram.discounts import Discounts
from minillm.ngram.jelinek_mercer import jelinek_mercer
from minillm.ngram.katz import katz
from minillm.ngram.tables import Tables

SMOOTHINGS = (
    "mle",
    "add_k",
    "good_turing",
    "jelinek_mercer",
    "katz",
    "absolute",
    "kneser_ney",
    "modified_kneser_ney",
)


@dataclass(frozen=True)
class Options:
    """A smoothing method and what was chosen for it; refused where they do not fit.

    Attributes:
        smoothing: One of ``SMOOTHINGS``.
        k: For ``add_k``.
        discount: For ``absolute`` and ``kneser_ney``.
        weights: For ``jelinek_mercer``.
    """

    smoothing: str
    k: float | None = None
    discount: float | None = None
    weights: Sequence[float] | None = None

    def __post_init__(self) -> None:
        if self.smoothing not in SMOOTHINGS:
            raise InvalidInput(f"smoothing is {self.smoothing!r}: choose one of {', '.join(SMOOTHINGS)}")
        self._only_for("k", self.k, "add_k")
        self._only_for("discount", self.discount, "absolute", "kneser_ney")
        self._only_for("weights", self.weights, "jelinek_mercer")
        if self.k is not None and not 0 < self.k < float("inf"):
            raise InvalidInput(f"k is {self.k}: give a positive number")
        if self.discount is not None and not 0 <= self.discount <= 1:
            raise InvalidInput(f"discount is {self.discount}: give a number from 0 to 1")

    @property
    def needs_heldout(self) -> bool:
        """Whether weights must be set on held-out text."""
        return self.smoothing == "jelinek_mercer" and self.weights is None

    def _only_for(self, name: str, value: Any, *owners: str) -> None:
        if value is not None and self.smoothing not in owners:
            raise InvalidInput(f"{name} belongs to {' and '.join(owners)}, not to {self.smoothing}: leave it out")


def estimate(
    counts: NgramCounts, options: Options, weights: Float[np.ndarray, "order buckets"] | None
) -> tuple[Tables, list[Discounts] | None]:
    """Estimate a model by the chosen method.

    Args:
        counts: The n-grams.
        options: The method.
        weights: For ``jelinek_mercer``: one weight for each order and bucket.

    Returns:
        The model, and the discounts of each order where the method has some.

    Example:
        >>> counts = NgramCounts.from_sentences([["a", "b"]], order=1)
        >>> estimate(counts, Options("kneser_ney", discount=0.5), None)[1]
        [(0.5, 0.5, 0.5)]
    """
    match options.smoothing:
        case "mle":
            return mle(counts), None
        case "add_k":
            return add_k(counts, 1.0 if options.k is None else float(options.k)), None
        case "good_turing":
            return good_turing(counts), None
        case "jelinek_mercer":
            assert weights is not None, "the caller sets them"
            return jelinek_mercer(counts, weights), None
        case "katz":
            return katz(counts), None
        case "absolute":
            return absolute(counts, options.discount)
        case "kneser_ney":
            return kneser_ney(counts, options.discount)
        case _:
            return modified_kneser_ney(counts)
