"""Root-mean-square normalization."""

import torch


def rms_norm(x: torch.Tensor, weight: torch.Tensor, eps: float = 1e-6) -> torch.Tensor:
    """Divide each vector by its root mean square, then stretch it by the weight."""
    # solution:
    exact = x if x.dtype == torch.float64 else x.float()
    square = exact.square().mean(dim=-1, keepdim=True)
    unit = exact * torch.rsqrt(square + eps)
    return (unit * weight).to(x.dtype)
    # stub:
    raise NotImplementedError("mean of squares, root, weight")
    # end
