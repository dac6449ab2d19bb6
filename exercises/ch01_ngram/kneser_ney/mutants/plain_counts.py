# fails: test_francisco
# idea: lower orders count occurrences: absolute discounting

from collections import Counter


Counts = dict[tuple[str, ...], int]


def continuation_counts(counts: Counts) -> Counts:
    plain = Counter()
    for ngram, count in counts.items():
        plain[ngram[1:]] += count
    return dict(plain)


def kneser_ney(counts: Counts, history: tuple[str, ...], word: str, discount: float, vocabulary: list[str]) -> float:
    if history:
        below = kneser_ney(continuation_counts(counts), history[1:], word, discount, vocabulary)
    else:
        below = 1 / len(vocabulary)
    after = {ngram[-1]: count for ngram, count in counts.items() if ngram[:-1] == history}
    if not after:
        return below
    kept = max(after.get(word, 0) - discount, 0.0)
    return (kept + discount * len(after) * below) / sum(after.values())
