"""Smoothing without back-off: add-k and Good-Turing give every unseen word after a context the same share."""

import numpy as np
from jaxtyping import Float

from minillm.ngram.counts import NgramCounts
from minillm.ngram.good_turing import adjusted_counts
from minillm.ngram.interpolation import context_totals
from minillm.ngram.tables import Tables, safe_log
from minillm.ngram.vocabulary import BOS_ID


def add_k(counts: NgramCounts, k: float) -> Tables:
    """Add-k smoothing, uniform after an unseen context; k = 1 is Laplace's.

    ``p(w | h) = (c(h w) + k) / (c(h) + k |V|)``

    Args:
        counts: The n-grams.
        k: What is added to every count, positive.

    Returns:
        The model; ``|V|`` counts all words that can be predicted, so ``</s>`` and ``<unk>`` but not ``<s>``.

    Example:
        >>> tables = add_k(NgramCounts.from_sentences([["a", "b"], ["a"]], order=2), k=1.0)
        >>> tables.distribution(np.array([3])).round(3).tolist()  # after a: <unk> <s> </s> a b
        [0.167, 0.0, 0.333, 0.167, 0.333]

    Source: Chen and Goodman (1998), section 2.1.
    """
    worth = [counts.predicted_counts(order) + k for order in range(1, counts.order + 1)]
    return _without_back_off(counts, worth, [k] * counts.order)


def good_turing(counts: NgramCounts) -> Tables:
    """Good-Turing smoothing: the n-grams seen r times are worth r* = (r + 1) n_{r+1} / n_r, and the unseen n_1 in all.

    The unseen n-grams of an order are the words not yet seen after the contexts that were; they share n_1 evenly.

    Args:
        counts: The n-grams.

    Returns:
        The model.

    Example:
        >>> counts = NgramCounts.from_sentences([["a", "b"], ["a"]], order=2)
        >>> float(good_turing(counts).distribution(np.array([3])).sum().round(10))  # doctest: +SKIP
        1.0

    Source: Good (1953); Gale and Sampson (1995).
    """
    worth, unseen_worth = [], []
    for order in range(1, counts.order + 1):
        plain = counts.predicted_counts(order)
        seen_contexts = np.count_nonzero(context_totals(counts, order, plain))
        unseen = seen_contexts * counts.vocabulary.predicted - np.count_nonzero(plain)
        seen_worth, each_unseen = adjusted_counts(plain, int(unseen), order)
        worth.append(np.where(plain > 0, seen_worth, each_unseen))
        unseen_worth.append(each_unseen)
    return _without_back_off(counts, worth, unseen_worth)


def _without_back_off(counts: NgramCounts, worth: list[Float[np.ndarray, "_"]], unseen_worth: list[float]) -> Tables:
    """Share each context's probability in proportion to what its seen and its unseen words are worth."""
    words = counts.vocabulary.predicted
    logp, weight = [], []
    for order, (level, seen, each_unseen) in enumerate(zip(counts.levels, worth, unseen_worth, strict=True), start=1):
        followers = np.ones(len(level))
        if order == 1:
            followers[BOS_ID] = seen[BOS_ID] = 0.0
        unseen = (words - context_totals(counts, order, followers)) * each_unseen
        totals = context_totals(counts, order, seen) + unseen
        logp.append(safe_log(seen / totals[level.prefix]))
        share = np.divide(each_unseen, totals, out=np.full(len(totals), 1 / words), where=totals > 0)
        weight.append(safe_log(share))
    keys = tuple(level.keys for level in counts.levels)
    return Tables(counts.vocabulary, keys, tuple(logp), tuple(weight[1:]), backs_off=False)
