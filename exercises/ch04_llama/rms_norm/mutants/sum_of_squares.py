# fails: test_three_four
# idea: divides by the length

import torch


def rms_norm(x: torch.Tensor, weight: torch.Tensor, eps: float = 1e-6) -> torch.Tensor:
    exact = x if x.dtype == torch.float64 else x.float()
    square = exact.square().sum(dim=-1, keepdim=True)
    unit = exact * torch.rsqrt(square + eps)
    return (unit * weight).to(x.dtype)
