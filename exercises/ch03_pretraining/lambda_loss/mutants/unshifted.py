# fails: test_value
# idea: asks for the token just read

import torch

import torch.nn.functional as F


def last_real(real: torch.Tensor) -> torch.Tensor:
    return (real * torch.arange(real.shape[1])).argmax(dim=1)


def class_logits(
    hidden: torch.Tensor, real: torch.Tensor, classifier: torch.Tensor
) -> torch.Tensor:
    return hidden[torch.arange(len(hidden)), last_real(real)] @ classifier


def lambda_loss(
    hidden: torch.Tensor,
    ids: torch.Tensor,
    real: torch.Tensor,
    labels: torch.Tensor,
    embedding: torch.Tensor,
    classifier: torch.Tensor,
    lam: float,
) -> torch.Tensor:
    if not 0 <= lam <= 1:
        raise ValueError(f"lam is {lam}: it must be from 0 to 1")
    task = F.cross_entropy(class_logits(hidden, real, classifier), labels)
    guesses = hidden @ embedding.T
    losses = F.cross_entropy(guesses.mT, ids, reduction="none")
    counts = real
    rows = losses.where(counts, 0.0).sum(dim=1) / counts.sum(dim=1).clamp(min=1)
    return task + lam * rows.mean()
