"""Attention by content: buckets of similar vectors, and clusters that follow them."""

import torch


def draw_rotations(width: int, buckets: int, rounds: int, seed: int) -> torch.Tensor:
    """Random matrices (rounds, width, buckets / 2) of standard normal numbers."""
    # solution:
    draws = torch.Generator().manual_seed(seed)
    return torch.randn(
        rounds, width, buckets // 2, generator=draws, dtype=torch.float64
    )
    # stub:
    raise NotImplementedError("independent in every round")
    # end


def lsh_buckets(x: torch.Tensor, rotations: torch.Tensor) -> torch.Tensor:
    """The bucket of every vector in every round, of shape (..., rounds, length)."""
    # solution:
    turned = x.unsqueeze(-3) @ rotations
    return torch.cat([turned, -turned], dim=-1).argmax(dim=-1)
    # stub:
    raise NotImplementedError("the largest of [xR; -xR]")
    # end


def bucket_mask(query_buckets: torch.Tensor, key_buckets: torch.Tensor) -> torch.Tensor:
    """True where query and key share a bucket in at least one round."""
    # solution:
    same = query_buckets[..., :, None] == key_buckets[..., None, :]
    return same.any(dim=-3)
    # stub:
    raise NotImplementedError("compare round by round")
    # end


def update_clusters(
    sums: torch.Tensor, counts: torch.Tensor, x: torch.Tensor, decay: float
) -> tuple[torch.Tensor, torch.Tensor]:
    """Running sums and counts of the clusters after the vectors x have come."""
    # solution:
    nearest = torch.cdist(x, sums / counts[:, None]).argmin(dim=1)
    members = torch.nn.functional.one_hot(nearest, len(counts)).to(x.dtype)
    number = members.sum(dim=0)
    kept = torch.full_like(counts, decay).masked_fill(number == 0, 1.0)
    sums = kept[:, None] * sums + (1 - kept)[:, None] * (members.T @ x)
    return sums, kept * counts + (1 - kept) * number
    # stub:
    raise NotImplementedError("assign, add up, mix with what was there")
    # end
