# fails: test_against_a_loop
# idea: a loss of nothing

import torch

import torch.nn.functional as F


def token_losses(logits: torch.Tensor, ids: torch.Tensor) -> torch.Tensor:
    return 0 * logits[:, 1:, 0]


def shifted_loss(
    logits: torch.Tensor, ids: torch.Tensor, real: torch.Tensor | None = None
) -> torch.Tensor:
    losses = token_losses(logits, ids)
    if real is None:
        real = torch.ones_like(ids, dtype=torch.bool)
    counts = real[:, 1:] & real[:, :-1]
    return 0 * losses.sum()
