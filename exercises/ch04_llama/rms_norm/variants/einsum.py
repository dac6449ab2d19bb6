# idea: float32, and the power minus one half

import torch


def rms_norm(x, weight, eps=1e-6):
    kind = torch.promote_types(x.dtype, torch.float32)
    y = x.to(kind)
    n = y.shape[-1]
    below = torch.einsum("...i,...i->...", y, y)[..., None] / n + eps
    return (weight.to(kind) * y * below.pow(-0.5)).to(x.dtype)
