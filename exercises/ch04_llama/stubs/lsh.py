# Buckets by angle, clusters by running sums (12 points, difficulty 3 of 5, about 35 minutes)
# The statement: https://minillm-book.github.io/minillm/chapters/04_llama/exercises.html#buckets-by-angle-clusters-by-running-sums
# To check it: minillm exercises check ch04.lsh

"""Attention by content: buckets of similar vectors, and clusters that follow them."""

import torch


def draw_rotations(width: int, buckets: int, rounds: int, seed: int) -> torch.Tensor:
    """Random matrices (rounds, width, buckets / 2) of standard normal numbers."""
    raise NotImplementedError("independent in every round")


def lsh_buckets(x: torch.Tensor, rotations: torch.Tensor) -> torch.Tensor:
    """The bucket of every vector in every round, of shape (..., rounds, length)."""
    raise NotImplementedError("the largest of [xR; -xR]")


def bucket_mask(query_buckets: torch.Tensor, key_buckets: torch.Tensor) -> torch.Tensor:
    """True where query and key share a bucket in at least one round."""
    raise NotImplementedError("compare round by round")


def update_clusters(
    sums: torch.Tensor, counts: torch.Tensor, x: torch.Tensor, decay: float
) -> tuple[torch.Tensor, torch.Tensor]:
    """Running sums and counts of the clusters after the vectors x have come."""
    raise NotImplementedError("assign, add up, mix with what was there")
