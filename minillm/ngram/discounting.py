"""Interpolated discounting: maximum likelihood, absolute, Kneser-Ney and modified Kneser-Ney smoothing.

All four are one recursion. Each seen count gives up a discount; what the words after a context gave up, gamma, is
handed out in proportion to their probabilities after the shorter context:

    p(w | h) = (c(h w) - D) / c(h) + gamma(h) p(w | h')      gamma(h) = (sum of D over the words seen after h) / c(h)

They differ in D (zero, one or three numbers an order) and in the counts of the lower orders (plain, or continuation).
"""

from collections.abc import Callable, Sequence

import numpy as np
from jaxtyping import Int

from minillm.ngram.counts import NgramCounts
from minillm.ngram.discounts import Discounts, estimate_absolute, estimate_modified
from minillm.ngram.interpolation import context_totals, interpolate
from minillm.ngram.tables import Tables

Estimator = Callable[[Int[np.ndarray, "ngrams"], int], Discounts]


def mle(counts: NgramCounts) -> Tables:
    """Maximum likelihood: relative frequencies, zero for what was never seen.

    After a context that was never seen the relative frequency is 0 / 0; the model then takes the longest ending of the
    context that was seen, which leaves it a distribution everywhere.

    Args:
        counts: The n-grams.

    Returns:
        The model.

    Example:
        >>> tables = mle(NgramCounts.from_sentences([["a", "b"], ["a"]], order=2))
        >>> tables.distribution(np.array([3])).tolist()  # after a: <unk> <s> </s> a b
        [0.0, 0.0, 0.5, 0.0, 0.5]

    Source: book section 2.1, equation (2.2).
    """
    return _discounted(counts, _plain(counts), [(0.0, 0.0, 0.0)] * counts.order)


def absolute(counts: NgramCounts, discount: float | None) -> tuple[Tables, list[Discounts]]:
    """Interpolated absolute discounting: one discount an order, plain counts at every order.

    Args:
        counts: The n-grams.
        discount: The discount of every order, 0 to 1; None for n1 / (n1 + 2 n2) of each order.

    Returns:
        The model, and the discounts used for each order.

    Example:
        >>> counts = NgramCounts.from_sentences([["a", "b"], ["a"]], order=2)
        >>> absolute(counts, 0.5)[0].distribution(np.array([3])).round(3).tolist()
        [0.038, 0.0, 0.438, 0.188, 0.338]

    Source: Ney, Essen and Kneser (1994).
    """
    adjusted = _plain(counts)
    discounts = _estimate(adjusted, estimate_absolute, discount)
    return _discounted(counts, adjusted, discounts), discounts


def kneser_ney(counts: NgramCounts, discount: float | None) -> tuple[Tables, list[Discounts]]:
    """Interpolated Kneser-Ney: absolute discounting whose lower orders count contexts, not occurrences.

    Args:
        counts: The n-grams.
        discount: The discount of every order, 0 to 1; None for n1 / (n1 + 2 n2) of each order.

    Returns:
        The model, and the discounts used for each order.

    Example:
        >>> counts = NgramCounts.from_sentences([["a", "b"], ["a"]], order=2)
        >>> kneser_ney(counts, 0.5)[0].distribution(np.array([3])).round(3).tolist()
        [0.047, 0.0, 0.484, 0.109, 0.359]

    Source: Kneser and Ney (1995); Chen and Goodman (1998), section 4.1.6.
    """
    adjusted = _continuation(counts)
    discounts = _estimate(adjusted, estimate_absolute, discount)
    return _discounted(counts, adjusted, discounts), discounts


def modified_kneser_ney(counts: NgramCounts) -> tuple[Tables, list[Discounts]]:
    """Modified Kneser-Ney: separate discounts for counts of 1, of 2, and of 3 or more.

    Args:
        counts: The n-grams.

    Returns:
        The model, and the discounts used for each order.

    Example:
        >>> counts = NgramCounts.from_sentences([["a", "b"], ["a"]], order=2)
        >>> modified_kneser_ney(counts)[1]  # doctest: +SKIP
        [(0.5, 1.0, 1.5), (0.5, 1.0, 1.5)]

    Source: Chen and Goodman (1998), section 3; Heafield et al. (2013) for the treatment of unigrams.
    """
    adjusted = _continuation(counts)
    discounts = _estimate(adjusted, estimate_modified, None)
    return _discounted(counts, adjusted, discounts), discounts


def _plain(counts: NgramCounts) -> list[Int[np.ndarray, "_"]]:
    return [counts.predicted_counts(order) for order in range(1, counts.order + 1)]


def _continuation(counts: NgramCounts) -> list[Int[np.ndarray, "_"]]:
    return [counts.continuation_counts(order) for order in range(1, counts.order + 1)]


def _estimate(
    adjusted: Sequence[Int[np.ndarray, "_"]], estimator: Estimator, discount: float | None
) -> list[Discounts]:
    if discount is not None:
        return [(discount, discount, discount)] * len(adjusted)
    return [estimator(values, order) for order, values in enumerate(adjusted, start=1)]


def _discounted(
    counts: NgramCounts, adjusted: Sequence[Int[np.ndarray, "_"]], discounts: Sequence[Discounts]
) -> Tables:
    first, gamma = [], []
    for order, (values, discount) in enumerate(zip(adjusted, discounts, strict=True), start=1):
        given_up = np.array([0.0, *discount])[np.minimum(values, 3)]
        totals = context_totals(counts, order, values)
        divisor = np.where(totals > 0, totals, 1.0)
        first.append((values - given_up) / divisor[counts.levels[order - 1].prefix])
        gamma.append(np.where(totals > 0, context_totals(counts, order, given_up) / divisor, 1.0))
    return interpolate(counts, first, gamma)
