# Positions, and the matrix that shifts them (10 points, difficulty 2 of 5, about 25 minutes)
# The statement: https://minillm-book.github.io/minillm/chapters/02_transformer/exercises.html#positions-and-the-matrix-that-shifts-them
# To check it: minillm exercises check ch02.sinusoid

"""Sinusoidal positions, and the matrix that shifts them."""

import numpy as np


def sinusoid(length: int, width: int, base: float = 10_000.0) -> np.ndarray:
    """Position vectors of places 0 to length - 1, of shape (length, width)."""
    raise NotImplementedError("a sine and a cosine for each frequency")


def shift_matrix(offset: int, width: int, base: float = 10_000.0) -> np.ndarray:
    """The matrix that takes every position vector `offset` places on."""
    raise NotImplementedError("a turn of every pair")
