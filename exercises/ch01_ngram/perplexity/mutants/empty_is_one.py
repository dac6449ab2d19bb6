# fails: test_long_and_impossible_texts
# idea: gives a figure for no tokens

import math



def perplexity(logprobs: list[float]) -> float:
    if not logprobs:
        return 1.0
    return math.exp(-sum(logprobs) / len(logprobs))


def evaluate(sentences: list[list[str]], model: dict[str, float]) -> tuple[float, float, int]:
    tokens = [word for sentence in sentences for word in [*sentence, "</s>"]]
    known = [math.log(model[word]) for word in tokens if word in model]
    oov = len(tokens) - len(known)
    return perplexity(known + [math.log(model["<unk>"])] * oov), perplexity(known), oov


def per_character(value: float, tokens: int, characters: int) -> float:
    return value ** (tokens / characters)
