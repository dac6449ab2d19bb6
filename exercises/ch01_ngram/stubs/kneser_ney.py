# Kneser-Ney smoothing (10 points, difficulty 4 of 5, about 40 minutes)
# The statement: https://minillm-book.github.io/minillm/chapters/01_ngram/exercises.html#kneser-ney-smoothing
# To check it: minillm exercises check ch01.kneser_ney

"""Interpolated Kneser-Ney smoothing."""


Counts = dict[tuple[str, ...], int]


def continuation_counts(counts: Counts) -> Counts:
    """For each n-gram one word shorter, how many different words stand before it."""
    raise NotImplementedError("count the different words before")


def kneser_ney(
    counts: Counts,
    history: tuple[str, ...],
    word: str,
    discount: float,
    vocabulary: list[str],
) -> float:
    """Probability of a word after a history."""
    raise NotImplementedError(
        "discount, and give what was taken to the shorter history"
    )
