"""Why attention divides by the root of the head's width."""

import numpy as np


def score_scale(
    width: int, heads: int, query_std: float = 1.0, key_std: float = 1.0
) -> float:
    """The factor that gives the scores of a head standard deviation 1."""
    # solution:
    return 1 / (query_std * key_std * (width // heads) ** 0.5)
    # stub:
    raise NotImplementedError("what is the variance of a sum of products?")
    # end


def softmax_jacobian(scores: np.ndarray) -> np.ndarray:
    """Derivatives of the softmax weights by the scores, of shape (n, n)."""
    # solution:
    powers = np.exp(scores - scores.max())
    weights = powers / powers.sum()
    return np.diag(weights) - np.outer(weights, weights)
    # stub:
    raise NotImplementedError("row i: derivatives of weight i")
    # end


def score_gradients(
    q: np.ndarray, keys: np.ndarray, values: np.ndarray, scale: float
) -> np.ndarray:
    """Derivatives of one query's result by the query, of shape (d_k, d_v)."""
    # solution:
    jacobian = softmax_jacobian(scale * keys @ q)
    return scale * keys.T @ jacobian @ values
    # stub:
    raise NotImplementedError("from the result to the weights, to the scores, to q")
    # end
