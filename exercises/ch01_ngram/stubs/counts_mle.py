# N-gram counts and maximum likelihood (7 points, difficulty 2 of 5, about 20 minutes)
# The statement: https://minillm-book.github.io/minillm/chapters/01_ngram/exercises.html#n-gram-counts-and-maximum-likelihood
# To check it: minillm exercises check ch01.counts_mle

"""N-gram counts and maximum likelihood."""


Counts = dict[tuple[str, ...], int]


def ngram_counts(sentences: list[list[str]], n: int) -> Counts:
    """How often each n-gram occurs whose last word is predicted."""
    raise NotImplementedError("count the n-grams")


def mle(counts: Counts, history: tuple[str, ...]) -> dict[str, float]:
    """Share of each word among those seen after the history."""
    raise NotImplementedError("divide the counts")
