# fails: test_shares
# idea: compares only the word just before

from collections import Counter


Counts = dict[tuple[str, ...], int]


def ngram_counts(sentences: list[list[str]], n: int) -> Counts:
    counts = Counter()
    for sentence in sentences:
        words = ["<s>", *sentence, "</s>"]
        for last in range(max(n - 1, 1), len(words)):
            counts[tuple(words[last - n + 1 : last + 1])] += 1
    return dict(counts)


def mle(counts: Counts, history: tuple[str, ...]) -> dict[str, float]:
    after = {ngram[-1]: count for ngram, count in counts.items() if ngram[-2:-1] == history[-1:]}
    total = sum(after.values())
    return {word: count / total for word, count in after.items()}
