# fails: test_one_half_one_quarter_one_eighth
# idea: inverts the arithmetic mean

import math



def perplexity(logprobs: list[float]) -> float:
    if not logprobs:
        raise ValueError("perplexity needs at least one token")
    return len(logprobs) / (sum(map(math.exp, logprobs)) or 1e-300)


def evaluate(sentences: list[list[str]], model: dict[str, float]) -> tuple[float, float, int]:
    tokens = [word for sentence in sentences for word in [*sentence, "</s>"]]
    known = [math.log(model[word]) for word in tokens if word in model]
    oov = len(tokens) - len(known)
    return perplexity(known + [math.log(model["<unk>"])] * oov), perplexity(known), oov


def per_character(value: float, tokens: int, characters: int) -> float:
    return value ** (tokens / characters)
