"""Add-k smoothing and linear interpolation."""

Counts = dict[tuple[str, ...], int]


def add_k(
    counts: Counts, history: tuple[str, ...], word: str, k: float, vocabulary: list[str]
) -> float:
    """Probability of a word after a history with k added to every count."""
    # solution:
    total = sum(counts.get((*history, other), 0) + k for other in vocabulary)
    return (counts.get((*history, word), 0) + k) / total
    # stub:
    raise NotImplementedError("add k to every count")
    # end


def interpolated(
    counts: list[Counts],
    history: tuple[str, ...],
    word: str,
    weights: list[float],
    vocabulary: list[str],
) -> float:
    """Probability of a word, mixed from histories of all lengths that were seen."""
    # solution:
    p = 1 / len(vocabulary)
    for order, (ngrams, weight) in enumerate(
        zip(counts, weights, strict=True), start=1
    ):
        seen = history[len(history) - order + 1 :]
        total = sum(ngrams.get((*seen, other), 0) for other in vocabulary)
        if total:
            p = weight * ngrams.get((*seen, word), 0) / total + (1 - weight) * p
    return p
    # stub:
    raise NotImplementedError("mix the orders, the shortest history first")
    # end
