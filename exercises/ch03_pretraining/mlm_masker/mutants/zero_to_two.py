# fails: test_special_tokens
# idea: takes the lowest ids for the special ones

import torch

IGNORE = -100


def mask_tokens(
    ids: torch.Tensor,
    special_ids: list[int],
    mask_id: int,
    vocab_size: int,
    seed: int,
    rate: float = 0.15,
) -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(seed)
    special = ids < 3
    chosen = (torch.rand(ids.shape, generator=generator) < rate) & ~special
    fate = torch.rand(ids.shape, generator=generator)
    drawn = torch.randint(vocab_size, ids.shape, generator=generator)
    noised = torch.where(chosen & (fate < 0.8), mask_id, ids)
    noised = torch.where(chosen & (fate >= 0.9), drawn, noised)
    return noised, torch.where(chosen, ids, IGNORE)
