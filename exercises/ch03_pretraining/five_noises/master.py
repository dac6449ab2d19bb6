"""BART's five ways to spoil a text."""

# solution:
from itertools import pairwise

import numpy as np

# end

MASK = "<mask>"


def token_masking(tokens: list[str], rate: float, seed: int) -> list[str]:
    """Each token becomes MASK with probability rate."""
    # solution:
    hit = np.random.default_rng(seed).random(len(tokens)) < rate
    return [MASK if h else token for token, h in zip(tokens, hit, strict=True)]
    # stub:
    raise NotImplementedError("one mask for each hidden token")
    # end


def token_deletion(tokens: list[str], rate: float, seed: int) -> list[str]:
    """Each token is left out with probability rate."""
    # solution:
    hit = np.random.default_rng(seed).random(len(tokens)) < rate
    return [token for token, h in zip(tokens, hit, strict=True) if not h]
    # stub:
    raise NotImplementedError("no trace of what is gone")
    # end


def text_infilling(
    tokens: list[str], rate: float, mean_span: float, seed: int
) -> list[str]:
    """Spans of random length become one MASK each."""
    # solution:
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
    # stub:
    raise NotImplementedError("draw the spans, lay them, mask them")
    # end


def sentence_permutation(tokens: list[str], seed: int) -> list[str]:
    """The sentences in a random order."""
    # solution:
    ends = [i + 1 for i, token in enumerate(tokens) if token == "."]
    cuts = [0, *ends, len(tokens)]
    sentences = [tokens[a:b] for a, b in pairwise(cuts) if b > a]
    order = np.random.default_rng(seed).permutation(len(sentences))
    return [token for i in order for token in sentences[i]]
    # stub:
    raise NotImplementedError("cut after each full stop, then shuffle")
    # end


def document_rotation(tokens: list[str], seed: int) -> list[str]:
    """The text from a random token on, and then what stood before it."""
    # solution:
    start = int(np.random.default_rng(seed).integers(max(len(tokens), 1)))
    return tokens[start:] + tokens[:start]
    # stub:
    raise NotImplementedError("begin anywhere")
    # end


def spoil(tokens: list[str], plan: list[tuple[str, dict]], seed: int) -> list[str]:
    """One noise after the other."""
    # solution:
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
    for number, (name, options) in enumerate(plan):
        if name not in noises:
            raise ValueError(f"{name!r} is no noise; there are {', '.join(noises)}")
        tokens = noises[name](tokens, **options, seed=seed + number)
    return tokens
    # stub:
    raise NotImplementedError("apply them in order")
    # end
