# idea: mean from the standard library

from math import exp, inf, log
from statistics import fmean


def perplexity(logprobs):
    if not logprobs:
        raise ValueError("empty")
    if -inf in logprobs:
        return inf
    return exp(-fmean(logprobs))


def evaluate(sentences, model):
    tokens = sum([sentence + ["</s>"] for sentence in sentences], [])
    unknown = [word not in model for word in tokens]
    scores = [log(model["<unk>" if new else word]) for word, new in zip(tokens, unknown, strict=True)]
    known = [score for score, new in zip(scores, unknown, strict=True) if not new]
    return perplexity(scores), perplexity(known), sum(unknown)


def per_character(value, tokens, characters):
    return perplexity([-log(value)] * tokens + [0.0] * (characters - tokens))
