"""Learning byte-pair merges: join the most frequent pair of neighbors, again and again."""

from collections.abc import Iterable, Mapping
from heapq import heapify, heappop, heappush

from minillm.tokenizers.byte_alphabet import BYTES_IN_ORDER
from minillm.tokenizers.pairs import PairCorpus


def learn_merges(words: Mapping[bytes, int], merges: int, min_count: int = 2) -> list[tuple[bytes, bytes]]:
    """Learn merges from counted words.

    The rule, which leaves nothing to the order of the corpus: the pair with the highest count is joined; among equal
    counts the pair whose left symbol has the lower id, then whose right symbol has. The 256 bytes have the ids 0 to 255
    in GPT-2's order and every merge the next id, so earlier symbols win. Overlapping pairs are all counted (``aaa``
    holds ``aa`` twice) and replaced from left to right. A pair that spells a token already there is passed over.

    Args:
        words: How often each pre-token occurs.
        merges: How many merges to learn at most.
        min_count: A pair that occurs less often is not joined, so that fewer merges may come out.

    Returns:
        The merges in the order in which they were learned.

    Example:
        >>> learn_merges({b"low": 5, b"lower": 2}, 2)
        [(b'l', b'o'), (b'lo', b'w')]

    Source: Sennrich et al. 2016, algorithm 1; Radford et al. 2019, section 2.2.
    """
    spelled = [bytes([byte]) for byte in BYTES_IN_ORDER]
    taken = set(spelled)
    corpus = PairCorpus(_symbols(words))
    heap = [(-count, *pair) for pair, count in corpus.counts.items() if count >= min_count]
    heapify(heap)
    learned: list[tuple[bytes, bytes]] = []
    while heap and len(learned) < merges:
        count, *pair = heappop(heap)
        left, right = pair
        # The heap keeps outdated counts: every change put a fresh entry in, so an entry that does not match is void.
        if corpus.counts.get((left, right)) != -count or spelled[left] + spelled[right] in taken:
            continue
        learned.append((spelled[left], spelled[right]))
        spelled.append(spelled[left] + spelled[right])
        taken.add(spelled[-1])
        for changed in corpus.merge((left, right), len(spelled) - 1):
            if corpus.counts.get(changed, 0) >= min_count:
                heappush(heap, (-corpus.counts[changed], *changed))
    return learned


def _symbols(words: Mapping[bytes, int]) -> Iterable[tuple[list[int], int]]:
    ids = {byte: id for id, byte in enumerate(BYTES_IN_ORDER)}
    return (([ids[byte] for byte in word], count) for word, count in words.items())
