# fails: test_gradients
# idea: the token's own probability weighs its loss, in the gradient alone

import torch

import torch.nn.functional as F


def token_losses(logits: torch.Tensor, ids: torch.Tensor) -> torch.Tensor:
    return F.cross_entropy(logits[:, :-1].mT, ids[:, 1:], reduction="none")


def shifted_loss(
    logits: torch.Tensor, ids: torch.Tensor, real: torch.Tensor | None = None
) -> torch.Tensor:
    losses = token_losses(logits, ids)
    if real is None:
        real = torch.ones_like(ids, dtype=torch.bool)
    counts = real[:, 1:] & real[:, :-1]
    weight = (-losses).exp()
    losses = losses + (weight - weight.detach())
    return losses.where(counts, 0.0).sum() / counts.sum().clamp(min=1)
