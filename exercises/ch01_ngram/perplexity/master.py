"""Perplexity, with and without unknown words."""

# solution:
import math

# end


def perplexity(logprobs: list[float]) -> float:
    """Exponential of the mean negative log-probability."""
    # solution:
    if not logprobs:
        raise ValueError("perplexity needs at least one token")
    return math.exp(-sum(logprobs) / len(logprobs))
    # stub:
    raise NotImplementedError("take the mean of the logarithms")
    # end


def evaluate(
    sentences: list[list[str]], model: dict[str, float]
) -> tuple[float, float, int]:
    """Perplexity over all tokens and over the known ones; number of unknown ones."""
    # solution:
    tokens = [word for sentence in sentences for word in [*sentence, "</s>"]]
    known = [math.log(model[word]) for word in tokens if word in model]
    oov = len(tokens) - len(known)
    return perplexity(known + [math.log(model["<unk>"])] * oov), perplexity(known), oov
    # stub:
    raise NotImplementedError("score every token")
    # end


def per_character(value: float, tokens: int, characters: int) -> float:
    """The perplexity per character of a text with a given perplexity per token."""
    # solution:
    return value ** (tokens / characters)
    # stub:
    raise NotImplementedError("share the same log-probability among more units")
    # end
