# Layer normalization, backward by hand (10 points, difficulty 4 of 5, about 40 minutes)
# The statement: https://minillm-book.github.io/minillm/chapters/02_transformer/exercises.html#layer-normalization-backward-by-hand
# To check it: minillm exercises check ch02.layer_norm

"""Layer normalization, forward and backward."""

import numpy as np


def layer_norm(
    x: np.ndarray, weight: np.ndarray, bias: np.ndarray, eps: float = 1e-5
) -> np.ndarray:
    """Normalize along the last axis, then stretch and shift."""
    raise NotImplementedError("mean, variance, and a root")


def layer_norm_backward(
    x: np.ndarray, weight: np.ndarray, upstream: np.ndarray, eps: float = 1e-5
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Gradients by x, weight and bias."""
    raise NotImplementedError("mean and variance depend on every number of x")
