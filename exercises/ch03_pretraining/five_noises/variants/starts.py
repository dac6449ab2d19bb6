# idea: spans from starts drawn among what no span has taken; reduce over the plan

from functools import reduce

import numpy as np

MASK = "<mask>"


def token_masking(tokens, rate, seed):
    rng = np.random.default_rng(seed)
    return [(token, MASK)[int(rng.binomial(1, rate))] for token in tokens]


def token_deletion(tokens, rate, seed):
    stays = np.random.default_rng(seed).random(len(tokens)) >= rate
    return np.array(tokens, dtype=object)[stays].tolist()


def text_infilling(tokens, rate, mean_span, seed):
    rng = np.random.default_rng(seed)
    wanted = round(rate * len(tokens))
    lengths = []
    while wanted > 0:
        lengths.append(min(int(rng.poisson(mean_span)), wanted))
        wanted -= lengths[-1]
    kept = len(tokens) - sum(lengths)
    slots = np.zeros(kept + len(lengths), dtype=int) - 1
    where = rng.choice(len(slots), size=len(lengths), replace=False)
    slots[where] = lengths
    result, read = [], 0
    for length in slots.tolist():
        result.append(MASK if length >= 0 else tokens[read])
        read += abs(length)
    return result


def sentence_permutation(tokens, seed):
    numbers = np.cumsum([0] + [token == "." for token in tokens[:-1]])
    groups = [[t for t, n in zip(tokens, numbers) if n == k] for k in range(numbers[-1] + 1)]
    np.random.default_rng(seed).shuffle(order := list(range(len(groups))))
    return [token for k in order for token in groups[k]]


def document_rotation(tokens, seed):
    shift = np.random.default_rng(seed).integers(max(1, len(tokens)))
    return np.roll(np.array(tokens, dtype=object), shift).tolist()


def spoil(tokens, plan, seed):
    known = globals()
    for name, _ in plan:
        if not name.startswith(("token_", "text_", "sentence_", "document_")) or name not in known:
            raise ValueError(f"unknown noise {name}")
    steps = enumerate(plan)
    return reduce(lambda t, step: known[step[1][0]](t, seed=seed + step[0], **step[1][1]), steps, list(tokens))
