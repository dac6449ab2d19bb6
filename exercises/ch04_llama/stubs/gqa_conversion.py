# From many key heads to few (11 points, difficulty 3 of 5, about 30 minutes)
# The statement: https://minillm-book.github.io/minillm/chapters/04_llama/exercises.html#from-many-key-heads-to-few
# To check it: minillm exercises check ch04.gqa_conversion

"""From many key and value heads to few."""

import torch
import torch.nn.functional as F


def pool_heads(weight: torch.Tensor, heads: int, groups: int) -> torch.Tensor:
    """Mean of the heads of each group: (..., heads * d) to (..., groups * d)."""
    raise NotImplementedError("neighboring heads form a group")


def repeat_heads(weight: torch.Tensor, groups: int, heads: int) -> torch.Tensor:
    """Each group's head once for every head: (..., groups * d) to (..., heads * d)."""
    raise NotImplementedError("the copies of a head stand side by side")


def grouped_attention(
    x: torch.Tensor,
    wq: torch.Tensor,
    wk: torch.Tensor,
    wv: torch.Tensor,
    wo: torch.Tensor,
    heads: int,
) -> torch.Tensor:
    """Causal self-attention with as many key and value heads as wk and wv have."""
    raise NotImplementedError("query head i reads key head i // (heads // groups)")


def cache_bytes_per_token(
    layers: int, kv_heads: int, head_width: int, bytes_per_number: int
) -> int:
    """Bytes that one token takes in the key-value cache."""
    raise NotImplementedError("keys and values of all layers")
