# Two losses, one gradient (12 points, difficulty 3 of 5, about 30 minutes)
# The statement: https://minillm-book.github.io/minillm/chapters/03_pretraining/exercises.html#two-losses-one-gradient
# To check it: minillm exercises check ch03.lambda_loss

"""Fine-tuning with the language model's loss beside the task's."""

import torch


def last_real(real: torch.Tensor) -> torch.Tensor:
    """The place of the last real token of each row, of shape (batch,)."""
    raise NotImplementedError("not always the last place")


def class_logits(
    hidden: torch.Tensor, real: torch.Tensor, classifier: torch.Tensor
) -> torch.Tensor:
    """A score for each class of each row, of shape (batch, classes)."""
    raise NotImplementedError("the state of the last real token, times the classifier")


def lambda_loss(
    hidden: torch.Tensor,
    ids: torch.Tensor,
    real: torch.Tensor,
    labels: torch.Tensor,
    embedding: torch.Tensor,
    classifier: torch.Tensor,
    lam: float,
) -> torch.Tensor:
    """The task's loss plus lam times the language model's, a number."""
    raise NotImplementedError("two losses on the same states")
