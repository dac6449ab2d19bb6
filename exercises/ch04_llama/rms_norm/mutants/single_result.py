# fails: test_dtype
# idea: rounds before the weight, which makes the result float32 again

import torch


def rms_norm(x: torch.Tensor, weight: torch.Tensor, eps: float = 1e-6) -> torch.Tensor:
    exact = x if x.dtype == torch.float64 else x.float()
    square = exact.square().mean(dim=-1, keepdim=True)
    unit = exact * torch.rsqrt(square + eps)
    return unit.to(x.dtype) * weight
