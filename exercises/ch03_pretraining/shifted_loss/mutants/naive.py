# fails: test_large_logits
# idea: exponentials as they come

import torch

import torch.nn.functional as F


def token_losses(logits: torch.Tensor, ids: torch.Tensor) -> torch.Tensor:
    return -(logits.exp() / logits.exp().sum(-1, keepdim=True))[:, :-1].log().gather(-1, ids[:, 1:, None])[..., 0]


def shifted_loss(
    logits: torch.Tensor, ids: torch.Tensor, real: torch.Tensor | None = None
) -> torch.Tensor:
    losses = token_losses(logits, ids)
    if real is None:
        real = torch.ones_like(ids, dtype=torch.bool)
    counts = real[:, 1:] & real[:, :-1]
    return losses.where(counts, 0.0).sum() / counts.sum().clamp(min=1)
