"""Good-Turing smoothing of word counts."""

# solution:
from collections import Counter

# end


def counts_of_counts(counts: dict[str, int]) -> dict[int, int]:
    """How many words have each count."""
    # solution:
    return dict(Counter(counts.values()))
    # stub:
    raise NotImplementedError("count the counts")
    # end


def good_turing(
    counts: dict[str, int], vocabulary: list[str], cutoff: int
) -> dict[str, float]:
    """Probability of every word of the vocabulary, seen or not."""
    # solution:
    n = counts_of_counts(counts)
    unseen = [word for word in vocabulary if word not in counts]
    p0 = n.get(1, 0) / sum(counts.values()) if unseen else 0.0
    adjusted = {
        word: (r + 1) * n[r + 1] / n[r] if r <= cutoff and r + 1 in n else float(r)
        for word, r in counts.items()
    }
    total = sum(adjusted.values())
    probabilities = {word: (1 - p0) * value / total for word, value in adjusted.items()}
    return probabilities | {word: p0 / len(unseen) for word in unseen}
    # stub:
    raise NotImplementedError("set the share of the unseen aside, adjust, scale")
    # end
