"""Katz back-off: trust discounted counts where there are any, else ask the shorter context for its share."""

import numpy as np
from jaxtyping import Float

from minillm.ngram.counts import NgramCounts
from minillm.ngram.good_turing import KATZ_CUTOFF, katz_ratios
from minillm.ngram.interpolation import context_totals
from minillm.ngram.tables import Tables, safe_log
from minillm.ngram.vocabulary import BOS_ID

# Below this, 1 - (sum of the rest) has lost too many digits, and the small terms are added up themselves.
_SMALL = 1e-3


def katz(counts: NgramCounts) -> Tables:
    """Estimate a Katz back-off model with Good-Turing discounts for counts of 1 to 5.

    p(w | h) = d_r r / c(h) for a word seen r times after h, and alpha(h) p(w | h') for any other, where alpha(h) makes
    the probabilities sum to 1. Two corners that the original leaves open: a context whose counts are all above 5 frees
    nothing, so one unseen event is added to its total (as SRILM does); a context that every word follows has nobody to
    leave mass to, so its words share everything.

    Args:
        counts: The n-grams.

    Returns:
        The model.

    Example:
        >>> counts = NgramCounts.from_sentences([["a", "b"], ["a"]], order=2)
        >>> float(katz(counts).distribution(np.array([3])).sum().round(10))  # doctest: +SKIP
        1.0

    Source: Katz (1987).
    """
    lower = np.full(1, 1 / counts.vocabulary.predicted)
    freed_below = np.ones(1)
    probabilities, weights = [], []
    for order in range(1, counts.order + 1):
        p, freed = _discounted(counts, order)
        receiving = _receiving(counts, order, lower, freed_below)
        alpha = np.divide(freed, receiving, out=np.zeros(len(freed)), where=freed > 0)
        if order == 1:
            p = np.where(p > 0, p, alpha * lower)
            p[BOS_ID] = 0.0
        probabilities.append(safe_log(p))
        weights.append(safe_log(alpha))
        # All unigrams are stored, so after them nothing is left over for unseen words.
        lower, freed_below = p, freed if order > 1 else np.zeros(1)
    keys = tuple(level.keys for level in counts.levels)
    return Tables(counts.vocabulary, keys, tuple(probabilities), tuple(weights[1:]))


def _discounted(counts: NgramCounts, order: int) -> tuple[Float[np.ndarray, "ngrams"], Float[np.ndarray, "contexts"]]:
    """Discounted relative frequencies, and what each context has freed: 1 where nothing was ever seen."""
    plain = counts.predicted_counts(order)
    ratios = np.array([0.0, *katz_ratios(plain, order), 1.0])
    kept = plain * ratios[np.minimum(plain, KATZ_CUTOFF + 1)]
    total = context_totals(counts, order, plain)
    given_up = context_totals(counts, order, plain - kept)
    given_up = np.where(given_up > 0, given_up, 1.0)
    complete = context_totals(counts, order, plain > 0) == counts.vocabulary.predicted
    given_up[complete] = 0.0
    divisor = context_totals(counts, order, kept) + given_up
    return kept / divisor[counts.levels[order - 1].prefix], np.where(total > 0, given_up / divisor, 1.0)


def _receiving(
    counts: NgramCounts,
    order: int,
    lower: Float[np.ndarray, "_"],
    freed_below: Float[np.ndarray, "_"],
) -> Float[np.ndarray, "contexts"]:
    """The probability, after each shorter context, of all words not seen after the full one."""
    level, seen = counts.levels[order - 1], counts.predicted_counts(order) > 0
    if order == 1:
        return (counts.vocabulary.predicted - np.count_nonzero(seen)) * lower
    receiving = 1 - context_totals(counts, order, np.where(seen, lower[level.suffix], 0.0))
    for context in np.flatnonzero(receiving < _SMALL).tolist():
        receiving[context] = _sum_of_the_rest(counts, order, context, lower, freed_below)
    return receiving


def _sum_of_the_rest(
    counts: NgramCounts,
    order: int,
    context: int,
    lower: Float[np.ndarray, "_"],
    freed_below: Float[np.ndarray, "_"],
) -> float:
    """The same for one context, as a sum of positive terms: what follows only the shorter context, and the unseen."""
    words = len(counts.vocabulary)
    level, below = counts.levels[order - 1], counts.levels[order - 2]
    shorter = int(below.suffix[context])
    start, end = np.searchsorted(below.keys, [shorter * words, (shorter + 1) * words])
    first, last = np.searchsorted(level.keys, [context * words, (context + 1) * words])
    rest = lower[start:end].copy()
    rest[level.suffix[first:last] - start] = 0.0
    return float(rest.sum() + freed_below[shorter])
