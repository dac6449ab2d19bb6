# Add-k smoothing and interpolation (9 points, difficulty 2 of 5, about 25 minutes)
# The statement: https://minillm-book.github.io/minillm/chapters/01_ngram/exercises.html#add-k-smoothing-and-interpolation
# To check it: minillm exercises check ch01.add_k_interpolation

"""Add-k smoothing and linear interpolation."""

Counts = dict[tuple[str, ...], int]


def add_k(
    counts: Counts, history: tuple[str, ...], word: str, k: float, vocabulary: list[str]
) -> float:
    """Probability of a word after a history with k added to every count."""
    raise NotImplementedError("add k to every count")


def interpolated(
    counts: list[Counts],
    history: tuple[str, ...],
    word: str,
    weights: list[float],
    vocabulary: list[str],
) -> float:
    """Probability of a word, mixed from histories of all lengths that were seen."""
    raise NotImplementedError("mix the orders, the shortest history first")
