"""How fast training is, measured against what this machine's own matrix products reach."""

import time

import torch
from torch import nn

from minillm.models.sizes import Config, training_flops_per_token

_SIDE = {"cpu": 1024, "cuda": 8192}


def matmul_rate(device: torch.device, dtype: torch.dtype = torch.float32, seconds: float = 0.2) -> float:
    """Multiply random square matrices for a moment; the fastest of the products counts.

    Zeros would not do: they need less power, and a GPU runs faster on them.

    Args:
        device: Where to.
        dtype: In what precision.
        seconds: For how long, besides a first product that warms up.

    Returns:
        FLOP/s.

    Example:
        >>> matmul_rate(torch.device("cpu"), seconds=0.01) > 1e8
        True

    Source: The usual 2 n^3 operations of a product.
    """
    side = _SIDE.get(device.type, 1024)
    generator = torch.Generator().manual_seed(0)
    a, b = (torch.randn(side, side, generator=generator).to(device, dtype) for _ in range(2))
    best, end = float("inf"), 0.0
    while not end or time.perf_counter() < end:
        start = time.perf_counter()
        a @ b
        if device.type == "cuda":
            torch.cuda.synchronize(device)
        best = min(best, time.perf_counter() - start)
        end = end or time.perf_counter() + seconds
    return 2 * side**3 / best


def flops_per_token(model: nn.Module, context: int) -> float:
    """Operations that training on one token takes: 6 for every weight in a matrix product, and attention's scores.

    Embeddings that are only looked up cost nothing; an output layer costs as any other matrix, tied or not. Work done
    twice to save memory is not counted.

    Args:
        model: One of `minillm.models`, or another, of which only the linear layers are counted.
        context: Positions in a window.

    Returns:
        FLOP a token, forward and backward.

    Example:
        >>> flops_per_token(nn.Linear(10, 10, bias=False), context=8)
        600.0

    Source: Kaplan et al. (2020), section 2.1; Chowdhery et al. (2022), appendix B, for 12 L d T.
    """
    config = getattr(model, "config", None)
    if isinstance(config, Config):
        return float(training_flops_per_token(config, context))
    return float(6 * sum(m.weight.numel() for m in model.modules() if isinstance(m, nn.Linear)))
