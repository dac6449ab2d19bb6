# The right scale, and what happens without it (8 points, difficulty 2 of 5, about 25 minutes)
# The statement: https://minillm-book.github.io/minillm/chapters/02_transformer/exercises.html#the-right-scale-and-what-happens-without-it
# To check it: minillm exercises check ch02.scale

"""Why attention divides by the root of the head's width."""

import numpy as np


def score_scale(
    width: int, heads: int, query_std: float = 1.0, key_std: float = 1.0
) -> float:
    """The factor that gives the scores of a head standard deviation 1."""
    raise NotImplementedError("what is the variance of a sum of products?")


def softmax_jacobian(scores: np.ndarray) -> np.ndarray:
    """Derivatives of the softmax weights by the scores, of shape (n, n)."""
    raise NotImplementedError("row i: derivatives of weight i")


def score_gradients(
    q: np.ndarray, keys: np.ndarray, values: np.ndarray, scale: float
) -> np.ndarray:
    """Derivatives of one query's result by the query, of shape (d_k, d_v)."""
    raise NotImplementedError("from the result to the weights, to the scores, to q")
