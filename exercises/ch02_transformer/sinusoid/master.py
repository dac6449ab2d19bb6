"""Sinusoidal positions, and the matrix that shifts them."""

import numpy as np


def sinusoid(length: int, width: int, base: float = 10_000.0) -> np.ndarray:
    """Position vectors of places 0 to length - 1, of shape (length, width)."""
    # solution:
    angle = np.outer(np.arange(length), base ** (-np.arange(0, width, 2) / width))
    return np.stack([np.sin(angle), np.cos(angle)], axis=-1).reshape(length, width)
    # stub:
    raise NotImplementedError("a sine and a cosine for each frequency")
    # end


def shift_matrix(offset: int, width: int, base: float = 10_000.0) -> np.ndarray:
    """The matrix that takes every position vector `offset` places on."""
    # solution:
    matrix = np.zeros((width, width))
    for i in range(0, width, 2):
        angle = offset * base ** (-i / width)
        cosine, sine = np.cos(angle), np.sin(angle)
        matrix[i : i + 2, i : i + 2] = [[cosine, -sine], [sine, cosine]]
    return matrix
    # stub:
    raise NotImplementedError("a turn of every pair")
    # end
