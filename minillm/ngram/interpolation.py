"""The recursion behind every interpolated model: p(w | h) = first(h w) + gamma(h) p(w | h')."""

from collections.abc import Iterable

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
    counts: NgramCounts,
    terms: Iterable[tuple[Float[np.ndarray, "ngrams"], Float[np.ndarray, "contexts"]]],
) -> Tables:
    """Build the model from unigrams up; below unigrams all words are equally probable.

    Args:
        counts: The n-grams.
        terms: For each order in turn, the first term of the recursion for each n-gram, and gamma for each context (one
            number at order 1). They are taken one order at a time, so that a generator never holds more than one.

    Returns:
        The model in back-off form. That form is exact: the first term of an n-gram that was never seen is zero.

    Example:
        >>> counts = NgramCounts.from_sentences([["a", "b"]], order=1)
        >>> tables = interpolate(counts, [(counts.predicted_counts(1) / 6, np.array([0.5]))])
        >>> np.exp(tables.logp[0]).round(4).tolist()  # <unk> <s> </s> a b
        [0.125, 0.0, 0.2917, 0.2917, 0.2917]
    """
    lower = np.full(1, 1 / counts.vocabulary.predicted)
    logp: list[np.ndarray] = []
    weight: list[np.ndarray] = []
    for level, (first, gamma) in zip(counts.levels, terms, strict=True):
        lower = first + gamma[level.prefix] * lower[level.suffix]
        if not logp:
            lower[BOS_ID] = 0.0
        logp.append(safe_log(lower))
        weight.append(safe_log(gamma))
    keys = tuple(level.keys for level in counts.levels)
    return Tables(counts.vocabulary, keys, tuple(logp), tuple(weight[1:]))
