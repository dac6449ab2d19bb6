# Good-Turing: the share of the unseen (9 points, difficulty 3 of 5, about 25 minutes)
# The statement: https://minillm-book.github.io/minillm/chapters/01_ngram/exercises.html#good-turing-the-share-of-the-unseen
# To check it: minillm exercises check ch01.good_turing

"""Good-Turing smoothing of word counts."""


def counts_of_counts(counts: dict[str, int]) -> dict[int, int]:
    """How many words have each count."""
    raise NotImplementedError("count the counts")


def good_turing(
    counts: dict[str, int], vocabulary: list[str], cutoff: int
) -> dict[str, float]:
    """Probability of every word of the vocabulary, seen or not."""
    raise NotImplementedError("set the share of the unseen aside, adjust, scale")
