# fails: test_scores
# idea: counts every word once

from collections import Counter
from itertools import pairwise


UNKNOWN = "[UNK]"


def pair_scores(
    corpus: list[tuple[list[str], int]], min_count: int = 1
) -> dict[tuple[str, str], float]:
    single: Counter[str] = Counter()
    double: Counter[tuple[str, str]] = Counter()
    for pieces, count in corpus:
        for piece in pieces:
            single[piece] += 1
        for pair in pairwise(pieces):
            double[pair] += 1
    return {
        (a, b): count / (single[a] * single[b])
        for (a, b), count in double.items()
        if count >= min_count
    }


def learn_pieces(words: dict[str, int], size: int, min_count: int = 1) -> list[str]:
    corpus = [
        ([word[0], *("##" + character for character in word[1:])], count)
        for word, count in words.items()
    ]
    pieces = sorted({piece for split, _ in corpus for piece in split})
    while len(pieces) < size:
        scores = {
            (a, b): score
            for (a, b), score in pair_scores(corpus, min_count).items()
            if joined(a, b) not in pieces
        }
        if not scores:
            break
        best = min(scores, key=lambda pair: (-scores[pair], pair))
        pieces.append(joined(*best))
        corpus = [(merge(split, best), count) for split, count in corpus]
    return pieces


def joined(left: str, right: str) -> str:
    return left + right.removeprefix("##")


def merge(split: list[str], pair: tuple[str, str]) -> list[str]:
    result: list[str] = []
    i = 0
    while i < len(split):
        if tuple(split[i : i + 2]) == pair:
            result.append(joined(*pair))
            i += 2
        else:
            result.append(split[i])
            i += 1
    return result


def cut_word(word: str, pieces: list[str]) -> list[str]:
    result, start = [], 0
    while start < len(word):
        mark = "##" if start else ""
        for stop in range(len(word), start, -1):
            if mark + word[start:stop] in pieces:
                result.append(mark + word[start:stop])
                start = stop
                break
        else:
            return [UNKNOWN]
    return result


def join_pieces(pieces: list[str]) -> str:
    return " ".join(pieces).replace(" ##", "")
