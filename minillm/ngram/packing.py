"""N-grams as single integers: the id of a prefix's rank and a word, packed level by level.

Packing n word ids side by side overflows 64 bits at order 5 with 20,000 words. Instead each level is sorted, an n-gram
is known by its rank there, and the key of ``(prefix, word)`` at the next level is ``rank(prefix) * |V| + word``. It
stays below (number of n-grams) x (number of words), and the continuations of one context lie side by side.
"""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Int

from minillm.ngram.vocabulary import BOS_ID

# Sorting the queries first makes the binary searches walk through memory in order; below this size it does not pay.
_SORT_FROM = 50_000


def group_equal(
    values: Int[np.ndarray, "places"],
) -> tuple[Int[np.ndarray, "groups"], Int[np.ndarray, "groups"], Int[np.ndarray, "places"], Int[np.ndarray, "places"]]:
    """Sort values and find the runs of equal ones.

    Args:
        values: Packed n-grams, not negative, in text order.

    Returns:
        The distinct values in order; how often each occurs; the places of all values in sorted order; and for each of
        these places the number of its run.

    Example:
        >>> [part.tolist() for part in group_equal(np.array([7, 5, 7]))]
        [[5, 7], [1, 2], [1, 0, 2], [0, 1, 1]]
    """
    place_bits = len(values).bit_length()
    if len(values) and int(values.max()).bit_length() + place_bits < 64:
        # Sorting numbers is twice as fast as sorting their indices, so let the index ride along in the low bits.
        packed = np.sort(values << place_bits | np.arange(len(values)))
        place, ordered = packed & ((1 << place_bits) - 1), packed >> place_bits
    else:
        place = np.argsort(values, kind="stable")
        ordered = values[place]
    new = np.append(True, ordered[1:] != ordered[:-1])[: len(ordered)]
    starts = np.flatnonzero(new)
    return ordered[starts], np.diff(np.append(starts, len(ordered))), place, np.cumsum(new) - 1


def find(keys: Int[np.ndarray, "ngrams"], queries: Int[np.ndarray, "queries"]) -> Int[np.ndarray, "queries"]:
    """Ranks of the queries among sorted keys, -1 for those that are not there.

    Args:
        keys: Sorted, distinct packed n-grams.
        queries: Packed n-grams to look for.

    Returns:
        One rank a query.

    Example:
        >>> find(np.array([2, 5, 9]), np.array([9, 3])).tolist()
        [2, -1]
    """
    if not keys.size:
        return np.full(len(queries), -1, dtype=np.int64)
    if len(queries) >= _SORT_FROM:
        order = np.argsort(queries)
        ranks = np.empty(len(queries), dtype=np.int64)
        ranks[order] = _find_sorted(keys, queries[order])
        return ranks
    return _find_sorted(keys, queries)


def _find_sorted(keys: Int[np.ndarray, "ngrams"], queries: Int[np.ndarray, "queries"]) -> Int[np.ndarray, "queries"]:
    ranks = np.minimum(np.searchsorted(keys, queries), len(keys) - 1)
    return np.where(keys[ranks] == queries, ranks, -1)


def trace(
    keys: Sequence[Int[np.ndarray, "_"]], words: int, tokens: Int[np.ndarray, "tokens"]
) -> list[Int[np.ndarray, "tokens"]]:
    """For each level and each token, the rank of the n-gram that ends there.

    Args:
        keys: The sorted keys of levels 1 to n; level 1 lists every word id, so a word's rank is its id.
        words: Size of the vocabulary.
        tokens: Word ids, with ``<s>`` at the start of each sentence.

    Returns:
        One array a level; -1 where no such n-gram is stored. No n-gram ends in ``<s>``, so none crosses into the next
        sentence.

    Example:
        >>> bigrams = np.array([1 * 4 + 3, 3 * 4 + 2])  # <s> a, a </s>
        >>> trace([np.arange(4), bigrams], 4, np.array([1, 3, 2]))[1].tolist()
        [-1, 0, 1]
    """
    ranks = [tokens]
    for level_keys in keys[1:]:
        ends = np.flatnonzero((ranks[-1][:-1] >= 0) & (tokens[1:] != BOS_ID)) + 1
        found = np.full(len(tokens), -1, dtype=np.int64)
        found[ends] = find(level_keys, ranks[-1][ends - 1] * words + tokens[ends])
        ranks.append(found)
    return ranks


def offsets(tokens: Int[np.ndarray, "tokens"]) -> Int[np.ndarray, "tokens"]:
    """How many tokens of the same sentence stand before each token.

    Args:
        tokens: Word ids; a sentence begins at each ``<s>`` and at the first token.

    Returns:
        0 at the start of each sentence, then 1, 2, ...

    Example:
        >>> offsets(np.array([1, 5, 2, 1, 2])).tolist()
        [0, 1, 2, 0, 1]
    """
    places = np.arange(len(tokens))
    starts = np.where(tokens == BOS_ID, places, 0)
    return places - np.maximum.accumulate(starts)
