# idea: numpy's generator, one number for the choice and one for the fate

import numpy as np
import torch

IGNORE = -100


def mask_tokens(ids, special_ids, mask_id, vocab_size, seed, rate=0.15):
    rng = np.random.default_rng(seed)
    old = ids.numpy()
    chosen = (rng.random(old.shape) < rate) & ~np.isin(old, special_ids)
    fate = rng.choice(3, size=old.shape, p=[0.8, 0.1, 0.1])
    drawn = rng.integers(0, vocab_size, size=old.shape)
    new = np.select([~chosen, fate == 0, fate == 1], [old, mask_id, drawn], old)
    return torch.from_numpy(new), torch.from_numpy(np.where(chosen, old, IGNORE))
