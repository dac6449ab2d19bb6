# idea: rounds before the weight, as in transformers, and again after it

import torch


def rms_norm(x, weight, eps=1e-6):
    y = x.double() if x.dtype == torch.float64 else x.to(torch.float32)
    root = torch.sqrt(torch.mean(y**2, -1, keepdim=True) + eps)
    return (weight * (y / root).type_as(x)).type_as(x)
