"""Interpolated Kneser-Ney smoothing."""

# solution:
from collections import Counter

# end

Counts = dict[tuple[str, ...], int]


def continuation_counts(counts: Counts) -> Counts:
    """For each n-gram one word shorter, how many different words stand before it."""
    # solution:
    return dict(Counter(ngram[1:] for ngram in counts))
    # stub:
    raise NotImplementedError("count the different words before")
    # end


def kneser_ney(
    counts: Counts,
    history: tuple[str, ...],
    word: str,
    discount: float,
    vocabulary: list[str],
) -> float:
    """Probability of a word after a history."""
    # solution:
    if history:
        below = kneser_ney(
            continuation_counts(counts), history[1:], word, discount, vocabulary
        )
    else:
        below = 1 / len(vocabulary)
    after = {
        ngram[-1]: count for ngram, count in counts.items() if ngram[:-1] == history
    }
    if not after:
        return below
    kept = max(after.get(word, 0) - discount, 0.0)
    return (kept + discount * len(after) * below) / sum(after.values())
    # stub:
    raise NotImplementedError(
        "discount, and give what was taken to the shorter history"
    )
    # end
