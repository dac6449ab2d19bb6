# fails: test_composition
# idea: from the last noise to the first

from itertools import pairwise

import numpy as np


MASK = "<mask>"


def token_masking(tokens: list[str], rate: float, seed: int) -> list[str]:
    hit = np.random.default_rng(seed).random(len(tokens)) < rate
    return [MASK if h else token for token, h in zip(tokens, hit, strict=True)]


def token_deletion(tokens: list[str], rate: float, seed: int) -> list[str]:
    hit = np.random.default_rng(seed).random(len(tokens)) < rate
    return [token for token, h in zip(tokens, hit, strict=True) if not h]


def text_infilling(
    tokens: list[str], rate: float, mean_span: float, seed: int
) -> list[str]:
    rng = np.random.default_rng(seed)
    wanted = round(rate * len(tokens))
    spans: list[int] = []
    while sum(spans) < wanted:
        spans.append(min(int(rng.poisson(mean_span)), wanted - sum(spans)))
    rng.shuffle(spans)
    # Spans and single tokens in a random order: every way to lay them is as likely.
    pieces = [-1] * (len(tokens) - wanted) + list(range(len(spans)))
    read, result = 0, []
    for piece in rng.permutation(pieces).tolist():
        if piece < 0:
            result.append(tokens[read])
            read += 1
        else:
            result.append(MASK)
            read += spans[piece]
    return result


def sentence_permutation(tokens: list[str], seed: int) -> list[str]:
    ends = [i + 1 for i, token in enumerate(tokens) if token == "."]
    cuts = [0, *ends, len(tokens)]
    sentences = [tokens[a:b] for a, b in pairwise(cuts) if b > a]
    order = np.random.default_rng(seed).permutation(len(sentences))
    return [token for i in order for token in sentences[i]]


def document_rotation(tokens: list[str], seed: int) -> list[str]:
    start = int(np.random.default_rng(seed).integers(max(len(tokens), 1)))
    return tokens[start:] + tokens[:start]


def spoil(tokens: list[str], plan: list[tuple[str, dict]], seed: int) -> list[str]:
    noises = {
        noise.__name__: noise
        for noise in (
            token_masking,
            token_deletion,
            text_infilling,
            sentence_permutation,
            document_rotation,
        )
    }
    tokens = list(tokens)
    for number, (name, options) in enumerate(plan[::-1]):
        if name not in noises:
            raise ValueError(f"{name!r} is no noise; there are {', '.join(noises)}")
        tokens = noises[name](tokens, **options, seed=seed + number)
    return tokens
