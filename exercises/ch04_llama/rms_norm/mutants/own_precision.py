# fails: test_large_numbers_in_half_precision
# idea: squares in the precision of x

import torch


def rms_norm(x: torch.Tensor, weight: torch.Tensor, eps: float = 1e-6) -> torch.Tensor:
    exact = x
    square = exact.square().mean(dim=-1, keepdim=True)
    unit = exact * torch.rsqrt(square + eps)
    return (unit * weight).to(x.dtype)
