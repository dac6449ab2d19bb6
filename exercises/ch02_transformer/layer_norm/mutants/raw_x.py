# fails: test_against_finite_differences
# idea: gradient by the weight from x itself

import numpy as np


def layer_norm(
    x: np.ndarray, weight: np.ndarray, bias: np.ndarray, eps: float = 1e-5
) -> np.ndarray:
    centered = x - x.mean(axis=-1, keepdims=True)
    variance = (centered**2).mean(axis=-1, keepdims=True)
    return weight * centered / np.sqrt(variance + eps) + bias


def layer_norm_backward(
    x: np.ndarray, weight: np.ndarray, upstream: np.ndarray, eps: float = 1e-5
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    centered = x - x.mean(axis=-1, keepdims=True)
    root = np.sqrt((centered**2).mean(axis=-1, keepdims=True) + eps)
    unit = centered / root
    inner = upstream * weight  # gradient by the normalized numbers
    along = (inner * unit).mean(axis=-1, keepdims=True)
    dx = (inner - inner.mean(axis=-1, keepdims=True) - unit * along) / root
    rows = tuple(range(x.ndim - 1))
    return dx, (upstream * x).sum(axis=rows), upstream.sum(axis=rows)
