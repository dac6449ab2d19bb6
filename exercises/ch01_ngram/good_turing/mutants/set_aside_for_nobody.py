# fails: test_everything_seen
# idea: sets the share aside even if nothing is unseen

from collections import Counter



def counts_of_counts(counts: dict[str, int]) -> dict[int, int]:
    return dict(Counter(counts.values()))


def good_turing(counts: dict[str, int], vocabulary: list[str], cutoff: int) -> dict[str, float]:
    n = counts_of_counts(counts)
    unseen = [word for word in vocabulary if word not in counts]
    p0 = n.get(1, 0) / sum(counts.values())
    adjusted = {
        word: (r + 1) * n[r + 1] / n[r] if r <= cutoff and r + 1 in n else float(r) for word, r in counts.items()
    }
    total = sum(adjusted.values())
    probabilities = {word: (1 - p0) * value / total for word, value in adjusted.items()}
    return probabilities | {word: p0 / len(unseen) for word in unseen}
