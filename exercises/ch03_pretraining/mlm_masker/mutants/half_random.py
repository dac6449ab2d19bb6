# fails: test_fates
# idea: a tenth of the rest, not of the chosen

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
    special = torch.isin(ids, torch.tensor(special_ids, dtype=ids.dtype))
    chosen = (torch.rand(ids.shape, generator=generator) < rate) & ~special
    fate = torch.rand(ids.shape, generator=generator)
    drawn = torch.randint(vocab_size, ids.shape, generator=generator)
    noised = torch.where(chosen & (fate < 0.8), mask_id, ids)
    again = torch.rand(ids.shape, generator=generator)
    noised = torch.where(chosen & (fate >= 0.8) & (again < 0.1), drawn, noised)
    return noised, torch.where(chosen, ids, IGNORE)
