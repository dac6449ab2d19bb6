"""The linked list of symbols: exact counts, exact merging, and no quadratic cost."""

from collections import Counter
from itertools import pairwise

from hypothesis import example, given
from hypothesis import strategies as st

from minillm.tokenizers.merging import merge_symbols
from minillm.tokenizers.pairs import PairCorpus

symbols = st.lists(st.integers(0, 2), max_size=14)


def replace(word: list[int], pair: tuple[int, int], new: int) -> list[int]:
    """minbpe's merge: from left to right, without overlap."""
    out, place = [], 0
    while place < len(word):
        if tuple(word[place : place + 2]) == pair:
            out.append(new)
            place += 2
        else:
            out.append(word[place])
            place += 1
    return out


def merge_by_scan(word: list[int], merges: dict[tuple[int, int], tuple[int, int]]) -> list[int]:
    """The textbook's way: look for the best pair anew after each single merge."""
    word = list(word)
    while True:
        found = [(merges[pair][0], place) for place, pair in enumerate(pairwise(word)) if pair in merges]
        if not found:
            return word
        place = min(found)[1]
        word[place : place + 2] = [merges[word[place], word[place + 1]][1]]


@given(st.lists(st.tuples(symbols, st.integers(1, 9)), max_size=6), st.data())
def test_counts_stay_those_of_a_recount(words: list[tuple[list[int], int]], data: st.DataObject) -> None:
    corpus = PairCorpus(words)
    for new in range(3, 8):
        recount: Counter[tuple[int, int]] = Counter()
        single: Counter[int] = Counter()
        for word, weight in words:
            for pair in pairwise(word):
                recount[pair] += weight
            for symbol in word:
                single[symbol] += weight
        assert corpus.counts == dict(recount)
        assert {symbol: count for symbol, count in corpus.symbol_counts.items() if count} == dict(single)
        if not recount:
            return
        pair = data.draw(st.sampled_from(sorted(recount)))
        before = dict(corpus.counts)
        changed = corpus.merge(pair, new)
        words = [(replace(word, pair, new), weight) for word, weight in words]
        different = {
            pair for pair in before.keys() | corpus.counts.keys() if before.get(pair) != corpus.counts.get(pair)
        }
        assert different <= changed


@given(symbols, st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5)), unique=True, max_size=6))
@example([0, 1, 2, 0], [(1, 2), (0, 1), (3, 0), (0, 3)])  # a pair whose right half was merged away in the meantime
def test_heap_merging_equals_scanning(word: list[int], pairs: list[tuple[int, int]]) -> None:
    merges = {pair: (rank, 3 + rank) for rank, pair in enumerate(pairs)}
    assert merge_symbols(word, merges) == merge_by_scan(word, merges)


class CountedMerges(dict[tuple[int, int], tuple[int, int]]):
    """Counts how often it is asked."""

    asked = 0

    def get(self, *arguments):  # type: ignore[no-untyped-def]
        self.asked += 1
        return super().get(*arguments)


def test_one_long_stretch_costs_a_few_look_ups_a_symbol() -> None:
    length = 100_000
    merges = CountedMerges({(0, 0): (0, 1), (1, 1): (1, 2), (2, 2): (2, 3), (3, 0): (3, 4), (1, 0): (4, 5)})
    merged = merge_symbols([0] * (length + 1), merges)
    assert merged == [3] * (length // 8 - 1) + [4]
    assert merges.asked < 5 * length
