# fails: test_without_a_mask
# idea: softmax along the queries

import torch


def attention_weights(
    q: torch.Tensor, k: torch.Tensor, mask: torch.Tensor | None = None
) -> torch.Tensor:
    scores = q @ k.mT / q.shape[-1] ** 0.5
    if mask is None:
        return scores.softmax(dim=-2)
    sees = mask.any(dim=-1, keepdim=True)
    # A row that sees nothing would be 0 / 0: let it see all, and take that away again.
    hidden = ~mask & sees
    return scores.masked_fill(hidden, float("-inf")).softmax(dim=-2) * sees


def attention(
    q: torch.Tensor,
    k: torch.Tensor,
    v: torch.Tensor,
    mask: torch.Tensor | None = None,
) -> torch.Tensor:
    return attention_weights(q, k, mask) @ v
