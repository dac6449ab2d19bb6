# fails: test_long_and_impossible_texts
# idea: multiplies the probabilities

import math



def perplexity(logprobs: list[float]) -> float:
    if not logprobs:
        raise ValueError("perplexity needs at least one token")
    product = math.prod(map(math.exp, logprobs))
    return product ** (-1 / len(logprobs)) if product else math.inf


def evaluate(sentences: list[list[str]], model: dict[str, float]) -> tuple[float, float, int]:
    tokens = [word for sentence in sentences for word in [*sentence, "</s>"]]
    known = [math.log(model[word]) for word in tokens if word in model]
    oov = len(tokens) - len(known)
    return perplexity(known + [math.log(model["<unk>"])] * oov), perplexity(known), oov


def per_character(value: float, tokens: int, characters: int) -> float:
    return value ** (tokens / characters)
