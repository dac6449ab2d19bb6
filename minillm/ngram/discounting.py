"""Interpolated discounting: maximum likelihood, absolute, Kneser-Ney and modified Kneser-Ney smoothing.

All four are one recursion. Each seen count gives up a discount; what the words after a context gave up, gamma, is
handed out in proportion to their probabilities after the shorter context:

    p(w | h) = (c(h w) - D) / c(h) + gamma(h) p(w | h')      gamma(h) = (sum of D over the words seen after h) / c(h)

They differ in D (zero, one or three numbers an order) and in the counts of the lower orders (plain, or continuation).
"""

from collections.abc import Callable, Iterator

import numpy as np
from jaxtyping import Float, Int

from minillm.ngram.counts import NgramCounts
from minillm.ngram.discounts import Discounts, estimate_absolute, estimate_modified
from minillm.ngram.interpolation import context_totals, interpolate
from minillm.ngram.tables import Tables

Adjust = Callable[[int], Int[np.ndarray, "ngrams"]]
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
    return _discounted(counts, counts.predicted_counts, _fixed(0.0))[0]


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
    return _discounted(counts, counts.predicted_counts, estimate_absolute if discount is None else _fixed(discount))


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

    Source: Kneser and Ney (1995); Chen and Goodman (1998), section 2.7.
    """
    return _discounted(counts, counts.continuation_counts, estimate_absolute if discount is None else _fixed(discount))


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
    return _discounted(counts, counts.continuation_counts, estimate_modified)


def _fixed(discount: float) -> Estimator:
    return lambda counts, order: (discount, discount, discount)


def _discounted(counts: NgramCounts, adjusted: Adjust, estimate: Estimator) -> tuple[Tables, list[Discounts]]:
    discounts: list[Discounts] = []
    return interpolate(counts, _terms(counts, adjusted, estimate, discounts)), discounts


def _terms(
    counts: NgramCounts, adjusted: Adjust, estimate: Estimator, discounts: list[Discounts]
) -> Iterator[tuple[Float[np.ndarray, "ngrams"], Float[np.ndarray, "contexts"]]]:
    """Both terms of the recursion, order by order; the discounts are noted on the way."""
    for order, level in enumerate(counts.levels, start=1):
        values = adjusted(order)
        discounts.append(estimate(values, order))
        given_up = np.array([0.0, *discounts[-1]])[np.minimum(values, 3)]
        totals = context_totals(counts, order, values)
        divisor = np.where(totals > 0, totals, 1.0)
        freed = np.where(totals > 0, context_totals(counts, order, given_up) / divisor, 1.0)
        yield (values - given_up) / divisor[level.prefix], freed
