# fails: test_no_discount_is_maximum_likelihood
# idea: discounts 0.75 whatever is asked for

from collections import Counter


Counts = dict[tuple[str, ...], int]


def continuation_counts(counts: Counts) -> Counts:
    return dict(Counter(ngram[1:] for ngram in counts))


def kneser_ney(counts: Counts, history: tuple[str, ...], word: str, discount: float, vocabulary: list[str]) -> float:
    discount = 0.75
    if history:
        below = kneser_ney(continuation_counts(counts), history[1:], word, discount, vocabulary)
    else:
        below = 1 / len(vocabulary)
    after = {ngram[-1]: count for ngram, count in counts.items() if ngram[:-1] == history}
    if not after:
        return below
    kept = max(after.get(word, 0) - discount, 0.0)
    return (kept + discount * len(after) * below) / sum(after.values())
