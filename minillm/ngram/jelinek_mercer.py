"""Jelinek-Mercer interpolation: relative frequencies of all orders mixed, with weights set on held-out text.

    p(w | h) = lambda c(h w) / c(h) + (1 - lambda) p(w | h')

A context seen often deserves more trust than one seen once, so lambda depends on the order and on the bucket of c(h):
1, 2 to 3, 4 to 7, 8 to 15, ...
"""

from collections.abc import Iterator, Sequence

import numpy as np
from jaxtyping import Float, Int, Num

from minillm.errors import InvalidInput
from minillm.ngram.counts import NgramCounts
from minillm.ngram.discounts import warn_fallback
from minillm.ngram.interpolation import context_totals, interpolate
from minillm.ngram.packing import offsets, trace
from minillm.ngram.tables import Tables
from minillm.ngram.vocabulary import BOS_ID, Vocabulary

BUCKETS = 16
ITERATIONS = 25
# Held-out text may never need the lowest order; new text will, so a little weight always stays there.
LARGEST = 0.999
HELD_OUT_EVERY = 10


def jelinek_mercer(counts: NgramCounts, weights: Float[np.ndarray, "order buckets"]) -> Tables:
    """Estimate an interpolated model.

    Args:
        counts: The n-grams.
        weights: lambda for each order and each bucket of context counts, 0 to 1.

    Returns:
        The model.

    Example:
        >>> counts = NgramCounts.from_sentences([["a", "b"], ["a"]], order=2)
        >>> tables = jelinek_mercer(counts, np.full((2, BUCKETS), 0.5))
        >>> tables.distribution(np.array([3])).round(3).tolist()  # after a: <unk> <s> </s> a b
        [0.063, 0.0, 0.412, 0.162, 0.363]

    Source: Jelinek and Mercer (1980); Chen and Goodman (1998), section 2.3.
    """
    return interpolate(counts, _terms(counts, weights))


def _terms(
    counts: NgramCounts, weights: Float[np.ndarray, "order buckets"]
) -> Iterator[tuple[Float[np.ndarray, "ngrams"], Float[np.ndarray, "contexts"]]]:
    for order, level in enumerate(counts.levels, start=1):
        plain = counts.predicted_counts(order)
        totals = context_totals(counts, order, plain)
        trust = np.where(totals > 0, weights[order - 1][bucket(totals)], 0.0)
        share = trust / np.maximum(totals, 1)
        yield plain * share[level.prefix], 1 - trust


def bucket(totals: Num[np.ndarray, "contexts"]) -> Int[np.ndarray, "contexts"]:
    """The bucket of each context count: the whole part of its logarithm to base 2, at most ``BUCKETS - 1``.

    Args:
        totals: How often each context was seen.

    Returns:
        Bucket numbers; 0 also for contexts never seen.

    Example:
        >>> bucket(np.array([0, 1, 2, 3, 4, 1000000])).tolist()
        [0, 0, 1, 1, 2, 15]
    """
    return np.minimum(np.log2(np.maximum(totals, 1)).astype(np.int64), BUCKETS - 1)


def fixed_weights(weights: Sequence[float], order: int) -> Float[np.ndarray, "order buckets"]:
    """One weight an order, whatever the context's count.

    Args:
        weights: lambda of orders 1 to n, each 0 to 1.
        order: n.

    Returns:
        The same numbers for every bucket.

    Raises:
        InvalidInput: There are more or fewer than n, or one is not between 0 and 1.

    Example:
        >>> fixed_weights([0.9, 0.5], 2)[:, 0].tolist()
        [0.9, 0.5]
    """
    values = np.asarray(weights, dtype=np.float64)
    if values.shape != (order,) or not np.all((values >= 0) & (values <= 1)):
        raise InvalidInput(
            f"weights are {list(weights)}: give {order} numbers from 0 to 1, one an order, unigrams first"
        )
    return np.repeat(values[:, None], BUCKETS, axis=1)


