# idea: backward through each step of the computation in turn

import numpy as np


def layer_norm(x, weight, bias, eps=1e-5):
    mean = np.average(x, axis=-1)[..., None]
    return (x - mean) * (x.var(axis=-1)[..., None] + eps) ** -0.5 * weight + bias


def layer_norm_backward(x, weight, upstream, eps=1e-5):
    d = x.shape[-1]
    centered = x - x.mean(-1, keepdims=True)
    variance = (centered * centered).sum(-1, keepdims=True) / d
    inverse = (variance + eps) ** -0.5

    d_unit = upstream * weight
    d_inverse = (d_unit * centered).sum(-1, keepdims=True)
    d_variance = -0.5 * d_inverse * inverse**3
    d_centered = d_unit * inverse + d_variance * 2 * centered / d
    d_x = d_centered - d_centered.sum(-1, keepdims=True) / d
    flat = upstream.reshape(-1, d)
    return d_x, np.einsum("nd,nd->d", flat, (centered * inverse).reshape(-1, d)), flat.sum(0)
