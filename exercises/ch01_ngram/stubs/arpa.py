# Reading ARPA files (10 points, difficulty 3 of 5, about 40 minutes)
# The statement: https://minillm-book.github.io/minillm/chapters/01_ngram/exercises.html#reading-arpa-files
# To check it: minillm exercises check ch01.arpa

"""ARPA files: reading, and scoring with back-off."""


Model = dict[tuple[str, ...], tuple[float, float]]


def read_arpa(text: str) -> Model:
    """From each n-gram to its log-probability and back-off weight, both base 10."""
    raise NotImplementedError("read the header, then each section")


def backoff_logprob(model: Model, history: tuple[str, ...], word: str) -> float:
    """Base-10 log-probability of a word, backing off where it must."""
    raise NotImplementedError("look the n-gram up, or back off")
