"""Applying merges to a sequence of symbols in O(n log n), whatever its length."""

from collections.abc import Mapping, Sequence
from heapq import heapify, heappop, heappush
from itertools import pairwise


def merge_symbols(symbols: Sequence[int], merges: Mapping[tuple[int, int], tuple[int, int]]) -> list[int]:
    """Join neighbors until no merge applies: lowest rank first, and leftmost among equal ranks.

    The symbols are kept as a linked list and the possible merges in a heap, so that 100,000 characters without a
    space cost hardly more each than those of a short word. Looking for the best pair anew after each merge would be
    quadratic.

    Args:
        symbols: Ids of the smallest pieces.
        merges: For each pair that can be joined, its rank and the id of the joined symbol.

    Returns:
        The ids that are left.

    Example:
        >>> merge_symbols([1, 1, 1, 1, 1], {(1, 1): (0, 2), (2, 2): (1, 3)})
        [3, 1]

    Source: Sennrich et al. 2016, algorithm 1; book section 2.3.4.
    """
    end = len(symbols)
    left = list(symbols)
    following = list(range(1, end + 1))
    previous = list(range(-1, end - 1))
    heap = [(merges[pair][0], place) for place, pair in enumerate(pairwise(left)) if pair in merges]
    heapify(heap)
    while heap:
        rank, place = heappop(heap)
        second = following[place]
        # A symbol that was swallowed is -1 and in no pair; a pair that has changed since has another rank.
        merge = merges.get((left[place], left[second])) if second < end else None
        if merge is None or merge[0] != rank:
            continue
        left[place], left[second] = merge[1], -1
        third = following[place] = following[second]
        if third < end:
            previous[third] = place
        before = previous[place]
        for start, stop in ((before, place), (place, third)):
            found = merges.get((left[start], left[stop])) if start >= 0 and stop < end else None
            if found is not None:
                heappush(heap, (found[0], start))
    return [symbol for symbol in left if symbol >= 0]
