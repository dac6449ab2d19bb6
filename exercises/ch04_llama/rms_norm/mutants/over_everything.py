# fails: test_forward
# idea: one mean for all vectors

import torch


def rms_norm(x: torch.Tensor, weight: torch.Tensor, eps: float = 1e-6) -> torch.Tensor:
    exact = x if x.dtype == torch.float64 else x.float()
    square = exact.square().mean()
    unit = exact * torch.rsqrt(square + eps)
    return (unit * weight).to(x.dtype)
