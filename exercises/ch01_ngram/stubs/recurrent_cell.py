# A recurrent cell, backward by hand (10 points, difficulty 4 of 5, about 45 minutes)
# The statement: https://minillm-book.github.io/minillm/chapters/01_ngram/exercises.html#a-recurrent-cell-backward-by-hand
# To check it: minillm exercises check ch01.recurrent_cell

"""Elman's recurrent cell, forward and backward through time."""

import numpy as np


def elman(
    x: np.ndarray, h0: np.ndarray, W: np.ndarray, U: np.ndarray, b: np.ndarray
) -> np.ndarray:
    """States h_1 to h_T, of shape (T, H)."""
    raise NotImplementedError("step through time")


def elman_backward(
    x: np.ndarray,
    h0: np.ndarray,
    W: np.ndarray,
    U: np.ndarray,
    b: np.ndarray,
    upstream: np.ndarray,
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Gradients by x, h0, W, U and b."""
    raise NotImplementedError("step back through time")
