"""Layer normalization, forward and backward."""

import numpy as np


def layer_norm(
    x: np.ndarray, weight: np.ndarray, bias: np.ndarray, eps: float = 1e-5
) -> np.ndarray:
    """Normalize along the last axis, then stretch and shift."""
    # solution:
    centered = x - x.mean(axis=-1, keepdims=True)
    variance = (centered**2).mean(axis=-1, keepdims=True)
    return weight * centered / np.sqrt(variance + eps) + bias
    # stub:
    raise NotImplementedError("mean, variance, and a root")
    # end


def layer_norm_backward(
    x: np.ndarray, weight: np.ndarray, upstream: np.ndarray, eps: float = 1e-5
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Gradients by x, weight and bias."""
    # solution:
    centered = x - x.mean(axis=-1, keepdims=True)
    root = np.sqrt((centered**2).mean(axis=-1, keepdims=True) + eps)
    unit = centered / root
    inner = upstream * weight  # gradient by the normalized numbers
    along = (inner * unit).mean(axis=-1, keepdims=True)
    dx = (inner - inner.mean(axis=-1, keepdims=True) - unit * along) / root
    rows = tuple(range(x.ndim - 1))
    return dx, (upstream * unit).sum(axis=rows), upstream.sum(axis=rows)
    # stub:
    raise NotImplementedError("mean and variance depend on every number of x")
    # end
