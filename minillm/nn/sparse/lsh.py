"""Locality-sensitive hashing (LSH): vectors that point in similar directions fall into one bucket."""

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from minillm.errors import InvalidInput
from minillm.nn.sparse.checks import require_at_least


def lsh_rotations(
    width: int, buckets: int, rounds: int, generator: torch.Generator
) -> Float[Tensor, "rounds width half"]:
    """Draw the random matrices of angular hashing.

    Args:
        width: Width of the vectors to be hashed.
        buckets: Number of buckets: even.
        rounds: Independent hashes.
        generator: Source of the draws.

    Returns:
        Standard normal entries, half as many columns as buckets.

    Raises:
        InvalidInput: A number is below 1, or the number of buckets is odd.

    Example:
        >>> lsh_rotations(16, buckets=8, rounds=2, generator=torch.Generator().manual_seed(0)).shape
        torch.Size([2, 16, 4])

    Source:
        Book equation 2.42; Kitaev et al. 2020, section 2, https://arxiv.org/abs/2001.04451.
    """
    require_at_least(1, width=width, buckets=buckets, rounds=rounds)
    if buckets % 2:
        raise InvalidInput(f"buckets={buckets} was given; buckets come in pairs: {buckets - 1} or {buckets + 1}.")
    return torch.randn(rounds, width, buckets // 2, generator=generator)


def lsh_hash(
    x: Float[Tensor, "*batch length width"], rotations: Float[Tensor, "rounds width half"]
) -> Int[Tensor, "*batch rounds length"]:
    r"""Angular hash: the nearest of the axes of a randomly turned space, :math:`\arg\max([xR; -xR])`.

    Vectors at a small angle often share a bucket, whatever their lengths. For two buckets the chance at angle
    :math:`\theta` is exactly :math:`1-\theta/\pi`.

    Args:
        x: Vectors.
        rotations: From :func:`lsh_rotations`.

    Returns:
        The number of the bucket of each vector in each round.

    Example:
        >>> lsh_hash(torch.tensor([[1.0], [-2.0]]), torch.ones(1, 1, 1)).tolist()
        [[0, 1]]

    Source:
        Book equation 2.42; Andoni et al. 2015, https://arxiv.org/abs/1509.02897.
    """
    turned = x.unsqueeze(-3) @ rotations.to(x)
    return torch.cat([turned, -turned], dim=-1).argmax(dim=-1)


def bucket_mask(
    buckets: Int[Tensor, "*batch rounds length"], causal: bool = False
) -> Bool[Tensor, "*batch length length"]:
    """Which pairs share a bucket in at least one round.

    Args:
        buckets: From :func:`lsh_hash`.
        causal: Leave out pairs whose key comes after the query.

    Returns:
        The mask.

    Example:
        >>> bucket_mask(torch.tensor([[0, 1, 0], [0, 0, 1]])).int().tolist()
        [[1, 1, 1], [1, 1, 0], [1, 0, 1]]

    Source:
        Kitaev et al. 2020, equation 5. The book's condition lacks brackets: it means h(q_i) = h(k_j).
    """
    same = (buckets[..., :, None] == buckets[..., None, :]).any(dim=-3)
    return same.tril() if causal else same
