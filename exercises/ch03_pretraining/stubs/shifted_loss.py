# A loss that cannot be copied (11 points, difficulty 2 of 5, about 20 minutes)
# The statement: https://minillm-book.github.io/minillm/chapters/03_pretraining/exercises.html#a-loss-that-cannot-be-copied
# To check it: minillm exercises check ch03.shifted_loss

"""The loss of a model that guesses the next token."""

import torch


def token_losses(logits: torch.Tensor, ids: torch.Tensor) -> torch.Tensor:
    """Loss of every token but the first, of shape (batch, time - 1)."""
    raise NotImplementedError("each token from the logits one place before it")


def shifted_loss(
    logits: torch.Tensor, ids: torch.Tensor, real: torch.Tensor | None = None
) -> torch.Tensor:
    """Mean loss of the guesses that count, a number."""
    raise NotImplementedError("the mean over what counts")
