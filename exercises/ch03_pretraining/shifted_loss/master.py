"""The loss of a model that guesses the next token."""

import torch

# solution:
import torch.nn.functional as F

# end


def token_losses(logits: torch.Tensor, ids: torch.Tensor) -> torch.Tensor:
    """Loss of every token but the first, of shape (batch, time - 1)."""
    # solution:
    return F.cross_entropy(logits[:, :-1].mT, ids[:, 1:], reduction="none")
    # stub:
    raise NotImplementedError("each token from the logits one place before it")
    # end


def shifted_loss(
    logits: torch.Tensor, ids: torch.Tensor, real: torch.Tensor | None = None
) -> torch.Tensor:
    """Mean loss of the guesses that count, a number."""
    # solution:
    losses = token_losses(logits, ids)
    if real is None:
        real = torch.ones_like(ids, dtype=torch.bool)
    counts = real[:, 1:] & real[:, :-1]
    return losses.where(counts, 0.0).sum() / counts.sum().clamp(min=1)
    # stub:
    raise NotImplementedError("the mean over what counts")
    # end
