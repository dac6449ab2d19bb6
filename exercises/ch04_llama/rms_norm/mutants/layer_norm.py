# fails: test_mean_stays
# idea: subtracts the mean

import torch


def rms_norm(x: torch.Tensor, weight: torch.Tensor, eps: float = 1e-6) -> torch.Tensor:
    exact = x if x.dtype == torch.float64 else x.float()
    exact = exact - exact.mean(dim=-1, keepdim=True)
    square = exact.square().mean(dim=-1, keepdim=True)
    unit = exact * torch.rsqrt(square + eps)
    return (unit * weight).to(x.dtype)
