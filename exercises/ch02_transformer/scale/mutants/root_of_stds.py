# fails: test_factor
# idea: one deviation for both

import numpy as np


def score_scale(
    width: int, heads: int, query_std: float = 1.0, key_std: float = 1.0
) -> float:
    return 1 / (query_std ** 2 * (width // heads) ** 0.5)


def softmax_jacobian(scores: np.ndarray) -> np.ndarray:
    powers = np.exp(scores - scores.max())
    weights = powers / powers.sum()
    return np.diag(weights) - np.outer(weights, weights)


def score_gradients(
    q: np.ndarray, keys: np.ndarray, values: np.ndarray, scale: float
) -> np.ndarray:
    jacobian = softmax_jacobian(scale * keys @ q)
    return scale * keys.T @ jacobian @ values
