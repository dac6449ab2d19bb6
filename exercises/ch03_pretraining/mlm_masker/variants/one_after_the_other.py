# idea: Bernoulli draws: half of what is not hidden becomes random

import torch


def mask_tokens(ids, special_ids, mask_id, vocab_size, seed, rate=0.15):
    g = torch.Generator()
    g.manual_seed(seed)
    noised = ids.clone()
    odds = torch.full(ids.shape, rate)
    for special in special_ids:
        odds[ids == special] = 0.0
    chosen = torch.bernoulli(odds, generator=g).bool()
    labels = ids.masked_fill(~chosen, -100)
    hidden = torch.bernoulli(torch.full(ids.shape, 0.8), generator=g).bool() & chosen
    noised[hidden] = mask_id
    half = torch.bernoulli(torch.full(ids.shape, 0.5), generator=g).bool()
    random = half & chosen & ~hidden
    noised[random] = torch.randint(vocab_size, ids.shape, generator=g)[random]
    return noised, labels
