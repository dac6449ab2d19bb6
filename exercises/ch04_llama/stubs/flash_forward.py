# FlashAttention, forward (12 points, difficulty 4 of 5, about 45 minutes)
# The statement: https://minillm-book.github.io/minillm/chapters/04_llama/exercises.html#flashattention-forward
# To check it: minillm exercises check ch04.flash_forward

"""Exact attention in tiles, without the matrix of all scores."""

import torch


def flash_forward(
    q: torch.Tensor,
    k: torch.Tensor,
    v: torch.Tensor,
    rows: int,
    columns: int,
    causal: bool = False,
) -> tuple[torch.Tensor, torch.Tensor]:
    """Mixed values (..., queries, d_v), and each row's log-sum-exp (..., queries)."""
    raise NotImplementedError("tiles of queries against tiles of keys")
