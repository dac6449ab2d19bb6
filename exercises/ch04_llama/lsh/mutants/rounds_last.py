# fails: test_buckets
# idea: length before rounds

import torch


def draw_rotations(width: int, buckets: int, rounds: int, seed: int) -> torch.Tensor:
    draws = torch.Generator().manual_seed(seed)
    return torch.randn(
        rounds, width, buckets // 2, generator=draws, dtype=torch.float64
    )


def lsh_buckets(x: torch.Tensor, rotations: torch.Tensor) -> torch.Tensor:
    turned = x.unsqueeze(-3) @ rotations
    return torch.cat([turned, -turned], dim=-1).argmax(dim=-1).mT


def bucket_mask(query_buckets: torch.Tensor, key_buckets: torch.Tensor) -> torch.Tensor:
    same = query_buckets[..., :, None] == key_buckets[..., None, :]
    return same.any(dim=-3)


def update_clusters(
    sums: torch.Tensor, counts: torch.Tensor, x: torch.Tensor, decay: float
) -> tuple[torch.Tensor, torch.Tensor]:
    nearest = torch.cdist(x, sums / counts[:, None]).argmin(dim=1)
    members = torch.nn.functional.one_hot(nearest, len(counts)).to(x.dtype)
    number = members.sum(dim=0)
    kept = torch.full_like(counts, decay).masked_fill(number == 0, 1.0)
    sums = kept[:, None] * sums + (1 - kept)[:, None] * (members.T @ x)
    return sums, kept * counts + (1 - kept) * number
