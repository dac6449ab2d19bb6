"""The recursion behind every interpolated model: p(w | h) = first(h w) + gamma(h) p(w | h')."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float, Shaped

from minillm.ngram.counts import NgramCounts
from minillm.ngram.tables import Tables, safe_log
from minillm.ngram.vocabulary import BOS_ID


def context_totals(
    counts: NgramCounts, order: int, values: Shaped[np.ndarray, "ngrams"]
) -> Float[np.ndarray, "contexts"]:
    """Sum a value over the words that follow each context.

    Args:
        counts: The n-grams.
        order: The order of the n-grams; their contexts are one word shorter.
        values: One number or truth value an n-gram.

    Returns:
        One sum a context, 0 for those that nothing follows; at order 1 there is one context, the empty one.

    Example:
        >>> counts = NgramCounts.from_sentences([["a", "b"], ["a"]], order=2)
        >>> context_totals(counts, 2, counts.levels[1].counts).tolist()  # after <unk> <s> </s> a b
        [0.0, 2.0, 0.0, 2.0, 1.0]
    """
    contexts = len(counts.levels[order - 2]) if order > 1 else 1
    prefix = counts.levels[order - 1].prefix
    return np.bincount(prefix, weights=values, minlength=contexts).astype(np.float64, copy=False)


def interpolate(
    counts: NgramCounts, first: Sequence[Float[np.ndarray, "_"]], gamma: Sequence[Float[np.ndarray, "_"]]
) -> Tables:
    """Build the model from unigrams up; below unigrams all words are equally probable.

    Args:
        counts: The n-grams.
        first: For each order, the first term of the recursion for each n-gram.
        gamma: For each order, the weight of the shorter context for each context (one number at order 1).

    Returns:
        The model in back-off form. That form is exact: the first term of an n-gram that was never seen is zero.

    Example:
        >>> counts = NgramCounts.from_sentences([["a", "b"]], order=1)
        >>> tables = interpolate(counts, [counts.predicted_counts(1) / 6], [np.array([0.5])])
        >>> np.exp(tables.logp[0]).round(4).tolist()  # <unk> <s> </s> a b
        [0.125, 0.0, 0.2917, 0.2917, 0.2917]
    """
    lower = np.full(1, 1 / counts.vocabulary.predicted)
    probabilities: list[np.ndarray] = []
    for level, seen, weight in zip(counts.levels, first, gamma, strict=True):
        lower = seen + weight[level.prefix] * lower[level.suffix]
        if not probabilities:
            lower[BOS_ID] = 0.0
        probabilities.append(lower)
    return Tables(
        counts.vocabulary,
        tuple(level.keys for level in counts.levels),
        tuple(safe_log(p) for p in probabilities),
        tuple(safe_log(weight) for weight in gamma[1:]),
    )
