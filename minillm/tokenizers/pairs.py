"""A corpus of words as linked symbols, with exact counts of neighboring pairs that every merge keeps up to date."""

from collections import defaultdict
from collections.abc import Iterable, Sequence


class PairCorpus:
    """All distinct words one behind the other, each with how often it occurs.

    A merge touches only the places where its pair stands: training costs about as much as there are merges done, not
    words times merges, and one enormous word is no worse than many small ones.

    Args:
        words: Pairs of the symbols of a word and its count.

    Attributes:
        counts: How often each pair of neighbors occurs; overlapping pairs count each: ``aaa`` holds ``aa`` twice.
        symbol_counts: How often each symbol occurs.

    Example:
        >>> corpus = PairCorpus([([1, 1, 1, 2], 10)])
        >>> corpus.counts[1, 1], corpus.counts[1, 2]
        (20, 10)
        >>> sorted(corpus.merge((1, 1), 3)), corpus.counts
        ([(1, 1), (3, 1)], {(1, 2): 10, (3, 1): 10})
    """

    def __init__(self, words: Iterable[tuple[Sequence[int], int]]) -> None:
        self.counts: dict[tuple[int, int], int] = {}
        self.symbol_counts: defaultdict[int, int] = defaultdict(int)
        self._places: dict[tuple[int, int], set[int]] = {}
        self._symbols: list[int] = []
        self._weights: list[int] = []
        self._previous: list[int] = []
        self._following: list[int] = []
        for symbols, count in words:
            start, stop = len(self._symbols), len(self._symbols) + len(symbols)
            self._symbols.extend(symbols)
            self._weights.extend([count] * len(symbols))
            self._previous.extend([-1, *range(start, stop - 1)][: len(symbols)])
            self._following.extend([*range(start + 1, stop), -1][: len(symbols)])
            for place in range(start, stop):
                self.symbol_counts[self._symbols[place]] += count
                if place + 1 < stop:
                    self._add(place, place + 1)

    def merge(self, pair: tuple[int, int], new: int) -> set[tuple[int, int]]:
        """Replace a pair by one symbol everywhere, from left to right in each word.

        Args:
            pair: The two symbols.
            new: The symbol that takes their place.

        Returns:
            All pairs whose count has changed, ``pair`` among them.

        Example:
            >>> corpus = PairCorpus([([1, 1, 1, 1], 1)])
            >>> corpus.merge((1, 1), 2) and corpus.counts
            {(2, 2): 1}
        """
        changed = set()
        for first in sorted(self._places.get(pair, ())):
            if first not in self._places.get(pair, ()):  # the merge one place to the left took its first symbol: aaa
                continue
            second = self._following[first]
            before, after = self._previous[first], self._following[second]
            changed.add(self._drop(first, second))
            if before >= 0:
                changed.add(self._drop(before, first))
            if after >= 0:
                changed.add(self._drop(second, after))
            self._join(first, second, new)
            if before >= 0:
                changed.add(self._add(before, first))
            if after >= 0:
                changed.add(self._add(first, after))
        return changed

    def _join(self, first: int, second: int, new: int) -> None:
        weight = self._weights[first]
        self.symbol_counts[self._symbols[first]] -= weight
        self.symbol_counts[self._symbols[second]] -= weight
        self.symbol_counts[new] += weight
        self._symbols[first] = new
        self._following[first] = after = self._following[second]
        if after >= 0:
            self._previous[after] = first

    def _add(self, first: int, second: int) -> tuple[int, int]:
        pair = (self._symbols[first], self._symbols[second])
        self.counts[pair] = self.counts.get(pair, 0) + self._weights[first]
        self._places.setdefault(pair, set()).add(first)
        return pair

    def _drop(self, first: int, second: int) -> tuple[int, int]:
        pair = (self._symbols[first], self._symbols[second])
        self.counts[pair] -= self._weights[first]
        self._places[pair].remove(first)
        if not self._places[pair]:
            del self._places[pair], self.counts[pair]
        return pair
