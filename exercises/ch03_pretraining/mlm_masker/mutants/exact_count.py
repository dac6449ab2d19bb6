# fails: test_share
# idea: chooses a fixed number of places, a share of all

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
    chance = torch.Generator().manual_seed(seed)
    ordinary = ~torch.isin(ids, torch.tensor(special_ids, dtype=ids.dtype))
    order = torch.rand(ids.shape, generator=chance).masked_fill(~ordinary, 2.0)
    number = round(rate * int(ordinary.sum()))
    ranks = order.flatten().argsort().argsort().view(ids.shape)
    chosen = ordinary & (ranks < number)
    fate = torch.rand(ids.shape, generator=chance)
    other = torch.randint(vocab_size, ids.shape, generator=chance)
    noised = torch.where(chosen & (fate < 0.8), mask_id, ids)
    noised = torch.where(chosen & (fate >= 0.9), other, noised)
    return noised, torch.where(chosen, ids, IGNORE)
