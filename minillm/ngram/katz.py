"""Katz back-off: trust discounted counts where there are any, else ask the shorter context for its share."""

import numpy as np
from jaxtyping import Float

from minillm.ngram.counts import Level, NgramCounts
from minillm.ngram.good_turing import KATZ_CUTOFF, katz_ratios
from minillm.ngram.interpolation import context_totals
from minillm.ngram.tables import Tables, safe_log
from minillm.ngram.vocabulary import BOS_ID


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
    probabilities, weights = [], []
    for order in range(1, counts.order + 1):
        p = _discounted(counts, order)
        alpha = _alpha(counts, order, p, lower)
        if order == 1:
            p = np.where(p > 0, p, alpha * lower)
            p[BOS_ID] = 0.0
        probabilities.append(safe_log(p))
        weights.append(safe_log(alpha))
        lower = p
    keys = tuple(level.keys for level in counts.levels)
    return Tables(counts.vocabulary, keys, tuple(probabilities), tuple(weights[1:]))


def _discounted(counts: NgramCounts, order: int) -> Float[np.ndarray, "ngrams"]:
    """Discounted relative frequencies, scaled where a context has no mass to spare or nobody to spare it for."""
    level, plain = counts.levels[order - 1], counts.predicted_counts(order)
    ratios = np.array([0.0, *katz_ratios(plain, order), 1.0])
    kept = plain * ratios[np.minimum(plain, KATZ_CUTOFF + 1)]
    total, left = context_totals(counts, order, plain), context_totals(counts, order, kept)
    divisor = np.where(left < total, total, total + 1)
    divisor = np.where(_complete(counts, order), left, divisor)
    return kept / divisor[level.prefix]


def _alpha(
    counts: NgramCounts, order: int, p: Float[np.ndarray, "ngrams"], lower: Float[np.ndarray, "_"]
) -> Float[np.ndarray, "contexts"]:
    """The weight that hands a context's freed mass to the words never seen after it; 1 for an unseen context."""
    level: Level = counts.levels[order - 1]
    seen = counts.predicted_counts(order) > 0
    freed = 1 - context_totals(counts, order, p)
    receiving = 1 - context_totals(counts, order, np.where(seen, lower[level.suffix], 0.0))
    complete = _complete(counts, order)
    return np.where(complete, 0.0, freed / np.where(complete, 1.0, receiving))


def _complete(counts: NgramCounts, order: int) -> np.ndarray:
    """Whether every word that can be predicted was seen after each context."""
    followers = context_totals(counts, order, counts.predicted_counts(order) > 0)
    return followers == counts.vocabulary.predicted
