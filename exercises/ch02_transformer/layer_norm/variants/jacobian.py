# idea: one vector at a time, with its whole Jacobian

import numpy as np


def parts(row, eps):
    d = len(row)
    plane = np.eye(d) - 1 / d
    centered = plane @ row
    root = np.sqrt(centered @ centered / d + eps)
    jacobian = plane / root - np.outer(centered, centered) / (d * root**3)
    return centered / root, jacobian


def layer_norm(x, weight, bias, eps=1e-5):
    rows = x.reshape(-1, x.shape[-1])
    return np.array([parts(row, eps)[0] * weight + bias for row in rows]).reshape(x.shape)


def layer_norm_backward(x, weight, upstream, eps=1e-5):
    d = x.shape[-1]
    dx, dweight, dbias = [], np.zeros(d), np.zeros(d)
    for row, gradient in zip(x.reshape(-1, d), upstream.reshape(-1, d), strict=True):
        unit, jacobian = parts(row, eps)
        dx.append((gradient * weight) @ jacobian)
        dweight += gradient * unit
        dbias += gradient
    return np.array(dx).reshape(x.shape), dweight, dbias
