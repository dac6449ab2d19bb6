# fails: test_small_vectors
# idea: epsilon added to the root

import torch


def rms_norm(x: torch.Tensor, weight: torch.Tensor, eps: float = 1e-6) -> torch.Tensor:
    exact = x if x.dtype == torch.float64 else x.float()
    square = exact.square().mean(dim=-1, keepdim=True)
    unit = exact * 1 / (square.sqrt() + eps)
    return (unit * weight).to(x.dtype)