def estimate_weights(
    counts: NgramCounts, heldout: Int[np.ndarray, "tokens"], iterations: int = ITERATIONS
) -> tuple[Float[np.ndarray, "order buckets"], list[float]]:
    """Fit the weights to held-out text by expectation maximisation.

    Args:
        counts: N-grams of a text that the held-out text is not part of.
        heldout: Encoded held-out sentences.
        iterations: How many rounds; each can only raise the likelihood of the held-out text.

    Returns:
        The weights, and the mean log-likelihood per held-out token before each round.

    Example:
        >>> counts = NgramCounts.from_sentences([["a", "b"], ["a"]], 2)
        >>> weights, likelihood = estimate_weights(counts, counts.vocabulary.encode([["a", "b"]]))
        >>> likelihood[-1] > likelihood[0]
        True

    Source: Jelinek and Mercer (1980).
    """
    frequency, buckets = _heldout_frequencies(counts, heldout)
    weights, likelihood = np.full((counts.order, BUCKETS), 0.5), []
    for _ in range(iterations):
        p = np.full(frequency.shape[1], 1 / counts.vocabulary.predicted)
        accepted = []
        for m in range(counts.order):
            trust = np.where(buckets[m] >= 0, weights[m][buckets[m]], 0.0)
            p, below = trust * frequency[m] + (1 - trust) * p, p
            accepted.append(1 - (1 - trust) * below / p)
        likelihood.append(float(np.log(p).mean()))
        reached = np.ones(len(p))
        for m in reversed(range(counts.order)):
            known = buckets[m] >= 0
            visits = np.bincount(buckets[m][known], reached[known], minlength=BUCKETS)
            taken = np.bincount(buckets[m][known], (reached * accepted[m])[known], minlength=BUCKETS)
            weights[m] = np.where(visits > 0, taken / np.maximum(visits, 1e-300), weights[m])
            reached = reached * (1 - accepted[m])
    return np.minimum(weights, LARGEST), likelihood


def weights_from_training(
    vocabulary: Vocabulary, tokens: Int[np.ndarray, "tokens"], order: int
) -> Float[np.ndarray, "order buckets"]:
    """Fit the weights when there is only training text: on every tenth sentence, with counts of the other nine.

    Args:
        vocabulary: The words.
        tokens: The encoded training text.
        order: The longest n-grams.

    Returns:
        The weights; 0.5 everywhere, with a ``DiscountWarning``, if there are fewer than ten sentences.

    Example:
        >>> weights_from_training(*Vocabulary.learn([["a", "b"]] * 20), order=2).shape
        (2, 16)
    """
    aside = np.cumsum(tokens == BOS_ID) % HELD_OUT_EVERY == 0
    if not aside.any():
        reason = f"fewer than {HELD_OUT_EVERY} sentences, so none can be held out"
        warn_fallback("Jelinek-Mercer weights", order, reason, "0.5")
        return fixed_weights([0.5] * order, order)
    rest = NgramCounts.from_tokens(vocabulary, tokens[~aside], order)
    return estimate_weights(rest, tokens[aside])[0]


def _heldout_frequencies(
    counts: NgramCounts, heldout: Int[np.ndarray, "tokens"]
) -> tuple[Float[np.ndarray, "order predicted"], Int[np.ndarray, "order predicted"]]:
    """Relative frequency of each held-out token at each order, and its context's bucket (-1: context never seen)."""
    ranks = trace([level.keys for level in counts.levels], len(counts.vocabulary), heldout)
    places = offsets(heldout)
    frequency = np.zeros((counts.order, len(heldout)))
    buckets = np.full((counts.order, len(heldout)), -1)
    for order in range(1, counts.order + 1):
        plain = counts.predicted_counts(order)
        totals = context_totals(counts, order, plain)
        context = np.append(-1, ranks[order - 2][:-1]) if order > 1 else np.zeros(len(heldout), dtype=np.int64)
        known = (context >= 0) & (places >= order - 1) & (totals[context] > 0)
        hit = known & (ranks[order - 1] >= 0)
        buckets[order - 1, known] = bucket(totals[context[known]])
        frequency[order - 1, hit] = plain[ranks[order - 1][hit]] / totals[context[hit]]
    return frequency[:, places > 0], buckets[:, places > 0]
