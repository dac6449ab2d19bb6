# fails: test_weights_at_their_ends
# idea: weights all orders side by side

Counts = dict[tuple[str, ...], int]


def add_k(counts: Counts, history: tuple[str, ...], word: str, k: float, vocabulary: list[str]) -> float:
    total = sum(counts.get((*history, other), 0) + k for other in vocabulary)
    return (counts.get((*history, word), 0) + k) / total


def interpolated(
    counts: list[Counts], history: tuple[str, ...], word: str, weights: list[float], vocabulary: list[str]
) -> float:
    p = (1 - sum(weights)) / len(vocabulary)
    for order, (ngrams, weight) in enumerate(zip(counts, weights, strict=True), start=1):
        seen = history[len(history) - order + 1 :]
        total = sum(ngrams.get((*seen, other), 0) for other in vocabulary)
        if total:
            p += weight * ngrams.get((*seen, word), 0) / total
    return p
