# fails: test_forward
# idea: float32 even for float64

import torch


def rms_norm(x: torch.Tensor, weight: torch.Tensor, eps: float = 1e-6) -> torch.Tensor:
    exact = x.float()
    square = exact.square().mean(dim=-1, keepdim=True)
    unit = exact * torch.rsqrt(square + eps)
    return (unit * weight).to(x.dtype)
