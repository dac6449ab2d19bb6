"""Fine-tuning with the language model's loss beside the task's."""

import torch

# solution:
import torch.nn.functional as F

# end


def last_real(real: torch.Tensor) -> torch.Tensor:
    """The place of the last real token of each row, of shape (batch,)."""
    # solution:
    return (real * torch.arange(real.shape[1])).argmax(dim=1)
    # stub:
    raise NotImplementedError("not always the last place")
    # end


def class_logits(
    hidden: torch.Tensor, real: torch.Tensor, classifier: torch.Tensor
) -> torch.Tensor:
    """A score for each class of each row, of shape (batch, classes)."""
    # solution:
    return hidden[torch.arange(len(hidden)), last_real(real)] @ classifier
    # stub:
    raise NotImplementedError("the state of the last real token, times the classifier")
    # end


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
    # solution:
    if not 0 <= lam <= 1:
        raise ValueError(f"lam is {lam}: it must be from 0 to 1")
    task = F.cross_entropy(class_logits(hidden, real, classifier), labels)
    guesses = hidden[:, :-1] @ embedding.T
    losses = F.cross_entropy(guesses.mT, ids[:, 1:], reduction="none")
    counts = real[:, 1:] & real[:, :-1]
    rows = losses.where(counts, 0.0).sum(dim=1) / counts.sum(dim=1).clamp(min=1)
    return task + lam * rows.mean()
    # stub:
    raise NotImplementedError("two losses on the same states")
    # end
