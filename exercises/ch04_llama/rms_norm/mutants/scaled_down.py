# fails: test_small_numbers_in_half_precision
# idea: in the precision of x, divided by 256 first: what is small is lost

import torch


def rms_norm(x: torch.Tensor, weight: torch.Tensor, eps: float = 1e-6) -> torch.Tensor:
    exact = x / 256
    square = exact.square().mean(dim=-1, keepdim=True)
    unit = exact * torch.rsqrt(square + eps / 65536)
    return (unit * weight).to(x.dtype)
