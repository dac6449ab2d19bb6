"""N-gram counts and maximum likelihood."""

# solution:
from collections import Counter

# end

Counts = dict[tuple[str, ...], int]


def ngram_counts(sentences: list[list[str]], n: int) -> Counts:
    """How often each n-gram occurs whose last word is predicted."""
    # solution:
    counts = Counter()
    for sentence in sentences:
        words = ["<s>", *sentence, "</s>"]
        for last in range(max(n - 1, 1), len(words)):
            counts[tuple(words[last - n + 1 : last + 1])] += 1
    return dict(counts)
    # stub:
    raise NotImplementedError("count the n-grams")
    # end


def mle(counts: Counts, history: tuple[str, ...]) -> dict[str, float]:
    """Share of each word among those seen after the history."""
    # solution:
    after = {
        ngram[-1]: count for ngram, count in counts.items() if ngram[:-1] == history
    }
    total = sum(after.values())
    return {word: count / total for word, count in after.items()}
    # stub:
    raise NotImplementedError("divide the counts")
    # end
