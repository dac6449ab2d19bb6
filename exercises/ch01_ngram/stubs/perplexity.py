# Perplexity, with unknown words (8 points, difficulty 2 of 5, about 20 minutes)
# The statement: https://minillm-book.github.io/minillm/chapters/01_ngram/exercises.html#perplexity-with-unknown-words
# To check it: minillm exercises check ch01.perplexity

"""Perplexity, with and without unknown words."""


def perplexity(logprobs: list[float]) -> float:
    """Exponential of the mean negative log-probability."""
    raise NotImplementedError("take the mean of the logarithms")


def evaluate(
    sentences: list[list[str]], model: dict[str, float]
) -> tuple[float, float, int]:
    """Perplexity over all tokens and over the known ones; number of unknown ones."""
    raise NotImplementedError("score every token")


def per_character(value: float, tokens: int, characters: int) -> float:
    """The perplexity per character of a text with a given perplexity per token."""
    raise NotImplementedError("share the same log-probability among more units")
