# fails: test_three_four
# idea: multiplies by 1 + weight, as Gemma does

import torch


def rms_norm(x: torch.Tensor, weight: torch.Tensor, eps: float = 1e-6) -> torch.Tensor:
    exact = x if x.dtype == torch.float64 else x.float()
    square = exact.square().mean(dim=-1, keepdim=True)
    unit = exact * torch.rsqrt(square + eps)
    return (unit * (1 + weight)).to(x.dtype)
