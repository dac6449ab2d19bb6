"""Learning WordPiece: join the pair whose union raises the likelihood of the corpus most."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from heapq import heapify, heappop, heappush

from minillm.tokenizers.pairs import PairCorpus

Entry = tuple[float, int, str, str, tuple[int, int]]


class PieceLearner:
    """Grows a vocabulary of pieces from the characters of counted words.

    A pair is worth ``c(ab) / (c(a) c(b))``: how much more often the two stand together than by chance. Joining the
    best one raises the likelihood of a unigram model of the pieces most for each time it is used. Byte-pair
    encoding takes the highest ``c(ab)`` alone. Ties: the higher ``c(ab)``, then the pair whose left piece, then whose
    right piece, comes first in the order of code points.

    Args:
        words: How often each word occurs.
        prefix: What marks a piece that continues a word.
        min_count: A pair that occurs less often is not joined.

    Example:
        >>> learner = PieceLearner({"ab": 3, "ac": 3, "xy": 2})
        >>> learner.grow(6)
        ['##b', '##c', '##y', 'a', 'x', 'xy']

    Source: Schuster and Nakajima 2012; book section 2.3.1, erratum E19.
    """

    def __init__(self, words: Mapping[str, int], prefix: str = "##", min_count: int = 2) -> None:
        self.prefix, self.min_count = prefix, min_count
        split = [([word[0], *(prefix + character for character in word[1:])], count) for word, count in words.items()]
        self.pieces = sorted({piece for pieces, _ in split for piece in pieces})
        ids = {piece: id for id, piece in enumerate(self.pieces)}
        self._corpus = PairCorpus(([ids[piece] for piece in pieces], count) for pieces, count in split)
        self._pairs_with: defaultdict[int, set[tuple[int, int]]] = defaultdict(set)
        self._heap: list[Entry] = []
        self._note(self._corpus.counts)

    def grow(self, size: int) -> list[str]:
        """Join pairs until there are ``size`` pieces or nothing is left to join.

        Args:
            size: Number of pieces wanted.

        Returns:
            The pieces: the characters in the order of code points, then the joined ones in the order learned.

        Example:
            >>> PieceLearner({"aa": 2}).grow(10)
            ['##a', 'a', 'aa']
        """
        taken = set(self.pieces)
        while self._heap and len(self.pieces) < size:
            entry = heappop(self._heap)
            left, right = pair = entry[-1]
            joined = self.pieces[left] + self.pieces[right].removeprefix(self.prefix)
            if joined in taken or entry != self._entry(pair):
                continue
            self.pieces.append(joined)
            taken.add(joined)
            changed = self._corpus.merge(pair, len(self.pieces) - 1)
            # The merge made its two parts rarer, which raises the worth of every other pair they stand in.
            self._note(changed | self._pairs_with[left] | self._pairs_with[right])
        return self.pieces

    def _note(self, pairs: Iterable[tuple[int, int]]) -> None:
        """Put the pairs into the heap with their present worth; entries that no longer hold are skipped later."""
        for pair in pairs:
            entry = self._entry(pair)
            if entry is None:
                self._pairs_with[pair[0]].discard(pair)
                self._pairs_with[pair[1]].discard(pair)
                continue
            self._pairs_with[pair[0]].add(pair)
            self._pairs_with[pair[1]].add(pair)
            heappush(self._heap, entry)
        if len(self._heap) > 8 * len(self._corpus.counts) + 1000:
            self._heap = [entry for entry in map(self._entry, self._corpus.counts) if entry is not None]
            heapify(self._heap)

    def _entry(self, pair: tuple[int, int]) -> Entry | None:
        count = self._corpus.counts.get(pair, 0)
        if count < self.min_count:
            return None
        left, right = pair
        counts = self._corpus.symbol_counts
        return -count / (counts[left] * counts[right]), -count, self.pieces[left], self.pieces[right], pair
